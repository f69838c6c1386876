package agenda_test

import (
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// A changed policy never speaks of what lies behind it, and what the old one
// owed stays owed.
func TestChangedPolicy(t *testing.T) {
	t.Parallel()
	change := func(f func(*incident.ReminderPolicy)) incident.ReminderPolicy {
		p := usual()
		f(&p)
		return p
	}
	slackOnly := func(p *incident.ReminderPolicy) { p.Channels, p.Pagers = []string{slack}, []string{} }
	const sixteenHours, overdue = "2026-11-21T02:00:00Z", "2026-11-21T13:30:00Z"
	for _, tt := range []struct {
		name       string
		old        incident.ReminderPolicy
		at         string
		said       bool // what the old policy owed by then was said
		next       incident.ReminderPolicy
		want, then []string // at once, and at the next instant that speaks
	}{
		{
			"an added threshold that has passed", usual(), sixteenHours, true,
			change(func(p *incident.ReminderPolicy) { p.Reminders = thresholds("10%", "20%", "50%", "60%", "75%") }),
			nil, []string{"reminder pagerduty early_warning 75%", "reminder slack early_warning 75%"},
		},
		{
			"a threshold that was owed", usual(), sixteenHours, false,
			change(func(p *incident.ReminderPolicy) { p.Reminders = thresholds("10%", "50%", "75%") }),
			[]string{"reminder slack early_warning 50%"}, []string{"reminder pagerduty early_warning 75%", "reminder slack early_warning 75%"},
		},
		{
			"pages from an earlier threshold on", usual(), sixteenHours, true,
			change(func(p *incident.ReminderPolicy) { p.PageFrom = threshold("50%") }),
			nil, []string{"reminder pagerduty early_warning 75%", "reminder slack early_warning 75%"},
		},
		{
			"a channel is configured", change(slackOnly), overdue, true, usual(),
			[]string{"page pagerduty"}, // nobody has acknowledged it, and now somebody can be woken
			[]string{"reminder pagerduty early_warning overdue 4h", "reminder slack early_warning overdue 4h"},
		},
		{
			"a channel goes", usual(), overdue, false, change(slackOnly),
			[]string{"reminder slack early_warning 50%+75%+90%+1h+0s+overdue 3h"}, []string{"reminder slack early_warning overdue 4h"},
		},
		{
			"overdue more often", change(func(p *incident.ReminderPolicy) { p.OverdueEvery = incident.Span(24 * time.Hour) }), overdue, true, usual(),
			nil, []string{"reminder pagerduty early_warning overdue 4h", "reminder slack early_warning overdue 4h"},
		},
		{
			"overdue more often while an overdue reminder was owed", usual(), overdue, false,
			change(func(p *incident.ReminderPolicy) { p.OverdueEvery = incident.Span(30 * time.Minute) }),
			[]string{"reminder pagerduty early_warning 75%+90%+1h+0s+overdue 3h30m", "reminder slack early_warning 50%+75%+90%+1h+0s+overdue 3h30m"},
			[]string{"reminder pagerduty early_warning overdue 4h", "reminder slack early_warning overdue 4h"},
		},
		{
			"overdue no more", usual(), overdue, true,
			change(func(p *incident.ReminderPolicy) { p.OverdueEvery = 0 }), nil, []string{"reminder slack notification 50%"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.old)
			id := w.declare()
			w.say(id)
			w.now = at(tt.at)
			if tt.said {
				w.say(id)
			}
			w.do(incident.AdoptPolicy{Policy: tt.next})
			items := w.due(id)
			var post int
			for n, it := range items {
				if it.Effect.Role == incident.Post {
					post = n
				}
			}
			if post > 0 {
				t.Errorf("posted again: %s", line(items[post]))
			}
			expect(t, w.say(id), tt.want...)
			for range 10 {
				w.now = w.next(id)
				if got := w.say(id); len(got) > 0 {
					expect(t, got, tt.then...)
					return
				}
			}
			t.Error("it never speaks again")
		})
	}
}

// Adopting the policy that is in force, as every start does, changes nothing.
func TestSamePolicy(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"7%", "14%", "28%", "29%", "55%", "56.7%", "99.9%"} {
		policy := usual()
		policy.Reminders = thresholds(p)
		w := newWorld(t, policy)
		text, err := policy.Reminders[0].MarshalText()
		if err != nil || string(text) != p {
			t.Errorf("%s is written as %s, %v", p, text, err)
		}
		var again incident.Threshold
		if err := again.UnmarshalText(text); err != nil || again != policy.Reminders[0] {
			t.Errorf("%s reads back as %s, %v", p, again, err)
		}
		size := w.state.Size
		w.do(incident.AdoptPolicy{Policy: policy})
		if w.state.Size != size {
			t.Errorf("%s: the same policy was recorded again", p)
		}
	}
}

// A newly configured Slack gets the message of what is open, and reminders
// from there on.
func TestSlackIsConfigured(t *testing.T) {
	t.Parallel()
	p := usual()
	p.Channels = []string{pagerduty}
	w := newWorld(t, p)
	id := w.declare()
	expect(t, w.say(id), "page pagerduty")
	w.now = at("2026-11-21T08:00:00Z")
	expect(t, w.say(id), "reminder pagerduty early_warning 50%+75%+90%")
	w.do(incident.AdoptPolicy{Policy: usual()})
	expect(t, w.say(id), "post slack")
	w.now = at("2026-11-21T09:00:00Z")
	expect(t, w.say(id), "reminder pagerduty early_warning 1h", "reminder slack early_warning 1h")
}
