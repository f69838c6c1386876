package incident

import (
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"

	"github.com/google/go-cmp/cmp"
)

// at reads an RFC 3339 literal.
func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func testRules() *Rules {
	return &Rules{
		Classify:  classify.DefaultPolicy(),
		Law:       regime.Builtin(),
		Tracks:    []Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
		Heartbeat: "Watchdog",
	}
}

// world runs commands against a state and keeps the entries.
type world struct {
	t       *testing.T
	rules   *Rules
	state   *State
	now     time.Time
	entries []Entry
}

func newWorld(t *testing.T, now string) *world {
	w := &world{t: t, rules: testRules(), state: NewState(), now: at(now)}
	t.Cleanup(w.refold)
	return w
}

func (w *world) do(cmd Command) any {
	w.t.Helper()
	reply, err := w.try(cmd)
	if err != nil {
		w.t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

func (w *world) try(cmd Command) (any, error) {
	reply, entries, err := w.rules.Execute(w.state, w.now, cmd)
	w.entries = append(w.entries, entries...)
	return reply, err
}

func (w *world) wait(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) receive(alerts ...Delivery) Receiving {
	w.t.Helper()
	r := w.do(ReceiveBatch{By: Actor{Name: "am", Via: "webhook"}, ReceivedAt: w.now, Receipt: Receipt{SHA256: "body", Raw: []byte("{}")}, Alerts: alerts}).(Receiving)
	if r.Received != r.Sum() {
		w.t.Errorf("received %d, but the outcomes sum to %d: %+v", r.Received, r.Sum(), r.Counts)
	}
	return r
}

func (w *world) incident(id ID) *Incident {
	w.t.Helper()
	i, ok := w.state.Incident(id)
	if !ok {
		w.t.Fatalf("no incident %s", id)
	}
	return i
}

// refold checks what everything rests on: the state is a fold over the
// entries as they are stored.
func (w *world) refold() {
	again := NewState()
	for _, e := range w.entries {
		payload, err := Encode(e.Event)
		if err != nil {
			w.t.Fatal(err)
		}
		ev, err := Decode(e.Kind, payload)
		if err != nil {
			w.t.Fatal(err)
		}
		again.Apply(Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, About: e.About, Event: ev})
	}
	opt := cmp.AllowUnexported(State{}, Incident{}, outbox{}, applied{}, occurrenceRef{}, Threshold{}, Outgoing{}, catalog{}, names{}, roots{}, asked{}, body{})
	if diff := cmp.Diff(w.state, again, opt, cmp.Transformer("empty", func(m map[string]string) map[string]string {
		if m == nil {
			return map[string]string{}
		}
		return m
	}), emptyIsNil()); diff != "" {
		w.t.Errorf("folding the stored entries gives another state (-lived +folded):\n%s", diff)
	}
}

// firing is a reportable alert.
func firing(name string, starts time.Time, kv ...string) Delivery {
	labels := map[string]string{"alertname": name, "nis2_reportable": "true", "severity": "critical"}
	for n := 0; n < len(kv); n += 2 {
		labels[kv[n]] = kv[n+1]
	}
	return Delivery{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: starts, Labels: labels, Annotations: map[string]string{"summary": "it broke"}}
}

func resolved(name string, starts, ends time.Time, kv ...string) Delivery {
	d := firing(name, starts, kv...)
	d.Firing, d.EndsAt = false, ends
	return d
}
