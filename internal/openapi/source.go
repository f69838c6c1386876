package openapi

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nis2clock/internal/access"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"
)

const module = "nis2clock/internal/"

// rooms are the packages of whose types bodies are made; of others nothing is
// known but their exported names.
var rooms = []string{"access", "classify", "communication", "incident", "intake", "journal", "problem", "regime", "runbook", "significance", "web"}

// source is the code that serves the API.
type source struct {
	rooms    map[string]*types.Package // by the last part of their path
	info     *types.Info               // of web
	funcs    map[*types.Func]*ast.FuncDecl
	comments map[token.Pos]string // by the position of what they are on
	routes   []route
}

// route is one path that is served, or a pattern that is none.
type route struct {
	pattern string
	needs   access.Right // 0 for none
	handler *types.Func  // nil where it is another room's
}

func load(root string) (*source, error) {
	dir, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, name := range rooms {
		paths = append(paths, module+name)
	}
	found, err := packages.Load(&packages.Config{
		Dir: dir, Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}, paths...)
	if err != nil {
		return nil, fmt.Errorf("read the source at %s: %w", dir, err)
	}
	s := &source{rooms: map[string]*types.Package{}, funcs: map[*types.Func]*ast.FuncDecl{}, comments: map[token.Pos]string{}}
	var web *packages.Package
	for _, p := range found {
		for _, e := range p.Errors {
			return nil, fmt.Errorf("read the source of %s: %w", p.PkgPath, e)
		}
		s.rooms[p.Name] = p.Types
		for _, f := range p.Syntax {
			s.note(f)
		}
		if p.Name == "web" {
			web = p
		}
	}
	if web == nil {
		return nil, fmt.Errorf("there is no %sweb at %s", module, dir)
	}
	s.info = web.TypesInfo
	for _, f := range web.Syntax {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				s.funcs[s.info.Defs[fn.Name].(*types.Func)] = fn
			}
		}
	}
	return s, s.findRoutes()
}

// note takes up the comments of a file's types and fields.
func (s *source) note(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if spec, ok := n.Specs[0].(*ast.TypeSpec); ok && len(n.Specs) == 1 {
				s.comments[spec.Name.Pos()] = n.Doc.Text()
			}
		case *ast.Field:
			text := strings.TrimSpace(n.Doc.Text() + "\n" + n.Comment.Text())
			for _, name := range n.Names {
				s.comments[name.Pos()] = text
			}
		}
		return true
	})
}

// findRoutes reads the table of routes and what New serves besides.
func (s *source) findRoutes() error {
	for fn, decl := range s.funcs {
		switch {
		case fn.Name() == "routes":
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				if row, ok := n.(*ast.CompositeLit); ok && len(row.Elts) == 3 && row.Type == nil {
					right, _ := constant.Int64Val(s.info.Types[row.Elts[2]].Value)
					s.routes = append(s.routes, route{s.text(row.Elts[0]), access.Right(right), s.handler(row.Elts[1])})
				}
				return true
			})
		case fn.Name() == "New":
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 2 || !strings.Contains(s.text(call.Args[0]), "/") {
					return true
				}
				s.routes = append(s.routes, route{pattern: s.text(call.Args[0]), handler: s.handler(call.Args[1])})
				return true
			})
		}
	}
	slices.SortFunc(s.routes, func(a, b route) int { return strings.Compare(a.pattern, b.pattern) })
	if len(s.routes) == 0 || !slices.ContainsFunc(s.routes, func(r route) bool { return r.needs != 0 }) {
		return errors.New("internal/web has no table of routes any more that can be read here")
	}
	return nil
}

// text is what a constant expression says, empty where it says no text.
func (s *source) text(e ast.Expr) string {
	if v := s.info.Types[e].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v)
	}
	return ""
}

