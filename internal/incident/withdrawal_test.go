package incident

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/regime"
)

// What was reported is not called not reportable before each authority that was
// told of it knows.
func TestWithdrawal(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.rules.Tracks[0].Regimes = []regime.ID{"nis2", "gdpr"}
	w.receive(firing("B", w.now))
	step := func(what string, cmd Command, todo, reportability string, err error) {
		t.Helper()
		w.wait(time.Minute)
		if _, got := w.try(cmd); !errors.Is(got, err) {
			t.Errorf("%s: %v, want %v", what, got, err)
		}
		v := w.incident(first).View(w.now)
		var open []string
		for _, o := range v.Withdrawals {
			if o.DoneAt == nil {
				open = append(open, string(o.Regime))
			}
		}
		if got := strings.Join(open, " "); got != todo || v.Reportability != reportability {
			t.Errorf("%s: to withdraw %q and %s, want %q and %s", what, got, v.Reportability, todo, reportability)
		}
		warned := strings.Contains(strings.Join(v.Warnings, " "), "withdrawal or a correction")
		if warned != (todo != "") {
			t.Errorf("%s: warned %v", what, warned)
		}
	}
	sent := func(regime string, stages ...string) Submit {
		return Submit{Person: by("ana"), ID: first, Regime: regime, Stages: stages}
	}
	not := MarkNotReportable{Person: by("ana"), ID: first, Reason: "a drill"}

	step("nothing was sent", sent("nis2", "withdrawal"), "", Undecided, ErrRefused)
	step("a report", sent("nis2", "early_warning"), "", Undecided, nil)
	step("another", sent("gdpr", "notification"), "", Undecided, nil)
	step("a correction of something else", sent("nis2", "correction"), "", Undecided, nil)
	step("it is thought not to be", not, "nis2 gdpr", Undecided, nil)
	step("again", not, "nis2 gdpr", Undecided, ErrRefused)
	step("it is after all", Assess{Person: by("ana"), ID: first, Decision: DecidedSignificant, Reason: "x"}, "gdpr", Mandatory, nil)
	step("it is not", not, "gdpr nis2", Mandatory, nil)
	step("closing it", Close{Person: by("ana"), ID: first}, "gdpr nis2", Mandatory, ErrRefused)
	step("one is told", sent("nis2", "correction"), "gdpr", Mandatory, nil)
	step("not the other", not, "gdpr", Mandatory, ErrRefused)
	step("the other too", sent("gdpr", "withdrawal"), "", Mandatory, nil)
	step("now it is", not, "", ReportNotReportable, nil)
	for _, c := range w.incident(first).Clocks {
		if c.Open() {
			t.Errorf("the clock of %s runs", c.Stage)
		}
	}
	step("it comes back", Reopen{Person: by("ben"), ID: first, Reason: "more hosts"}, "", Undecided, nil)
	step("and is reported", sent("nis2", "notification"), "", Undecided, nil)
	step("which the old correction does not cover", not, "nis2", Undecided, nil)
	step("a new one does", sent("nis2", "withdrawal"), "", Undecided, nil)
	step("and it is not again", not, "", ReportNotReportable, nil)
}
