package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const firstEvent ID = "EVT-2026-0001"

// reported is a world with one suspicious event, received at 10:00.
func reported(t *testing.T, c ReportSuspicion) *world {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	c.Person, c.What = by("ana"), "odd log-ins on the mail gateway"
	w.do(c)
	return w
}

func (w *world) event(id ID) *Suspicion {
	w.t.Helper()
	ev, ok := w.state.Event(id)
	if !ok {
		w.t.Fatalf("no event %s", id)
	}
	return ev
}

// When an incident out of an event was detected: by the entity itself, never by
// silence; what others knew before is proposed beside it.
func TestDetectionOutOfAnEvent(t *testing.T) {
	noticed, supplier := at("2026-11-20T09:30:00Z"), at("2026-11-18T22:00:00Z")
	received := at("2026-11-20T10:00:00Z")
	tests := []struct {
		name      string
		report    ReportSuspicion
		said      time.Time
		want      time.Time // zero: refused
		proposals []time.Time
	}{
		{"staff: when they noticed", ReportSuspicion{Reporter: Reporter{Kind: ByStaff}, NoticedAt: noticed}, time.Time{}, noticed, nil},
		{"monitoring: when it fired", ReportSuspicion{Reporter: Reporter{Kind: ByAlert}, NoticedAt: noticed}, time.Time{}, noticed, nil},
		{"staff who did not say when", ReportSuspicion{Reporter: Reporter{Kind: ByStaff}}, time.Time{}, time.Time{}, nil},
		{"staff who did not say when, but the assessor does", ReportSuspicion{Reporter: Reporter{Kind: ByStaff}}, noticed, noticed, nil},
		{"supplier: when its word came in", ReportSuspicion{Reporter: Reporter{Kind: BySupplier}, SupplierDetectedAt: supplier, NoticedAt: noticed}, time.Time{}, received, []time.Time{supplier, noticed}},
		{"customer: when the call came in", ReportSuspicion{Reporter: Reporter{Kind: ByCustomer}, NoticedAt: noticed}, time.Time{}, received, []time.Time{noticed}},
		{"a CSIRT that did not say when", ReportSuspicion{Reporter: Reporter{Kind: ByCSIRT}}, time.Time{}, received, nil},
		{"the assessor takes the supplier's time", ReportSuspicion{Reporter: Reporter{Kind: BySupplier}, SupplierDetectedAt: supplier}, supplier, supplier, nil},
		{"the assessor says later than the report came in", ReportSuspicion{Reporter: Reporter{Kind: ByCustomer}}, received.Add(30 * time.Minute), received.Add(30 * time.Minute), []time.Time{received}},
		{"the assessor says the future", ReportSuspicion{Reporter: Reporter{Kind: ByCustomer}}, received.Add(2 * time.Hour), time.Time{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := reported(t, tt.report)
			w.wait(time.Hour)
			_, err := w.try(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: OutcomeIncident, Reason: "it is real", DetectedAt: tt.said})
			if tt.want.IsZero() {
				if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "detected_at") {
					t.Errorf("got %v, want a refusal that asks for detected_at", err)
				}
				if len(w.state.IDs()) != 0 || w.event(firstEvent).Assessed() != nil {
					t.Error("a refused assessment left something behind")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			v := w.incident(first).View(w.now)
			if !v.DetectedAt.Equal(tt.want) || !v.ReceivedAt.Equal(received) {
				t.Errorf("detected %s, received %s; want %s, %s", v.DetectedAt, v.ReceivedAt, tt.want, received)
			}
			if got := v.Clocks[0].TargetAt; !got.Equal(tt.want.Add(24 * time.Hour)) {
				t.Errorf("early warning target %s, want a day after %s", got, tt.want)
			}
			var got []time.Time
			for _, p := range v.DetectionProposals {
				got = append(got, p.At)
			}
			if len(got) != len(tt.proposals) {
				t.Fatalf("proposals %v, want %v", got, tt.proposals)
			}
			for n := range got {
				if !got[n].Equal(tt.proposals[n]) {
					t.Errorf("proposals %v, want %v", got, tt.proposals)
				}
			}
			if len(v.Events) != 1 || v.Events[0] != firstEvent || w.event(firstEvent).Incident != first {
				t.Errorf("incident names %v, event names %s", v.Events, w.event(firstEvent).Incident)
			}
		})
	}
}

