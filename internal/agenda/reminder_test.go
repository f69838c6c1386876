package agenda_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

// Each threshold speaks at its instant and not a second before; PagerDuty
// wakes nobody before page_from.
func TestThresholds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	expect(t, w.say(id), "page pagerduty", "post slack")
	for _, tt := range []struct {
		at   string
		want []string
	}{
		{"2026-11-20T22:00:00Z", []string{"reminder slack early_warning 50%"}},
		{"2026-11-21T04:00:00Z", []string{"reminder pagerduty early_warning 75%", "reminder slack early_warning 75%"}},
		{"2026-11-21T07:36:00Z", []string{"reminder pagerduty early_warning 90%", "reminder slack early_warning 90%"}},
		{"2026-11-21T09:00:00Z", []string{"reminder pagerduty early_warning 1h", "reminder slack early_warning 1h"}},
		{"2026-11-21T10:00:00Z", []string{"reminder pagerduty early_warning 0s", "reminder slack early_warning 0s"}},
		{"2026-11-21T11:00:00Z", []string{"reminder pagerduty early_warning overdue 1h", "reminder slack early_warning overdue 1h"}},
		{"2026-11-21T12:00:00Z", []string{"reminder pagerduty early_warning overdue 2h", "reminder slack early_warning overdue 2h"}},
	} {
		w.now = at(tt.at).Add(-time.Second)
		if due := w.due(id); len(due) > 0 {
			t.Errorf("a second before %s: %s", tt.at, lines(due))
		}
		if next := w.next(id); !next.Equal(at(tt.at)) {
			t.Errorf("before %s the next look is at %s", tt.at, next)
		}
		w.now = at(tt.at)
		expect(t, w.say(id), tt.want...)
		w.now = w.now.Add(20 * time.Second)
		if due := w.due(id); len(due) > 0 {
			t.Errorf("a second look in the same minute says %s", lines(due))
		}
	}
}

// After a pause in which nothing ran, one message per clock and channel covers
// everything that passed, and says since when it was due.
func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-21T03:00:00Z")
	w.say(id)
	w.now = at("2026-11-21T08:00:00Z") // five hours of no ticks
	items := w.say(id)
	expect(t, items, "reminder pagerduty early_warning 75%+90%", "reminder slack early_warning 75%+90%")
	for _, it := range items {
		if !it.Since.Equal(at("2026-11-21T04:00:00Z")) {
			t.Errorf("%s is due since %s, want the oldest threshold", line(it), it.Since)
		}
	}
	w.now = at("2026-11-23T12:00:00Z") // two days
	expect(t, w.say(id),
		"reminder pagerduty early_warning 1h+0s+overdue 50h", "reminder slack early_warning 1h+0s+overdue 50h",
		"reminder pagerduty notification 75%+90%+1h+0s+overdue 2h", "reminder slack notification 50%+75%+90%+1h+0s+overdue 2h")
}

// What was detected years ago is said in a bounded number of messages.
func TestAncientDetection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.do(incident.Declare{Person: ana, Title: "Found in a log", DetectedAt: at("2020-01-01T00:00:00Z")}).(incident.ID)
	items := w.say(id)
	if len(items) != 2 { // page and post
		t.Errorf("%d effects: %s", len(items), lines(items))
	}
	for _, it := range items {
		if len(it.Effect.Covers) != 3 {
			t.Errorf("%s speaks of %d clocks, want all three", line(it), len(it.Effect.Covers))
		}
		for _, c := range it.Effect.Covers {
			if len(c.Thresholds) > 6 {
				t.Errorf("%s covers %d thresholds of %s", line(it), len(c.Thresholds), c.Clock)
			}
		}
	}
	w.now = w.now.Add(59 * time.Minute)
	if due := w.due(id); len(due) > 0 {
		t.Errorf("within the hour again: %s", lines(due))
	}
	w.now = w.now.Add(time.Minute)
	if due := w.due(id); len(due) > 6 {
		t.Errorf("an hour later: %s", lines(due))
	}
}

// Reminders go by the earlier of target and due instant.
func TestEarlierOfTargetAndDue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		aware string
		half  string
	}{
		{"aware after detection: the target rules", "2026-11-20T14:00:00Z", "2026-11-20T22:00:00Z"},
		{"aware before detection: the due instant rules", "2026-11-20T06:00:00Z", "2026-11-20T18:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, usual())
			id := w.declare()
			w.say(id)
			w.now = at("2026-11-20T14:00:00Z")
			w.do(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: at(tt.aware)})
			w.now = at(tt.half).Add(-time.Second)
			expect(t, about(w.say(id), "early_warning"))
			w.now = at(tt.half)
			expect(t, about(w.say(id), "early_warning"), "reminder slack early_warning 50%")
		})
	}
}

