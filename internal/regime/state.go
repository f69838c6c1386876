package regime

import (
	"fmt"
	"slices"
)

// State is what is known of a Member State: where it is, whom an entity reports to, and the act by which it made a Directive its
// law. How that act changes the clocks of the Directive is in [Set.In].
type State struct {
	Code      string   // ISO 3166-1 alpha-2, upper case: Greece is GR
	Name      string   // in English
	Zone      string   // IANA zone of its national authorities
	Holidays  string   // whose calendar of public holidays holds there, as a rule its own
	Languages []string // official languages of the authority, ISO 639-1; several authorities read English too

	Act       string // the national act, as cited; where there is none, what stands in for it
	InForce   bool   // whether an act that makes the Directive national law was in force when this was reviewed
	Since     string // date from which entities report under it, YYYY-MM-DD; may be empty
	Authority string // whom to report to
	Portal    string // through what; may be empty

	Regime ID       // the regime that the overlay changes
	Notes  []string // deviations that no clock shows, a sentence each

	Source     string     // where this was read
	Confidence Confidence // in the deadlines
	Reviewed   string     // date of the last comparison, YYYY-MM-DD
}

// FromDetection returns the regime with every period that runs from awareness running from detection instead.
func (r Regime) FromDetection() Regime {
	swap := func(a *Anchor) {
		if a.Event == FromAwareness {
			a.Event = FromDetection
		}
	}
	return r.edit(func(rule *Rule) {
		swap(&rule.Anchor)
		swap(&rule.ConservativeAnchor)
		if rule.NoLaterThan != nil {
			limit := *rule.NoLaterThan
			swap(&limit.Anchor)
			rule.NoLaterThan = &limit
		}
	})
}

// WithExactHours returns the regime with all hours counted from minute to minute, in the outer reading too: see [Rule.ExactHours].
func (r Regime) WithExactHours() Regime {
	return r.edit(func(rule *Rule) { rule.ExactHours = true })
}

// edit returns the regime with every rule changed, and leaves r as it is.
func (r Regime) edit(change func(*Rule)) Regime {
	r.Stages = slices.Clone(r.Stages)
	for i := range r.Stages {
		s := &r.Stages[i]
		change(&s.Rule)
		s.Except = slices.Clone(s.Except)
		for j := range s.Except {
			change(&s.Except[j].Rule)
		}
	}
	return r
}

// national is the regime as the State made it its law: every rule cites the national act, if one is in force, and is as sure as the less
// sure of the two.
func (r Regime) national(s State) Regime {
	return r.edit(func(rule *Rule) {
		rule.Source = s.cite(rule.Source)
		rule.Confidence = lesser(rule.Confidence, s.Confidence)
	})
}

func (s State) cite(source string) string {
	if !s.InForce {
		return fmt.Sprintf("%s; no act of %s in force", source, s.Code)
	}
	return fmt.Sprintf("%s, %s; for %s", s.Code, s.Act, source)
}

// lesser is the confidence in what rests on both.
func lesser(a, b Confidence) Confidence {
	sureness := []Confidence{Memory, Secondary, Verified}
	return sureness[max(0, min(slices.Index(sureness, a), slices.Index(sureness, b)))]
}
