package pagerduty

import (
	"strings"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Severities of an event (PD-2). With dynamic notifications PagerDuty wakes
// people for the upper two only.
const (
	critical = "critical"
	serious  = "error"
	warning  = "warning"
)

// severity is how loudly a notice speaks.
//
// A reminder goes by the time left to the clock's deadline: critical in the
// last hour and afterwards, error in the last tenth of the period, warning
// before. A clock that has ended meanwhile is a warning; one that the incident
// no longer shows is an error.
//
// Anything else about an incident is critical when its alert says so, or a clock
// of which it says what that has passed would be, and error otherwise, never
// less: somebody must look. So is a notice about the service.
func severity(n dispatch.Notice) string {
	switch n.Effect.Role {
	case incident.Heartbeat, incident.Triage:
		return serious
	case incident.Escalate:
		return critical
	case incident.Reminder:
		if c := clockOf(n); c != nil {
			return reminderSeverity(c, n.Incident.DetectedAt, n.Now)
		}
		return serious
	}
	switch strings.ToLower(strings.TrimSpace(n.Incident.Severity)) {
	case "critical", "page", "emergency", "fatal":
		return critical
	}
	for _, c := range dispatch.Covered(n) {
		if reminderSeverity(c, n.Incident.DetectedAt, n.Now) == critical {
			return critical
		}
	}
	return serious
}

func reminderSeverity(c *incident.ClockView, detected, now time.Time) string {
	if !open(c) {
		return warning
	}
	end := c.Deadline()
	start := c.StartedAt
	if end.Equal(c.TargetAt) {
		start = detected // the house rule counts from detection
	}
	left := end.Sub(now)
	switch {
	case left <= time.Hour:
		return critical
	case left <= end.Sub(start)/10+time.Second: // a threshold may be rounded down
		return serious
	}
	return warning
}

// open reports whether the report is still owed.
func open(c *incident.ClockView) bool { return c.SubmittedAt == nil && c.Stopped == nil }

// clockOf is the clock a reminder speaks about; nil when the incident has it
// no more.
func clockOf(n dispatch.Notice) *incident.ClockView {
	for i := range n.Incident.Clocks {
		if c := &n.Incident.Clocks[i]; c.ClockID == n.Effect.Clock {
			return c
		}
	}
	return nil
}

// nearest is the open clock whose deadline comes first; nil when none is open.
func nearest(v *incident.View) *incident.ClockView {
	var first *incident.ClockView
	for i := range v.Clocks {
		if c := &v.Clocks[i]; open(c) && (first == nil || c.Deadline().Before(first.Deadline())) {
			first = c
		}
	}
	return first
}
