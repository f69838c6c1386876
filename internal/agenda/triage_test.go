package agenda_test

import (
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

// An event that nobody assesses in time is told once through every channel;
// one that is assessed asks for nothing.
func TestTriage(t *testing.T) {
	w := newWorld(t, usual())
	report := func() incident.ID {
		return w.do(incident.ReportSuspicion{Person: ana, What: "odd", Reporter: incident.Reporter{Kind: incident.ByCustomer}}).(incident.ID)
	}
	assess := func(id incident.ID) {
		w.do(incident.AssessSuspicion{Person: ana, ID: id, Outcome: incident.OutcomeEvent, Reason: "a drill"})
	}
	first, second := report(), report()
	within := w.rules.Classify.TriageWithin
	if next := agenda.NextTriage(w.state, w.now); !next.Equal(w.now.Add(within)) {
		t.Errorf("looked at again at %s, want when the time is up", next)
	}
	assess(second)
	w.now = w.now.Add(within - time.Second)
	expect(t, agenda.DueTriage(w.state, w.now))
	w.now = w.now.Add(time.Second)
	items := agenda.DueTriage(w.state, w.now)
	expect(t, items, "triage pagerduty", "triage slack")
	for _, it := range items {
		w.intend(it)
	}
	w.deliver(items[0])
	w.fail(items[1], time.Minute)
	expect(t, agenda.DueTriage(w.state, w.now))
	if next := agenda.NextTriage(w.state, w.now); !next.Equal(w.now.Add(time.Minute)) {
		t.Errorf("tried again at %s, want in a minute", next)
	}
	w.now = w.now.Add(time.Minute)
	expect(t, agenda.DueTriage(w.state, w.now), "triage slack")
	assess(first)
	expect(t, agenda.DueTriage(w.state, w.now))
	if next := agenda.NextTriage(w.state, w.now); !next.IsZero() {
		t.Errorf("looked at again at %s, want never", next)
	}
}

// A voluntary report wakes nobody, until it is one that is owed.
func TestVoluntaryWakesNobody(t *testing.T) {
	w := newWorld(t, usual())
	ev := w.do(incident.ReportSuspicion{Person: ana, What: "odd", Reporter: incident.Reporter{Kind: incident.ByCustomer}}).(incident.ID)
	w.do(incident.AssessSuspicion{Person: ana, ID: ev, Outcome: incident.OutcomeNearMiss, Reportability: incident.Voluntary, Reason: "close"})
	id := w.state.IDs()[0]
	expect(t, w.say(id), "post slack")
	w.now = w.now.Add(13 * time.Hour)
	expect(t, w.due(id))
	w.do(incident.SetReportability{Person: ana, ID: id, To: incident.Mandatory, Reason: "it was one"})
	expect(t, w.due(id), "page pagerduty", "reminder slack early_warning 50%", "update slack")
}

// A notice to a controller is reminded of although the incident is not
// reportable; one without a figure at once.
func TestNoticeIsRemindedOf(t *testing.T) {
	w := newWorld(t, usual())
	w.rules.Tracks[0].Contracts = []incident.Contract{{Name: "north", Controller: "N", NotifyWithin: 24 * time.Hour}, {Name: "south", Controller: "S"}}
	id := w.declare()
	w.say(id)
	w.do(incident.RecordBreach{Person: ana, ID: id, Facts: incident.BreachFacts{DataSets: &[]incident.DataSet{{Name: "tickets", Role: incident.Processor}}}})
	w.do(incident.MarkNotReportable{Person: ana, ID: id, Reason: "below every threshold"})
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "reminder pagerduty controller_notice 50%+75%+90%+0s", "reminder slack controller_notice 1h+50%+75%+90%+0s", "update slack")
	w.now = w.now.Add(12 * time.Hour)
	if next := w.next(id); !next.After(w.now) {
		t.Errorf("looked at again at %s: the clocks still run", next)
	}
	w.do(incident.Submit{Person: ana, ID: id, Controller: "S"})
	expect(t, about(w.due(id), incident.ControllerNotice), "reminder slack controller_notice 50%")
}

// An alert labelled triage asks for a decision: while nobody makes one, people
// are told once when the time is up.
func TestUndecidedIncident(t *testing.T) {
	w := newWorld(t, usual())
	open := func(name string) incident.ID {
		labels := map[string]string{"alertname": name, "nis2_reportable": "triage"}
		return w.do(incident.ReceiveBatch{ReceivedAt: w.now, Alerts: []incident.Delivery{{Fingerprint: name, Firing: true, StartsAt: w.now, Labels: labels}}}).(incident.Receiving).Incidents[0]
	}
	a, b := open("A"), open("B")
	for _, id := range []incident.ID{a, b} {
		w.say(id)
		w.do(incident.Acknowledge{Person: ana, ID: id})
		w.say(id)
	}
	w.do(incident.Assess{Person: ana, ID: b, Decision: incident.DecidedSignificant, Reason: "hosts encrypted"})
	w.say(b)
	within := w.rules.Classify.TriageWithin
	w.now = w.now.Add(within - time.Second)
	w.say(a)
	w.say(b)
	if next := w.next(a); !next.Equal(w.now.Add(time.Second)) {
		t.Errorf("looked at again at %s, want when the time is up", next)
	}
	w.now = w.now.Add(time.Second)
	expect(t, w.due(a), "triage pagerduty", "triage slack")
	expect(t, w.due(b))
	w.say(a)
	expect(t, w.due(a))
}
