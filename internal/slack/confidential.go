package slack

import (
	"fmt"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// confined is the incident as far as somebody who asks in Slack is told of it, and
// how far that is: as in the channel, since what one person is shown there may
// be quoted to all.
func confined(v incident.View) (incident.View, dispatch.Extent) {
	place := dispatch.Vendor
	if v.Restricted != nil { // only those who are named get here, and only they see the answer
		place = dispatch.Circle
	}
	n := dispatch.Notice{Incident: v}.Confine(place)
	return n.Incident, n.Extent
}

// callOnly reports whether Slack may learn of the incident only that there is one.
func callOnly(v incident.View) bool {
	_, extent := confined(v)
	return extent == dispatch.Call
}

// callMessage is all that Slack learns of an incident of which no more may be
// said than that it needs somebody, and where.
func callMessage(n dispatch.Notice) message {
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
