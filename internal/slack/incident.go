package slack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// incidentMessage is the incident's own message: posted once, then updated.
func incidentMessage(n dispatch.Notice, zone *time.Location) message {
	v := n.Incident
	var d draft

	head := d.keep(heading(v))
	head = append(head, d.keep(sections(drillNote(v), refusal(n), repeatNote(n))...)...)
	head = append(head, d.keep(facts(v, zone))...)
	tail := d.keep(sections(openPage(n))...)
	tail = append(tail, d.keep(buttons(n)...)...)
	tail = append(tail, d.keep(written(n, zone))...)

	proposals := proposalBlocks(&d, v, zone)
	clocks := append(clockBlocks(&d, v, n.Now, zone), optional(&d, covered(n, zone))...)
	notices := noticeBlocks(&d, v)
	about := optional(&d, summary(v))
	alerts := optional(&d, alertList(v, maxSection))

	return message{
		text:   incidentText(n, zone),
		blocks: slices.Concat(head, proposals, about, clocks, notices, alerts, tail),
	}
}

// facts are the few words on where the incident stands.
func facts(v incident.View, zone *time.Location) slackapi.Block {
	var fields []*slackapi.TextBlockObject
	add := func(label, value string) {
		if value != "" {
			fields = append(fields, verbatim("*"+label+":* "+value))
		}
	}
	add("Severity", or(foreign(v.Severity, maxFact), "not given"))
	add("Status", escape(v.Status, maxFact)+", "+strings.ReplaceAll(escape(v.Reportability, maxFact), "_", " "))
	add("Acknowledged by", acknowledged(v, zone))
	add("Incident commander", commander(v))
	add("Detected", stamp(v.DetectedAt, zone))
	add("Aware", aware(v, zone))
	if v.Room != nil && v.Room.ClosedAt == nil && v.Room.Channel == RoomsName && channelID.MatchString(v.Room.ID) {
		add("Channel", "<#"+v.Room.ID+">")
	}
	add("Service", foreign(v.Service, maxFact))
	add("Category", escape(strings.Trim(v.Category.Class+"/"+v.Category.Type, "/"), maxFact))
	return slackapi.NewSectionBlock(nil, fields, nil)
}

// commander says who leads, or who is asked to.
func commander(v incident.View) string {
	s := person(v.Commander, "nobody yet")
	if p := v.ProposedCommander; p != nil && v.Commander == nil {
		s += "; on call: " + person(&p.Name, "")
	}
	if o := v.Offered; o != nil {
		s += "; offered to " + person(&o.To, "")
	}
	return s
}

// acknowledged says who has seen the incident, and when.
func acknowledged(v incident.View, zone *time.Location) string {
	if v.AcknowledgedAt == nil {
		return "nobody yet"
	}
	s := person(v.AcknowledgedBy, "somebody") + ", " + stamp(*v.AcknowledgedAt, zone)
	if acknowledgeable(v) {
		s += "; *people were woken again, and nobody has answered*"
	}
	return s
}

func aware(v incident.View, zone *time.Location) string {
	if v.AwareAt == nil {
		return "not recorded"
	}
	return stamp(*v.AwareAt, zone)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// written dates the message, since what is left of a clock is as of then, and
// says how far it may go.
func written(n dispatch.Notice, zone *time.Location) slackapi.Block {
	s := "Written " + stamp(n.Now, zone) + ". Times left are as of then. Only a recorded submission stops a clock."
	if n.Incident.TLP != "" {
		s += " TLP:" + escape(n.Incident.TLP, maxFact)
	}
	return slackapi.NewContextBlock("", verbatim(s))
}

func summary(v incident.View) string { return foreign(v.Summary, maxSummary) }

// noticeBlocks are the sentences on what is known to be missing.
func noticeBlocks(d *draft, v incident.View) []slackapi.Block {
	var out []slackapi.Block
	for i, s := range v.Incomplete {
		b := section(":warning: *Incomplete.* " + foreign(s, maxReason))
		if i == maxNotices || !d.take(b, smallBlock) {
			return append(out, optional(d, fmt.Sprintf("_and %s on what is missing, on the incident's page_", plural(len(v.Incomplete)-i, "more notice")))...)
		}
		out = append(out, b)
	}
	return out
}

// smallBlock is room for one line that says what was left out.
const smallBlock = 250

// optional is a section if there is something to say and room for it.
func optional(d *draft, text string) []slackapi.Block {
	if text == "" {
		return nil
	}
	if b := section(text); d.take(b, 0) {
		return []slackapi.Block{b}
	}
	return nil
}

// alertList counts the alerts and names a few: by alert name, the most
// frequent first, since a storm repeats few names.
func alertList(v incident.View, limit int) string {
	if len(v.Alerts) == 0 {
		return ""
	}
	firing, count := 0, map[string]int{}
	for _, a := range v.Alerts {
		count[a.Labels["alertname"]]++
		if a.Status == incident.Firing {
			firing++
		}
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	all := []string{fmt.Sprintf("*%s*, %d firing", plural(len(v.Alerts), "alert"), firing)}
	rest := len(v.Alerts)
	for _, name := range names[:min(len(names), maxNames)] {
		line := "• " + or(foreign(name, maxName), "(no alertname)")
		if count[name] > 1 {
			line += fmt.Sprintf(" × %d", count[name])
		}
		all = append(all, line)
		rest -= count[name]
	}
	last := ""
	if rest > 0 {
		last = fmt.Sprintf("and %d more", rest)
	}
	return lines(limit, last, all...)
}

// incidentText is the message without blocks. The first line is what a phone
// shows.
func incidentText(n dispatch.Notice, zone *time.Location) string {
	v := n.Incident
	all := []string{mark(v) + escape(name(v), maxHeader), refusal(n), drillNote(v), repeatNote(n)}
	clocks := byUrgency(v.Clocks)
	for _, c := range clocks[:min(len(clocks), maxNames)] {
		all = append(all, "• "+clockLine(c, n.Now, zone))
	}
	if more := len(clocks) - maxNames; more > 0 {
		all = append(all, "and "+plural(more, "more clock"))
	}
	all = append(all, covered(n, zone),
		"Severity "+or(foreign(v.Severity, maxFact), "not given")+", "+escape(v.Status, maxFact)+". Acknowledged by "+acknowledged(v, zone)+". Incident commander: "+commander(v)+".")
	for _, s := range v.Incomplete[:min(len(v.Incomplete), maxNotices)] {
		all = append(all, "Incomplete: "+foreign(s, maxReason))
	}
	return lines(maxText, openPage(n), append(all, alertList(v, maxSummary))...)
}
