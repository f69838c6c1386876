package dispatch

import (
	"fmt"
	"slices"
	"strings"
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

// Passed names thresholds in words, such as "75%, 1h before, expiry".
func Passed(thresholds []incident.Passed) string {
	names := make([]string, len(thresholds))
	for i, p := range thresholds {
		switch {
		case p.Name == "0s":
			names[i] = "expiry"
		case strings.HasSuffix(p.Name, "%") || strings.HasPrefix(p.Name, "overdue "):
			names[i] = p.Name
		default:
			names[i] = p.Name + " before"
		}
	}
	return strings.Join(names, ", ")
}

// Covered are the open clocks of which a notice of an opening says what they
// have passed ([incident.Effect.Covers]), the most urgent first.
func Covered(n Notice) []*incident.ClockView {
	var out []*incident.ClockView
	for i := range n.Incident.Clocks {
		if c := &n.Incident.Clocks[i]; c.SubmittedAt == nil && c.Stopped == nil && n.Effect.Covering(c.ClockID) != nil {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *incident.ClockView) int { return a.Deadline().Compare(b.Deadline()) })
	return out
}

// MoreCovered counts the clocks behind the first of [Covered] in a sentence's
// end; empty for none.
func MoreCovered(n Notice) string {
	switch more := len(Covered(n)) - 1; {
	case more > 1:
		return fmt.Sprintf(", and %d more clocks have passed reminders", more)
	case more == 1:
		return ", and 1 more clock has passed reminders"
	}
	return ""
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
	default:
		if passed := Covered(n); len(passed) > 0 {
			s += passed[0].Title + " " + Standing(passed[0], n.Now) + MoreCovered(n) + ". "
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
