package openapi

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// What the code has and the words have not, and the other way round, is named:
// nothing is left out in silence.
func TestWordsAndCodeGoTogether(t *testing.T) {
	src, err := load("../..")
	if err != nil {
		t.Fatal(err)
	}
	with := func(pattern string, change func(*words)) func() {
		return func() {
			w := said[pattern]
			change(&w)
			said[pattern] = w
		}
	}
	const notes, list = "POST /api/v1/incidents/{id}/notes", "GET /api/v1/incidents"
	for _, tt := range []struct {
		name   string
		change func()
		want   string
	}{
		{"as it is", func() {}, ""},
		{"a path without words", func() { delete(said, notes) }, notes + ": say in internal/openapi what it is for"},
		{"words for no path", func() { said["GET /api/v1/nowhere"] = words{} }, "GET /api/v1/nowhere: internal/openapi has words for it"},
		{"a parameter without words", with(list, func(w *words) { w.params = nil }), list + ": say in internal/openapi what the parameter status in the query is"},
		{"words for no member of a body", with(notes, func(w *words) { w.members = map[string]string{"txt": "x"} }), notes + ": internal/openapi has words for txt"},
		{"values for no member of a body", with(notes, func(w *words) { w.enums = map[string][]string{"txt": {"x"}} }), notes + ": internal/openapi has words for txt"},
		{"a member that must be there and cannot", with(notes, func(w *words) { w.must = []string{"txt"} }), notes + ": its body has no txt"},
		{"words for no member of an answer", func() { members["Incident.txt"] = field{"x", nil} }, "internal/openapi has words for Incident.txt, which nothing has"},
		{"an answer that no code tells", with("GET /checkpoint", func(w *words) { w.gives = nil }), "GET /checkpoint: its code does not tell what it answers"},
		{"a type that is not there", with("/webhook/alertmanager", func(w *words) { w.form = "intake.nosuch" }), `there is no type "intake.nosuch"`},
		{"a type that writes itself", func() { delete(foreign, "tlog.Hash") }, "tlog.Hash writes itself"},
		{"two types of one name", func() { names["incident.NoteView"] = "Clock" }, "are both called Clock"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			oldSaid, oldMembers, oldForeign, oldNames := maps.Clone(said), maps.Clone(members), maps.Clone(foreign), maps.Clone(names)
			defer func() { said, members, foreign, names = oldSaid, oldMembers, oldForeign, oldNames }()
			tt.change()
			out, err := src.describe()
			if tt.want == "" && (err != nil || len(out) == 0) {
				t.Errorf("%v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestNoSource(t *testing.T) {
	if _, err := Document(t.TempDir()); err == nil {
		t.Error("an empty folder is described")
	}
}

func TestCommentsBecomeDescriptions(t *testing.T) {
	spoken := map[string]string{"DueAt": "due_at", "Late": "late", "Error": "error"}
	for _, tt := range []struct{ comment, name, want string }{
		{"", "due_at", ""},
		{"DueAt is when it is owed; Late\nwhether it went out after [DueAt].", "`due_at`", "When it is owed; `late` whether it went out after `due_at`."},
		{"who did it", "`by`", "Who did it."},
		{"DueAt is nil while nobody knows.", "`due_at`", "Null while nobody knows."},
		{"Late: it went out after DueAt's end", "`late`", "It went out after `due_at`'s end."},
		{"ClockView is a clock; see [Incident.View].", "ClockView", "A clock; see Incident.View."},
		{"one\nparagraph\n\nand another", "x", "One paragraph\n\nand another."},
		{"Art. 23(4)(a) [sic]", "x", "Art. 23(4)(a) [sic]."},
	} {
		if got := sentence(plain(tt.comment, spoken), tt.name); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.comment, got, tt.want)
		}
	}
}

// Laid out, a document says the same, in lines that people can read.
func TestLayout(t *testing.T) {
	long := strings.Repeat("x", width)
	for _, in := range []string{`{}`, `[]`, `null`, `{"a":{"b":[1,true,null,"é\n"]}}`, `{"a":["` + long + `",{}],"b":{"` + long + `":[]},"c":[]}`} {
		out, err := layOut(jsontext.Value(in))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(out) {
			if len(bytes.TrimSpace(line)) > width+1 && !bytes.Contains(line, []byte(long)) {
				t.Errorf("%s has the line %s", in, line)
			}
		}
		if v := jsontext.Value(out); v.Compact() != nil || string(v) != in {
			t.Errorf("%s became %s", in, out)
		}
	}
}