// Whatever is reported, no clock starts before a person has assessed it.
func TestReportingStartsNoClock(t *testing.T) {
	for _, kind := range reporterKinds {
		w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: kind}, NoticedAt: at("2026-11-20T09:00:00Z")})
		if n := len(w.state.IDs()); n != 0 {
			t.Errorf("%s: %d incidents opened", kind, n)
		}
	}
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		outcome, reportability string
		want                   string // of the incident; empty: none is opened
		clocks                 bool
		refused                string
	}{
		{OutcomeEvent, "", "", false, ""},
		{OutcomeEvent, Voluntary, Voluntary, false, ""},
		{OutcomeNearMiss, "", "", false, ""},
		{OutcomeNearMiss, ReportNotReportable, "", false, ""},
		{OutcomeNearMiss, Voluntary, Voluntary, false, ""},
		{OutcomeNearMiss, Mandatory, "", false, "Art. 30"},
		{OutcomeThreat, Voluntary, Voluntary, false, ""},
		{OutcomeThreat, Undecided, "", false, "Art. 30"},
		{OutcomeIncident, "", Undecided, true, ""},
		{OutcomeIncident, Mandatory, Mandatory, true, ""},
		{OutcomeIncident, Voluntary, Voluntary, false, ""},
		{OutcomeIncident, ReportNotReportable, "", false, "decided there"},
		{"nothing", "", "", false, "near_miss"},
		{OutcomeEvent, "perhaps", "", false, "not_reportable"},
	}
	for _, tt := range tests {
		t.Run(tt.outcome+" "+tt.reportability, func(t *testing.T) {
			w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: ByCustomer}})
			_, err := w.try(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: tt.outcome, Reportability: tt.reportability, Reason: "looked at"})
			if tt.refused != "" {
				if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("got %v, want a refusal that says %q", err, tt.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if w.event(firstEvent).Assessed().Outcome != tt.outcome {
				t.Errorf("assessed as %s", w.event(firstEvent).Assessed().Outcome)
			}
			if tt.want == "" {
				if len(w.state.IDs()) != 0 {
					t.Errorf("incidents %v, want none", w.state.IDs())
				}
				return
			}
			i := w.incident(first)
			if i.Reportability != tt.want || len(i.Clocks) > 0 != tt.clocks {
				t.Errorf("%s with %d clocks, want %s and clocks: %v", i.Reportability, len(i.Clocks), tt.want, tt.clocks)
			}
		})
	}
}

// The time for the assessment is over at its end, and an assessment ends it.
func TestTriageIsOverdue(t *testing.T) {
	w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: ByStaff}, NoticedAt: at("2026-11-20T09:00:00Z")})
	within := w.rules.Classify.TriageWithin
	ev := w.event(firstEvent)
	if v := ev.View(w.now.Add(within - time.Nanosecond)); v.Overdue || v.Status != Untriaged {
		t.Errorf("%+v before the end", v)
	}
	if v := ev.View(w.now.Add(within)); !v.Overdue {
		t.Error("not overdue at the end, which is exclusive")
	}
	w.wait(within)
	w.do(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: OutcomeEvent, Reason: "a test by the team itself"})
	if v := w.event(firstEvent).View(w.now); v.Overdue || v.Status != StatusAssessed || v.Assessment.By != "ben" {
		t.Errorf("%+v after the assessment", v)
	}
}

// New information leads to another assessment; the earlier one stays on record.
func TestReassessed(t *testing.T) {
	w := reported(t, ReportSuspicion{Reporter: Reporter{Kind: ByCustomer}})
	assess := func(outcome, reason string) error {
		_, err := w.try(AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: outcome, Reason: reason})
		return err
	}
	if err := errors.Join(assess(OutcomeEvent, "noise"), assess(OutcomeIncident, "the same address at a second customer")); err != nil {
		t.Fatal(err)
	}
	v := w.event(firstEvent).View(w.now)
	if len(v.Assessments) != 2 || v.Assessments[0].Reason != "noise" || v.Assessment.Outcome != OutcomeIncident || *v.Incident != first {
		t.Errorf("%+v", v)
	}
	if err := assess(OutcomeEvent, "noise after all"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), string(first)) {
		t.Errorf("an incident was taken back: %v", err)
	}
}

