package slack

import (
	"fmt"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// strict is TLP:AMBER+STRICT: the organisation alone. A workspace may have
// guests and shared channels, so what alerts say stays out of it.
const strict = "AMBER+STRICT"

// capped is the incident without what its TLP keeps out of Slack. TLP:RED has
// a message of its own.
func capped(v incident.View) incident.View {
	if v.TLP == strict {
		v.Summary, v.Service, v.Alerts = "", "", nil
	}
	return v
}

// redMessage is all that Slack learns of an incident under TLP:RED: that it
// needs somebody, and where.
func redMessage(n dispatch.Notice) message {
	call := ""
	if byFallback(n) {
		call = everyone
	}
	var d draft
	text := lines(maxText, openPage(n), call+"*"+needsYou(n.Incident)+"*", drillNote(n.Incident))
	return message{text: text, blocks: d.keep(section(text))}
}

// needsYou is an incident whose content stays out of Slack.
func needsYou(v incident.View) string {
	return mark(v) + escape(string(v.ID), maxFact) + " needs you."
}

// elsewhere says why nothing can be done about an incident here.
func elsewhere(v incident.View) string {
	if v.OutOfBand {
		return fmt.Sprintf("%s is handled out of band, because an attacker may be reading this: use its page or nis2clock incident.", v.ID)
	}
	return fmt.Sprintf("%s is TLP:RED, so nothing about it is shown or asked here: use its page or nis2clock incident.", v.ID)
}