// handler is the function of web that serves: a method, or one that returns it.
func (s *source) handler(e ast.Expr) *types.Func {
	var id *ast.Ident
	switch e := e.(type) {
	case *ast.SelectorExpr:
		id = e.Sel
	case *ast.CallExpr:
		if s.info.Types[e.Fun].IsType() { // http.HandlerFunc(…)
			return s.handler(e.Args[0])
		}
		fn, _ := typeutil.Callee(s.info, e).(*types.Func)
		return fn
	default:
		return nil
	}
	fn, _ := s.info.Uses[id].(*types.Func)
	return fn
}

// exchange is what a handler takes and answers, as its code has it.
type exchange struct {
	body   types.Type // nil for nothing it reads as JSON
	answer types.Type // nil for nothing it writes as JSON
	status int        // of answer
	mixed  bool       // there is another body, answer or status
	query  []string   // names, in the order asked for
}

// follow reads a handler and the functions of web that it calls.
func (s *source) follow(fn *types.Func) exchange {
	var out exchange
	if fn != nil {
		s.walk(fn, map[types.Object]constant.Value{}, map[*types.Func]bool{}, &out)
	}
	return out
}

// walk reads one function. known are the parameters whose value is a constant.
func (s *source) walk(fn *types.Func, known map[types.Object]constant.Value, done map[*types.Func]bool, out *exchange) {
	decl := s.funcs[fn]
	if decl == nil || decl.Body == nil {
		return
	}
	value := func(e ast.Expr) constant.Value {
		if v := s.info.Types[e].Value; v != nil {
			return v
		}
		if id, ok := e.(*ast.Ident); ok {
			return known[s.info.Uses[id]]
		}
		return nil
	}
	ask := func(e ast.Expr) {
		if v := value(e); v != nil && !slices.Contains(out.query, constant.StringVal(v)) {
			out.query = append(out.query, constant.StringVal(v))
		}
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr: // r.URL.Query()["name"]
			if isValues(s.info.TypeOf(n.X)) {
				ask(n.Index)
			}
		case *ast.CallExpr:
			callee, _ := typeutil.Callee(s.info, n).(*types.Func)
			if callee == nil {
				return true
			}
			switch name := callee.Name(); {
			case callee.Pkg() != nil && callee.Pkg().Path() == "net/url" && (name == "Get" || name == "Has"):
				ask(n.Args[0])
			case s.funcs[callee] == nil:
			case name == "read" && callee.Signature().Recv() == nil:
				body := types.Unalias(s.info.TypeOf(n.Args[1])).(*types.Pointer).Elem()
				out.mixed = out.mixed || out.body != nil && !types.Identical(out.body, body)
				out.body = body
			case name == "write" && len(n.Args) == 3:
				if v := value(n.Args[1]); v != nil {
					status, _ := constant.Int64Val(v)
					answer := s.info.TypeOf(n.Args[2])
					out.mixed = out.mixed || out.answer != nil && (!types.Identical(out.answer, answer) || out.status != int(status))
					out.status, out.answer = int(status), answer
				}
			default:
				s.enter(callee, n, value, done, out)
			}
		}
		return true
	})
}

// enter follows a call. A function is followed again where it is called with
// other constants.
func (s *source) enter(callee *types.Func, call *ast.CallExpr, value func(ast.Expr) constant.Value, done map[*types.Func]bool, out *exchange) {
	known := map[types.Object]constant.Value{}
	params := callee.Signature().Params()
	for n := range min(params.Len(), len(call.Args)) {
		if v := value(call.Args[n]); v != nil {
			known[params.At(n)] = v
		}
	}
	if len(known) == 0 {
		if done[callee] {
			return
		}
		done[callee] = true
	}
	s.walk(callee, known, done, out)
}

func isValues(t types.Type) bool { return t != nil && types.TypeString(t, nil) == "net/url.Values" }

// lookup is a type by room and name, such as incident.View.
func (s *source) lookup(name string) (types.Type, error) {
	room, what, _ := strings.Cut(name, ".")
	if p := s.rooms[room]; p != nil {
		if t, ok := p.Scope().Lookup(what).(*types.TypeName); ok {
			return t.Type(), nil
		}
	}
	return nil, fmt.Errorf("there is no type %s", strconv.Quote(name))
}
