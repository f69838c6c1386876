package deadline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"nis2clock/internal/regime"
)

// overlay is how a vector says that a Member State departs from NIS2 (regulation 8). What it does not say is as in the
// Directive; a State that is known has a file of its own in package regime, and the calculator's flags apply that.
type overlay struct {
	earlyWarning, endOfImpact int // hours; 0 is as in the Directive, or none
	fromDetection             bool
	exactHours                bool
	final                     regime.Rule // what it changes of the final report's rule; a zero period is nothing
}

var (
	overlayKeys = []string{"early_warning_hours", "start", "final", "end_of_impact_hours", "hour_rounding"}
	finalKeys   = []string{"kind", "n", "anchor", "conservative_anchor"}
	kinds       = map[string]regime.Unit{"days": regime.Days, "working_days": regime.WorkingDays, "months": regime.Months}
)

// The stages that an overlay changes or adds.
const (
	earlyWarning   regime.StageID = "early_warning"
	endOfImpact    regime.StageID = "end_of_impact_notification"
	progressReport regime.StageID = "progress_report"
	finalReport    regime.StageID = "final_report"
)

func (d document) overlay(n ast.Node) (overlay, error) {
	var o overlay
	keys, err := d.mapping(n, "overlay", overlayKeys)
	if err != nil {
		return o, err
	}
	for key, into := range map[string]*int{"early_warning_hours": &o.earlyWarning, "end_of_impact_hours": &o.endOfImpact} {
		if keys[key] == nil {
			continue
		}
		if *into, err = d.count(keys[key], key); err != nil {
			return o, err
		}
	}
	for key, word := range map[string]struct {
		want string
		into *bool
	}{"start": {"detected", &o.fromDetection}, "hour_rounding": {"none", &o.exactHours}} {
		if keys[key] == nil {
			continue
		}
		s, err := d.text(keys[key], key)
		if err != nil {
			return o, err
		}
		if s != word.want {
			return o, d.refuse(keys[key], "%s: unknown %q: want %s, or leave it out", key, s, word.want)
		}
		*word.into = true
	}
	if keys["final"] != nil {
		o.final, err = d.final(keys["final"])
	}
	return o, err
}

func (d document) final(n ast.Node) (regime.Rule, error) {
	var rule regime.Rule
	keys, err := d.mapping(n, "final", finalKeys)
	if err != nil {
		return rule, err
	}
	for _, key := range []string{"kind", "n"} {
		if keys[key] == nil {
			return rule, d.refuse(n, "%s is missing from final", key)
		}
	}
	kind, err := d.text(keys["kind"], "kind")
	if err != nil {
		return rule, err
	}
	unit, ok := kinds[kind]
	if !ok {
		return rule, d.refuse(keys["kind"], "kind: unknown %q: want days, working_days or months", kind)
	}
	rule.Period.Unit = unit
	if rule.Period.N, err = d.count(keys["n"], "n"); err != nil {
		return rule, err
	}
	for key, into := range map[string]*regime.Anchor{"anchor": &rule.Anchor, "conservative_anchor": &rule.ConservativeAnchor} {
		if keys[key] == nil {
			continue
		}
		stage, err := d.text(keys[key], key)
		if err != nil {
			return rule, err
		}
		*into = regime.Anchor{Event: regime.FromSubmission, Stage: regime.StageID(stage)}
	}
	return rule, nil
}

// apply returns NIS2 as the overlay changes it.
func (o overlay) apply(r regime.Regime) (regime.Regime, error) {
	if o.fromDetection {
		r = r.FromDetection()
	}
	r.Stages = slices.Clone(r.Stages)
	if o.endOfImpact != 0 {
		at := slices.IndexFunc(r.Stages, func(s regime.Stage) bool { return s.ID == progressReport })
		if at < 0 {
			return r, fmt.Errorf("%s has no stage %q", r.ID, progressReport)
		}
		rule := regime.Rule{ClockName: string(endOfImpact), Anchor: regime.Anchor{Event: regime.FromImpactEnd}}
		rule.Period = regime.Period{N: o.endOfImpact, Unit: regime.Hours}
		r.Stages = slices.Insert(r.Stages, at, regime.Stage{ID: endOfImpact, Title: "End-of-impact notification", OnlyIf: regime.ImpactEnded, Rule: o.cite(rule)})
	}
	for i := range r.Stages {
		s := &r.Stages[i]
		switch s.ID {
		case earlyWarning:
			if o.earlyWarning != 0 {
				s.Period = regime.Period{N: o.earlyWarning, Unit: regime.Hours}
				s.Rule = o.cite(s.Rule)
			}
		case progressReport, finalReport:
			if err := o.applyFinal(s, r.Stages[:i]); err != nil {
				return r, err
			}
		}
	}
	if o.exactHours {
		r = r.WithExactHours()
	}
	return r, nil
}

func (o overlay) applyFinal(s *regime.Stage, before []regime.Stage) error {
	if o.final.Period.N == 0 {
		return nil
	}
	for _, a := range []regime.Anchor{o.final.Anchor, o.final.ConservativeAnchor} {
		if a.Stage != "" && !slices.ContainsFunc(before, func(b regime.Stage) bool { return b.ID == a.Stage }) {
			var known []string
			for _, b := range before {
				known = append(known, string(b.ID))
			}
			return fmt.Errorf("final: no stage %q to count from: want one of %s", a.Stage, strings.Join(known, ", "))
		}
	}
	s.Period = o.final.Period
	if o.final.Anchor.Stage != "" {
		s.Anchor = o.final.Anchor
	}
	s.ConservativeAnchor = o.final.ConservativeAnchor
	s.Rule = o.cite(s.Rule)
	return nil
}

// cite says that a rule comes from the vector itself.
func (o overlay) cite(r regime.Rule) regime.Rule {
	r.Source, r.Confidence = "the overlay that the vector gives", regime.Memory
	return r
}
