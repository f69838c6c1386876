package regime

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"nis2clock/internal/yamlfile"
)

// The shape of a regime file; the package comment explains the keys.
type (
	fileYAML struct {
		ID       on[string]
		Title    on[string]
		Version  on[string]
		Reviewed on[string]
		Act      on[string]
		Link     on[string]
		Applies  on[string]         `yaml:"applies_from"`
		Rounding on[string]         `yaml:"hour_rounding"`
		Displace []on[displaceYAML] `yaml:"displaces"`
		Stages   []on[stageYAML]
	}
	displaceYAML struct {
		Regime on[string]
		Source on[string]
	}
	stageYAML struct {
		ID     on[string]
		Title  on[string]
		OnlyIf on[string] `yaml:"only_if"`
		Again  on[string]
		Rule   ruleYAML `yaml:",inline"`
		Except []on[exceptionYAML]
	}
	exceptionYAML struct {
		If   on[string]
		Rule ruleYAML `yaml:",inline"`
	}
	ruleYAML struct {
		Clock      on[string]
		Period     on[string]
		From       on[string]
		Earlier    on[string] `yaml:"conservative_from"`
		Limit      on[string] `yaml:"no_later_than"`
		Relief     on[string]
		Source     on[string]
		Confidence on[string]
	}
)

// on is a value and the line it stands on.
type on[T any] = yamlfile.On[T]

// reader turns a file into a regime and gathers its mistakes.
type reader struct{ yamlfile.Mistakes }

func (r *reader) refuse(line int, err error) { r.Refuse(line, "%w", err) }

// parseFile reads one regime file. The error joins all mistakes.
func parseFile(name string, data []byte) (Regime, error) {
	var f fileYAML
	if err := yamlfile.Decode(name, data, &f); err != nil {
		return Regime{}, err
	}
	r := &reader{yamlfile.Mistakes{File: name}}
	regime := Regime{
		ID:       ID(need(r, 1, "id", f.ID, parseName)),
		Title:    need(r, 1, "title", f.Title, parseText),
		Version:  need(r, 1, "version", f.Version, parseText),
		Reviewed: need(r, 1, "reviewed", f.Reviewed, parseDate),
		Act:      need(r, 1, "act", f.Act, parseText),
		Link:     f.Link.Value,
	}
	if f.Applies.Line != 0 {
		regime.AppliesFrom = need(r, 1, "applies_from", f.Applies, parseDate)
	}
	for _, d := range f.Displace {
		if d.Value.Regime.Value == f.ID.Value && d.Value.Regime.Line != 0 {
			r.refuse(d.Line, fmt.Errorf("displaces: %q is this regime itself: name another", f.ID.Value))
		}
		regime.Displaces = append(regime.Displaces, Displacement{
			Regime: ID(need(r, d.Line, "regime", d.Value.Regime, parseName)),
			Source: need(r, d.Line, "source", d.Value.Source, parseText),
		})
	}
	if len(f.Stages) == 0 {
		r.refuse(1, errors.New("stages are missing: a regime needs at least one"))
	}
	for _, s := range f.Stages {
		regime.Stages = append(regime.Stages, r.stage(s, regime.Stages))
	}
	r.exactHours(f.Rounding, regime.Stages)
	return regime, r.Err()
}

func (r *reader) stage(s on[stageYAML], before []Stage) Stage {
	stage := Stage{
		ID:    StageID(need(r, s.Line, "id", s.Value.ID, parseName)),
		Title: need(r, s.Line, "title", s.Value.Title, parseText),
	}
	if stage.ID != "" && slices.ContainsFunc(before, func(b Stage) bool { return b.ID == stage.ID }) {
		r.refuse(s.Value.ID.Line, fmt.Errorf("stage %q is listed twice", stage.ID))
	}
	if s.Value.OnlyIf.Line != 0 {
		stage.OnlyIf = need(r, s.Line, "only_if", s.Value.OnlyIf, parseCondition)
	}
	if s.Value.Again.Line != 0 {
		stage.Again = need(r, s.Line, "again", s.Value.Again, parseAgain)
	}
	stage.Rule = r.rule(s.Line, s.Value.Rule, stage.ID, before)
	stage.Except = r.exceptions(s.Value.Except, stage.ID, before)
	return stage
}

