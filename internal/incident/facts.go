package incident

import (
	"nis2clock/internal/classify"
	"strings"
)

// SetFacts records what a person says of the incident: what happened, the two
// questions of Art. 23(4)(a), and two that clocks hang on. What is nil stays as
// it was.
type SetFacts struct {
	Person
	ID          ID
	Summary     *string
	Malicious   *classify.Answer
	CrossBorder *classify.Answer

	// AffectsTrustService: the incident affects the provision of trust services, Art. 23(4), last subparagraph. Only No
	// lengthens a period.
	AffectsTrustService *classify.Answer
	// OngoingAtFinalDue: it is, or will be, ongoing when the final report falls due, Art. 23(4)(e). Only Yes changes what is owed.
	OngoingAtFinalDue *classify.Answer
	// Reason is needed for an answer that lengthens a period: No to the first of them, Yes to the second.
	Reason string
}

func (c SetFacts) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	for name, a := range map[string]*classify.Answer{
		"malicious": c.Malicious, "cross_border": c.CrossBorder,
		"affects_trust_service": c.AffectsTrustService, "ongoing_at_final_due": c.OngoingAtFinalDue,
	} {
		if a != nil && *a != classify.Unknown && classify.ParseAnswer(string(*a)) != *a {
			return nil, invalid("%s is %q: answer yes, no or unknown", name, *a)
		}
	}
	ev := FactsSet{Meta: c.metaFor(c.ID), Summary: news(c.Summary, i.Summary), Malicious: c.Malicious, CrossBorder: c.CrossBorder}
	// To say what an alert said, or that it is unknown, is news from a person.
	if i.MaliciousSaid {
		ev.Malicious = news(c.Malicious, i.Malicious)
	}
	if i.CrossBorderSaid {
		ev.CrossBorder = news(c.CrossBorder, i.CrossBorder)
	}
	ev.AffectsTrustService = news(c.AffectsTrustService, i.AffectsTrustService)
	ev.OngoingAtFinalDue = news(c.OngoingAtFinalDue, i.OngoingAtFinalDue)
	if ev.AffectsTrustService != nil || ev.OngoingAtFinalDue != nil {
		if err := c.lengthens(ev); err != nil {
			return nil, err
		}
		after := *i
		ev.set(&after)
		ev.Reason, ev.Recount = c.Reason, new(r.recount(i, &after))
	}
	if ev.Summary != nil || ev.Malicious != nil || ev.CrossBorder != nil || ev.Recount != nil {
		d.emit(ev)
		r.reconsider(d, i, c.By, "new facts", nil)
	}
	return c.ID, nil
}

// lengthens refuses an answer that gives more time without a reason.
func (c SetFacts) lengthens(ev FactsSet) error {
	switch {
	case strings.TrimSpace(c.Reason) != "":
	case ev.AffectsTrustService != nil && *ev.AffectsTrustService == classify.No:
		return invalid("why are no trust services affected? it gives the notification more time, so it needs a reason")
	case ev.OngoingAtFinalDue != nil && *ev.OngoingAtFinalDue == classify.Yes:
		return invalid("why will the incident be ongoing when the final report falls due? it moves that report, so it needs a reason")
	}
	return nil
}

// news is what was said, nil when it was so before.
func news[T comparable](said *T, was T) *T {
	if said == nil || *said == was {
		return nil
	}
	return said
}

// FactsSet records what a person says of the incident. A nil field was not
// spoken of and stays as it was.
type FactsSet struct {
	Meta
	Summary     *string          `json:"summary,omitzero"`
	Malicious   *classify.Answer `json:"malicious,omitzero"`
	CrossBorder *classify.Answer `json:"cross_border,omitzero"`

	AffectsTrustService *classify.Answer `json:"affects_trust_service,omitzero"`
	OngoingAtFinalDue   *classify.Answer `json:"ongoing_at_final_due,omitzero"`
	Reason              string           `json:"reason,omitzero"`
	// Recount is there where one of the two was answered.
	Recount *Recount `json:"recount,omitzero"`
}

func (FactsSet) Kind() string { return "incident.facts_set/v1" }

func (e FactsSet) Describe() string {
	var parts []string
	if e.Malicious != nil {
		parts = append(parts, "unlawful or malicious acts suspected: "+string(*e.Malicious))
	}
	if e.CrossBorder != nil {
		parts = append(parts, "cross-border impact: "+string(*e.CrossBorder))
	}
	if e.AffectsTrustService != nil {
		parts = append(parts, "trust services affected: "+string(*e.AffectsTrustService))
	}
	if e.OngoingAtFinalDue != nil {
		parts = append(parts, "ongoing when the final report falls due: "+string(*e.OngoingAtFinalDue))
	}
	if e.Summary != nil {
		parts = append(parts, "summary: "+*e.Summary)
	}
	if e.Reason != "" {
		parts = append(parts, "reason: "+e.Reason)
	}
	if e.Recount != nil {
		parts = append(parts, e.Recount.describe())
	}
	return strings.Join(parts, "; ")
}

func set[T any](into, said *T) {
	if said != nil {
		*into = *said
	}
}

func (ev FactsSet) applyTo(_ *State, i *Incident, _ Entry) {
	ev.set(i)
	if ev.Recount != nil {
		i.recounted(*ev.Recount)
	}
}

// set takes over what was said.
func (e FactsSet) set(i *Incident) {
	set(&i.Summary, e.Summary)
	set(&i.Malicious, e.Malicious)
	set(&i.CrossBorder, e.CrossBorder)
	i.MaliciousSaid = i.MaliciousSaid || e.Malicious != nil
	i.CrossBorderSaid = i.CrossBorderSaid || e.CrossBorder != nil
	set(&i.AffectsTrustService, e.AffectsTrustService)
	set(&i.OngoingAtFinalDue, e.OngoingAtFinalDue)
}
