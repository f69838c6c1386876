package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// duty is under which regime, and contract if any, an entity owes reports:
// what tells the forms of submissions apart.
func duty(c incident.ClockView) string {
	s := c.Entity + "/" + string(c.Regime)
	if c.Counterparty != "" {
		s += "/" + c.Counterparty
	}
	return s
}

// owed are the clocks of a duty that a submission can end by itself, the most
// urgent first.
func owed(v incident.View, of string) (out []incident.ClockView) {
	for _, c := range v.Clocks {
		if c.Runs() && duty(c) == of {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b incident.ClockView) int {
		return cmp.Or(a.Deadline().Compare(b.Deadline()), a.DueAt.Compare(b.DueAt))
	})
	return out
}

// submissionForms ask what was sent: a form for each duty, since one submission
// closes reports of one, in the zone and to the authority of its entity.
func submissionForms(s *server, v incident.View, _ access.Identity) (out []*form, err error) {
	var duties []string
	for _, c := range v.Clocks {
		if d := duty(c); c.Runs() && !slices.Contains(duties, d) {
			duties = append(duties, d)
		}
	}
	for _, d := range duties {
		clocks := owed(v, d)
		first := clocks[0]
		f := &form{
			For: d, Title: "Submission", State: fmt.Sprintf("%s, %s", first.Entity, first.Regime), Button: "Record submission",
			Intro: "What was sent to an authority. This stops the clocks chosen here: record it only once it was sent.",
			Fields: []field{
				{Name: "stages", Label: "Reports", Many: true, Required: true},
				{Name: "authority", Label: "Authority or CSIRT that received it", Required: true},
				{Name: "channel", Label: "Channel", Hint: "Portal, e-mail, telephone, …", Value: "portal", Required: true},
				instantField("sent_at", "Sent at", s.zone(v, first.Entity)),
				{Name: "reference", Label: "Reference", Hint: "The authority's number for it, where there is one."},
				{Name: "incomplete_reason", Label: "Why fields are missing", Hint: "Only where it went without what the report requires."},
			},
		}
		for _, c := range clocks {
			if c.Authority != nil && f.Fields[1].Value == "" {
				f.Fields[1].Value = *c.Authority
			}
			row := s.clockRow(v, c)
			f.Fields[0].Choices = append(f.Fields[0].Choices, choice{string(c.Stage), c.Title + ", due " + row.Due})
		}
		if first.Counterparty != "" {
			f.State += ", contract " + first.Counterparty
			f.Intro = "That the controller was told. This stops the clock: record it only once it was sent."
			f.Fields[1].Label = "Controller that received it"
		}
		if len(clocks) == 1 {
			f.Fields[0].Chosen = []string{string(first.Stage)}
		}
		out = append(out, f)
	}
	return out, nil
}

// submission is the command of a form of [submissionForms].
func submission(s *server, _ *http.Request, v incident.View, f *form, by incident.Person) (incident.Command, error) {
	first := owed(v, f.For)[0] // without one there was no form
	cmd := incident.Submit{
		Person: by, ID: v.ID, Entity: first.Entity, Regime: string(first.Regime), Stages: slices.Clone(f.said["stages"]), IncompleteReason: f.text("incomplete_reason"),
		Submission: incident.Submission{
			SentAt: f.instant("sent_at", s.zone(v, first.Entity), s.Desk.Now()), Authority: f.text("authority"), Channel: f.text("channel"), Reference: f.text("reference"),
		},
	}
	if first.Counterparty != "" {
		cmd.Controller = first.Counterparty
	}
	return cmd, nil
}
