package yamlfile_test

import (
	"strings"
	"testing"

	"nis2clock/internal/yamlfile"
)

type entry struct {
	Name yamlfile.On[string]
	Of   []yamlfile.On[struct{ Size yamlfile.On[int] }]
}

func TestDecodeKeepsLines(t *testing.T) {
	var e entry
	if err := yamlfile.Decode("a.yaml", []byte("# a comment\nname: One\nof:\n  - size: 3\n  - {}\n"), &e); err != nil {
		t.Fatal(err)
	}
	if e.Name.Value != "One" || e.Name.Line != 2 {
		t.Errorf("name is %+v, want One on line 2", e.Name)
	}
	if len(e.Of) != 2 || e.Of[0].Value.Size.Value != 3 || e.Of[0].Value.Size.Line != 4 {
		t.Errorf("sizes are %+v, want 3 on line 4 first", e.Of)
	}
	if absent := e.Of[1].Value.Size; absent.Line != 0 {
		t.Errorf("a key that is not there has line %d, want 0", absent.Line)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"an empty file":              {"", "a.yaml:1: the file is empty"},
		"a second document":          {"name: One\n---\nname: Two\n", "a.yaml:2: a second document: "},
		"an unknown key":             {"name: One\nsize: 2\n", `a.yaml:2: unknown field "size"`},
		"an unknown key further in":  {"of:\n  - size: 3\n    sort: a\n", `a.yaml:3: unknown field "sort"`},
		"a key twice":                {"name: One\nname: Two\n", "a.yaml:2: "},
		"a key without a value":      {"name:\n", "a.yaml:1: a key without a value"},
		"an alias":                   {"name: &n One\nof: *n\n", "a.yaml:2: an alias"},
		"a tag before a value":       {"name: One\nof: !x\ny\n", "a.yaml:2: a tag"},
		"a text where a list stands": {"of: some\n", "a.yaml:1: "},
		"no YAML":                    {"name: [\n", "a.yaml:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := yamlfile.Decode("a.yaml", []byte(c.file), &entry{})
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	m := yamlfile.Mistakes{File: "a.yaml"}
	if err := m.Err(); err != nil {
		t.Errorf("nothing was refused, but: %v", err)
	}
	m.Refuse(3, "name: %q is no name", "?")
	m.Refuse(0, "of is missing")
	want := "a.yaml:3: name: \"?\" is no name\na.yaml:1: of is missing"
	if err := m.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
