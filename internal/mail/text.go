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
	return line(dispatch.Headline(n), maxSubject)
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
	say("%-14s%s", "Detected", dispatch.When(v.DetectedAt, zone))
	say("")
	for i := range v.Clocks {
		c := &v.Clocks[i]
		end := c.Deadline()
		passed := dispatch.Passed(n.Effect.Covering(c.ClockID))
		if passed != "" {
			passed = "; passed: " + line(passed, maxText)
		}
		say("- %s (%s, %s): %s, by %s%s", line(c.Title, 80), strings.ToUpper(string(c.Regime)), line(c.Entity, 80), dispatch.Standing(c, n.Now), dispatch.When(end, zone), passed)
	}
	say("\nAn acknowledgement stops no clock; only a submitted report does.\n%s", n.Page)
	return b.String()
}
