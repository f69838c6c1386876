package runbook_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nis2clock/internal/runbook"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const front = `---
title: Fire
owner: Fire warden
reviewed: 2026-11-16
review_every: 26w
matches:
  categories: [availability, intrusions/burglary]
  alerts: ["Fire*"]
  labels: {team: site}
---
`

func parse(t *testing.T, body string) *runbook.Runbook {
	t.Helper()
	r, err := runbook.Parse("fire", "rb/fire.md", []byte(front+body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSteps(t *testing.T) {
	r := parse(t, `
Read this [first](water.md).

## Out

1. [ ] **Leave.** {#leave} *Everybody.* Write down who is <script>out</script>.

   Take the list:

       not a step

2. [ ] **Call 112, then us!** nis2clock is not needed.

   ~~~
   nis2clock incident ack ID
   ~~~

Some talk between, with `+"`nis2clock version`"+`.

## After

- no step
- [ ] **Count**
`)
	want := []runbook.Step{
		{ID: "leave", Section: "Out", Title: "Leave", Text: "*Everybody.* Write down who is <script>out</script>.\n\nTake the list:\n\n    not a step", Line: 16},
		{ID: "call-112-then-us", Section: "Out", Title: "Call 112, then us!", Text: "nis2clock is not needed.\n\n~~~\nnis2clock incident ack ID\n~~~", Line: 22},
		{ID: "count", Section: "After", Title: "Count", Line: 33},
	}
	if diff := cmp.Diff(want, r.Steps, cmpopts.IgnoreFields(runbook.Step{}, "HTML")); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if html := r.Steps[0].HTML; strings.Contains(html, "<script>") || !strings.Contains(html, "<em>Everybody.</em>") || !strings.Contains(html, "<pre><code>not a step") {
		t.Errorf("shown as %s", html)
	}
	linking := parse(t, "- [ ] **Go** to [water](water.md#x), [us](https://example.org), [bad](javascript:alert)\n").Steps[0].HTML
	if want := `<p>to <a href="?runbook=water#water">water</a>, <a href="https://example.org">us</a>, <a href="">bad</a></p>`; strings.TrimSpace(linking) != want {
		t.Errorf("links are shown as %s, want %s", linking, want)
	}
	if diff := cmp.Diff([]runbook.Mention{{Text: "nis2clock incident ack ID", Line: 25}, {Text: "nis2clock version", Line: 28}}, r.Commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]runbook.Mention{{Text: "water.md", Line: 12}}, r.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

// A tick is kept under the id: it must survive an edit of the words around it.
func TestIDsOutliveEdits(t *testing.T) {
	before := parse(t, "- [ ] **Leave** by the stairs\n- [ ] **Call** {#call} the fire brigade\n")
	after := parse(t, "New talk.\n\n- [ ] **Breathe** in\n- [ ] **Call 112** {#call} now\n- [ ] **Leave** by any way\n")
	for _, s := range before.Steps {
		if _, ok := after.Step(s.ID); !ok {
			t.Errorf("the step %s is lost", s.ID)
		}
	}
	if before.Digest == after.Digest {
		t.Error("two versions have one digest")
	}
}

func TestParseRefuses(t *testing.T) {
	const step = "- [ ] **Leave**\n"
	for name, c := range map[string]struct{ file, want string }{
		"no front matter":          {"# Fire\n", "rb/fire.md:1: no front matter"},
		"front matter without end": {"---\ntitle: x\n", "rb/fire.md:1: no front matter"},
		"an unknown key":           {"---\ntitle: x\nauthor: y\n---\n" + step, `rb/fire.md:3: unknown field "author"`},
		"broken YAML":              {"---\ntitle: [\n---\n" + step, "rb/fire.md:2:"},
		"no owner":                 {strings.Replace(front, "owner: Fire warden\n", "", 1) + step, "rb/fire.md:1: owner is missing: say who keeps it true"},
		"a review on no day":       {strings.Replace(front, "2026-11-16", "2026-13-16", 1) + step, `rb/fire.md:4: reviewed: "2026-13-16" is not a day`},
		"a review that never ends": {strings.Replace(front, "26w", "0s", 1) + step, "rb/fire.md:5: review_every"},
		"no category":              {strings.Replace(front, "availability", "fire", 1) + step, `rb/fire.md:7: matches.categories: "fire" is not a category`},
		"no pattern":               {strings.Replace(front, "Fire*", "[", 1) + step, `rb/fire.md:8: matches.alerts: "[" is not a pattern`},
		"no step":                  {front + "- leave\n", "rb/fire.md:11: no step"},
		"a step that says nothing": {front + "- [ ] leave\n", "rb/fire.md:11: a step begins with what to do"},
		"a ticked box":             {front + "\n- [x] **Leave**\n", "rb/fire.md:12: the box is ticked"},
		"one id twice":             {front + step + "- [ ] **Leave** again\n", "rb/fire.md:12: the id leave is that of the step on line 11"},
		"an id of other letters":   {front + "- [ ] **Leave** {#Leave it}\n", "rb/fire.md:11: {#Leave it} is not an id"},
		"a box in a box":           {front + step + "  - [ ] **Close the door**\n", "rb/fire.md:12: a box inside something else"},
		"bytes that are no text":   {front + "\xff", "rb/fire.md:1: the file is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runbook.Parse("fire", "rb/fire.md", []byte(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := runbook.Parse("Fire Drill", "rb/Fire Drill.md", []byte(front+step)); err == nil || !strings.Contains(err.Error(), "not a name for a runbook") {
		t.Errorf("a name with a blank: %v", err)
	}
}

// Whatever the file holds, it is refused with its name or gives steps that can
// be told apart.
func FuzzParse(f *testing.F) {
	f.Add(front + "- [ ] **Leave** {#leave} now\n\n  more\n- [ ] **Call**\n")
	f.Add(front + "1. [ ] **a**\n> - [ ] **b**\n***\n[x]: y\n")
	f.Add("---\r\n---\r\n")
	f.Fuzz(func(t *testing.T, file string) {
		r, err := runbook.Parse("fire", "fire.md", []byte(file))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fire.md:") {
				t.Errorf("refused without its place: %v", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, s := range r.Steps {
			if seen[s.ID] || s.ID == "" || s.Title == "" {
				t.Errorf("step %+v", s)
			}
			seen[s.ID] = true
		}
	})
}

func folder(files ...string) runbook.Folder {
	fs := fstest.MapFS{}
	for n := 0; n < len(files); n += 2 {
		fs[files[n]] = &fstest.MapFile{Data: []byte(files[n+1])}
	}
	return runbook.Folder{FS: fs, Path: "rb"}
}
