package agenda_test

import (
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// Out of band nothing goes where an attacker may read it, not even what the
// pager refuses; when it is over the message is brought up to date.
func TestOutOfBand(t *testing.T) {
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	who := incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}
	w.do(incident.SetOutOfBand{Person: who, ID: id, On: true, Reason: "they read our chat"})
	w.do(incident.Propose{Person: who, ExpiresAt: w.now.Add(2 * time.Hour), Do: incident.MarkNotReportable{ID: id, Reason: "x"}})
	w.now = w.now.Add(30 * time.Hour)
	due := w.due(id)
	if len(due) == 0 {
		t.Error("the pager is not told of an overdue report")
	}
	for _, it := range due {
		if it.Effect.Channel != pagerduty {
			t.Errorf("due in %s: %s", it.Effect.Channel, line(it))
		}
		w.intend(it)
		w.do(incident.Fail{ID: id, Effect: it.Effect, Reason: "bad key", Permanent: true})
	}
	for _, it := range w.due(id) {
		if it.Effect.Channel != pagerduty {
			t.Errorf("after the pager refused, due in %s: %s", it.Effect.Channel, line(it))
		}
	}
	w.do(incident.SetOutOfBand{Person: who, ID: id, Reason: "rebuilt"})
	updated := false
	for _, it := range w.due(id) {
		updated = updated || it.Effect.Role == incident.Update && it.Effect.Channel == slack
	}
	if !updated {
		t.Error("the message in Slack is not brought up to date once it is over")
	}
}
