package slack

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/incident"
)

// forms ask what a kind of action needs to know first. A form is nil when there
// is nothing to ask about the incident as it stands; the text says why.
var forms = map[Kind]func(v incident.View, now time.Time) (*Form, string){
	Submit:        submitForm,
	NotReportable: notReportableForm,
	Note:          noteForm,
}

func submitForm(v incident.View, now time.Time) (*Form, string) {
	var stages []Option
	authority := ""
	for _, c := range byUrgency(v.Clocks) {
		if c.Runs() {
			stages = append(stages, Option{c.ClockID.String(), or(c.Title, string(c.Stage)) + suffix(c)})
		}
		if c.Authority != nil && authority == "" {
			authority = *c.Authority
		}
	}
	if len(stages) == 0 {
		return nil, fmt.Sprintf("%s owes no report that could be marked as submitted now.", v.ID)
	}
	return &Form{
		Title: "Mark submitted", Submit: "Record",
		Intro: "What went to an authority about *" + escape(string(v.ID), maxFact) + "*. This stops the clocks chosen here: record it only once it was sent.",
		Questions: []Question{
			{Name: "stages", Label: "Reports", Hint: "One submission may close several of one entity and regime.", Kind: Choices, Options: stages, Initial: stages[0].Value},
			{Name: "authority", Label: "Authority", Hint: "Which competent authority or CSIRT received it.", Initial: authority, Max: 200},
			{Name: "channel", Label: "Channel", Hint: "Portal, e-mail, telephone, …", Initial: "portal", Max: 100},
			{Name: "sent_at", Label: "Sent at", Hint: "In your own time zone.", Kind: Instant, Initial: strconv.FormatInt(now.Truncate(time.Minute).Unix(), 10)},
			{Name: "reference", Label: "Reference", Hint: "The authority's number for it, as soon as there is one.", Optional: true, Max: 200},
		},
	}, ""
}

// suffix tells the clocks of several entities and regimes apart.
func suffix(c incident.ClockView) string {
	s := ", " + string(c.Regime)
	if c.Entity != "default" {
		s += ", " + c.Entity
	}
	return s
}

// submission is the command of what a person answered in [submitForm].
func submission(id incident.ID, a url.Values, now time.Time) (incident.Submit, *Refusal) {
	c := incident.Submit{ID: id, Submission: incident.Submission{
		SentAt: instantOf(a, "sent_at"), Authority: a.Get("authority"), Channel: a.Get("channel"), Reference: a.Get("reference"),
	}}
	for _, name := range a["stages"] {
		parts := strings.Split(name, "/")
		if len(parts) != 3 {
			return c, &Refusal{Question: "stages", Text: noChoice}
		}
		if len(c.Stages) > 0 && (parts[0] != c.Entity || parts[1] != c.Regime) {
			return c, &Refusal{Question: "stages", Text: "Record reports of different entities or regimes one after the other."}
		}
		c.Entity, c.Regime = parts[0], parts[1]
		c.Stages = append(c.Stages, parts[2])
	}
	slices.Sort(c.Stages)
	if c.Submission.SentAt.After(now) {
		return c, &Refusal{Question: "sent_at", Text: "This lies in the future: record it once it was sent."}
	}
	return c, nil
}

func notReportableForm(v incident.View, _ time.Time) (*Form, string) {
	if v.Reportability == incident.ReportNotReportable {
		return nil, fmt.Sprintf("%s is already recorded as not significant: %s", v.ID, v.Significance.Reason)
	}
	return &Form{
		Title: "Not significant", Submit: "Record",
		Intro: "The clocks of *" + escape(string(v.ID), maxFact) + "* stop with this decision, and an authority may ask for its reason years from now.",
		Questions: []Question{
			{Name: "reason", Label: "Why is it not significant?", Hint: "Which criterion was looked at, and what it showed.", Kind: Paragraph},
		},
	}, ""
}

func noteForm(v incident.View, _ time.Time) (*Form, string) {
	return &Form{
		Title: "Add note", Submit: "Add",
		Intro:     "It goes into the timeline of *" + escape(string(v.ID), maxFact) + "* under your name and cannot be taken back.",
		Questions: []Question{{Name: "text", Label: "Note", Kind: Paragraph}},
	}, ""
}
