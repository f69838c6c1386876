package slack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/incident"
)

// clockBlocks are the rows of the clock table: one section a clock, the most
// urgent first. What does not fit is counted.
func clockBlocks(d *draft, v incident.View, now time.Time, zone *time.Location) []slackapi.Block {
	var out []slackapi.Block
	clocks := byUrgency(v.Clocks)
	for i, c := range clocks {
		b := section(clockRow(c, v, now, zone))
		if i == maxClocks || !d.take(b, 2*smallBlock) {
			return append(out, optional(d, fmt.Sprintf("_and %s, on the incident's page_", plural(len(clocks)-i, "more clock")))...)
		}
		out = append(out, b)
	}
	return out
}

// byUrgency sorts a copy: clocks still running by their deadline, then the rest.
func byUrgency(clocks []incident.ClockView) []incident.ClockView {
	out := slices.Clone(clocks)
	slices.SortStableFunc(out, func(a, b incident.ClockView) int {
		switch {
		case open(a) && !open(b):
			return -1
		case !open(a) && open(b):
			return 1
		}
		return cmp.Or(deadline(a).Compare(deadline(b)), a.DueAt.Compare(b.DueAt))
	})
	return out
}

// open reports whether the clock's report is still owed.
func open(c incident.ClockView) bool {
	return c.State != incident.ClockSubmitted && c.State != incident.ClockStopped
}

// deadline is what reminders go by: the earlier of target and due instant.
func deadline(c incident.ClockView) time.Time {
	if c.DueAt.IsZero() || c.TargetAt.Before(c.DueAt) {
		return c.TargetAt
	}
	return c.DueAt
}

// clockTitle names a clock, with its entity where there is more than the
// default one.
func clockTitle(c incident.ClockView) string {
	title := or(c.Title, strings.ReplaceAll(string(c.Stage), "_", " "))
	of := string(c.Regime)
	if c.Entity != "" && c.Entity != "default" {
		of += ", " + c.Entity
	}
	if c.MemberState != nil && *c.MemberState != "" {
		of += ", " + *c.MemberState
	}
	return escape(title, maxFact) + " (" + escape(of, maxFact) + ")"
}

// clockRow is one row of the table.
func clockRow(c incident.ClockView, v incident.View, now time.Time, zone *time.Location) string {
	s := "*" + clockTitle(c) + "*: " + standing(c, now, zone)
	if !open(c) {
		return s
	}
	if c.DueAt.IsZero() {
		return s + "\n_" + basis(c, v) + "_"
	}
	s += "\nDue " + instant(c.DueAt, zone)
	if c.TargetAt.Before(c.DueAt) {
		s += "\nHouse target " + instant(c.TargetAt, zone) + ": " + leftOrPassed(c.TargetAt, now)
	}
	return s + "\n_" + basis(c, v) + "_"
}

// clockLine is a clock in one line, for text without blocks.
func clockLine(c incident.ClockView, now time.Time, zone *time.Location) string {
	s := clockTitle(c) + ": " + standing(c, now, zone)
	if open(c) && !c.DueAt.IsZero() {
		s += ", due " + stamp(c.DueAt, zone)
	}
	return s
}

// standing is a clock's state in words, measured against its due instant.
func standing(c incident.ClockView, now time.Time, zone *time.Location) string {
	switch c.State {
	case incident.ClockSubmitted:
		s := "submitted"
		if c.SubmittedAt != nil {
			s += " " + stamp(*c.SubmittedAt, zone)
		}
		if c.Reference != nil && *c.Reference != "" {
			s += ", reference " + escape(*c.Reference, maxFact)
		}
		if c.Late {
			s += ", *late*"
		}
		return s
	case incident.ClockStopped:
		if c.Stopped == nil {
			return "stopped"
		}
		return "stopped: " + foreign(*c.Stopped, maxReason)
	}
	if c.DueAt.IsZero() { // a contract without a figure, GDPR Art. 33(2)
		return "*owed without undue delay, detected " + incident.Words(now.Sub(c.TargetAt)) + " ago*"
	}
	switch c.State {
	case incident.ClockOverdue:
		return "*OVERDUE by " + incident.Words(now.Sub(c.DueAt)) + "*"
	case incident.ClockProjected:
		return "projected, " + incident.Words(c.DueAt.Sub(now)) + " left"
	}
	return "*" + incident.Words(c.DueAt.Sub(now)) + " left*"
}

// leftOrPassed says where now is against an instant, which is exclusive.
func leftOrPassed(t, now time.Time) string {
	if now.Before(t) {
		return incident.Words(t.Sub(now)) + " left"
	}
	return "passed " + incident.Words(now.Sub(t)) + " ago"
}

// basis says what a clock is counted from.
func basis(c incident.ClockView, v incident.View) string {
	from := "from " + strings.ReplaceAll(or(escape(c.Basis, maxFact), "detection"), "_", " ")
	switch {
	case c.State == incident.ClockProjected:
		return from + " for now: what starts this period has not happened yet"
	case c.Basis == "detection" && v.AwareAt == nil:
		return from + ", awareness not recorded"
	}
	return from
}
