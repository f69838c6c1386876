package agenda_test

import (
	"slices"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

const mail = "mail"

// climbing is the usual policy with a deputy after a quarter of an hour and the
// management after half an hour, and mail to reach them by.
func climbing() incident.ReminderPolicy {
	p := usual()
	p.Channels = append(p.Channels, mail)
	p.Escalation.Steps = []incident.Step{
		{After: 0, To: []incident.Target{{Channel: pagerduty}, {Channel: mail, To: "commander"}}},
		{After: span(15 * time.Minute), To: []incident.Target{{Channel: mail, To: "deputy"}, {Channel: pagerduty}}},
		{After: span(30 * time.Minute), To: []incident.Target{{Channel: pagerduty, To: "management"}}},
	}
	return p
}

func span(d time.Duration) incident.Span { return incident.Span(d) }

// calls are the escalations among the items: channel, whom, for how long nobody
// had answered, and the stage of the clock.
func calls(items []agenda.Item) []string {
	out := []string{}
	for _, it := range items {
		if e := it.Effect; e.Role == incident.Escalate {
			s := incident.Target{Channel: e.Channel, To: e.To}.String() + " " + e.After.String()
			if e.Clock.Stage != "" {
				s += " " + string(e.Clock.Stage)
			}
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// timeline lets time pass until the end, from one instant the agenda names to
// the next, and returns the calls with their times.
func (w *world) timeline(id incident.ID, end string) (out []string) {
	w.t.Helper()
	for {
		for _, c := range calls(w.say(id)) {
			out = append(out, w.now.Format("02T15:04 ")+c)
		}
		next := w.next(id)
		if next.IsZero() || next.After(at(end)) {
			w.now = at(end)
			return out
		}
		w.now = next
	}
}

func expectCalls(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// While nobody answers, the steps are climbed: at the opening, and again when a
// clock pages. Each is climbed once.
func TestEscalation(t *testing.T) {
	t.Parallel()
	opening := []string{
		"20T10:00 mail/commander 0s",
		"20T10:15 mail/deputy 15m", "20T10:15 pagerduty 15m",
		"20T10:30 pagerduty/management 30m",
	}
	t.Run("nobody answers", func(t *testing.T) {
		w := newWorld(t, climbing())
		id := w.declare()
		expectCalls(t, w.timeline(id, "2026-11-21T09:59:59Z"), append(opening,
			"21T04:00 mail/commander 0s early_warning",
			"21T04:15 mail/deputy 15m early_warning", "21T04:15 pagerduty 15m early_warning",
			"21T04:30 pagerduty/management 30m early_warning")...)
	})
	t.Run("answered between two steps", func(t *testing.T) {
		w := newWorld(t, climbing())
		id := w.declare()
		got := w.timeline(id, "2026-11-20T10:29:59Z")
		w.do(incident.Acknowledge{Person: ana, ID: id})
		expectCalls(t, append(got, w.timeline(id, "2026-11-21T03:59:59Z")...), opening[:3]...)
	})
	t.Run("acknowledged and forgotten", func(t *testing.T) {
		w := newWorld(t, climbing())
		id := w.declare()
		w.do(incident.Acknowledge{Person: ana, ID: id})
		got := w.timeline(id, "2026-11-21T04:20:00Z")
		w.do(incident.Acknowledge{Person: ana, ID: id}) // the warning is answered, and nothing is submitted
		got = append(got, w.timeline(id, "2026-11-21T07:50:00Z")...)
		expectCalls(t, got,
			"21T04:00 mail/commander 0s early_warning", "21T04:15 mail/deputy 15m early_warning", "21T04:15 pagerduty 15m early_warning",
			"21T07:36 mail/commander 0s early_warning") // 90 % gone: from the beginning
	})
	t.Run("submitted", func(t *testing.T) {
		w := newWorld(t, climbing())
		id := w.declare()
		w.do(incident.Acknowledge{Person: ana, ID: id})
		w.timeline(id, "2026-11-21T04:10:00Z")
		submit(w, id, "early_warning")
		expectCalls(t, w.timeline(id, "2026-11-22T12:00:00Z"))
	})
	t.Run("overdue by days and answered each time", func(t *testing.T) {
		w := newWorld(t, climbing())
		id := w.declare()
		w.timeline(id, "2026-11-21T12:30:00Z")
		w.do(incident.Acknowledge{Person: ana, ID: id})
		expectCalls(t, w.timeline(id, "2026-11-21T13:15:00Z"),
			"21T13:00 mail/commander 0s early_warning", "21T13:15 mail/deputy 15m early_warning", "21T13:15 pagerduty 15m early_warning")
	})
	t.Run("not reportable", func(t *testing.T) {
		w := newWorld(t, climbing())
		id := w.declare()
		w.timeline(id, "2026-11-20T10:01:00Z")
		w.do(incident.MarkNotReportable{Person: ana, ID: id, Reason: "a drill of the supplier"})
		expectCalls(t, w.timeline(id, "2026-12-21T00:00:00Z"))
	})
	t.Run("found long after it was detected", func(t *testing.T) { // once for the incident, not once more for each clock
		w := newWorld(t, climbing())
		w.now = at("2026-11-25T10:10:00Z")
		id := w.declare()
		expectCalls(t, w.timeline(id, "2026-11-25T10:59:59Z"),
			"25T10:10 mail/commander 0s", "25T10:25 mail/deputy 15m", "25T10:25 pagerduty 15m", "25T10:40 pagerduty/management 30m")
		expectCalls(t, w.timeline(id, "2026-11-25T11:00:00Z"), "25T11:00 mail/commander 0s early_warning", "25T11:00 mail/commander 0s notification")
	})
	t.Run("found long after it was detected, with steps of its own", func(t *testing.T) {
		p := climbing()
		p.Escalation.Clocks = map[string][]incident.Step{"early_warning": {{After: span(time.Minute), To: []incident.Target{{Channel: mail, To: "lawyer"}}}}}
		w := newWorld(t, p)
		w.now = at("2026-11-21T05:00:00Z")
		id := w.declare()
		expectCalls(t, w.timeline(id, "2026-11-21T05:10:00Z"), "21T05:00 mail/commander 0s", "21T05:01 mail/lawyer 1m early_warning")
	})
}

// Steps for a report go before those for a severity, and those before the usual.
func TestEscalationInstead(t *testing.T) {
	t.Parallel()
	one := func(to string) []incident.Step {
		return []incident.Step{{After: span(time.Minute), To: []incident.Target{{Channel: mail, To: to}}}}
	}
	p := climbing()
	p.Escalation = incident.Escalation{
		Steps: one("usual"), Severities: map[string][]incident.Step{"critical": one("critical")},
		Clocks: map[string][]incident.Step{"early_warning": one("report"), "nis2/notification": one("regime's"), "notification": one("never")},
	}
	for _, tt := range []struct {
		severity, opening, final string
	}{{"", "mail/usual 1m", "mail/usual 1m final_report"}, {"Critical", "mail/critical 1m", "mail/critical 1m final_report"}} {
		w := newWorld(t, p)
		id := w.do(incident.Declare{Person: ana, Title: "It broke", Severity: tt.severity, DetectedAt: detected}).(incident.ID)
		w.say(id)
		w.now = w.now.Add(time.Minute)
		expectCalls(t, calls(w.say(id)), tt.opening)
		w.now = detected.AddDate(0, 2, 0)
		expectCalls(t, calls(w.due(id)), slices.Sorted(slices.Values([]string{"mail/regime's 1m notification", "mail/report 1m early_warning", tt.final}))...)
	}
}

// In quiet hours a clock wakes nobody, unless it is inside its last quarter;
// what it had to say comes when they end. A new incident always wakes people.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	p := climbing()
	p.PageFrom = threshold("50%")
	p.Escalation.Quiet = incident.QuietHours{From: 22 * 60, Until: 7 * 60, Zone: "Europe/Berlin"} // 21:00 to 06:00 UTC
	w := newWorld(t, p)
	w.now = at("2026-11-20T22:00:00Z") // early warning: half gone; its last quarter begins at 04:00
	id := w.declare()
	expect(t, w.say(id), "escalate mail", "page pagerduty early_warning 50%", "post mail early_warning 50%", "post slack early_warning 50%") // it wakes people anyhow
	w.do(incident.Acknowledge{Person: ana, ID: id})
	if got := w.timeline(id, "2026-11-21T03:59:59Z"); len(got) > 0 {
		t.Errorf("in quiet hours: %q", got)
	}
	w.now = at("2026-11-21T04:00:00Z")
	pick(t, w.due(id), "reminder pagerduty early_warning 75%")
	expectCalls(t, w.timeline(id, "2026-11-21T04:15:00Z"),
		"21T04:00 mail/commander 0s early_warning", "21T04:15 mail/deputy 15m early_warning", "21T04:15 pagerduty 15m early_warning")

	// The notification is half gone at 22:00 UTC of the 21st, its last quarter
	// begins at 16:00 of the 22nd.
	submit(w, id, "early_warning")
	w.now = at("2026-11-22T05:59:59Z")
	for _, it := range w.say(id) {
		if it.Effect.Channel == pagerduty && it.Effect.Role == incident.Reminder {
			t.Errorf("in quiet hours: %s", line(it))
		}
	}
	if next := w.next(id); !next.Equal(at("2026-11-22T06:00:00Z")) {
		t.Errorf("looked at again at %s, want at the end of the quiet hours", next)
	}
	w.now = at("2026-11-22T06:00:00Z")
	pick(t, w.due(id), "reminder pagerduty notification 50%")
	expectCalls(t, w.timeline(id, "2026-11-22T06:15:00Z"), // from the end of the quiet hours on, not all at once
		"22T06:00 mail/commander 0s notification", "22T06:15 mail/deputy 15m notification", "22T06:15 pagerduty 15m notification")
}

// A month in which a team answers each page late and submits in the last
// minute: every page is answered or climbs, nothing is said twice, and nothing
// stays at the pager.
func TestMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, climbing())
	id := w.declare()
	reports := []struct{ stage, at string }{{"early_warning", "2026-11-21T09:59:00Z"}, {"notification", "2026-11-23T09:59:00Z"}, {"final_report", "2026-12-20T09:58:00Z"}}
	pages, climbed, answered := 0, 0, time.Time{}
	for len(reports) > 0 {
		for _, it := range w.say(id) {
			switch it.Effect.Role {
			case incident.Page, incident.Reminder:
				if it.Effect.Channel == pagerduty {
					pages++
					answered = w.now.Add(20 * time.Minute) // after the deputy was called
				}
			case incident.Escalate:
				climbed++
				if it.Effect.To == "management" {
					t.Errorf("%s: management was called although somebody answered within 20 min", w.now)
				}
			}
		}
		next := w.next(id)
		if !answered.IsZero() && (next.IsZero() || answered.Before(next)) {
			w.now, answered = answered, time.Time{}
			w.do(incident.Acknowledge{Person: ana, ID: id})
			continue
		}
		if due := at(reports[0].at); next.IsZero() || !next.Before(due) {
			w.now = due
			submit(w, id, reports[0].stage)
			reports = reports[1:]
			continue
		}
		w.now = next
	}
	w.say(id)
	w.now = w.now.Add(time.Minute)
	w.say(id)
	if alarms := w.incident(id).Alarms; len(alarms) > 0 {
		t.Errorf("left at the pager: %+v", alarms)
	}
	if pages != 10 || climbed != 3*10 {
		t.Errorf("%d pages and %d calls; want one for the opening and 75%%, 90%% and 1 h of each of the three reports, and three calls for each", pages, climbed)
	}
	w.now = w.now.AddDate(1, 0, 0)
	expect(t, w.due(id))
}
