package slack

import (
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// message is what is sent: blocks, and beside them the text that phones show
// and that stands alone when Slack refuses the blocks (SL-19, SL-21). It is
// mrkdwn and says by itself all that matters.
type message struct {
	text   string
	blocks []slackapi.Block
}

// render puts a notice into words. It reads nothing but the notice.
func render(n dispatch.Notice, zone *time.Location) message {
	n = n.Confine(dispatch.Vendor)
	if n.Extent == dispatch.Call {
		return callMessage(n)
	}
	switch n.Effect.Role {
	case incident.Post, incident.Update:
		return incidentMessage(n, zone)
	case incident.Reminder:
		return reminderMessage(n, zone)
	case incident.Ask:
		return askMessage(n, nil, zone)
	case incident.Heartbeat, incident.Triage:
		return serviceMessage(n)
	}
	return pageMessage(n, zone)
}

const (
	everyone = "<!channel> "
	drill    = "*EXERCISE. This is not a real incident. Send nothing to an authority.*"
	repeated = "_This may repeat an earlier message: whether that one arrived is not known._"
)

// mark is in front of every text about an exercise.
func mark(v incident.View) string {
	if v.Exercise {
		return "[EXERCISE] "
	}
	return ""
}

// drillNote is the sentence that an exercise shows; empty otherwise.
func drillNote(v incident.View) string {
	if v.Exercise {
		return drill
	}
	return ""
}

// repeatNote is the sentence of a message that may have been said before.
func repeatNote(n dispatch.Notice) string {
	if n.Repeat {
		return repeated
	}
	return ""
}

// lateNote says how late a message is, from a minute on.
func lateNote(n dispatch.Notice, what string) string {
	if late := n.Now.Sub(n.Since); !n.Since.IsZero() && late > time.Minute {
		return "This " + what + " is " + incident.Words(late) + " late."
	}
	return ""
}

// refusal tells everyone in the channel what did not happen elsewhere; empty
// if the notice came the way it was meant to.
func refusal(n dispatch.Notice) string {
	if len(n.Refused) == 0 {
		return ""
	}
	names := make([]string, 0, 3)
	for i, ch := range n.Refused {
		if i == 3 {
			names = append(names, "others")
			break
		}
		names = append(names, vendor(ch))
	}
	s := everyone + "*" + strings.Join(names, ", ") + " refused this. Nobody was paged.* Somebody here must take it."
	if reason := foreign(n.Reason, maxReason); reason != "" {
		s += " The answer was: " + reason
	}
	return s
}

// byFallback reports whether the notice calls everyone: it pages, or was
// refused elsewhere.
func byFallback(n dispatch.Notice) bool {
	return n.Effect.Role == incident.Page || n.Effect.Role == incident.Escalate || len(n.Refused) > 0
}

// heading is the header block: plain text, which Slack still unescapes.
func heading(v incident.View) slackapi.Block {
	s := mark(v) + name(v)
	return slackapi.NewHeaderBlock(slackapi.NewTextBlockObject(slackapi.PlainTextType, escape(s, maxHeader), false, false))
}

// name is an incident's id and title, not yet escaped.
func name(v incident.View) string {
	if v.Title == "" {
		return string(v.ID)
	}
	return string(v.ID) + ": " + dispatch.Defang(v.Title)
}

// sections makes a block of each text that is not empty.
func sections(texts ...string) []slackapi.Block {
	var out []slackapi.Block
	for _, t := range texts {
		if t != "" {
			out = append(out, section(t))
		}
	}
	return out
}

// acknowledgeable reports whether pressing the button would change anything.
func acknowledgeable(v incident.View) bool {
	return v.ID != "" && (v.AcknowledgedAt == nil || v.Unanswered) && v.Status != incident.StatusClosed
}

// acknowledgeButton is the Acknowledge button, of an incident that is
// [acknowledgeable].
func acknowledgeButton(v incident.View) *slackapi.ButtonBlockElement {
	label := "Acknowledge"
	if v.AcknowledgedAt != nil {
		label = "Acknowledge again"
	}
	return pressable(AcknowledgeAction, label, v.ID, 0)
}

// button is the Acknowledge button; no block when there is nothing to press.
func button(v incident.View) []slackapi.Block {
	if !acknowledgeable(v) {
		return nil
	}
	return []slackapi.Block{slackapi.NewActionBlock("", acknowledgeButton(v).WithStyle(slackapi.StylePrimary))}
}

// pressable is a button that sends which incident, and which proposal, it is
// about.
func pressable(action, label string, id incident.ID, proposal int) *slackapi.ButtonBlockElement {
	return slackapi.NewButtonBlockElement(action, buttonValue(id, proposal), plainText(label, maxButton))
}

// buttons are what can be done about the incident as it stands. What is still
// to be decided and submitted goes away once it is.
func buttons(n dispatch.Notice) []slackapi.Block {
	v := n.Incident
	if v.ID == "" || v.Status == incident.StatusClosed {
		return nil
	}
	var all []slackapi.BlockElement
	add := func(shown bool, action, label string) {
		if shown {
			all = append(all, pressable(action, label, v.ID, 0))
		}
	}
	if acknowledgeable(v) {
		all = append(all, acknowledgeButton(v).WithStyle(slackapi.StylePrimary))
	}
	decided := v.Reportability == incident.ReportNotReportable
	add(true, TakeCommandAction, "Take command")
	add(!decided, AssessAction, "Assess")
	add(slices.ContainsFunc(v.Clocks, open), SubmitAction, "Mark submitted")
	add(!decided, NotReportableAction, "Not significant")
	add(true, NoteAction, "Add note")
	if address, ok := webAddress(n.Page); ok {
		for _, to := range []struct{ action, label, part string }{{RunbookAction, "Runbook", "#runbook"}, {ReportsAction, "Reports", "#reports"}} {
			b := pressable(to.action, to.label, v.ID, 0)
			b.URL = address + to.part
			all = append(all, b)
		}
	}
	return []slackapi.Block{slackapi.NewActionBlock("", all...)}
}

// openPage links to the incident's page; empty without an address.
func openPage(n dispatch.Notice) string {
	return link(n.Page, "Open "+escape(string(n.Incident.ID), maxFact)+" in nis2clock")
}
