package incident

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

func declared(t *testing.T) (*world, ID) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	return w, w.do(Declare{Person: Person{By: Actor{Name: "a", Via: "api"}}, Title: "x", DetectedAt: w.now}).(ID)
}

const secret = "counsel advises to say nothing yet"

// The text of a privileged note is in the journal and nowhere that is shown
// without asking for it.
func TestPrivilegedNoteIsWithheld(t *testing.T) {
	w, id := declared(t)
	by := Person{By: Actor{Name: "anna", Via: "api"}}
	w.do(AddNote{Person: by, ID: id, Text: "the disk is full"})
	w.do(AddNote{Person: by, ID: id, Text: secret, Privileged: true})

	v := w.incident(id).View(w.now)
	want := []NoteView{{At: w.now, By: "anna", Text: "the disk is full"}, {At: w.now, By: "anna", Privileged: true}}
	if diff := cmp.Diff(want, v.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), secret) {
		t.Errorf("the view gives it away: %s", raw)
	}
	last := w.entries[len(w.entries)-1]
	if got := last.Event.Describe(); got != "privileged note" || !last.Privileged() {
		t.Errorf("the entry says %q, privileged: %v", got, last.Privileged())
	}
	if before := w.entries[len(w.entries)-2]; before.Privileged() {
		t.Error("the note before it counts as privileged")
	}
	if n := len(v.WithoutPrivileged().Notes); n != 1 || len(v.Notes) != 2 {
		t.Errorf("without privileged notes %d are left, and %d in the view that was asked", n, len(v.Notes))
	}
	w.incident(id).Disclose(&v)
	if v.Notes[0].Text != "the disk is full" || v.Notes[1].Text != secret || last.Disclose() != "privileged note: "+secret {
		t.Errorf("disclosed: %+v, %q", v.Notes, last.Disclose())
	}
}

func step(name string) StepRef {
	return StepRef{Runbook: "ransomware", Title: "Ransomware", Step: name, Text: "Do " + name, Version: "d1", Total: 3}
}

func TestTicks(t *testing.T) {
	w, id := declared(t)
	anna, ben := Person{By: Actor{Name: "anna", Via: "page"}}, Person{By: Actor{Name: "ben", Via: "slack"}}
	count := func() int { return len(w.entries) }
	before := count()
	w.do(TickStep{Person: anna, ID: id, Step: step("isolate"), Done: true})
	w.do(TickStep{Person: ben, ID: id, Step: step("isolate"), Done: true})
	w.do(TickStep{Person: ben, ID: id, Step: step("call")})
	if n := count() - before; n != 1 {
		t.Errorf("a tick, the same tick again and a tick taken back that never was: %d entries, want 1", n)
	}
	w.do(TickStep{Person: ben, ID: id, Step: step("isolate"), Done: true, Note: "also the backup host"})
	w.do(TickStep{Person: ben, ID: id, Step: step("call"), Done: true})
	newer := step("call")
	newer.Title, newer.Total, newer.Version = "Ransomware, second edition", 4, "d2"
	w.do(TickStep{Person: anna, ID: id, Step: newer})

	got := w.incident(id).View(w.now).Runbooks
	if diff := cmp.Diff([]RunbookView{{Name: "ransomware", Title: "Ransomware, second edition", Done: 1, Total: 4}}, got); diff != "" {
		t.Errorf("runbooks (-want +got):\n%s", diff)
	}
	isolate, _ := w.incident(id).tick("ransomware", "isolate")
	if isolate.By.Name != "ben" || isolate.Note != "also the backup host" || !isolate.Done {
		t.Errorf("the last that was said of isolate: %+v", isolate)
	}
	if got, want := w.entries[len(w.entries)-1].Event.Describe(), "took back the tick, runbook ransomware: Do call"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := w.try(TickStep{Person: anna, ID: id, Done: true}); err == nil {
		t.Error("a tick of no step was taken")
	}
}

func TestCommunications(t *testing.T) {
	w, id := declared(t)
	by := Person{By: Actor{Name: "anna", Via: "cli"}}
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of hello
	good := Communication{Kind: RecipientsNotice, Lang: "de", Audience: " all customers ", Channel: "status page", Text: "hello", SHA256: "SHA256:" + strings.ToUpper(sum)}
	w.do(RecordCommunication{Person: by, ID: id, Communication: good})
	want := Communication{Kind: RecipientsNotice, Lang: "de", Audience: "all customers", Channel: "status page", At: w.now, Sender: "anna", Text: "hello", SHA256: sum}
	if diff := cmp.Diff([]Communication{want}, w.incident(id).Communications); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		change func(*Communication)
		want   string
	}{
		"an unknown kind":        {func(c *Communication) { c.Kind = "press" }, "kind is \"press\""},
		"nobody told":            {func(c *Communication) { c.Audience = " " }, "audience is missing"},
		"no channel":             {func(c *Communication) { c.Channel = "" }, "channel is missing"},
		"sent tomorrow":          {func(c *Communication) { c.At = w.now.Add(1) }, "lies in the future"},
		"nothing said":           {func(c *Communication) { c.Text, c.SHA256 = "", "" }, "give the text"},
		"a digest of other text": {func(c *Communication) { c.Text = "hallo" }, "not that of the text"},
		"no digest":              {func(c *Communication) { c.SHA256 = "12" }, "not the 64 hexadecimal digits"},
		"a text that is a book":  {func(c *Communication) { c.Text, c.SHA256 = strings.Repeat("x", maxCommunication+1), "" }, "is longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			c.change(&bad)
			if _, err := w.try(RecordCommunication{Person: by, ID: id, Communication: bad}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
