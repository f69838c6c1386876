package slack

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// reminderMessage speaks about one clock, for all the thresholds it has
// passed since the last reminder.
func reminderMessage(n dispatch.Notice, zone *time.Location) message {
	v := n.Incident
	c := clockOf(n)
	title := mark(v) + escape(string(v.ID), maxFact) + " " + clockTitle(c)

	headline := "*" + title + "*: " + standing(c, n.Now, zone)
	due := ""
	if open(c) && !c.DueAt.IsZero() {
		if c.TargetAt.Before(c.DueAt) {
			headline = "*" + title + "*: house target " + leftOrPassed(c.TargetAt, n.Now) + "; " + standing(c, n.Now, zone) + " by law"
		}
		due = "Due " + instant(c.DueAt, zone) + ", " + basis(c, v) + "."
	}
	unseen := ""
	if acknowledgeable(v) {
		unseen = "*Nobody has acknowledged this incident.*"
		if v.AcknowledgedAt != nil {
			unseen = "*People were woken again, and nobody has answered.*"
		}
	}
	about := []string{
		headline, due, passed(n.Effect.Thresholds, zone), lateNote(n, "reminder"), unseen,
		"Only a recorded submission stops this clock.",
	}

	var d draft
	page := openPage(n)
	blocks := d.keep(sections(drillNote(v), refusal(n), repeatNote(n), lines(maxSection, page, about...))...)
	if byFallback(n) || v.Unanswered && v.AcknowledgedAt != nil {
		blocks = append(blocks, d.keep(button(v)...)...)
	}
	text := slices.Concat([]string{headline, drillNote(v), refusal(n), repeatNote(n)}, about[1:])
	return message{text: lines(maxText, page, text...), blocks: blocks}
}

// clockOf is the clock a reminder speaks about. One the incident no longer
// shows is known by its name alone.
func clockOf(n dispatch.Notice) incident.ClockView {
	for _, c := range n.Incident.Clocks {
		if c.ClockID == n.Effect.Clock {
			return c
		}
	}
	return incident.ClockView{ClockID: n.Effect.Clock, State: incident.ClockStopped, Stopped: new("it is no longer among the incident's clocks")}
}

// maxPassed is how many passed thresholds a reminder lists: the newest.
const maxPassed = 8

// passed lists the thresholds that were passed, and when.
func passed(ts []incident.Passed, zone *time.Location) string {
	if len(ts) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Passed: ")
	if more := len(ts) - maxPassed; more > 0 {
		b.WriteString(plural(more, "earlier one") + "; ")
		ts = ts[more:]
	}
	for i, t := range ts {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(threshold(t.Name) + " at " + stamp(t.At, zone))
	}
	return b.String() + "."
}

// covered says of each clock what it had passed when the incident was opened: no
// reminder says it again. It is empty when that is nothing.
func covered(n dispatch.Notice, zone *time.Location) string {
	clocks := dispatch.Covered(n)
	all := make([]string, 0, maxNames)
	for _, c := range clocks[:min(len(clocks), maxNames)] {
		all = append(all, clockTitle(*c)+" passed "+strings.TrimPrefix(passed(n.Effect.Covering(c.ClockID), zone), "Passed: "))
	}
	last := ""
	if more := len(clocks) - maxNames; more > 0 {
		last = "and " + plural(more, "more clock") + " passed reminders"
	}
	return lines(maxSection, last, all...)
}
