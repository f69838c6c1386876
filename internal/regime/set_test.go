package regime

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, file string) *Set {
	t.Helper()
	set, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(file)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The shipped data, read beside Art. 23(4).
func TestBuiltinNIS2(t *testing.T) {
	r, ok := Builtin().Regime("nis2")
	if !ok {
		t.Fatal("no regime nis2")
	}
	if _, ok := Builtin().Regime("nis3"); ok {
		t.Error("got a regime nis3")
	}
	rule := func(clock string, n int, unit Unit, a Anchor, point string) Rule {
		return Rule{
			ClockName: clock, Period: Period{n, unit}, Anchor: a,
			Source: "Directive (EU) 2022/2555 Art. 23(4)" + point, Confidence: Verified,
		}
	}
	aware, handled := Anchor{Event: FromAwareness}, Anchor{Event: FromHandling}
	notified := Anchor{Event: FromSubmission, Stage: "notification"}
	want := []Stage{
		{ID: "early_warning", Title: "Early warning", Rule: rule("early_warning", 24, Hours, aware, "(a)")},
		{ID: "notification", Title: "Incident notification", Rule: rule("notification", 72, Hours, aware, "(b)"),
			Except: []Exception{{TrustServiceAffected, rule("notification", 24, Hours, aware, ", last subparagraph")}}},
		{ID: "intermediate_report", Title: "Intermediate report", Rule: rule("intermediate_report", 0, AsRequested, Anchor{Event: FromRequest}, "(c)")},
		{ID: "progress_report", Title: "Progress report", Rule: rule("progress_report", 1, Months, notified, "(e)"),
			OnlyIf: OngoingWhenDue},
		{ID: "final_report", Title: "Final report", Rule: rule("final_report", 1, Months, notified, "(d)"),
			Except: []Exception{{OngoingWhenDue, rule("final_after_handling", 1, Months, handled, "(e)")}}},
	}
	if diff := cmp.Diff(want, r.Stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	for _, s := range want {
		if got, ok := r.Stage(s.ID); !ok || !cmp.Equal(got, s) {
			t.Errorf("Stage(%q): got %v, %v", s.ID, got, ok)
		}
	}
	if _, ok := r.Stage("late_warning"); ok {
		t.Error("got a stage late_warning")
	}
}

// good is the smallest regime file; the tables below break it.
const good = `id: one
title: One
version: "1"
reviewed: 2026-11-22
act: Act 1
stages:
  - id: first
    title: First
    period: 5 hours
    from: awareness
    source: Art. 1
    confidence: verified
  - id: second
    title: Second
    only_if: ongoing_when_due
    period: 2 months
    from: submission of first
    source: Art. 2
    confidence: memory
    except:
      - if: trust_service_affected
        period: 1 month
        from: handling
        source: Art. 3
        confidence: secondary
`

func TestLoadRefuses(t *testing.T) {
	load(t, good)
	tests := []struct{ name, from, to, want string }{
		{"an unknown key", "title: One", "titel: One", `a.yaml:2: unknown field "titel"`},
		{"an unknown key of a stage", "    title: First", "    name: First", `a.yaml:8: unknown field "name"`},
		{"an unknown key of an exception", "        from: handling", "        form: handling", `a.yaml:23: unknown field "form"`},
		{"a key given twice", "title: One", "id: two", `a.yaml:2: mapping key "id" already defined at [1:1]`},
		{"a missing key", "act: Act 1\n", "", `a.yaml:1: act is missing`},
		{"an empty value", "title: One", `title: ""`, `a.yaml:2: title: is empty`},
		{"a null value", "title: One", "title:", `a.yaml:2: a key without a value`},
		{"an optional key without value", "    period: 5", "    only_if:\n    period: 5", `a.yaml:9: a key without a value`},
		{"an alias", "act: Act 1", "act: &act Act 1\nlink: *act", `a.yaml:6: an alias`},
		{"a missing key of a stage", "    source: Art. 2\n", "", `a.yaml:13: source is missing`},
		{"a missing key of an exception", "        source: Art. 3\n", "", `a.yaml:21: source is missing`},
		{"no stages", good[strings.Index(good, "stages:"):], "stages: []", `a.yaml:1: stages are missing: a regime needs at least one`},
		{"a bad id", "id: one", "id: One", `a.yaml:1: id: bad name "One": want lower-case letters, digits and _, a letter first`},
		{"a bad clock name", "    period: 5", "    clock: A b\n    period: 5", `a.yaml:9: clock: bad name "A b": want lower-case letters, digits and _, a letter first`},
		{"a date that does not exist", "2026-11-22", "2026-02-30", `a.yaml:4: reviewed: bad date "2026-02-30": want YYYY-MM-DD`},
		{"a period without unit", "5 hours", "5", `a.yaml:9: period: bad period "5": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`},
		{"a period of nothing", "5 hours", "0 hours", `a.yaml:9: period: bad period "0 hours": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`},
		{"a negative period", "5 hours", "-5 hours", `a.yaml:9: period: bad period "-5 hours": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`},
		{"a period in words", "5 hours", "five hours", `a.yaml:9: period: bad period "five hours": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`},
		{"a period beyond reason", "5 hours", "10000 hours", `a.yaml:9: period: bad period "10000 hours": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`},
		{"an unknown unit", "5 hours", "5 fortnights", `a.yaml:9: period: bad period "5 fortnights": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`},
		{"an unknown anchor", "from: awareness", "from: knowledge", `a.yaml:10: from: unknown anchor "knowledge": want detection, awareness, handling, impact_end, request, classification, fix_available or submission of STAGE`},
		{"an anchor to a stage that does not exist", "submission of first", "submission of third", `a.yaml:17: stage "second" is counted from the submission of "third": want a stage listed before it`},
		{"an anchor to itself", "submission of first", "submission of second", `a.yaml:17: stage "second" is counted from the submission of "second": want a stage listed before it`},
		{"an anchor to a later stage", "from: awareness", "from: submission of second", `a.yaml:10: stage "first" is counted from the submission of "second": want a stage listed before it`},
		{"an exception anchored to itself", "from: handling", "from: submission of second", `a.yaml:23: stage "second" is counted from the submission of "second": want a stage listed before it`},
		{"a stage listed twice", "id: second", "id: first", `a.yaml:13: stage "first" is listed twice`},
		{"an unknown condition", "only_if: ongoing_when_due", "only_if: raining", `a.yaml:15: only_if: unknown condition "raining": want one of ["impact_ended" "ongoing_when_due" "requested" "trust_service_affected" "weekend_relief_excluded"]`},
		{"an empty condition", "only_if: ongoing_when_due", `only_if: ""`, `a.yaml:15: only_if: unknown condition "": want one of ["impact_ended" "ongoing_when_due" "requested" "trust_service_affected" "weekend_relief_excluded"]`},
		{"a conservative anchor to itself", "    source: Art. 2\n", "    conservative_from: submission of second\n    source: Art. 2\n", `a.yaml:18: stage "second" is counted from the submission of "second": want a stage listed before it`},
		{"an unknown conservative anchor", "    source: Art. 2\n", "    conservative_from: knowledge\n    source: Art. 2\n", `a.yaml:18: conservative_from: unknown anchor "knowledge"`},
		{"a limit without anchor", "    source: Art. 1\n", "    no_later_than: 24 hours\n    source: Art. 1\n", `a.yaml:11: no_later_than: bad limit "24 hours": want such as "24 hours from awareness"`},
		{"a limit without period", "    source: Art. 1\n", "    no_later_than: soon from awareness\n    source: Art. 1\n", `a.yaml:11: no_later_than: bad period "soon"`},
		{"a limit that a request sets", "    source: Art. 1\n", "    no_later_than: as requested from request\n    source: Art. 1\n", `a.yaml:11: no_later_than: bad limit`},
		{"a limit from a later stage", "    source: Art. 1\n", "    no_later_than: 1 day from submission of second\n    source: Art. 1\n", `a.yaml:11: stage "first" is counted from the submission of "second"`},
		{"a relief in words", "    source: Art. 1\n", "    relief: noon\n    source: Art. 1\n", `a.yaml:11: relief: bad relief "noon": want such as "12:00 of the next working day"`},
		{"a relief at no time", "    source: Art. 1\n", "    relief: 25:00 of the next working day\n    source: Art. 1\n", `a.yaml:11: relief: bad relief`},
		{"a rounding", "act: Act 1", "act: Act 1\nhour_rounding: up", `a.yaml:6: hour_rounding: unknown "up": want none, or leave it out`},
		{"an exception without condition", "- if: trust_service_affected\n        period", "- period", `a.yaml:21: if is missing`},
		{"an unknown confidence", "confidence: memory", "confidence: high", `a.yaml:19: confidence: unknown confidence "high": want verified, secondary or memory`},
		{"a displaced regime without source", "stages:", "displaces: [{regime: two}]\nstages:", `a.yaml:6: source is missing`},
		{"a regime that displaces itself", "stages:", "displaces: [{regime: one, source: Art. 4}]\nstages:", `a.yaml:6: displaces: "one" is this regime itself: name another`},
		{"a day that does not exist", "stages:", "applies_from: 2026-02-30\nstages:", `a.yaml:6: applies_from: bad date "2026-02-30": want YYYY-MM-DD`},
		{"again without a unit", "    source: Art. 1\n", "    again: monthly\n    source: Art. 1\n", `a.yaml:11: again: bad period "monthly"`},
		{"again at a request", "    source: Art. 1\n", "    again: as requested\n    source: Art. 1\n", `a.yaml:11: again: bad period "as requested"`},
		{"a second document", "stages:", "---\nstages:", `a.yaml:6: a second document: a file holds one`},
		{"an empty file", good, "", `a.yaml:1: the file is empty`},
		{"a list", good, "- id: one", `a.yaml:1: `},
		{"a scalar where stages belong", good[strings.Index(good, "stages:"):], "stages: none", `a.yaml:6: `},
		{"a map where text belongs", "title: One", "title: {en: One}", `a.yaml:2: `},
		{"no YAML", "title: One", "title: [", `a.yaml:`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken := strings.Replace(good, tt.from, tt.to, 1)
			if broken == good {
				t.Fatal("the table breaks nothing")
			}
			set, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(broken)}})
			if err == nil || set != nil {
				t.Fatalf("got %v, %v, want nothing and an error", set, err)
			}
			if first, _, _ := strings.Cut(err.Error(), "\n"); !strings.HasPrefix(first, tt.want) {
				t.Errorf("got error\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

func TestLoadNamesEveryMistake(t *testing.T) {
	_, err := Load(fstest.MapFS{
		"a.yaml":    {Data: []byte(strings.NewReplacer("5 hours", "5", "verified", "sure").Replace(good))},
		"b.yml":     {Data: []byte("id: [")},
		"README.md": {Data: []byte("not a regime")},
	})
	if err == nil {
		t.Fatal("got no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{"a.yaml:9: period:", "a.yaml:12: confidence:", "b.yml:1: "} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("got\n%v\nwant line %d to begin with %s", err, i+1, want)
		}
	}
}

type unreadable struct{ fstest.MapFS }

func (unreadable) ReadFile(string) ([]byte, error) { return nil, fs.ErrPermission }

func TestLoadFolder(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	if _, err := Load(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "no .yaml file") {
		t.Errorf("empty folder: got error %v", err)
	}
	_, err := Load(fstest.MapFS{"a.yaml": file(good), "b.yaml": file(good)})
	if want := `b.yaml:1: regime "one" is defined in a.yaml already`; err == nil || err.Error() != want {
		t.Errorf("one id twice: got error %v, want %s", err, want)
	}
	if _, err := Load(unreadable{fstest.MapFS{"a.yaml": file(good)}}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("unreadable file: got error %v, want %v", err, fs.ErrPermission)
	}

	two := strings.Replace(good, "id: one", "id: another", 1)
	set, err := Load(fstest.MapFS{"a.yaml": file(good), "b.yml": file(two)})
	if err != nil {
		t.Fatal(err)
	}
	var ids []ID
	for _, r := range set.Regimes() {
		ids = append(ids, r.ID)
	}
	if diff := cmp.Diff([]ID{"another", "one"}, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestDigestCoversNamesAndBytes(t *testing.T) {
	digest := func(name, text string) string {
		set, err := Load(fstest.MapFS{name: {Data: []byte(text)}, "note.txt": {Data: []byte(name)}})
		if err != nil {
			t.Fatal(err)
		}
		return set.Digest()
	}
	first := digest("a.yaml", good)
	if again := digest("a.yaml", good); again != first || len(first) != len("sha256:")+64 {
		t.Errorf("got %q and %q", first, again)
	}
	if digest("b.yaml", good) == first || digest("a.yaml", good+"# seen\n") == first {
		t.Error("another name or another byte gives the same digest")
	}
}

// Whatever the bytes, the loader answers with FILE:LINE or with a regime that can be counted.
func FuzzLoad(f *testing.F) {
	nis2, err := fs.ReadFile(embedded, "regimes/nis2.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(nis2)
	f.Add([]byte(good))
	f.Add([]byte("id: &a one\ntitle: *a\nstages: [*a]"))
	f.Add([]byte("stages: [{title: a}, {title: b}]"))
	f.Add([]byte("? [a]\n: !!binary x\n--- {}"))
	facts := Facts{DetectedAt: instant(f, "2027-01-31T23:30:00Z")}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Load(fstest.MapFS{"a.yaml": {Data: data}})
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if strings.HasPrefix(line, "a.yaml:0:") {
					t.Errorf("no line in %q", line)
				}
			}
			if !strings.HasPrefix(err.Error(), "a.yaml:") {
				t.Errorf("no file in %q", err)
			}
			return
		}
		for _, r := range set.Regimes() {
			facts.Submitted = map[StageID]Submission{}
			for _, s := range r.Stages {
				facts.Submitted[s.ID] = Submission{LoggedAt: facts.DetectedAt}
			}
			for _, c := range r.Explained(facts, Place{}) {
				if !c.TargetAt.After(facts.DetectedAt) || !c.DueAt.After(facts.DetectedAt) {
					t.Errorf("a clock that ends before it starts: %+v", c)
				}
			}
		}
	})
}
