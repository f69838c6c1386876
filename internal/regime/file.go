package regime

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
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
		Rule   ruleYAML   `yaml:",inline"`
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

// on is a value and the line it stands on; a key that is absent has line 0.
type on[T any] struct {
	value T
	line  int
}

// UnmarshalYAML notes the line and decodes the value. The decoder does not hand its strictness down, so it is
// asked for again.
func (o *on[T]) UnmarshalYAML(node ast.Node) error {
	o.line = lineOf(node.GetToken())
	return yaml.NodeToValue(node, &o.value, yaml.Strict())
}

// reader turns a file into a regime and gathers its mistakes.
type reader struct {
	file     string
	mistakes []error
}

func (r *reader) refuse(line int, err error) {
	r.mistakes = append(r.mistakes, fmt.Errorf("%s:%d: %w", r.file, line, err))
}

// parseFile reads one regime file. The error joins all mistakes.
func parseFile(name string, data []byte) (Regime, error) {
	r := &reader{file: name}
	var f fileYAML
	if line, err := decode(data, &f); err != nil {
		r.refuse(line, err)
		return Regime{}, errors.Join(r.mistakes...)
	}
	regime := Regime{
		ID:       ID(need(r, 1, "id", f.ID, parseName)),
		Title:    need(r, 1, "title", f.Title, parseText),
		Version:  need(r, 1, "version", f.Version, parseText),
		Reviewed: need(r, 1, "reviewed", f.Reviewed, parseDate),
		Act:      need(r, 1, "act", f.Act, parseText),
		Link:     f.Link.value,
	}
	for _, d := range f.Displace {
		regime.Displaces = append(regime.Displaces, Displacement{
			Regime: ID(need(r, d.line, "regime", d.value.Regime, parseName)),
			Source: need(r, d.line, "source", d.value.Source, parseText),
		})
	}
	if len(f.Stages) == 0 {
		r.refuse(1, errors.New("stages are missing: a regime needs at least one"))
	}
	for _, s := range f.Stages {
		regime.Stages = append(regime.Stages, r.stage(s, regime.Stages))
	}
	r.exactHours(f.Rounding, regime.Stages)
	return regime, errors.Join(r.mistakes...)
}

// decode reads the one document of a file. With the error comes the line it concerns.
func decode[T any](data []byte, into *T) (line int, err error) {
	docs, err := parser.ParseBytes(data, 0)
	if err == nil {
		switch {
		case len(docs.Docs) == 0 || docs.Docs[0].Body == nil:
			return 1, errors.New("the file is empty")
		case len(docs.Docs) > 1:
			return lineOf(docs.Docs[1].Start), errors.New("a second document: put each regime in its own file")
		}
		body := docs.Docs[0].Body
		for _, n := range ast.Filter(ast.NullType, body) {
			return lineOf(n.GetToken()), errors.New("a key without a value: give it one or leave it out")
		}
		for _, n := range ast.Filter(ast.AliasType, body) {
			return lineOf(n.GetToken()), errors.New("an alias: write each rule out, so that it can be read beside the act")
		}
		err = yaml.NodeToValue(body, into, yaml.Strict())
	}
	if located, ok := errors.AsType[yaml.Error](err); ok {
		return lineOf(located.GetToken()), errors.New(located.GetMessage())
	}
	return 1, err
}

func (r *reader) stage(s on[stageYAML], before []Stage) Stage {
	stage := Stage{
		ID:    StageID(need(r, s.line, "id", s.value.ID, parseName)),
		Title: need(r, s.line, "title", s.value.Title, parseText),
	}
	if stage.ID != "" && slices.ContainsFunc(before, func(b Stage) bool { return b.ID == stage.ID }) {
		r.refuse(s.value.ID.line, fmt.Errorf("stage %q is listed twice", stage.ID))
	}
	if s.value.OnlyIf.line != 0 {
		stage.OnlyIf = need(r, s.line, "only_if", s.value.OnlyIf, parseCondition)
	}
	stage.Rule = r.rule(s.line, s.value.Rule, stage.ID, before)
	stage.Except = r.exceptions(s.value.Except, stage.ID, before)
	return stage
}

func (r *reader) exceptions(list []on[exceptionYAML], stage StageID, before []Stage) []Exception {
	var exceptions []Exception
	for _, e := range list {
		exceptions = append(exceptions, Exception{
			If:   need(r, e.line, "if", e.value.If, parseCondition),
			Rule: r.rule(e.line, e.value.Rule, stage, before),
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
	if y.Clock.line != 0 {
		rule.ClockName = need(r, line, "clock", y.Clock, parseName)
	}
	if y.Earlier.line != 0 {
		rule.ConservativeAnchor = need(r, line, "conservative_from", y.Earlier, parseAnchor)
	}
	if y.Limit.line != 0 {
		rule.NoLaterThan = new(need(r, line, "no_later_than", y.Limit, parseLimit))
		r.listed(y.Limit.line, stage, rule.NoLaterThan.Anchor, before)
	}
	if y.Relief.line != 0 {
		rule.Relief = need(r, line, "relief", y.Relief, parseRelief)
	}
	r.listed(y.From.line, stage, rule.Anchor, before)
	r.listed(y.Earlier.line, stage, rule.ConservativeAnchor, before)
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
	if rounding.line == 0 {
		return
	}
	if rounding.value != "none" {
		r.refuse(rounding.line, fmt.Errorf("hour_rounding: unknown %q: want none, or leave it out", rounding.value))
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
	if text.line == 0 {
		var none T
		r.refuse(line, fmt.Errorf("%s is missing", key))
		return none
	}
	value, err := parse(text.value)
	if err != nil {
		r.refuse(text.line, fmt.Errorf("%s: %w", key, err))
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

// lineOf returns the line of a token, or 1 if it has none.
func lineOf(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 1
	}
	return t.Position.Line
}
