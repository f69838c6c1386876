// Package archtest holds the module to its map: which room may import which,
// what the domain rooms must not touch, and which room alone knows a library.
// It reads the source, of every system and build tag, and runs nothing.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "nis2clock"
)

// A room is one package: its files that are not tests.
type room struct {
	files   []*ast.File
	imports map[string]token.Pos // by path, where first
}

// tree is every room by its folder below the root.
type tree struct {
	fset  *token.FileSet
	rooms map[string]*room
}

func readTree(t *testing.T) tree {
	t.Helper()
	out := tree{token.NewFileSet(), map[string]*room{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && path != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(out.fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		return out.add(filepath.ToSlash(folder), f)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.rooms) == 0 {
		t.Fatalf("no package below %s", root)
	}
	return out
}

func (t *tree) add(folder string, f *ast.File) error {
	r := t.rooms[folder]
	if r == nil {
		r = &room{imports: map[string]token.Pos{}}
		t.rooms[folder] = r
	}
	r.files = append(r.files, f)
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if _, ok := r.imports[path]; !ok {
			r.imports[path] = spec.Pos()
		}
	}
	return nil
}

// names are the folders of all rooms.
func (t *tree) names() []string {
	var all []string
	for name := range t.rooms {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// at words a position as file and line below the root.
func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return strings.TrimPrefix(filepath.ToSlash(p.Filename), root+"/") + ":" + strconv.Itoa(p.Line)
}

// ours is the folder an import names, if it is in this module.
func ours(path string) (folder string, ok bool) { return strings.CutPrefix(path, module+"/") }

// within reports whether an import is the package or one below it.
func within(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }
