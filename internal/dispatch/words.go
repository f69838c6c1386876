package dispatch

import (
	"time"

	"nis2clock/internal/incident"
)

// Standing says in few words how a clock stands at now: how long is left by the
// earlier of target and due, or how late it is.
func Standing(c *incident.ClockView, now time.Time) string {
	end := c.Deadline()
	switch {
	case c.SubmittedAt != nil:
		return "submitted"
	case c.Stopped != nil:
		return "stopped"
	case c.DueAt.IsZero():
		return "owed without undue delay"
	case c.Late:
		return "OVERDUE by " + incident.Words(now.Sub(c.DueAt))
	case !now.Before(end):
		return "target missed by " + incident.Words(now.Sub(end)) + ", legally due in " + incident.Words(c.DueAt.Sub(now))
	}
	return "due in " + incident.Words(end.Sub(now))
}

// Headline is what a person reads first of a notice about an incident: whether
// it is real, which incident, and what about it. It is as long as the title is,
// and holds what others wrote as they wrote it.
func Headline(n Notice) string {
	v := &n.Incident
	s := string(v.ID) + ": "
	if v.Exercise {
		s = "[EXERCISE] " + s
	}
	switch n.Effect.Role {
	case incident.Escalate:
		s += "NOBODY HAS ANSWERED for " + incident.Words(time.Duration(n.Effect.After)) + ". "
	case incident.Reminder:
		for i := range v.Clocks {
			if c := &v.Clocks[i]; c.ClockID == n.Effect.Clock {
				s += c.Title + " " + Standing(c, n.Now) + ". "
			}
		}
	}
	return s + v.Title
}

// When writes an instant to the minute in UTC and, where it differs, in the
// zone, which may be nil.
func When(t time.Time, zone *time.Location) string {
	const day, clock = "2006-01-02", "15:04 MST"
	utc := t.UTC()
	s := utc.Format(day + " " + clock)
	if zone == nil || zone == time.UTC {
		return s
	}
	local := t.In(zone)
	if local.Format(day) == utc.Format(day) {
		return s + " (" + local.Format(clock) + ")"
	}
	return s + " (" + local.Format(day+" "+clock) + ")"
}
