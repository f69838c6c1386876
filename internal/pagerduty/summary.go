package pagerduty

import (
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

const (
	// maxSummary is PagerDuty's limit in characters (PD-3), kept in bytes:
	// that many bytes are no more characters however these are counted.
	maxSummary = 1024
	// lateFrom is how late a notice may be without saying so.
	lateFrom = 2 * time.Minute
)

// exerciseMark comes before everything else that is said about an exercise.
const exerciseMark = "[EXERCISE] "

// summary is the one line a woken person reads first: whether it is real,
// which incident, what is due and when, and what is odd about the notice
// itself. Foreign text is cut so that none of this is lost at the end.
func summary(n dispatch.Notice, zone *time.Location) string {
	if n.Extent == dispatch.Call {
		return cut(words(dispatch.NeedsYou(n.Incident), 200), maxSummary)
	}
	if n.Effect.Role == incident.Triage {
		return cut(words(n.Text, 600)+refusal(n), maxSummary)
	}
	if n.Effect.Role == incident.Heartbeat {
		s := words(n.Text, 600)
		if s == "" {
			s = "The sender of alerts has gone quiet."
		}
		return cut(s+refusal(n), maxSummary)
	}
	v := &n.Incident
	var b strings.Builder
	if v.Exercise {
		b.WriteString(exerciseMark)
	}
	b.WriteString(words(string(n.ID), 40) + ": ")
	if n.Effect.Role == incident.Escalate {
		fmt.Fprintf(&b, "NOBODY HAS ANSWERED for %s. ", incident.Words(time.Duration(n.Effect.After)))
	}
	title := words(v.Title, 240)
	if title == "" {
		title = "(no title)"
	}
	if n.Effect.Role == incident.Reminder {
		fmt.Fprintf(&b, "%s. %s", reminder(n, zone), title)
	} else {
		fmt.Fprintf(&b, "%s. ", title)
		c := clockOf(n)
		if covered := dispatch.Covered(n); len(covered) > 0 {
			c = covered[0]
		}
		if c == nil {
			c = nearest(v)
		}
		if c != nil {
			fmt.Fprintf(&b, "%s %s", clockName(c.ClockID, c.Title), standing(c, n.Now, zone))
			b.WriteString(passed(n.Effect.Covering(c.ClockID)) + dispatch.MoreCovered(n))
		} else {
			b.WriteString("No clock is running")
		}
	}
	if late := lateBy(n); late > 0 {
		fmt.Fprintf(&b, ". This notice is late by %s", incident.Words(late))
	}
	b.WriteString(refusal(n))
	return cut(b.String(), maxSummary)
}

// reminder says which clock, how it stands and what it has passed.
func reminder(n dispatch.Notice, zone *time.Location) string {
	c := clockOf(n)
	if c == nil {
		return clockName(n.Effect.Clock, "") + " is no longer among the incident's clocks"
	}
	s := clockName(c.ClockID, c.Title) + " " + standing(c, n.Now, zone)
	return s + passed(n.Effect.Thresholds)
}

// passed names what a clock has passed; empty for nothing.
func passed(thresholds []incident.Passed) string {
	if len(thresholds) == 0 {
		return ""
	}
	return " (passed: " + words(dispatch.Passed(thresholds), 120) + ")"
}

// clockName is the stage, the regime and, where there are several, the entity.
func clockName(id incident.ClockID, title string) string {
	if title == "" {
		title = string(id.Stage)
	}
	s := words(title, 80) + " (" + words(strings.ToUpper(string(id.Regime)), 40)
	if id.Entity != "" && id.Entity != "default" {
		s += ", " + words(id.Entity, 60)
	}
	return s + ")"
}

// standing says how long is left on a clock or how late it is. The house
// target counts until it is missed; then the legal due instant does.
func standing(c *incident.ClockView, now time.Time, zone *time.Location) string {
	end := c.Deadline()
	switch {
	case c.SubmittedAt != nil:
		return "was submitted " + dispatch.When(*c.SubmittedAt, zone)
	case c.Stopped != nil:
		return "was stopped: " + words(*c.Stopped, 80)
	case c.Late:
		return fmt.Sprintf("OVERDUE by %s, was due %s", incident.Words(now.Sub(c.DueAt)), dispatch.When(c.DueAt, zone))
	case end.IsZero():
		return "has no due instant"
	case c.DueAt.IsZero(): // a contract without a figure, GDPR Art. 33(2)
		return fmt.Sprintf("owed without undue delay, detected %s ago", incident.Words(now.Sub(c.TargetAt)))
	case end.Equal(c.DueAt):
		return fmt.Sprintf("due in %s, by %s", incident.Words(end.Sub(now)), dispatch.When(end, zone))
	}
	s := fmt.Sprintf("target in %s, by %s", incident.Words(end.Sub(now)), dispatch.When(end, zone))
	if !now.Before(end) {
		s = "target missed by " + incident.Words(now.Sub(end))
	}
	if !c.DueAt.IsZero() {
		s += fmt.Sprintf("; legally due in %s, by %s", incident.Words(c.DueAt.Sub(now)), dispatch.When(c.DueAt, zone))
	}
	return s
}

// lateBy is how late the notice is; zero when it is on time or has no instant
// at which it ought to have been said. A heartbeat's Since is that of the
// silence.
func lateBy(n dispatch.Notice) time.Duration {
	if n.Since.IsZero() || n.Effect.Role == incident.Heartbeat {
		return 0
	}
	if d := n.Now.Sub(n.Since); d >= lateFrom {
		return d
	}
	return 0
}

// refusal says which channel ought to have said this and why it did not;
// empty when it is this one's to say.
func refusal(n dispatch.Notice) string {
	if len(n.Refused) == 0 {
		return ""
	}
	names := make([]string, len(n.Refused))
	for i, name := range n.Refused {
		names[i] = channelTitle(name)
	}
	s := ". " + words(strings.Join(names, ", "), 80) + " refused"
	if why := words(refusalReason(n), 160); why != "" {
		s += ": " + why
	}
	return s
}

// refusalReason is why a channel refused: the last failure without what is
// said anyway. It is empty when that was this channel's own, on a later try.
func refusalReason(n dispatch.Notice) string {
	if strings.HasPrefix(n.Reason, Name+": ") {
		return ""
	}
	why := n.Reason
	for _, name := range n.Refused {
		if rest, ok := strings.CutPrefix(why, name+": "); ok {
			why = rest
			break
		}
	}
	return strings.TrimPrefix(why, string(dispatch.Rejected)+": ")
}

func channelTitle(name string) string {
	if name == "slack" {
		return "Slack"
	}
	return name
}
