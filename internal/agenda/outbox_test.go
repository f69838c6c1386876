package agenda_test

import (
	"slices"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

// pick returns the item that reads so.
func pick(t *testing.T, items []agenda.Item, want string) agenda.Item {
	t.Helper()
	for _, it := range items {
		if line(it) == want {
			return it
		}
	}
	t.Fatalf("no %q in %q", want, lines(items))
	return agenda.Item{}
}

// A reminder that was intended and is not delivered takes what passes
// meanwhile with it, under the key it has.
func TestPendingAbsorbs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-21T04:00:00Z")
	first := pick(t, w.due(id), "reminder slack early_warning 50%+75%")
	w.intend(first)
	w.now = at("2026-11-21T09:30:00Z")
	it := pick(t, w.due(id), "reminder slack early_warning 50%+75%+90%+1h")
	if it.Effect.Key != first.Effect.Key || !it.InDoubt || it.Attempts != 0 {
		t.Errorf("key %s, in doubt %v, %d attempts; want the first key, in doubt", it.Effect.Key, it.InDoubt, it.Attempts)
	}
	if got := line(agenda.Item{Effect: it.Intended}); got != line(first) {
		t.Errorf("what may have been said is %q, want %q", got, line(first))
	}
	// It turns out that the first was said: the rest is still owed.
	w.do(incident.Deliver{ID: id, Effect: it.Intended, Found: true})
	rest := pick(t, w.due(id), "reminder slack early_warning 90%+1h")
	if rest.Effect.Key == first.Effect.Key || rest.InDoubt {
		t.Errorf("the rest comes under %s, in doubt %v", rest.Effect.Key, rest.InDoubt)
	}
}

// A pager may have taken what it did not answer, and an alert it knows wakes
// nobody again (PD-8): what passes meanwhile comes under a key of its own, and
// covers both.
func TestPendingAtAPagerGivesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-21T04:00:00Z")
	first := pick(t, w.due(id), "reminder pagerduty early_warning 75%")
	w.intend(first)
	w.fail(first, time.Minute)
	w.now = at("2026-11-21T04:10:00Z")
	if again := pick(t, w.due(id), "reminder pagerduty early_warning 75%"); again.Effect.Key != first.Effect.Key || again.Attempts != 1 {
		t.Errorf("nothing has passed since, and it comes under %s after %d attempts", again.Effect.Key, again.Attempts)
	}
	w.now = at("2026-11-21T09:30:00Z")
	both := pick(t, w.due(id), "reminder pagerduty early_warning 75%+90%+1h")
	if both.Effect.Key == first.Effect.Key {
		t.Errorf("the newer thresholds come under %s, which may be acknowledged there", both.Effect.Key)
	}
	w.say(id)
	// Both alerts end with the clock, whether the pager ever had the first or not.
	submit(w, id, "early_warning")
	var over []string
	for _, it := range w.due(id) {
		if it.Effect.Role == incident.PagerResolve {
			over = append(over, it.Effect.Of)
		}
	}
	if slices.Sort(over); !slices.Equal(over, []string{both.Effect.Key, first.Effect.Key}) {
		t.Errorf("resolved are %q", over)
	}
}

// A failed try waits for its time, and is owed meanwhile.
func TestRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	page := pick(t, w.due(id), "page pagerduty")
	w.say2(id, "post slack")
	w.intend(page)
	w.fail(page, time.Minute)
	if due := w.due(id); len(due) > 0 {
		t.Errorf("due at once: %s", lines(due))
	}
	owed := agenda.Owed(w.incident(id), w.state.Policy, w.now)
	if len(owed) != 1 || !owed[0].NotBefore.Equal(w.now.Add(time.Minute)) || !owed[0].Since.Equal(detected) {
		t.Errorf("owed %+v", owed)
	}
	if next := w.next(id); !next.Equal(w.now.Add(time.Minute)) {
		t.Errorf("next look at %s", next)
	}
	w.now = w.now.Add(time.Minute)
	again := pick(t, w.due(id), "page pagerduty")
	if again.Attempts != 1 || again.InDoubt || again.Effect.Key != page.Effect.Key || again.Reason != "pagerduty: no" {
		t.Errorf("again: %+v", again)
	}
}

// say2 delivers what of the due items reads so.
func (w *world) say2(id incident.ID, want string) {
	w.t.Helper()
	for _, it := range w.due(id) {
		if line(it) == want {
			w.intend(it)
			w.deliver(it)
			return
		}
	}
	w.t.Fatalf("no %q in %q", want, lines(w.due(id)))
}