func (r *reader) exceptions(list []on[exceptionYAML], stage StageID, before []Stage) []Exception {
	var exceptions []Exception
	for _, e := range list {
		exceptions = append(exceptions, Exception{
			If:   need(r, e.Line, "if", e.Value.If, parseCondition),
			Rule: r.rule(e.Line, e.Value.Rule, stage, before),
		})
	}
	return exceptions
}

// rule reads the rule of a stage or of one of its exceptions. It may be counted from stages before it only, so that
// no stage waits for itself.
func (r *reader) rule(line int, y ruleYAML, stage StageID, before []Stage) Rule {
	rule := Rule{
		ClockName:  string(stage),
		Period:     need(r, line, "period", y.Period, parsePeriod),
		Anchor:     need(r, line, "from", y.From, parseAnchor),
		Source:     need(r, line, "source", y.Source, parseText),
		Confidence: need(r, line, "confidence", y.Confidence, parseConfidence),
	}
	if y.Clock.Line != 0 {
		rule.ClockName = need(r, line, "clock", y.Clock, parseName)
	}
	if y.Earlier.Line != 0 {
		rule.ConservativeAnchor = need(r, line, "conservative_from", y.Earlier, parseAnchor)
	}
	if y.Limit.Line != 0 {
		rule.NoLaterThan = new(need(r, line, "no_later_than", y.Limit, parseLimit))
		r.listed(y.Limit.Line, stage, rule.NoLaterThan.Anchor, before)
	}
	if y.Relief.Line != 0 {
		rule.Relief = need(r, line, "relief", y.Relief, parseRelief)
	}
	r.listed(y.From.Line, stage, rule.Anchor, before)
	r.listed(y.Earlier.Line, stage, rule.ConservativeAnchor, before)
	return rule
}

// listed refuses to count a stage from the submission of one that is not listed before it.
func (r *reader) listed(line int, stage StageID, a Anchor, before []Stage) {
	if a.Event == FromSubmission && !slices.ContainsFunc(before, func(b Stage) bool { return b.ID == a.Stage }) {
		r.refuse(line, fmt.Errorf("stage %q is counted from the submission of %q: want a stage listed before it", stage, a.Stage))
	}
}

// exactHours makes every rule of the stages count hours from minute to minute, if the text says "none".
func (r *reader) exactHours(rounding on[string], stages []Stage) {
	if rounding.Line == 0 {
		return
	}
	if rounding.Value != "none" {
		r.refuse(rounding.Line, fmt.Errorf("hour_rounding: unknown %q: want none, or leave it out", rounding.Value))
	}
	for i := range stages {
		stages[i].ExactHours = true
		for j := range stages[i].Except {
			stages[i].Except[j].ExactHours = true
		}
	}
}

// need parses the text of a key that must be there. Line is that of what lacks it.
func need[T any](r *reader, line int, key string, text on[string], parse func(string) (T, error)) T {
	if text.Line == 0 {
		var none T
		r.refuse(line, fmt.Errorf("%s is missing", key))
		return none
	}
	value, err := parse(text.Value)
	if err != nil {
		r.refuse(text.Line, fmt.Errorf("%s: %w", key, err))
	}
	return value
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func parseName(s string) (string, error) {
	if !nameForm.MatchString(s) {
		return "", fmt.Errorf("bad name %q: want lower-case letters, digits and _, a letter first", s)
	}
	return s, nil
}

func parseText(s string) (string, error) {
	if s == "" {
		return "", errors.New("is empty")
	}
	return s, nil
}

func parseDate(s string) (string, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("bad date %q: want YYYY-MM-DD", s)
	}
	return s, nil
}

func parseConfidence(s string) (Confidence, error) {
	switch c := Confidence(s); c {
	case Verified, Secondary, Memory:
		return c, nil
	}
	return "", fmt.Errorf("unknown confidence %q: want verified, secondary or memory", s)
}
