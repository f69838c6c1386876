package slack

import (
	"slices"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// pageMessage calls the people in the channel to an incident, mostly because
// the pager refused to.
func pageMessage(n dispatch.Notice, zone *time.Location) message {
	v := n.Incident
	call := refusal(n)
	if call == "" {
		call = everyone + "*This incident needs somebody to take it.*"
	}
	if n.Effect.Role == incident.Escalate && len(n.Refused) == 0 {
		call = everyone + "*Nobody has answered for " + incident.Words(time.Duration(n.Effect.After)) + ". This incident needs somebody to take it.*"
	}
	about := []string{call, drillNote(v), repeatNote(n), lateNote(n, "page")}
	text := slices.Concat([]string{mark(v) + escape(name(v), maxHeader)}, about)

	var d draft
	blocks := d.keep(heading(v))
	blocks = append(blocks, d.keep(sections(about...)...)...)
	tail := d.keep(sections(openPage(n))...)
	tail = append(tail, d.keep(button(v)...)...)
	tail = append(tail, d.keep(written(n, zone))...)
	for _, c := range byUrgency(v.Clocks) {
		text = append(text, "• "+clockLine(c, n.Now, zone))
	}
	text = append(text, covered(n, zone))
	blocks = slices.Concat(blocks, clockBlocks(&d, v, n.Now, zone), optional(&d, covered(n, zone)), tail)
	return message{text: lines(maxText, openPage(n), text...), blocks: blocks}
}

// serviceMessage is about the service itself, such as a sender of alerts that
// has gone quiet.
func serviceMessage(n dispatch.Notice) message {
	about := []string{refusal(n), foreign(n.Text, maxSection), lateNote(n, "message"), repeatNote(n)}
	if about[1] == "" {
		about[1] = "nis2clock has nothing more to say about " + escape(n.Effect.Key, maxReason) + "."
	}
	var d draft
	return message{text: lines(maxText, "", about...), blocks: d.keep(sections(about...)...)}
}