// A channel that refuses for good hands over to the next at once. When all
// have refused, all are tried again, in order, every hour: a key may have been
// mended.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say2(id, "post slack")
	for round := range 3 {
		page := pick(t, w.due(id), "page pagerduty")
		w.intend(page)
		w.fail(page, 0)
		other := pick(t, w.due(id), "page slack")
		if other.Effect.For != pagerduty || other.Effect.Key != page.Effect.Key || len(other.Refused) != 1 || other.Refused[0] != pagerduty || other.Unreachable {
			t.Fatalf("round %d, by the other way: %+v", round, other)
		}
		w.intend(other)
		w.fail(other, 0)
		if due := w.due(id); len(due) > 0 {
			t.Fatalf("round %d, after both refused: %s", round, lines(due))
		}
		if owed := agenda.Owed(w.incident(id), w.state.Policy, w.now); len(owed) != 1 || !owed[0].Unreachable || owed[0].Reason != "slack: no" {
			t.Errorf("round %d: owed %+v", round, owed)
		}
		if next := w.next(id); !next.Equal(w.now.Add(agenda.Again)) {
			t.Errorf("round %d: next look at %s", round, next)
		}
		w.now = w.now.Add(agenda.Again)
	}
	// In the new round the first channel is only unwell: it is tried again soon,
	// not in an hour.
	page := pick(t, w.due(id), "page pagerduty")
	w.intend(page)
	w.fail(page, 5*time.Second)
	w.now = w.now.Add(5 * time.Second)
	page = pick(t, w.due(id), "page pagerduty")
	w.intend(page)
	w.deliver(page)
	if due := w.due(id); len(due) > 0 {
		t.Errorf("delivered, and still due: %s", lines(due))
	}
}

// What was intended in a new round and has no outcome is in doubt like any other.
func TestRefusedThenInDoubt(t *testing.T) {
	t.Parallel()
	p := usual()
	p.Channels, p.Pagers = []string{pagerduty}, []string{pagerduty}
	w := newWorld(t, p)
	id := w.declare()
	page := w.due(id)[0]
	w.intend(page)
	w.fail(page, 0)
	w.now = w.now.Add(agenda.Again)
	page = w.due(id)[0]
	if page.InDoubt {
		t.Error("what was refused is not in doubt")
	}
	w.intend(page)
	if page = w.due(id)[0]; !page.InDoubt {
		t.Error("what was intended again is in doubt")
	}
}

// An update that is refused for good is given up; the next revision is tried.
func TestUpdateRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.do(incident.AddNote{Person: ana, ID: id, Text: "one"})
	w.now = w.now.Add(agenda.UpdateEvery)
	w.fail(pick(t, w.due(id), "update slack"), time.Minute)
	if due := w.due(id); len(due) > 0 {
		t.Errorf("due at once: %s", lines(due))
	}
	w.now = w.now.Add(time.Minute)
	w.fail(pick(t, w.due(id), "update slack"), 0)
	if due := w.due(id); len(due) > 0 {
		t.Errorf("given up, and due: %s", lines(due))
	}
	w.do(incident.AddNote{Person: ana, ID: id, Text: "two"})
	w.now = w.now.Add(agenda.UpdateEvery)
	expect(t, w.say(id), "update slack")
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	p := usual()
	p.Heartbeat, p.HeartbeatWithin = "Watchdog", incident.Span(10*time.Minute)
	w := newWorld(t, p)
	beat := func() {
		w.do(incident.ReceiveBatch{ReceivedAt: w.now, Alerts: []incident.Delivery{{Fingerprint: "w", Firing: true, StartsAt: detected, Labels: map[string]string{"alertname": "Watchdog"}}}})
	}
	due := func() []agenda.Item { return agenda.DueHeartbeat(w.state, w.now) }
	next := func() time.Duration { return agenda.NextHeartbeat(w.state, w.now).Sub(w.now) }

	if len(due()) > 0 || next() != 10*time.Minute {
		t.Errorf("at first: %s, next in %s", lines(due()), next())
	}
	w.now = w.now.Add(9 * time.Minute)
	beat()
	w.now = w.now.Add(10*time.Minute - time.Second)
	if len(due()) > 0 || next() != time.Second {
		t.Errorf("a second before it is late: %s, next in %s", lines(due()), next())
	}
	w.now = w.now.Add(time.Second)
	items := due()
	expect(t, items, "heartbeat pagerduty", "heartbeat slack")
	if !items[0].Since.Equal(detected.Add(9 * time.Minute)) {
		t.Errorf("silent since %s", items[0].Since)
	}
	w.intend(items[0])
	w.deliver(items[0])
	w.fail(items[1], time.Minute)
	if len(due()) > 0 || next() != time.Minute {
		t.Errorf("one said, one failed: %s, next in %s", lines(due()), next())
	}
	w.now = w.now.Add(time.Minute)
	expect(t, due(), "heartbeat slack")
	w.fail(due()[0], 0)
	expect(t, due(), "heartbeat pagerduty") // the other way
	w.fail(due()[0], 0)
	if len(due()) > 0 || next() != agenda.Again {
		t.Errorf("all refused: %s, next in %s", lines(due()), next())
	}
	w.now = w.now.Add(agenda.Again)
	w.deliver(due()[0])
	w.now = w.now.Add(24 * time.Hour)
	if len(due()) > 0 {
		t.Errorf("one silence is said once: %s", lines(due()))
	}
	beat()
	w.now = w.now.Add(10 * time.Minute)
	expect(t, due(), "heartbeat pagerduty", "heartbeat slack")
}

func TestNoHeartbeatExpected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	w.now = w.now.Add(1000 * time.Hour)
	if due := agenda.DueHeartbeat(w.state, w.now); len(due) > 0 || !agenda.NextHeartbeat(w.state, w.now).IsZero() {
		t.Errorf("due %s", lines(due))
	}
}
