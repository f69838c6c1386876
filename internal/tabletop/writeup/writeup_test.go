package writeup

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nis2clock/internal/realtest"
	"nis2clock/internal/tabletop/scorecard"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files anew")

func rendered(t testing.TB, src Source) Files {
	t.Helper()
	f, err := Render(src)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pages is what an independent program reads on each page of a PDF.
func pages(t *testing.T, file []byte) []string {
	t.Helper()
	out := realtest.Run(t, realtest.Poppler(t, "pdftotext"), "-layout", "-enc", "UTF-8", realtest.Save(t, "write-up.pdf", file), "-")
	return strings.Split(strings.TrimSuffix(out, "\f"), "\f")
}

func sources(t testing.TB) map[string]Source {
	approved := people(t)
	approved.Approval = &Approval{By: "E. Leitner", Role: "facilitator", At: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)}
	return map[string]Source{
		"people": people(t), "approved": approved,
		"rehearsal": rehearsal(t, "ransomware-weekend"), "quiet": rehearsal(t, "quiet-night"), "two-entities": rehearsal(t, "supplier-compromise"),
	}
}

func TestText(t *testing.T) {
	for name, src := range sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := rendered(t, src).PDF
			all := pages(t, file)
			marked(t, src, all)
			if len(all) > 5 { // what is signed should be read
				t.Errorf("it has %d pages", len(all))
			}
			got := realtest.PDFText(t, file)
			path := filepath.Join("testdata", name+".golden.txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (run go test -update)", err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("the text differs (run go test -update once it is right):\n%s", d)
			}
		})
	}
}

// marked reports pages that could be taken for those of an incident or, of a
// rehearsal, for those of an exercise: whichever is torn out.
func marked(t *testing.T, src Source, all []string) {
	t.Helper()
	want, draft := ExerciseMark, !src.Exercise.Auto && src.Approval == nil
	if src.Exercise.Auto {
		want = RehearsalMark
	}
	for n, page := range all {
		lines := strings.Split(strings.TrimSpace(page), "\n")
		for _, edge := range []string{lines[0], lines[len(lines)-1]} {
			if !strings.Contains(edge, want) || strings.Contains(edge, "DRAFT") != draft {
				t.Errorf("page %d has at an edge %q: want %q, draft %v", n+1, edge, want, draft)
			}
		}
	}
}

// Whoever is in the record of a rehearsal by mistake is not listed.
func TestRehearsalListsNobody(t *testing.T) {
	src := people(t)
	src.Exercise.Auto = true
	src.Scorecard = scorecard.Score(scorecard.Input{Scenario: src.Scenario, Exercise: src.Exercise})
	src.Approval = &Approval{By: "E. Leitner", Role: "facilitator", At: src.Exercise.Ended.Real}
	f := rendered(t, src)
	said := realtest.PDFText(t, f.PDF) + string(f.JSON)
	for _, name := range []string{"Muster", "Beispiel", "Sample", "Vorstand", "Leitner", "Prüfer"} {
		if strings.Contains(said, name) {
			t.Errorf("%s is in the write-up of a rehearsal", name)
		}
	}
	for _, heading := range []string{"Who took part", "Remediation register", "Evaluation"} {
		if strings.Contains(said, heading) {
			t.Errorf("a rehearsal has a part %q", heading)
		}
	}
}

func TestSameRecordSameBytes(t *testing.T) {
	a, b := rendered(t, people(t)), rendered(t, people(t))
	if !bytes.Equal(a.PDF, b.PDF) || !bytes.Equal(a.JSON, b.JSON) {
		t.Error("two runs differ")
	}
}

func TestJSONFollowsTheSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range sources(t) {
		f, err := src.named().json()
		if err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(f))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(instance); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		m, err := Read(f)
		if err != nil {
			t.Fatal(err)
		}
		again := Source{Scenario: src.Scenario, Exercise: m.Exercise, Scorecard: m.Scorecard, Approval: m.Approval}
		if got, err := again.json(); err != nil || !bytes.Equal(got, f) {
			t.Errorf("%s: what is read from the JSON gives another (%v)", name, err)
		}
	}
	if _, err := Read([]byte(`{"format":"nis2clock-report/1"}`)); err == nil {
		t.Error("a report is read as a write-up")
	}
}

// A house's own template is used; one with a mistake is not, and that is said.
func TestCustomTemplate(t *testing.T) {
	src := rehearsal(t, "quiet-night")
	src.Custom = fstest.MapFS{Template: {Data: []byte("# Ours: {{.Title}}\n")}}
	if got := realtest.PDFText(t, rendered(t, src).PDF); !strings.Contains(got, "Ours: A quiet night") || !strings.Contains(got, RehearsalMark) {
		t.Errorf("the house's template gives\n%s", got)
	}
	src.Custom = fstest.MapFS{Template: {Data: []byte("# {{.Tilte}}\n")}}
	if got := realtest.PDFText(t, rendered(t, src).PDF); !strings.Contains(got, "The house's own template was not used") || !strings.Contains(got, "Tilte") || !strings.Contains(got, "What was tested") {
		t.Errorf("a template with a mistake gives\n%s", got)
	}
	src.Custom = fstest.MapFS{"early_warning.md": {Data: []byte("# x")}}
	if got := realtest.PDFText(t, rendered(t, src).PDF); !strings.Contains(got, "What was tested") || strings.Contains(got, "not used") {
		t.Error("a folder without a write-up hides the built-in one")
	}
}

// Words of a house are its own: letters beyond ASCII, and no blanks at all.
func TestOtherLetters(t *testing.T) {
	for in, want := range map[string]string{
		"über Nacht": "über Nacht", "": "", strings.Repeat("ä", 91): strings.Repeat("ä", 90) + " …",
		"One. Two.": "One", strings.Repeat("word ", 30): strings.TrimSpace(strings.Repeat("word ", 18)) + " …",
	} {
		if got := first(in); got != want {
			t.Errorf("first(%q) is %q, want %q", in, got, want)
		}
	}
	if got := upper("ändern") + lower("Übung") + upper(""); got != "Ändernübung" {
		t.Errorf("heads are changed to %q", got)
	}
}

// Text from outside stays text.
func TestNoMarkupFromOutside(t *testing.T) {
	src := people(t)
	src.Exercise.Lessons = []string{"# Not a heading | [link](https://example.eu) **bold** {{.Title}}"}
	if got := realtest.PDFText(t, rendered(t, src).PDF); !strings.Contains(got, "Lesson: # Not a heading | [link](https://example.eu) **bold** {{.Title}}") {
		t.Errorf("a lesson became markup:\n%s", got)
	}
}

func TestUnfinished(t *testing.T) {
	src := people(t)
	src.Exercise.Ended = scorecard.Moment{}
	if _, err := Render(src); err == nil {
		t.Error("an exercise that goes on is written up")
	}
}
