package runbook_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"

	"github.com/google/go-cmp/cmp"
)

func written(title, matches string) string {
	return "---\ntitle: " + title + "\nowner: O\nreviewed: 2026-11-16\nreview_every: 26w\n" + matches + "---\n- [ ] **Act**\n- [ ] **Rest**\n"
}

func load(t *testing.T, folders ...runbook.Folder) *runbook.Library {
	t.Helper()
	l, err := runbook.Load(folders...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func alert(kv ...string) incident.AlertView {
	labels := map[string]string{}
	for n := 0; n < len(kv); n += 2 {
		labels[kv[n]] = kv[n+1]
	}
	return incident.AlertView{Labels: labels}
}

func TestForIsInOrderOfFit(t *testing.T) {
	l := load(t, folder(
		"any.md", written("Any", "matches: {every: true}\n"),
		"class.md", written("Class", "matches: {categories: [intrusions]}\n"),
		"type.md", written("Type", "matches: {categories: [intrusions/system-compromise]}\n"),
		"twice.md", written("Twice", "matches: {categories: [intrusions/system-compromise], every: true}\n"),
		"alert.md", written("Alert", "matches: {alerts: [\"Root*\"]}\n"),
		"label.md", written("Label", "matches: {labels: {team: pay*, env: prod}}\n"),
		"other.md", written("Other", "matches: {categories: [fraud], alerts: [Root]}\n"),
		"never.md", written("Never", ""),
	))
	type fit struct {
		Name string
		Why  []string
	}
	for name, c := range map[string]struct {
		view incident.View
		want []fit
	}{
		"everything": {
			incident.View{Category: classify.Category{Class: "intrusions", Type: "system-compromise"}, Alerts: []incident.AlertView{
				alert("alertname", "RootLogin", "team", "payments", "env", "prod"), alert("alertname", "RootLogin", "team", "payments", "env", "test"),
			}},
			[]fit{
				{"label", []string{"label env=prod team=payments"}}, {"alert", []string{"alert RootLogin"}},
				{"twice", []string{"category Intrusions: System Compromise", "every incident"}}, {"type", []string{"category Intrusions: System Compromise"}},
				{"class", []string{"category Intrusions"}}, {"any", []string{"every incident"}},
			},
		},
		"labels of two alerts do not add up": {
			incident.View{Alerts: []incident.AlertView{alert("team", "payments"), alert("env", "prod")}}, []fit{{"any", []string{"every incident"}}, {"twice", []string{"every incident"}}},
		},
		"an incident nobody classified": {incident.View{}, []fit{{"any", []string{"every incident"}}, {"twice", []string{"every incident"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []fit
			for _, m := range l.For(c.view) {
				got = append(got, fit{m.Name, m.Why})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	l := load(t,
		folder("fire.md", written("Fire", ""), "README.md", "about", "flood.md", written("Flood", "")),
		folder("fire.md", written("Our fire", ""), "frost.md", written("Frost", "")))
	var titles []string
	for _, r := range l.All() {
		titles = append(titles, r.Title)
	}
	if diff := cmp.Diff([]string{"Our fire", "Flood", "Frost"}, titles); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := runbook.Load(folder("a.md", "x", "b.md", written("B", "")+"[gone](c.md)\n", "c-d.md", "---\n---\n"))
	if err == nil || !strings.Contains(err.Error(), "rb/a.md:1: ") || !strings.Contains(err.Error(), "rb/c-d.md:1: ") {
		t.Errorf("two broken files: %v", err)
	}
	_, err = runbook.Load(folder("b.md", written("B", "")+"\n[gone](c.md) [there](b.md#x) [web](https://example.org)\n"))
	if err == nil || err.Error() != "rb/b.md:10: the link to c.md leads nowhere: there is no such runbook" {
		t.Errorf("a link to nothing: %v", err)
	}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestReviewIsOverdueFromItsDay(t *testing.T) {
	l := load(t, folder("fire.md", written("Fire", "")))
	due := time.Date(2027, 5, 17, 0, 0, 0, 0, time.UTC)
	if notes := l.ReviewNotes(due.Add(-1)); len(notes) != 0 {
		t.Errorf("before it is due: %q", notes)
	}
	want := []string{"runbook fire was last reviewed on 2026-11-16 and its review was due on 2027-05-17: O should go through it and set reviewed in rb/fire.md"}
	if diff := cmp.Diff(want, l.ReviewNotes(due)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Nobody can edit a built-in one: they are told once, and how to keep a copy.
	builtIn := folder("fire.md", written("Fire", ""), "flood.md", written("Flood", ""), "mine.md", written("Mine", ""))
	builtIn.BuiltIn = true
	l = load(t, builtIn, folder("mine.md", written("Mine", "")))
	notes := l.ReviewNotes(due)
	if len(notes) != 2 || len(l.Overdue(due)) != 3 || !strings.Contains(notes[0], "set reviewed in rb/mine.md") || !strings.Contains(notes[1], "built-in runbooks fire, flood is overdue: put a copy") {
		t.Errorf("with built-in ones: %q", notes)
	}
}

func TestChecklist(t *testing.T) {
	l := load(t, folder("fire.md", written("Fire", ""), "any.md", written("Any", "matches: {every: true}\n")))
	by := incident.Person{By: incident.Actor{Name: "anna", Via: "page"}}
	cmd, err := l.Tick(by, "INC-2026-0001", "fire", "act", true, "at last")
	if err != nil {
		t.Fatal(err)
	}
	fire, err := l.Get("fire")
	if err != nil {
		t.Fatal(err)
	}
	want := incident.TickStep{Person: by, ID: "INC-2026-0001", Done: true, Note: "at last",
		Step: incident.StepRef{Runbook: "fire", Title: "Fire", Step: "act", Text: "Act", Version: fire.Digest, Total: 2}}
	if diff := cmp.Diff(want, cmd); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	for _, missing := range [][2]string{{"ice", "act"}, {"fire", "act-up"}} {
		if _, err := l.Tick(by, "INC-2026-0001", missing[0], missing[1], true, ""); !errors.Is(err, runbook.ErrUnknown) {
			t.Errorf("tick %v: %v", missing, err)
		}
	}
	stamp := incident.Stamp{By: by.By, At: noon}
	old := cmd.Step
	old.Version = "older"
	ticks := []incident.Tick{
		{Stamp: stamp, StepRef: old, Done: true, Note: "at last"},
		{Stamp: stamp, StepRef: incident.StepRef{Runbook: "fire", Step: "gone"}, Done: true},
		{Stamp: stamp, StepRef: incident.StepRef{Runbook: "any", Step: "rest"}},
	}
	v := incident.View{Conduct: incident.Conduct{Runbooks: []incident.RunbookView{{Name: "fire", Done: 2, Total: 2}, {Name: "lost", Title: "Lost", Done: 1, Total: 9}}}}
	if diff := cmp.Diff([]incident.RunbookView{
		{Name: "any", Title: "Any", Total: 2}, {Name: "fire", Title: "Fire", Done: 1, Total: 2}, {Name: "lost", Title: "Lost", Done: 1, Total: 9},
	}, l.Progress(v, ticks)); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	var lists []runbook.Checklist
	for _, m := range l.InUse(v) {
		lists = append(lists, m.Checklist("INC-2026-0001", ticks, noon))
	}
	r := parse(t, "- [ ] **Ack** `nis2clock incident ack ID`, not the ID of a report\n")
	if s := (runbook.Match{Runbook: r}).Checklist("INC-2026-0001", nil, noon).Steps[0]; s.Text != "`nis2clock incident ack INC-2026-0001`, not the ID of a report" ||
		!strings.Contains(s.HTML, "<code>nis2clock incident ack INC-2026-0001</code>") {
		t.Errorf("a command to copy: %q, %q", s.Text, s.HTML)
	}
	act := lists[1].Steps[0]
	if !act.Done || !act.Changed || *act.By != "anna" || act.Note != "at last" || lists[1].Steps[1].Done || lists[0].Steps[1].Done {
		t.Errorf("checklists: %+v", lists)
	}
}

// What was in force stays when a file is broken, aloud, until it is mended.
func TestShelfKeepsWhatWorks(t *testing.T) {
	fs := fstest.MapFS{"fire.md": {Data: []byte(written("Fire", ""))}}
	s, err := runbook.Open(runbook.Folder{FS: fs, Path: "rb"})
	if err != nil {
		t.Fatal(err)
	}
	fs["fire.md"] = &fstest.MapFile{Data: []byte("---\ntitle: [\n---\n")}
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "rb/fire.md:2") {
		t.Errorf("reload of a broken file: %v", err)
	}
	if r, err := s.Library().Get("fire"); err != nil || r.Title != "Fire" {
		t.Errorf("in force is %v, %v", r, err)
	}
	if notes := s.Notes(noon); len(notes) != 1 || !strings.Contains(notes[0], "the runbooks in force stay as they were: rb/fire.md:2") {
		t.Errorf("notes: %q", notes)
	}
	fs["fire.md"] = &fstest.MapFile{Data: []byte(written("Mended", ""))}
	if err := s.Reload(); err != nil || len(s.Notes(noon)) != 0 {
		t.Errorf("after mending: %v, notes %q", err, s.Notes(noon))
	}
	if r, err := s.Library().Get("fire"); err != nil || r.Title != "Mended" {
		t.Errorf("in force is %v, %v", r, err)
	}
	if _, err := runbook.Open(folder("fire.md", "x")); err == nil {
		t.Error("a broken file was taken at start")
	}
}
