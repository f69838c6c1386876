package opsgenie

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Limits of an alert in characters, by Opsgenie's documentation of alerts and
// their fields.
const (
	maxMessage     = 130
	maxDescription = 15_000
)

const (
	// source says who made the alert.
	source = "nis2clock"
	// maxClocks bounds the clocks that are listed, and maxText a foreign text.
	maxClocks = 20
	maxText   = 1000
	// lateFrom is how late a notice may be without saying so.
	lateFrom = 2 * time.Minute
)

// line makes a foreign text one line of at most limit characters, in which no
// address can be opened.
func line(s string, limit int) string {
	s = dispatch.Defang(s)
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// render is the alert for a notice.
func render(n dispatch.Notice, zone *time.Location) *alert.CreateAlertRequest {
	n = n.Confine(dispatch.Vendor)
	a := &alert.CreateAlertRequest{
		Message: message(n), Alias: Alias(n.Key), Description: description(n, zone), Source: source, Priority: priority(n),
		Tags: []string{source, string(n.Effect.Role)}, Details: map[string]string{"page": n.Page},
	}
	if n.Incident.ID == "" {
		return a
	}
	a.Entity = string(n.Incident.ID)
	a.Details["incident"] = string(n.Incident.ID)
	if n.Incident.Exercise {
		a.Tags = append(a.Tags, "exercise")
	}
	if n.Effect.Clock != (incident.ClockID{}) {
		a.Details["clock"] = n.Effect.Clock.String()
	}
	return a
}

// message is what a woken person reads first: whether it is real, which
// incident, and what about it.
func message(n dispatch.Notice) string {
	v := &n.Incident
	if n.Extent == dispatch.Call {
		return line(dispatch.NeedsYou(*v), maxMessage)
	}
	if v.ID == "" || n.Effect.Role == incident.Triage {
		if s := line(n.Text, maxMessage); s != "" {
			return s
		}
		return "nis2clock needs somebody"
	}
	return line(dispatch.Headline(n), maxMessage)
}

// priority is how loudly a notice speaks: P1 for what is new, unanswered or
// about to run out, P2 for what has time.
func priority(n dispatch.Notice) alert.Priority {
	if n.Extent == dispatch.Call { // how urgent it is is not said either
		return alert.P1
	}
	switch n.Effect.Role {
	case incident.Heartbeat, incident.Triage:
		return alert.P2
	case incident.Reminder:
		for i := range n.Incident.Clocks {
			if c := &n.Incident.Clocks[i]; c.ClockID == n.Effect.Clock && c.Deadline().Sub(n.Now) > time.Hour {
				return alert.P2
			}
		}
	}
	return alert.P1
}

// description says the rest. Foreign text is cut so that it fits.
func description(n dispatch.Notice, zone *time.Location) string {
	v := &n.Incident
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if v.Exercise {
		say("THIS IS AN EXERCISE. Nothing has happened; send nothing to an authority.")
	}
	if n.Repeat {
		say("The same may have been said before.")
	}
	if len(n.Refused) > 0 {
		say("%s refused to say this: %s", strings.Join(n.Refused, ", "), line(n.Reason, maxText))
	}
	if late := n.Now.Sub(n.Since); !n.Since.IsZero() && late >= lateFrom && n.Effect.Role != incident.Heartbeat {
		say("This notice is late by %s.", incident.Words(late))
	}
	if n.Extent == dispatch.Call {
		say("%s\n%s", dispatch.NeedsYou(*v), n.Page)
		return b.String()
	}
	if v.ID == "" || n.Effect.Role == incident.Triage {
		say("%s\n%s", line(n.Text, maxText), n.Page)
		return b.String()
	}
	say("%s", line(v.Title, maxText))
	if v.Summary != "" {
		say("%s", line(v.Summary, maxText))
	}
	who := "nobody"
	if v.AcknowledgedBy != nil {
		who = line(*v.AcknowledgedBy, 100)
	}
	say("Acknowledged by %s. Detected %s.", who, dispatch.When(v.DetectedAt, zone))
	for i := range v.Clocks[:min(len(v.Clocks), maxClocks)] {
		c := &v.Clocks[i]
		passed := dispatch.Passed(n.Effect.Covering(c.ClockID))
		if passed != "" {
			passed = "; passed: " + line(passed, maxText)
		}
		say("- %s (%s, %s): %s, by %s%s", line(c.Title, 60), strings.ToUpper(string(c.Regime)), line(c.Entity, 60), dispatch.Standing(c, n.Now), dispatch.When(c.Deadline(), zone), passed)
	}
	if more := len(v.Clocks) - maxClocks; more > 0 {
		say("and %d more", more)
	}
	say("An acknowledgement stops no clock; only a submitted report does.\n%s", n.Page)
	return b.String()
}

// answered says who has answered what is being acknowledged.
func answered(n dispatch.Notice) string {
	n = n.Confine(dispatch.Vendor)
	if by := n.Incident.AcknowledgedBy; by != nil {
		return "Acknowledged by " + line(*by, 100) + ": " + n.Page
	}
	return "Acknowledged: " + n.Page
}
