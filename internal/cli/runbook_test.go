package cli

import (
	"strings"
	"testing"

	"nis2clock/internal/runbook"

	"github.com/google/go-cmp/cmp"
)

// A runbook that is wrong at three in the morning does harm: every shipped one
// is read, its commands are those of this program, its review was made, and it
// is of a length that somebody follows.
func TestShippedRunbooks(t *testing.T) {
	books, err := runbook.Load(folders("")...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"data-exfiltration", "denial-of-service", "first-hour", "law-enforcement-and-counsel", "lost-evidence-source",
		"privileged-account", "ransomware", "reporting-duty", "supplier-compromise", "unavailable-service",
	} {
		if _, err := books.Get(name); err != nil {
			t.Error(err)
		}
	}
	for _, r := range books.All() {
		for _, err := range checkCommands(r) {
			t.Error(err)
		}
		if n := len(r.Steps); n < 12 || n > 25 {
			t.Errorf("%s has %d steps, want 12 to 25", r.File, n)
		}
		if len(r.Commands) == 0 {
			t.Errorf("%s records nothing with a command", r.File)
		}
		for _, s := range r.Steps {
			if !strings.HasPrefix(s.Text, "*") {
				t.Errorf("%s:%d: %s: say first, in *italics*, who does it", r.File, s.Line, s.Title)
			}
		}
		for _, l := range r.Links {
			if strings.Contains(l.Text, ":") && !strings.HasPrefix(l.Text, "https://") {
				t.Errorf("%s:%d: the link %s is neither to a runbook nor https", r.File, l.Line, l.Text)
			}
		}
	}
}

func TestCommandsOfARunbookAreParsed(t *testing.T) {
	const front = "---\ntitle: T\nowner: O\nreviewed: 2026-11-16\nreview_every: 26w\n---\n- [ ] **Act** `"
	for command, want := range map[string]string{
		`nis2clock incident aware ID --at TIME --reason "a b"`:  "",
		`nis2clock incident note ID "it's … here" --privileged`: "",
		`nis2clock incident aware ID --when TIME`:               "unknown flag --when",
		`nis2clock incident aware ID --at noon`:                 "--at",
		`nis2clock incident notes ID`:                           "unexpected argument notes",
		`nis2clock incident note ID "open`:                      "not closed",
		`nis2clock event assess EVT disaster --reason "x"`:      "must be one of",
		`nis2clock incident note ID`:                            "expected",
	} {
		r, err := runbook.Parse("t", "t.md", []byte(front+command+"`\n"))
		if err != nil {
			t.Fatal(err)
		}
		errs := checkCommands(r)
		switch {
		case want == "" && len(errs) > 0:
			t.Errorf("%s: %v", command, errs)
		case want != "" && (len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "t.md:7: ") || !strings.Contains(errs[0].Error(), want)):
			t.Errorf("%s: got %v, want %q", command, errs, want)
		}
	}
}

func TestWords(t *testing.T) {
	got, err := words(`a  "b c"d --e="f g" ""`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b cd", "--e=f g", ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
