package openapi

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// schemas makes JSON Schemas of Go types, as github.com/go-json-experiment/json
// writes and reads them: nil slices are [], what has no omitzero is always
// there, and what a request has not is refused. Named structs are components.
type schemas struct {
	source *source
	named  map[string]object     // components
	owner  map[string]types.Type // what has that name
	said   map[string]bool       // words of members that were used
	errs   []error
}

func newSchemas(s *source) *schemas {
	return &schemas{source: s, named: map[string]object{}, owner: map[string]types.Type{}, said: map[string]bool{}}
}

func (s *schemas) answer(t types.Type) object { return s.of(t, false) }

// request is the schema of a body: nothing else may stand in it, and what must
// is not told by its type.
func (s *schemas) request(t types.Type) object {
	if st, ok := t.Underlying().(*types.Struct); ok {
		return s.structure(st, s.nameOf(t, true), true)
	}
	return s.of(t, true)
}

// components are the named ones, sorted.
func (s *schemas) components() object {
	var out object
	for _, name := range slices.Sorted(maps.Keys(s.named)) {
		out = append(out, member{name, s.named[name]})
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if !s.said[key] {
			s.fail("internal/openapi has words for %s, which nothing has", key)
		}
	}
	return out
}

func (s *schemas) fail(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf(format, args...))
}

func (s *schemas) of(t types.Type, request bool) object {
	t = types.Unalias(t)
	name := qualified(t)
	if o, ok := foreign[name]; ok {
		return o
	}
	if _, ok := t.(*types.Named); ok && own(t) {
		s.fail("%s writes itself: say its form in internal/openapi", name)
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return nullable(s.of(u.Elem(), request))
	case *types.Slice:
		if types.Identical(u.Elem(), types.Typ[types.Byte]) {
			return object{{"type", "string"}, {"contentEncoding", "base64"}}
		}
		return object{{"type", "array"}, {"items", s.of(u.Elem(), request)}}
	case *types.Map:
		return object{{"type", "object"}, {"additionalProperties", s.of(u.Elem(), request)}}
	case *types.Basic:
		o := basic(u)
		if o == nil {
			break
		}
		return o.among(s.values(t))
	case *types.Struct:
		if _, ok := t.(*types.Named); !ok {
			return s.structure(u, "", request)
		}
		return s.component(t, u, request)
	}
	s.fail("%s has no form in JSON that is known here", t)
	return nil
}

// component keeps a named struct as a component, and is the reference to it.
func (s *schemas) component(t types.Type, u *types.Struct, request bool) object {
	name := s.nameOf(t, request)
	if owner, ok := s.owner[name]; !ok {
		s.owner[name] = t
		s.named[name] = nil // it may hold itself
		o := s.structure(u, name, request)
		s.named[name] = append(object{}.with("description", s.about(t, name)), o...)
	} else if !types.Identical(owner, t) {
		s.fail("%s and %s are both called %s: name one in internal/openapi", owner, t, name)
	}
	return object{{"$ref", "#/components/schemas/" + name}}
}

