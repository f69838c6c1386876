package config

import (
	"fmt"
	"regexp"
	"slices"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
)

// rules reads classification.rules. The entities are known by then.
func (c *Config) rules(s *section) {
	f, ok := s.take("rules")
	if !ok {
		return
	}
	items, ok := f.items()
	if !ok {
		return
	}
	var list []classify.Rule
	var sections []*section // of the rules in list
	whole := true
	for _, item := range items {
		sub, ok := item.section()
		if !ok {
			whole = false
			continue
		}
		before := len(s.mistakes)
		r := c.readRule(sub)
		if len(s.mistakes) > before { // it would say less than it should
			whole = false
			continue
		}
		list, sections = append(list, r), append(sections, sub)
	}
	if len(list) == 0 {
		return
	}
	rules, doubts, mistakes := classify.NewRules(list)
	at := func(e *classify.RuleError, tell func(int, string, string, ...any)) {
		sub, key := sections[e.Index], sections[e.Index].path
		if e.Key != "" {
			key = sub.at(e.Key)
		}
		tell(sub.lineOf(e.Key), key, "%v", e.Err)
	}
	for _, e := range mistakes {
		at(e, s.refuse)
	}
	if !whole {
		return
	}
	for _, e := range doubts {
		at(e, s.warn)
	}
	c.Classification.Rules = rules
}

func (c *Config) readRule(s *section) classify.Rule {
	defer s.close()
	var r classify.Rule
	if !scalar(s, "name", &r.Name, parseRuleName) {
		s.missing("name", "give the rule a short name, which reasons and metrics show")
	}
	if !scalar(s, "match", &r.Match, func(text string) (string, error) { return text, nil }) {
		s.missing("match", `say which alerts it is for, such as labels.source == "siem"; true is for all`)
	}
	scalar(s, "continue", &r.Continue, parseBool)
	scalar(s, "reportable", &r.Reportable, parseVerdict)
	scalar(s, "category", &r.Category, classify.ParseCategory)
	scalar(s, "severity", &r.Severity, parseText)
	scalar(s, "service", &r.Service, parseText)
	scalar(s, "malicious", &r.Malicious, parseAnswer)
	scalar(s, "cross_border", &r.CrossBorder, parseAnswer)
	scalar(s, "incident", &r.Incident, parseText)
	list(s, "correlate_by", &r.CorrelateBy, parseLabel)
	list(s, "entities", &r.Entities, c.parseEntity)
	var regimes []regime.ID
	list(s, "regimes", &regimes, regimeOf(c.Law))
	for i, id := range regimes {
		r.Regimes = append(r.Regimes, string(id))
		if !slices.ContainsFunc(c.Entities, func(e Entity) bool { return slices.Contains(e.Regimes, id) }) {
			s.warn(s.lineOf("regimes"), fmt.Sprintf("%s[%d]", s.at("regimes"), i), "%s binds none of the entities: no clock of it runs", id)
		}
	}
	if r.Incident != "" && len(r.CorrelateBy) > 0 {
		s.refuse(s.lineOf("correlate_by"), s.at("correlate_by"), "incident is given too: keep one of the two")
	}
	return r
}

// ruleName keeps the names short enough for reasons and metrics.
var ruleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$`)

func parseRuleName(s string) (string, error) {
	if !ruleName.MatchString(s) {
		return "", fmt.Errorf("%s is not a short name: want up to 64 letters, digits, spaces, dots, dashes and underscores", quote(s))
	}
	return s, nil
}

func parseVerdict(s string) (classify.Verdict, error) {
	switch s {
	case "true":
		return classify.Reportable, nil
	case "triage":
		return classify.Triage, nil
	case "false":
		return classify.Ignore, nil
	}
	return "", fmt.Errorf("%s is not known here: want true, triage or false", quote(s))
}

func parseAnswer(s string) (classify.Answer, error) {
	switch a := classify.Answer(s); a {
	case classify.Yes, classify.No, classify.Unknown:
		return a, nil
	}
	return "", fmt.Errorf("%s is not an answer: want yes, no or unknown", quote(s))
}

// parseEntity reads the name of a configured entity.
func (c *Config) parseEntity(s string) (string, error) {
	names := make([]string, len(c.Entities))
	for i, e := range c.Entities {
		names[i] = e.Name
	}
	if !slices.Contains(names, s) {
		return "", fmt.Errorf("there is no entity %s: want %s", quote(s), either(names))
	}
	return s, nil
}
