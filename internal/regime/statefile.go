package regime

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"nis2clock/internal/yamlfile"
)

// The shape of a State's file; the package comment explains the keys.
type (
	stateYAML struct {
		State      on[string]
		Name       on[string]
		Zone       on[string]
		Holidays   on[string]
		Languages  on[[]string]
		Act        on[string]
		InForce    on[bool] `yaml:"in_force"`
		Since      on[string]
		Authority  on[string]
		Portal     on[string]
		Source     on[string]
		Confidence on[string]
		Reviewed   on[string]
		Notes      on[[]string]

		Regime   on[string]
		Start    on[string]
		Rounding on[string] `yaml:"hour_rounding"`
		Stages   []on[changeYAML]
	}
	// changeYAML is a stage that the State adds, or the keys in which one of the regime's differs there.
	changeYAML struct {
		Before on[string]
		Stage  stageYAML `yaml:",inline"`
	}
)

// parseState reads the file of a Member State and applies it to the regime it names. The error joins all mistakes.
func parseState(name string, data []byte, regimes map[ID]Regime) (State, Regime, error) {
	var f stateYAML
	if err := yamlfile.Decode(name, data, &f); err != nil {
		return State{}, Regime{}, err
	}
	r := &reader{yamlfile.Mistakes{File: name}}
	s := State{
		Code:       need(r, 1, "state", f.State, parseCode),
		Name:       need(r, 1, "name", f.Name, parseText),
		Zone:       need(r, 1, "zone", f.Zone, parseZone),
		Holidays:   need(r, 1, "holidays", f.Holidays, parseCode),
		Act:        need(r, 1, "act", f.Act, parseText),
		InForce:    f.InForce.Value,
		Authority:  need(r, 1, "authority", f.Authority, parseText),
		Portal:     f.Portal.Value,
		Regime:     ID(need(r, 1, "regime", f.Regime, parseName)),
		Source:     need(r, 1, "source", f.Source, parseText),
		Confidence: need(r, 1, "confidence", f.Confidence, parseConfidence),
		Reviewed:   need(r, 1, "reviewed", f.Reviewed, parseDate),
		Notes:      f.Notes.Value,
	}
	if f.InForce.Line == 0 {
		r.refuse(1, errors.New("in_force is missing: true if an act is in force, else false"))
	}
	if f.Since.Line != 0 {
		s.Since = need(r, 1, "since", f.Since, parseDate)
	}
	for _, l := range f.Languages.Value {
		if !languageForm.MatchString(l) {
			r.refuse(f.Languages.Line, fmt.Errorf("languages: bad code %q: want ISO 639-1, as in de", l))
		}
		s.Languages = append(s.Languages, l)
	}
	if len(s.Languages) == 0 {
		r.refuse(f.Languages.Line, errors.New("languages are missing: want at least one"))
	}
	regime, ok := regimes[s.Regime]
	if !ok && f.Regime.Line != 0 {
		r.refuse(f.Regime.Line, fmt.Errorf("regime: no regime %q is known", s.Regime))
	}
	regime = r.overlay(f, s, regime)
	return s, regime, r.Err()
}

// overlay is the regime as it holds in the State.
func (r *reader) overlay(f stateYAML, s State, regime Regime) Regime {
	regime = regime.national(s)
	if f.Start.Line != 0 {
		if f.Start.Value != string(FromDetection) {
			r.refuse(f.Start.Line, fmt.Errorf("start: unknown %q: want detection, or leave it out", f.Start.Value))
		}
		regime = regime.FromDetection()
	}
	changed := map[StageID]bool{}
	for _, y := range f.Stages {
		id := StageID(need(r, y.Line, "id", y.Value.Stage.ID, parseName))
		if changed[id] {
			r.refuse(y.Value.Stage.ID.Line, fmt.Errorf("stage %q is listed twice", id))
		}
		changed[id] = true
		at := slices.IndexFunc(regime.Stages, func(s Stage) bool { return s.ID == id })
		if at >= 0 {
			regime.Stages[at] = r.change(y, s, regime.Stages[at], regime.Stages[:at])
			continue
		}
		at = len(regime.Stages)
		if y.Value.Before.Line != 0 {
			at = slices.IndexFunc(regime.Stages, func(s Stage) bool { return string(s.ID) == y.Value.Before.Value })
			if at < 0 {
				r.refuse(y.Value.Before.Line, fmt.Errorf("before: %s has no stage %q", regime.ID, y.Value.Before.Value))
				at = len(regime.Stages)
			}
		}
		regime.Stages = slices.Insert(regime.Stages, at, r.stage(on[stageYAML]{Value: y.Value.Stage, Line: y.Line}, regime.Stages[:at]))
	}
	r.exactHours(f.Rounding, regime.Stages)
	return regime
}

// change is a stage of the regime with the keys that the State gives.
func (r *reader) change(y on[changeYAML], s State, stage Stage, before []Stage) Stage {
	v := y.Value.Stage
	if y.Value.Before.Line != 0 {
		r.refuse(y.Value.Before.Line, fmt.Errorf("before: stage %q has its place already", stage.ID))
	}
	if v.Title.Line != 0 {
		stage.Title = need(r, y.Line, "title", v.Title, parseText)
	}
	if v.OnlyIf.Line != 0 {
		stage.OnlyIf = need(r, y.Line, "only_if", v.OnlyIf, parseCondition)
	}
	if v.Again.Line != 0 {
		stage.Again = need(r, y.Line, "again", v.Again, parseAgain)
	}
	rule := &stage.Rule
	rule.Confidence = s.Confidence
	if k := v.Rule.Clock; k.Line != 0 {
		rule.ClockName = need(r, y.Line, "clock", k, parseName)
	}
	if k := v.Rule.Period; k.Line != 0 {
		rule.Period = need(r, y.Line, "period", k, parsePeriod)
	}
	if k := v.Rule.From; k.Line != 0 {
		rule.Anchor = need(r, y.Line, "from", k, parseAnchor)
		r.listed(k.Line, stage.ID, rule.Anchor, before)
	}
	if k := v.Rule.Earlier; k.Line != 0 {
		rule.ConservativeAnchor = need(r, y.Line, "conservative_from", k, parseAnchor)
		r.listed(k.Line, stage.ID, rule.ConservativeAnchor, before)
	}
	if k := v.Rule.Limit; k.Line != 0 {
		rule.NoLaterThan = new(need(r, y.Line, "no_later_than", k, parseLimit))
		r.listed(k.Line, stage.ID, rule.NoLaterThan.Anchor, before)
	}
	if k := v.Rule.Relief; k.Line != 0 {
		rule.Relief = need(r, y.Line, "relief", k, parseRelief)
	}
	if k := v.Rule.Source; k.Line != 0 {
		rule.Source = need(r, y.Line, "source", k, parseText)
	}
	if k := v.Rule.Confidence; k.Line != 0 {
		rule.Confidence = need(r, y.Line, "confidence", k, parseConfidence)
	}
	if v.Except != nil {
		stage.Except = r.exceptions(v.Except, stage.ID, before)
	}
	return stage
}

var (
	codeForm     = regexp.MustCompile(`^[A-Z]{2}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2}$`)
)

func parseCode(s string) (string, error) {
	if !codeForm.MatchString(s) {
		return "", fmt.Errorf("bad State %q: want two capital letters, as in DE", s)
	}
	return s, nil
}

func parseZone(s string) (string, error) {
	if _, err := ParseZone(s); err != nil {
		return "", err
	}
	return s, nil
}
