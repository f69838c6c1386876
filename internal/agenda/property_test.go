package agenda_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"

	"github.com/google/go-cmp/cmp"
)

// randomPolicy draws thresholds, channels and an interval.
func randomPolicy(rng *rand.Rand) incident.ReminderPolicy {
	p := incident.ReminderPolicy{Channels: []string{}, Pagers: []string{}}
	for _, name := range []string{"7%", "29%", "50%", "75%", "90%", "26h", "1h", "1m30s", "0s"} {
		if rng.IntN(2) == 0 {
			p.Reminders = append(p.Reminders, threshold(name))
		}
	}
	p.PageFrom = []incident.Threshold{threshold("50%"), threshold("75%"), threshold("1h"), threshold("0s")}[rng.IntN(4)]
	p.OverdueEvery = incident.Span([]time.Duration{0, time.Minute, 25 * time.Minute, time.Hour, 24 * time.Hour}[rng.IntN(5)])
	if rng.IntN(4) > 0 {
		p.Channels = append(p.Channels, pagerduty)
		p.Pagers = append(p.Pagers, pagerduty)
	}
	if rng.IntN(4) > 0 {
		p.Channels = append(p.Channels, slack)
	}
	if rng.IntN(4) == 0 {
		p.Heartbeat, p.HeartbeatWithin = "Watchdog", incident.Span(10*time.Minute)
	}
	return p
}

// wander changes the world in some way that can happen.
func wander(w *world, rng *rand.Rand, id incident.ID) {
	try := func(cmd incident.Command) {
		if _, _, err := w.rules.Execute(w.state, w.now, cmd); err != nil && w.t != nil {
			w.t.Logf("%T: %v", cmd, err) // not everything is allowed at every moment
		}
	}
	back := func(d time.Duration) time.Time { return w.now.Add(-time.Duration(rng.Int64N(int64(d)))) }
	switch rng.IntN(14) {
	case 0:
		try(incident.Acknowledge{Person: ana, ID: id})
	case 1:
		try(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: back(40 * time.Hour), Reason: "corrected"})
	case 2:
		try(incident.Submit{Person: ana, ID: id, Stages: []string{[]string{"early_warning", "notification", "final_report"}[rng.IntN(3)]}})
	case 3:
		if rng.IntN(5) == 0 {
			try(incident.MarkNotReportable{Person: ana, ID: id, Reason: "no"})
		}
	case 4:
		try(incident.AddNote{Person: ana, ID: id, Text: "x"})
	case 5:
		try(incident.AdoptPolicy{Policy: randomPolicy(rng)})
	case 6:
		try(incident.ReceiveBatch{ReceivedAt: w.now, Alerts: []incident.Delivery{{Fingerprint: "w", Firing: true, StartsAt: detected, Labels: map[string]string{"alertname": "Watchdog"}}}})
	case 7, 8, 9:
		w.now = w.now.Add(time.Duration(rng.Int64N(int64(30 * time.Hour))))
	default: // the dispatcher does something about what is due
		items := append(w.due(id), agenda.DueHeartbeat(w.state, w.now)...)
		if len(items) == 0 {
			return
		}
		it := items[rng.IntN(len(items))]
		if it.Effect.Role != incident.Update {
			w.intend(it)
		}
		switch rng.IntN(4) {
		case 0: // a crash comes between
		case 1:
			w.fail(it, 0)
		case 2:
			w.fail(it, time.Duration(1+rng.Int64N(int64(5*time.Minute))))
		default:
			try(incident.Deliver{ID: it.ID, Effect: it.Effect, Ref: "C1/1.1"})
		}
	}
}

// Nothing becomes due between now and Next: the service can sleep until then.
func TestNextIsNeverLate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(t, randomPolicy(rng))
		w.t = t
		id := w.declare()
		for range 40 {
			wander(w, rng, id)
			i, p := w.incident(id), w.state.Policy
			check(t, fmt.Sprintf("seed %d", seed), rng, w.now, agenda.Next(i, p, w.now), func(now time.Time) []agenda.Item { return agenda.Due(i, p, now) })
			check(t, fmt.Sprintf("seed %d, heartbeat", seed), rng, w.now, agenda.NextHeartbeat(w.state, w.now), func(now time.Time) []agenda.Item { return agenda.DueHeartbeat(w.state, now) })
			if t.Failed() {
				return
			}
		}
	}
}

