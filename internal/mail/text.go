package mail

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// maxSubject bounds a subject in characters, and maxText a foreign text.
const (
	maxSubject = 180
	maxText    = 2000
)

// line makes a foreign text one line of at most limit characters, in which no
// address can be opened.
func line(s string, limit int) string {
	if most := 8 * limit; len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	s = dispatch.Defang(s)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// subject is what a person reads first: whether it is real, which incident, and
// what about it.
func subject(n dispatch.Notice) string {
	v := &n.Incident
	if v.ID == "" {
		return line("nis2clock: "+n.Text, maxSubject)
	}
	if n.Extent == dispatch.Call {
		return dispatch.NeedsYou(*v)
	}
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
				s += line(c.Title, 60) + " " + standing(c, n.Now) + ". "
			}
		}
	}
	return line(s+v.Title, maxSubject)
}

// standing says in few words how a clock stands.
func standing(c *incident.ClockView, now time.Time) string {
	end := (&incident.Clock{TargetAt: c.TargetAt, DueAt: c.DueAt}).Deadline()
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

func body(n dispatch.Notice, zone *time.Location) string {
	v := &n.Incident
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if v.Exercise {
		say("THIS IS AN EXERCISE. Nothing has happened; send nothing to an authority.\n")
	}
	if n.Extent == dispatch.Call {
		say("%s\n%s", dispatch.NeedsYou(*v), n.Page)
		return b.String()
	}
	if n.Repeat {
		say("This may repeat an earlier message: whether that one arrived is not known.\n")
	}
	if len(n.Refused) > 0 {
		say("%s refused to say this; somebody must take it.\n", strings.Join(n.Refused, ", "))
	}
	if late := n.Now.Sub(n.Since); !n.Since.IsZero() && late > 2*time.Minute && n.Effect.Role != incident.Heartbeat {
		say("This message is %s late.\n", incident.Words(late))
	}
	if v.ID == "" {
		say("%s\n\n%s", line(n.Text, maxText), n.Page)
		return b.String()
	}
	if n.Effect.Role == incident.Escalate {
		say("Nobody has answered for %s.\n", incident.Words(time.Duration(n.Effect.After)))
	}
	say("%s  %s", v.ID, line(v.Title, maxText))
	if v.Summary != "" {
		say("%s", line(v.Summary, maxText))
	}
	say("")
	who := func(label string, name *string, nobody string) {
		if name != nil {
			nobody = line(*name, 200)
		}
		say("%-14s%s", label, nobody)
	}
	who("Acknowledged", v.AcknowledgedBy, "by nobody")
	nobody := "nobody yet"
	if p := v.ProposedCommander; p != nil {
		nobody += "; on call is " + line(p.Name, 200)
	}
	who("Commander", v.Commander, nobody)
	say("%-14s%s", "Detected", when(v.DetectedAt, zone))
	say("")
	for i := range v.Clocks {
		c := &v.Clocks[i]
		end := (&incident.Clock{TargetAt: c.TargetAt, DueAt: c.DueAt}).Deadline()
		say("- %s (%s, %s): %s, by %s", line(c.Title, 80), strings.ToUpper(string(c.Regime)), line(c.Entity, 80), standing(c, n.Now), when(end, zone))
	}
	say("\nAn acknowledgement stops no clock; only a submitted report does.\n%s", n.Page)
	return b.String()
}

// when writes an instant in UTC and, where it differs, in the zone.
func when(t time.Time, zone *time.Location) string {
	s := t.UTC().Format("2006-01-02 15:04 MST")
	if zone == nil || zone == time.UTC {
		return s
	}
	return s + " (" + t.In(zone).Format("2006-01-02 15:04 MST") + ")"
}
