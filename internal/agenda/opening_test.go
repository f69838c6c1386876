package agenda_test

import (
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// late is a world in which an incident was opened 20 h after its detection: its
// early warning is inside its last quarter.
func late(t *testing.T) (*world, incident.ID) {
	w := newWorld(t, usual())
	w.now = at("2026-11-21T06:00:00Z")
	return w, w.declare()
}

// What an incident's clocks have passed when it is opened is said by the message
// that opens it, on each channel as much as that channel is told: nobody is
// woken twice for one piece of news. What they pass afterwards wakes people under
// a key of its own, also when the opening was acknowledged.
func TestOpensLate(t *testing.T) {
	t.Parallel()
	w, id := late(t)
	items := w.say(id)
	expect(t, items, "page pagerduty early_warning 75%", "post slack early_warning 50%+75%")
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.next(id)
	w.say(id) // Slack's message and PagerDuty's alert show the acknowledgement
	w.now = at("2026-11-21T07:35:59Z")
	expect(t, w.due(id))
	w.now = at("2026-11-21T07:36:00Z")
	again := w.say(id)
	expect(t, again, "reminder pagerduty early_warning 90%", "reminder slack early_warning 90%")
	for _, it := range again {
		if it.Effect.Key == items[0].Effect.Key {
			t.Errorf("%s comes under the key of the opening", line(it))
		}
	}
}

// An incident whose first deadlines are over when it is opened is one message a
// channel too; the next comes with the next overdue hour.
func TestOpensOverdue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	w.now = at("2026-11-23T12:30:00Z") // the notification is two hours and a half late, too
	id := w.declare()
	expect(t, w.say(id),
		"page pagerduty early_warning 75%+90%+1h+0s+overdue 50h notification 75%+90%+1h+0s+overdue 2h",
		"post slack early_warning 50%+75%+90%+1h+0s+overdue 50h notification 50%+75%+90%+1h+0s+overdue 2h")
	if next := w.next(id); !next.Equal(at("2026-11-23T13:00:00Z")) {
		t.Errorf("looked at again at %s", next)
	}
	w.now = at("2026-11-23T13:00:00Z")
	expect(t, w.say(id),
		"reminder pagerduty early_warning overdue 51h", "reminder slack early_warning overdue 51h",
		"reminder pagerduty notification overdue 3h", "reminder slack notification overdue 3h")
}

// What passes after a try to say the opening has a message of its own: a pager
// that took it and lost the answer wakes nobody again under a key it knows
// (PD-8), and no reminder waits behind a message that a vendor chokes on.
func TestOpeningWaits(t *testing.T) {
	t.Parallel()
	w, id := late(t)
	for _, it := range w.due(id) {
		w.intend(it)
		w.fail(it, time.Hour)
	}
	w.now = at("2026-11-21T08:00:00Z")
	expect(t, w.say(id),
		"page pagerduty early_warning 75%", "reminder pagerduty early_warning 90%",
		"post slack early_warning 50%+75%", "reminder slack early_warning 90%")
}

// A try that was found to have arrived says what it said then; what passed since
// is reminded of.
func TestOpeningFound(t *testing.T) {
	t.Parallel()
	w, id := late(t)
	items := w.due(id)
	for _, it := range items { // and the process dies
		w.intend(it)
	}
	w.now = at("2026-11-21T08:00:00Z")
	for _, it := range w.due(id) {
		if it.Effect.Role != incident.Reminder {
			w.do(incident.Deliver{ID: id, Effect: it.Intended, Ref: "C1/1.1", Found: true})
		}
	}
	expect(t, w.say(id), "reminder pagerduty early_warning 90%", "reminder slack early_warning 90%")
}

// A channel that will not say the opening has another say it with all it
// carries. When none will, the clocks speak for themselves.
func TestOpeningRefused(t *testing.T) {
	t.Parallel()
	w, id := late(t)
	w.now = at("2026-11-21T06:00:10Z")
	page := pick(t, w.due(id), "page pagerduty early_warning 75%")
	w.intend(page)
	w.fail(page, 0)
	page = pick(t, w.due(id), "page slack early_warning 75%")
	w.intend(page)
	w.fail(page, 0)
	expect(t, w.due(id), "post slack early_warning 50%+75%", "reminder pagerduty early_warning 75%")
}

// Somebody who answers before the pager was reached is not paged for the
// opening, and is for what the clock has passed.
func TestOpeningAnswered(t *testing.T) {
	t.Parallel()
	w, id := late(t)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Second)
	expect(t, w.say(id), "post slack early_warning 50%+75%", "reminder pagerduty early_warning 75%")
}
