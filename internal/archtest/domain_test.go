package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// domain are the rooms that are tested with tables: the same arguments give
// the same answer, at any time and on any machine.
var domain = []string{"internal/yamlfile", "internal/regime", "internal/holidays", "internal/classify", "internal/significance", "internal/incident", "internal/agenda", "internal/tabletop/scorecard", "internal/tabletop/script"}

// outside are the packages, with those below them, through which a domain room
// would reach the world.
var outside = map[string]string{
	"log":     "what happened is an entry, not a line of a log",
	"net":     "nobody is asked or told from here",
	"os":      "files and environment are read by others and handed in",
	"syscall": "files and environment are read by others and handed in",
}

// clocks are the functions of package time that read the clock or wait for it.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func TestDomainReachesNothing(t *testing.T) {
	tree := readTree(t)
	for _, name := range domain {
		room := tree.rooms[name]
		if room == nil {
			t.Errorf("the domain room %s is not there any more", name)
			continue
		}
		for imported, pos := range room.imports {
			for parent, why := range outside {
				if within(imported, parent) && imported != "net/url" && imported != "net/netip" { // values only
					t.Errorf("%s: %s must not import %s: %s", tree.at(pos), name, imported, why)
				}
			}
		}
		for _, f := range room.files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s: %s must not start a goroutine", tree.at(n.Pos()), name)
				case *ast.SelectorExpr:
					if of, fn := selected(f, n); of == "time" && slices.Contains(clocks, fn) {
						t.Errorf("%s: %s must not use time.%s: time enters as an argument", tree.at(n.Pos()), name, fn)
					} else if of == "fmt" && strings.HasPrefix(fn, "Print") {
						t.Errorf("%s: %s must not print", tree.at(n.Pos()), name)
					}
				}
				return true
			})
		}
	}
}

// selected is the package and name behind an expression such as time.Now,
// whatever the file calls the package.
func selected(f *ast.File, e *ast.SelectorExpr) (of, name string) {
	x, ok := e.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return "", "" // the file was parsed, so it is quoted
		}
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == x.Name {
			return imported, e.Sel.Name
		}
	}
	return "", ""
}

// What is only for tests stays out of the program, and the other way round.
func TestProductionKnowsNoTests(t *testing.T) {
	tree := readTree(t)
	for _, name := range tree.names() {
		if strings.HasSuffix(name, "test") || strings.HasSuffix(name, "fake") {
			continue
		}
		for imported, pos := range tree.rooms[name].imports {
			if within(imported, "testing") || imported == "net/http/httptest" || strings.HasSuffix(imported, "test") && within(imported, module) {
				t.Errorf("%s: %s must not import %s: it is for tests", tree.at(pos), name, imported)
			}
		}
	}
}

// unwelcome are package names that say nothing about what is inside.
var unwelcome = []string{"util", "utils", "common", "core", "types", "helpers", "misc"}

func TestRoomsAreNamedAfterWhatTheyHold(t *testing.T) {
	tree := readTree(t)
	for _, name := range tree.names() {
		if slices.Contains(unwelcome, path.Base(name)) {
			t.Errorf("%s: name the package after what it holds", name)
		}
	}
}