// nameOf is a component's name: the type's, without the View of what the
// outside sees. What a request may hold is named apart, because less of it must
// be there. A type without a name has none.
func (s *schemas) nameOf(t types.Type, request bool) string {
	named, ok := t.(*types.Named)
	if !ok {
		return ""
	}
	name := names[qualified(t)]
	if name == "" {
		name = strings.TrimSuffix(named.Obj().Name(), "View")
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	if request {
		name += "Input"
	}
	return name
}

// about is what is said of a component, or else its type's comment.
func (s *schemas) about(t types.Type, name string) string {
	obj := t.(*types.Named).Obj()
	if f, ok := members[name]; ok {
		s.said[name] = true
		return f.about
	}
	return sentence(plain(s.source.comments[obj.Pos()], s.spoken(t.Underlying().(*types.Struct))), obj.Name())
}

// sentence makes a description of what a comment says of a name.
func sentence(text, name string) string {
	for _, begin := range []string{name + " is ", name + " are ", name + ": ", name + " "} {
		if rest, ok := strings.CutPrefix(text, begin); ok {
			text = rest
			break
		}
	}
	if text == "" {
		return ""
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// structure is a struct with its embedded ones.
func (s *schemas) structure(u *types.Struct, name string, request bool) object {
	var required []string
	properties := object{}
	spoken := s.spoken(u)
	s.each(u, func(f *types.Var, field string, optional bool) {
		o := s.of(f.Type(), request)
		about := sentence(plain(s.source.comments[f.Pos()], spoken), "`"+field+"`")
		if w, ok := members[name+"."+field]; ok {
			s.said[name+"."+field] = true
			if w.about != "" {
				about = w.about
			}
			o = o.among(w.values)
		}
		properties = append(properties, member{field, o.with("description", about)})
		if !optional && !request {
			required = append(required, field)
		}
	})
	o := object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		o = append(o, member{"required", required})
	}
	if request {
		o = append(o, member{"additionalProperties", false})
	}
	return o
}

// among says which values a text, or the texts of a list, may have.
func (o object) among(values []string) object {
	switch {
	case len(values) == 0:
		return o
	case o.get("type") == "array":
		return o.with("items", o.get("items").(object).among(values))
	}
	if _, ok := o.get("type").([]string); !ok {
		return o.with("enum", values)
	}
	all := make([]any, 0, len(values)+1) // it may be null
	for _, v := range values {
		all = append(all, v)
	}
	return o.with("enum", append(all, nil))
}

// each calls for every member of a struct's object.
func (s *schemas) each(u *types.Struct, do func(f *types.Var, name string, optional bool)) {
	for n := range u.NumFields() {
		f := u.Field(n)
		tag, _ := reflect.StructTag(u.Tag(n)).Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		if inner, ok := f.Type().Underlying().(*types.Struct); ok && f.Embedded() && name == "" {
			s.each(inner, do)
			continue
		}
		switch {
		case name == "-" || !f.Exported():
			continue
		case name == "":
			name = f.Name()
		}
		do(f, name, strings.Contains(options, "omitzero") || strings.Contains(options, "omitempty"))
	}
}

// spoken are the members' names by those of their fields, for comments.
func (s *schemas) spoken(u *types.Struct) map[string]string {
	out := map[string]string{}
	s.each(u, func(f *types.Var, name string, _ bool) { out[f.Name()] = name })
	return out
}

// values are the constants of a type that is declared for them.
func (s *schemas) values(t types.Type) []string {
	named, ok := t.(*types.Named)
	if !ok || unbounded[qualified(t)] || s.source.rooms[named.Obj().Pkg().Name()] != named.Obj().Pkg() {
		return nil
	}
	var all []*types.Const
	scope := named.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && types.Identical(c.Type(), t) && c.Val().Kind() == constant.String {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *types.Const) int { return int(a.Pos() - b.Pos()) })
	var out []string
	for _, c := range all {
		out = append(out, constant.StringVal(c.Val()))
	}
	return out
}

// nullable allows null too.
func nullable(o object) object {
	kind, ok := o.get("type").(string)
	if !ok {
		return object{{"anyOf", []object{o, {{"type", "null"}}}}}
	}
	out := o.with("type", []string{kind, "null"})
	if values, ok := o.get("enum").([]string); ok {
		return out.among(values)
	}
	return out
}

// basic is a type that JSON has too, nil for another.
func basic(u *types.Basic) object {
	switch info := u.Info(); {
	case info&types.IsString != 0:
		return object{{"type", "string"}}
	case info&types.IsBoolean != 0:
		return object{{"type", "boolean"}}
	case info&types.IsUnsigned != 0:
		return object{{"type", "integer"}, {"minimum", 0}}
	case info&types.IsInteger != 0:
		return object{{"type", "integer"}}
	case info&types.IsFloat != 0:
		return object{{"type", "number"}}
	}
	return nil
}

// own reports whether a type decides itself how it is written.
func own(t types.Type) bool {
	for _, typ := range []types.Type{t, types.NewPointer(t)} {
		set := types.NewMethodSet(typ)
		for _, name := range []string{"MarshalJSON", "MarshalJSONTo", "MarshalText", "AppendText", "UnmarshalJSON", "UnmarshalJSONFrom", "UnmarshalText"} {
			if set.Lookup(nil, name) != nil {
				return true
			}
		}
	}
	return false
}

// qualified is a type's name with its package's, such as incident.View.
func qualified(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// plain turns a comment into a description: without links of Go's, with the
// members as JSON names them, and paragraphs in one line each.
func plain(comment string, spoken map[string]string) string {
	var paragraphs []string
	for p := range strings.SplitSeq(strings.TrimSpace(comment), "\n\n") {
		var words []string
		for w := range strings.FieldsSeq(p) {
			core := strings.Trim(w, "[](),.;:'")
			name := strings.TrimSuffix(core, "'s")
			if json, ok := spoken[name]; ok && token.IsExported(name) {
				w = strings.Replace(w, name, "`"+json+"`", 1)
			}
			if name == "nil" {
				w = strings.Replace(w, "nil", "null", 1)
			}
			if token.IsExported(name) {
				w = strings.NewReplacer("["+core+"]", core, "[`", "`", "`]", "`").Replace(w)
			}
			words = append(words, w)
		}
		paragraphs = append(paragraphs, strings.Join(words, " "))
	}
	return strings.Join(paragraphs, "\n\n")
}
