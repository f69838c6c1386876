package incident

import (
	"nis2clock/internal/classify"
	"strings"
)

// SetFacts records what a person says of the incident: what happened, and the
// two questions of Art. 23(4)(a). What is nil stays as it was.
type SetFacts struct {
	Person
	ID          ID
	Summary     *string
	Malicious   *classify.Answer
	CrossBorder *classify.Answer
}

func (c SetFacts) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	for name, a := range map[string]*classify.Answer{"malicious": c.Malicious, "cross_border": c.CrossBorder} {
		if a != nil && *a != classify.Unknown && classify.ParseAnswer(string(*a)) != *a {
			return nil, invalid("%s is %q: answer yes, no or unknown", name, *a)
		}
	}
	ev := FactsSet{Meta: c.metaFor(c.ID), Summary: news(c.Summary, i.Summary), Malicious: news(c.Malicious, i.Malicious), CrossBorder: news(c.CrossBorder, i.CrossBorder)}
	if ev.Summary != nil || ev.Malicious != nil || ev.CrossBorder != nil {
		d.emit(ev)
		r.reconsider(d, i, c.By, "new facts", nil)
	}
	return c.ID, nil
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
	if e.Summary != nil {
		parts = append(parts, "summary: "+*e.Summary)
	}
	return strings.Join(parts, "; ")
}

// set takes over what was said.
func set[T any](into, said *T) {
	if said != nil {
		*into = *said
	}
}

func (ev FactsSet) applyTo(_ *State, i *Incident, _ Entry) {
	set(&i.Summary, ev.Summary)
	set(&i.Malicious, ev.Malicious)
	set(&i.CrossBorder, ev.CrossBorder)
}