// With Slack alone everything is posted; with PagerDuty alone everything pages,
// since nobody would see it otherwise.
func TestOneChannelOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		channel string
		pagers  []string
		opening string
	}{
		{slack, []string{}, "post slack"}, {pagerduty, []string{pagerduty}, "page pagerduty"},
	} {
		p := usual()
		p.Channels, p.Pagers = []string{tt.channel}, tt.pagers
		w := newWorld(t, p)
		id := w.declare()
		expect(t, w.say(id), tt.opening)
		w.now = at("2026-11-20T22:00:00Z")
		expect(t, w.say(id), fmt.Sprintf("reminder %s early_warning 50%%", tt.channel))
	}
	p := usual()
	p.Channels, p.Pagers = []string{}, []string{}
	w := newWorld(t, p)
	if due := w.due(w.declare()); len(due) > 0 {
		t.Errorf("with no channel at all: %s", lines(due))
	}
}

// An acknowledgement stops the opening page and nothing else: what a clock has
// to say wakes people under a key of its own (PD-8).
func TestAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	opening := w.due(id)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	expect(t, w.say(id), "post slack")
	keys := map[string]bool{opening[0].Effect.Key: true}
	for range 8 {
		w.now = w.next(id)
		for _, it := range w.say(id) {
			if keys[it.Effect.Key] {
				t.Errorf("%s comes under the key %s that was used before", line(it), it.Effect.Key)
			}
			keys[it.Effect.Key] = true
		}
	}
	if len(keys) < 10 {
		t.Errorf("only %d effects after the acknowledgement", len(keys))
	}
}

// A clock is silent once its report is recorded, and only that clock.
func TestSubmitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = w.now.Add(time.Hour)
	submit(w, id, "early_warning")
	w.now = at("2026-11-21T22:00:00Z")
	expect(t, w.say(id), "update slack", "reminder slack notification 50%")
	submit(w, id, "notification")
	w.now = at("2026-11-24T00:00:00Z")
	expect(t, w.say(id), "update slack")
	w.now = detected.AddDate(0, 1, 0)
	items := w.say(id)
	if len(items) != 2 || items[0].Effect.Clock.Stage != "final_report" {
		t.Errorf("a month later: %s", lines(items))
	}
}

// What was decided not reportable, and what is closed, reminds nobody; that it
// was decided is shown where the team reads.
func TestSilentButVisible(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, incident.ID){
		"not reportable": func(w *world, id incident.ID) {
			w.do(incident.MarkNotReportable{Person: ana, ID: id, Reason: "a drill of the supplier"})
		},
		"closed": func(w *world, id incident.ID) {
			submit(w, id, "early_warning", "notification", "final_report")
			w.do(incident.Close{Person: ana, ID: id})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, usual())
			id := w.declare()
			page, post := w.due(id)[0], w.due(id)[1]
			w.deliver(post)
			w.intend(page)
			w.now = w.now.Add(time.Minute)
			end(w, id)
			expect(t, w.say(id), "resolve pagerduty", "update slack") // the page was tried: an alert may be there
			w.now = w.now.Add(time.Minute)
			w.do(incident.AddNote{Person: ana, ID: id, Text: "seen again"})
			expect(t, w.say(id), "update slack")
			w.now = w.now.AddDate(1, 0, 0)
			if due := w.due(id); len(due) > 0 || !w.next(id).IsZero() {
				t.Errorf("a year later: %s, next look %s", lines(due), w.next(id))
			}
		})
	}
}

// An incident that is no more before anybody was told is never told.
func TestNeverTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.do(incident.MarkNotReportable{Person: ana, ID: id, Reason: "a typo"})
	if due := w.due(id); len(due) > 0 {
		t.Errorf("due: %s", lines(due))
	}
}