func check(t *testing.T, name string, rng *rand.Rand, now, next time.Time, due func(time.Time) []agenda.Item) {
	t.Helper()
	if !next.IsZero() && !next.After(now) {
		t.Errorf("%s: at %s the next look is at %s", name, now, next)
		return
	}
	want := due(now)
	span := next.Sub(now)
	if next.IsZero() {
		span = 400 * 24 * time.Hour
	}
	for _, d := range []time.Duration{span - 1, time.Duration(rng.Int64N(int64(span))), time.Duration(rng.Int64N(int64(span)))} {
		if diff := cmp.Diff(due(now.Add(d)), want, cmp.AllowUnexported(incident.Threshold{})); diff != "" {
			t.Errorf("%s: from %s on nothing is to change before %s, but at %s (-then +now):\n%s", name, now, next, now.Add(d), diff)
			return
		}
	}
}

// Woken by Next alone, a service says every threshold at its very instant, and
// no look is in vain for long.
func TestWokenByNext(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 8))
		w := newWorld(t, randomPolicy(rng))
		id := w.declare()
		w.say(id)
		end := detected.AddDate(0, 0, 4)
		for w.now.Before(end) {
			next := w.next(id)
			if next.IsZero() {
				break
			}
			w.now = next
			for _, it := range w.say(id) {
				if it.Effect.Role == incident.Reminder && !it.Since.Equal(w.now) {
					t.Errorf("seed %d: %s is said at %s, it was due at %s", seed, line(it), w.now, it.Since)
				}
			}
		}
	}
}

// Whatever happened, no threshold of a clock is told to a channel twice for
// one instant, and none that lies ahead is told at all.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(t, usual())
		id := w.declare()
		told := map[string]bool{}
		for range 60 {
			if rng.IntN(2) == 0 {
				for _, it := range w.due(id) {
					for _, c := range covered(it.Effect) {
						for _, p := range c.Thresholds {
							k := fmt.Sprint(it.Effect.For, c.Clock, p)
							if told[k] {
								t.Fatalf("seed %d: told again: %s", seed, k)
							}
							if p.At.After(w.now) {
								t.Fatalf("seed %d: told at %s of %s", seed, w.now, k)
							}
							told[k] = true
						}
					}
					w.intend(it)
					w.deliver(it)
				}
				continue
			}
			switch rng.IntN(4) {
			case 0:
				w.now = w.now.Add(time.Duration(rng.Int64N(int64(20 * time.Hour))))
			case 1:
				w.do(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: w.now.Add(-time.Duration(rng.Int64N(int64(40 * time.Hour)))), Reason: "corrected"})
			case 2:
				w.do(incident.Acknowledge{Person: ana, ID: id})
			case 3:
				w.do(incident.AddNote{Person: ana, ID: id, Text: "x"})
			}
		}
	}
}

// BenchmarkAgenda is a look at ten thousand open incidents with three clocks
// each, all of them told of what has passed.
func BenchmarkAgenda(b *testing.B) {
	w := newWorld(b, usual())
	const n = 10_000
	ids := make([]incident.ID, n)
	for i := range ids {
		ids[i] = w.declare()
	}
	w.now = at("2026-11-21T04:30:00Z")
	for _, id := range ids {
		for _, it := range w.due(id) {
			w.do(incident.Deliver{ID: id, Effect: it.Effect, Ref: "C1/1.1"})
		}
	}
	for b.Loop() {
		for _, id := range ids {
			if i, _ := w.state.Incident(id); len(agenda.Due(i, w.state.Policy, w.now)) > 0 || agenda.Next(i, w.state.Policy, w.now).IsZero() {
				b.Fatal("something is due, or nothing ever will be")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/pass")
}
