package incident

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// found is the alert as Prometheus' own series tell it: without the label that
// Prometheus adds when it sends.
func found(d Delivery) Delivery {
	d.Found = FoundInPrometheus
	return d
}

func (w *world) reconcile(alerts ...Delivery) Receiving {
	w.t.Helper()
	return w.do(Reconcile{By: Actor{Name: "prometheus", Via: "reconcile"}, Source: "prometheus p:9090", From: w.now.Add(-time.Hour), To: w.now, Receipt: Receipt{SHA256: "answer"}, Alerts: alerts}).(Receiving)
}

func TestMissedAlertOpensIncident(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	got := w.reconcile(found(resolved("Breach", at("2026-11-22T11:10:00Z"), at("2026-11-22T11:20:00Z"))))
	if got.Opened != 1 || len(got.Incidents) != 1 {
		t.Fatalf("an alert that fired and resolved unseen: %+v, want one incident", got)
	}
	i := w.incident(got.Incidents[0])
	if !i.DetectedAt.Equal(at("2026-11-22T11:10:00Z")) {
		t.Errorf("detected %s, want when Prometheus says it fired", i.DetectedAt)
	}
	if i.Alerts[0].Found != FoundInPrometheus || i.Alerts[0].Status != Resolved {
		t.Errorf("got %+v, want a resolved alert marked as found in Prometheus", i.Alerts[0])
	}
	if again := w.reconcile(found(resolved("Breach", at("2026-11-22T11:10:00Z"), at("2026-11-22T11:20:00Z")))); again.Opened+again.Attached != 0 || again.Duplicate != 1 {
		t.Errorf("asked again: %+v, want a duplicate", again)
	}
}

// Prometheus adds its external labels only when it sends, so what it stores
// and what the webhook brings have different fingerprints.
func TestFoundAndDeliveredAreOneAlert(t *testing.T) {
	start := at("2026-11-22T11:50:00Z")
	bare, sent := firing("Breach", start, "pod", "a"), firing("Breach", start, "pod", "a", "cluster", "prod")
	other := firing("Breach", start, "pod", "b")
	t.Run("delivered first", func(t *testing.T) {
		w := newWorld(t, "2026-11-22T12:00:00Z")
		w.receive(sent)
		if got := w.reconcile(found(bare)); got.Duplicate != 1 {
			t.Errorf("got %+v, want a duplicate", got)
		}
		if got := w.reconcile(found(other)); got.Duplicate != 0 {
			t.Errorf("another pod's alert: %+v, want it told apart", got)
		}
	})
	t.Run("found first", func(t *testing.T) {
		w := newWorld(t, "2026-11-22T12:00:00Z")
		id := w.reconcile(found(bare)).Incidents[0]
		if got := w.receive(sent); got.Duplicate != 1 {
			t.Errorf("got %+v, want a duplicate", got)
		}
		w.wait(time.Minute)
		if got := w.receive(resolved("Breach", start, w.now, "pod", "a", "cluster", "prod")); got.Resolved != 1 {
			t.Errorf("its end: %+v, want it to resolve what was found", got)
		}
		if i := w.incident(id); len(i.Alerts) != 1 || i.Alerts[0].EndsAt.IsZero() {
			t.Errorf("the incident has %d alerts, the first ends %s", len(i.Alerts), i.Alerts[0].EndsAt)
		}
	})
}

// Asking every minute must not fill the journal, and yet show how far we
// listened, and when we could not.
func TestPassesWithNothingNewLeaveFewEntries(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	ask := func(err error) {
		c := Reconcile{Source: "alertmanager a:9093", To: w.now}
		if err != nil {
			c.Error = err.Error()
		}
		w.do(c)
		w.wait(time.Minute)
	}
	count := func() int { return len(w.entries) }
	for range 60 {
		ask(nil)
	}
	if count() != 1 {
		t.Errorf("an hour of asking left %d entries, want 1", count())
	}
	ask(nil)
	if count() != 2 {
		t.Errorf("after an hour there are %d entries, want a second", count())
	}
	for range 10 {
		ask(errors.New("connection refused"))
	}
	r, _ := w.state.Reconciled("alertmanager a:9093")
	if count() != 3 || r.Error == "" || !r.FailingSince.Equal(at("2026-11-22T13:01:00Z")) || !r.To.Equal(at("2026-11-22T13:00:00Z")) {
		t.Errorf("after ten failures: %d entries, %+v; want one that says since when", count(), r)
	}
	ask(nil)
	if r, _ = w.state.Reconciled("alertmanager a:9093"); count() != 4 || r.Error != "" || !r.FailingSince.IsZero() {
		t.Errorf("after it answered: %d entries, %+v", count(), r)
	}
}

func TestHiddenAlertsAreRecordedWhenTheyChange(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	h := Hidden{Series: "f1", Labels: map[string]string{"alertname": "Breach", "nis2_reportable": "true"}, By: []string{"silence 1 by ops: planned work"}}
	plain := Hidden{Series: "f2", Labels: map[string]string{"alertname": "Noise"}, By: []string{"silence 2"}}
	ask := func(hidden ...Hidden) []Hidden {
		w.do(Reconcile{Source: "alertmanager a:9093", To: w.now, Hidden: hidden})
		w.wait(time.Minute)
		r, _ := w.state.Reconciled("alertmanager a:9093")
		return r.Hidden
	}
	if got := ask(plain, h); !cmp.Equal(got, []Hidden{h}) {
		t.Errorf("got %+v, want the reportable one alone", got)
	}
	ask(plain, h)
	if len(w.entries) != 1 {
		t.Errorf("the same again left %d entries, want 1", len(w.entries))
	}
	if got := ask(plain); len(got) != 0 || len(w.entries) != 2 {
		t.Errorf("once it is delivered again: %+v and %d entries", got, len(w.entries))
	}
}