// Updates of the message are gathered: one for all that changed in five seconds.
func TestUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	for range 10 {
		w.do(incident.AddNote{Person: ana, ID: id, Text: "more"})
	}
	if due := w.due(id); len(due) > 0 {
		t.Errorf("at once: %s", lines(due))
	}
	if next := w.next(id); !next.Equal(w.now.Add(agenda.UpdateEvery)) {
		t.Errorf("next look at %s", next)
	}
	w.now = w.now.Add(agenda.UpdateEvery)
	items := w.say(id)
	expect(t, items, "update slack")
	if i := w.incident(id); i.Message.Revision != i.Revision {
		t.Errorf("the message shows revision %d of %d", i.Message.Revision, i.Revision)
	}
}

// The message says that people were called again after somebody had answered,
// once for each such call, and no longer once that is answered too.
func TestUpdateAfterASecondCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Minute)
	w.say(id)

	w.now = at("2026-11-21T04:00:00Z")
	page := pick(t, w.due(id), "reminder pagerduty early_warning 75%")
	w.intend(page)
	w.deliver(page)
	it := pick(t, w.due(id), "update slack")
	if !w.incident(id).View(w.now).Unanswered {
		t.Error("the view does not show that nobody has answered")
	}
	w.intend(it)
	w.deliver(it)
	w.now = w.now.Add(agenda.UpdateEvery)
	expect(t, w.due(id), "reminder slack early_warning 50%+75%")

	w.do(incident.Acknowledge{Person: ana, ID: id})
	if w.incident(id).View(w.now).Unanswered {
		t.Error("the view shows a call as unanswered that was answered")
	}
	pick(t, w.due(id), "update slack")
}

// A clock that moves earlier says at once what it newly passed, and nothing of
// what it said before.
func TestClockMovesEarlier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-20T22:00:00Z")
	expect(t, w.say(id), "reminder slack early_warning 50%")
	w.now = w.now.Add(time.Hour)
	w.do(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: at("2026-11-20T01:00:00Z")}) // due at 01:00
	expect(t, about(w.say(id), "early_warning"),
		"reminder pagerduty early_warning 75%+90%", "reminder slack early_warning 75%+90%")
	w.now = at("2026-11-21T03:30:00Z")
	expect(t, about(w.say(id), "early_warning"),
		"reminder pagerduty early_warning 1h+0s+overdue 2h", "reminder slack early_warning 1h+0s+overdue 2h")
	w.do(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: at("2026-11-19T22:00:00Z"), Reason: "a customer called first"})
	expect(t, about(w.say(id), "early_warning"),
		"reminder pagerduty early_warning overdue 5h", "reminder slack early_warning overdue 5h")
}

// A correction that moves a clock later lets it speak again, under new keys:
// what was said was about an instant that is no longer the deadline.
func TestClockMovesLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-20T11:00:00Z")
	w.do(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: at("2026-11-19T02:00:00Z")}) // a typo: overdue for nine hours
	expect(t, about(w.say(id), "early_warning"),
		"reminder pagerduty early_warning 75%+90%+1h+0s+overdue 9h", "reminder slack early_warning 50%+75%+90%+1h+0s+overdue 9h")
	w.do(incident.SetDate{Person: ana, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: at("2026-11-20T10:30:00Z"), Reason: "wrong day"})
	expect(t, about(w.say(id), "early_warning"))
	for _, tt := range [][2]string{
		{"2026-11-20T22:00:00Z", "slack early_warning 50%"},
		{"2026-11-21T04:00:00Z", "pagerduty early_warning 75%"},
		{"2026-11-21T10:00:00Z", "pagerduty early_warning 90%+1h+0s"},
		{"2026-11-21T11:00:00Z", "pagerduty early_warning overdue 1h"},
		{"2026-11-21T19:00:00Z", "pagerduty early_warning overdue 9h"}, // said before, of another deadline
	} {
		w.now = at(tt[0])
		if got := strings.Join(lines(about(w.say(id), "early_warning")), "; "); !strings.Contains(got, tt[1]) { // say fails on a key used before
			t.Errorf("at %s: %s, want %s", tt[0], got, tt[1])
		}
	}
}

// The entry that says a reminder was delivered lists what it covered.
func TestEffectListsThresholds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-21T04:00:00Z")
	for _, it := range w.due(id) {
		if it.Effect.Channel != slack {
			continue
		}
		want := []incident.Passed{{Name: "50%", At: at("2026-11-20T22:00:00Z")}, {Name: "75%", At: at("2026-11-21T04:00:00Z")}}
		if got := it.Effect.Thresholds; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("covers %v, want %v", got, want)
		}
	}
}