func TestEventJoinsAnOpenIncident(t *testing.T) {
	w := opened(t) // detected 10:00, now 11:00
	w.do(ReportSuspicion{Person: by("ana"), What: "their backups were read", Reporter: Reporter{Kind: BySupplier, Name: "Backup Ltd"}, SupplierDetectedAt: at("2026-11-19T10:00:00Z")})
	before := w.incident(first).View(w.now)
	join := AssessSuspicion{Person: by("ben"), ID: firstEvent, Outcome: OutcomeIncident, Incident: first, Reason: "same intruder"}
	w.do(join)
	after := w.incident(first).View(w.now)
	if !after.DetectedAt.Equal(before.DetectedAt) || !after.Clocks[0].DueAt.Equal(before.Clocks[0].DueAt) {
		t.Error("joining moved an instant")
	}
	if p := after.DetectionProposals; len(p) != 1 || !p[0].At.Equal(at("2026-11-19T10:00:00Z")) || p[0].By != "supplier Backup Ltd" || p[0].Event != firstEvent {
		t.Errorf("proposals %+v", p)
	}
	entries, _ := w.state.EntriesAbout(firstEvent)
	if len(entries) != 2 || len(w.state.IDs()) != 1 {
		t.Errorf("event has entries %v, incidents %v", entries, w.state.IDs())
	}

	w.do(MarkNotReportable{by("ana"), first, "below every threshold"})
	w.do(Close{by("ana"), first})
	w.do(ReportSuspicion{Person: by("ana"), What: "again", Reporter: Reporter{Kind: ByCustomer}})
	join.ID = "EVT-2026-0002"
	if _, err := w.try(join); !errors.Is(err, ErrRefused) {
		t.Errorf("joined a closed incident: %v", err)
	}
}

func TestReportRefusals(t *testing.T) {
	customer := Reporter{Kind: ByCustomer}
	soon := at("2026-11-20T10:00:01Z")
	tests := []struct {
		name string
		cmd  ReportSuspicion
		says string
	}{
		{"nothing said", ReportSuspicion{Reporter: customer}, "what"},
		{"unknown kind", ReportSuspicion{What: "x", Reporter: Reporter{Kind: "neighbour"}}, "researcher"},
		{"received in the future", ReportSuspicion{What: "x", Reporter: customer, ReceivedAt: soon}, "future"},
		{"noticed after it was reported", ReportSuspicion{What: "x", Reporter: customer, NoticedAt: soon}, "noticed_at"},
		{"supplier's time after it was reported", ReportSuspicion{What: "x", Reporter: Reporter{Kind: BySupplier}, SupplierDetectedAt: soon}, "supplier_detected_at"},
		{"supplier's time of a customer", ReportSuspicion{What: "x", Reporter: customer, SupplierDetectedAt: at("2026-11-19T10:00:00Z")}, "customer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2026-11-20T10:00:00Z")
			if _, err := w.try(tt.cmd); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a refusal that says %q", err, tt.says)
			}
		})
	}
}

// The two kinds of ids are counted apart, by year, and never given out twice.
func TestEventNumbers(t *testing.T) {
	w := newWorld(t, "2026-12-31T23:59:00Z")
	report := func(key string) any {
		return w.do(ReportSuspicion{Person: Person{By: Actor{Name: "ana", Via: "api"}, Key: key, Digest: "d"}, What: "x", Reporter: Reporter{Kind: ByStaff}})
	}
	w.receive(firing("A", w.now))
	if a, b, c := report("k1"), report("k1"), report("k2"); a != firstEvent || b != a || c != ID("EVT-2026-0002") {
		t.Errorf("ids %v, %v repeated, %v", a, b, c)
	}
	w.wait(time.Hour)
	if got := report("k3"); got != ID("EVT-2027-0001") {
		t.Errorf("next year: %v", got)
	}
	w.rules.Exercise = true
	if got := report("k4"); got != ID("EVX-2027-0001") {
		t.Errorf("exercise: %v", got)
	}
	// An erased report keeps its number, and asks nobody for an assessment.
	s := NewState()
	for _, e := range w.entries {
		if e.About == firstEvent {
			e.Event = nil
		}
		s.Apply(e)
	}
	ev, ok := s.Event(firstEvent)
	if !ok || ev.Overdue(w.now.AddDate(1, 0, 0)) || len(s.EventIDs()) != 4 {
		t.Errorf("erased: %+v among %v", ev, s.EventIDs())
	}
	if got := s.nextEvent(false, at("2026-12-31T23:59:59Z")); got != "EVT-2026-0003" {
		t.Errorf("erased: %s would be next", got)
	}
}
