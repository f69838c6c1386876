package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// nearMiss is an incident for a voluntary report about a near miss, detected
// at 10:00, now 11:00.
func nearMiss(t *testing.T) *world {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.do(ReportSuspicion{Person: by("ana"), What: "a payment was stopped at the last check", Reporter: Reporter{Kind: ByStaff}, NoticedAt: w.now})
	w.wait(time.Hour)
	w.do(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: OutcomeNearMiss, Reportability: Voluntary, Reason: "others may be hit"})
	return w
}

// A voluntary report owes nothing, can be recorded as sent, and closes.
func TestVoluntaryReport(t *testing.T) {
	w := nearMiss(t)
	w.do(SetDate{Person: by("ana"), ID: first, At: w.now, Date: DateID{Date: AwareAt}})
	if _, err := w.try(Submit{Person: by("ana"), ID: first, Stages: []string{"early_warn"}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a stage that is not there: %v", err)
	}
	w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"notification"}, Submission: Submission{Authority: "CSIRT", Reference: "V-1"}})
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: HandledAt}})
	v := w.incident(first).View(w.now)
	if len(v.Clocks) != 0 || v.Reportability != Voluntary {
		t.Errorf("%s with clocks %v", v.Reportability, v.Clocks)
	}
	if s := v.Submissions; len(s) != 1 || !s[0].Voluntary || s[0].Reference != "V-1" || s[0].Entity != "default" {
		t.Errorf("submissions %+v", s)
	}
	w.do(Close{by("ana"), first})
}

// Once it must be reported, the clocks run from the instants they always had.
func TestVoluntaryBecomesMandatory(t *testing.T) {
	w := nearMiss(t)
	aware := at("2026-11-20T10:20:00Z")
	w.do(SetDate{Person: by("ana"), ID: first, At: aware, Date: DateID{Date: AwareAt}})
	w.wait(20 * time.Hour)
	w.do(SetReportability{by("ben"), first, Mandatory, "a second payment went through"})
	i := w.incident(first)
	if i.Reportability != Mandatory || len(i.Clocks) != 3 {
		t.Fatalf("%s with %d clocks", i.Reportability, len(i.Clocks))
	}
	if c := i.Clocks[0]; !c.TargetAt.Equal(at("2026-11-21T10:00:00Z")) || !c.DueAt.Equal(aware.Add(24*time.Hour)) || c.State(w.now) != ClockRunning {
		t.Errorf("early warning: %+v", c)
	}
}

// What need not be reported may be, and may have to be after all.
func TestNotReportableVoluntaryMandatory(t *testing.T) {
	w := opened(t)
	due := w.incident(first).Clocks[0].DueAt
	w.do(MarkNotReportable{by("ana"), first, "below every threshold"})
	w.do(SetReportability{by("ana"), first, Voluntary, "others may be hit"})
	if n := len(w.incident(first).Clocks); n != 0 {
		t.Errorf("%d clocks of a voluntary report", n)
	}
	w.do(SetReportability{by("ana"), first, Mandatory, "the loss is higher"})
	if c := w.incident(first).Clocks[0]; c.State(w.now) != ClockRunning || !c.DueAt.Equal(due) {
		t.Errorf("%+v, want due %s", c, due)
	}
}

// No word may take the clocks of an incident away, or give a decision that
// belongs elsewhere.
func TestReportabilityRefusals(t *testing.T) {
	for _, tt := range []struct {
		name       string
		world      func(*testing.T) *world
		to, reason string
		want       error
		says       string
	}{
		{"voluntary while clocks run", opened, Voluntary, "x", ErrRefused, "not-reportable"},
		{"mandatory while undecided", opened, Mandatory, "x", ErrRefused, "undecided"},
		{"without a reason", nearMiss, Mandatory, " ", ErrInvalid, "why"},
		{"another word", nearMiss, "optional", "x", ErrInvalid, "mandatory or voluntary"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := tt.world(t)
			if _, err := w.try(SetReportability{by("ana"), first, tt.to, tt.reason}); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v that says %q", err, tt.want, tt.says)
			}
		})
	}
}

// A decision that stops clocks would let those run that a voluntary report
// does not have.
func TestVoluntaryIsNotDecidedAgain(t *testing.T) {
	w := nearMiss(t)
	if _, err := w.try(MarkNotReportable{by("ana"), first, "below every threshold"}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "voluntarily") {
		t.Errorf("not reportable: %v", err)
	}
	w.do(SetDate{Person: by("ana"), ID: first, At: w.now, Date: DateID{Date: AwareAt}})
	if n := len(w.incident(first).Clocks); n != 0 {
		t.Errorf("%d clocks after awareness", n)
	}
}

// A personal data breach is owed under its own law, whatever the incident is.
func TestVoluntaryReportWithABreach(t *testing.T) {
	w := nearMiss(t)
	w.rules.Tracks = []Track{saas()}
	w.do(RecordBreach{Person: by("ana"), ID: first, Facts: BreachFacts{DataSets: sets("tickets", "staff")}})
	if n := len(w.incident(first).Clocks); n != 3 {
		t.Errorf("%d clocks, want the authority's and two controllers'", n)
	}
}
