package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A suspicious event goes 400 days after its last entry once somebody assessed it,
// and in an incident's file when that is gone.
func TestExpiredEvents(t *testing.T) {
	const days = 24 * time.Hour
	assess := func(w *world, outcome string) {
		w.do(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: outcome, Reason: "looked at", DetectedAt: w.now})
	}
	for _, tt := range []struct {
		name string
		make func(w *world)
		wait time.Duration // from the last entry
		due  bool
		kept string
	}{
		{"400 days after it was assessed", func(w *world) { assess(w, OutcomeNearMiss) }, 400 * days, true, ""},
		{"a nanosecond before", func(w *world) { assess(w, OutcomeNearMiss) }, 400*days - 1, false, ""},
		{"never assessed", func(*world) {}, 20 * Year, false, ""},
		{"never assessed, and noted", func(w *world) { w.do(NoteSuspicion{Person: by("ben"), ID: firstEvent, Text: "x"}) }, 20 * Year, false, ""},
		{"noted since", func(w *world) {
			assess(w, OutcomeNearMiss)
			w.wait(300 * days)
			w.do(NoteSuspicion{Person: by("ben"), ID: firstEvent, Text: "x"})
		}, 200 * days, false, ""},
		{"assessed anew", func(w *world) {
			assess(w, OutcomeNearMiss)
			w.wait(300 * days)
			assess(w, OutcomeNearMiss)
		}, 200 * days, false, ""},
		{"in the file of an incident", func(w *world) { assess(w, OutcomeIncident) }, 20 * Year, true, "it is in the file of INC-2026-0001, which stays"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: ByStaff}})
			w.wait(time.Hour)
			tt.make(w)
			c, due := find(Expired(w.state, DefaultRetention(), w.now.Add(tt.wait)), firstEvent)
			if due != tt.due || c.Kept != tt.kept {
				t.Errorf("due: %v, kept %q; want %v, %q", due, c.Kept, tt.due, tt.kept)
			}
			if due && (c.Class != ClassEvents || len(c.Entries) != len(w.event(firstEvent).Entries)) {
				t.Errorf("class %s with %d entries of %d", c.Class, len(c.Entries), len(w.event(firstEvent).Entries))
			}
			if _, due := find(Expired(w.state, RetentionPolicy{Logs: Year}, w.now.Add(100*Year)), firstEvent); due {
				t.Error("a retention of zero keeps for good")
			}
		})
	}
}

// The file of an incident goes before the events in it, or together with them.
func TestEventsInTheFileOfAnIncident(t *testing.T) {
	w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: ByStaff}})
	w.do(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: OutcomeIncident, Reason: "real", DetectedAt: w.now})
	id := w.event(firstEvent).Incident
	w.do(MarkNotReportable{person, id, "no"})
	w.do(Close{person, id})
	ask := func(ids ...ID) error {
		_, err := w.state.PlanErasure(ErasureRequest{By: person.By, Incidents: ids, Reason: "Art. 17(1)(d) GDPR"}, w.now)
		return err
	}
	if err := ask(firstEvent); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "in the file of "+string(id)) {
		t.Errorf("the event alone: %v", err)
	}
	if err := ask(firstEvent, id); err != nil {
		t.Errorf("both: %v", err)
	}
	later := w.now.Add(6 * Year)
	if c, ok := find(Expired(w.state, DefaultRetention(), later), firstEvent); !ok || c.Kept == "" {
		t.Errorf("it goes before the incident: %+v", c)
	}
	s := w.without(w.incident(id).Entries)
	if c, ok := find(Expired(s, DefaultRetention(), later), firstEvent); !ok || c.Kept != "" {
		t.Errorf("it stays after the incident: %+v", c)
	}
}

// An erased event is still listed, takes nothing more, waits for nobody, and its
// number is not given again.
func TestErasedEvent(t *testing.T) {
	w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: ByStaff, Name: "Max Beispiel"}})
	if err := errOf(w.state.PlanErasure(ErasureRequest{By: person.By, Incidents: []ID{firstEvent}, Reason: "x"}, w.now)); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "nobody has assessed it") {
		t.Errorf("one that is open: %v", err)
	}
	w.do(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: OutcomeNearMiss, Reason: "blocked"})
	if err := errOf(w.state.PlanErasure(ErasureRequest{By: person.By, Entries: []uint64{0}, Reason: "x"}, w.now)); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "does not go alone") {
		t.Errorf("its report alone: %v", err)
	}
	s := w.without(w.event(firstEvent).Entries)
	ev, ok := s.Event(firstEvent)
	if !ok {
		t.Fatal("it is gone")
	}
	if v := ev.View(w.now.Add(Year)); !v.Erased || v.What != "(erased)" || v.Overdue || v.Status != StatusAssessed || v.Reporter.Name != "" {
		t.Errorf("it shows as %+v", v)
	}
	for _, cmd := range []Command{
		NoteSuspicion{Person: person, ID: firstEvent, Text: "y"},
		AssessSuspicion{Person: person, ID: firstEvent, Outcome: OutcomeNearMiss, Reason: "y"},
	} {
		if _, _, err := testRules().Execute(s, w.now, cmd); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "was erased") {
			t.Errorf("%T: %v", cmd, err)
		}
	}
	if err := errOf(s.PlanErasure(ErasureRequest{By: person.By, Incidents: []ID{firstEvent}, Reason: "x"}, w.now)); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "erased already") {
		t.Errorf("once more: %v", err)
	}
	next, _, err := testRules().Execute(s, w.now, ReportSuspicion{Person: person, What: "b", Reporter: Reporter{Kind: ByStaff}})
	if err != nil || next != ID("EVT-2026-0002") {
		t.Errorf("the next is %v, %v", next, err)
	}
	if all := Expired(s, DefaultRetention(), w.now.Add(20*Year)); len(all) > 0 {
		t.Errorf("what is erased expires again: %+v", all)
	}
}

func errOf(_ Erasure, err error) error { return err }
