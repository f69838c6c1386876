package classify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"
)

// A Rule says what alerts mean whose labels cannot be changed. What it leaves
// empty it says nothing about.
type Rule struct {
	Name  string // unique
	Match string // the condition, in the language of expression.go
	// Continue lets the rules after it be tried too.
	Continue bool

	Reportable  Verdict
	Severity    string
	Category    Category
	Regimes     []string
	Entities    []string // whose clocks run
	Service     string
	Malicious   Answer
	CrossBorder Answer
	Incident    string   // a correlation key, as the label nis2_incident gives one
	CorrelateBy []string // in place of [Policy.CorrelateBy]
}

// says reports whether the rule says anything.
func (r *Rule) says() bool {
	return r.Reportable != "" || r.Severity != "" || r.Category != Category{} || len(r.Regimes) > 0 || len(r.Entities) > 0 ||
		r.Service != "" || r.Malicious != "" || r.CrossBorder != "" || r.Incident != "" || len(r.CorrelateBy) > 0
}

// equal reports whether two rules are the same.
func (r *Rule) equal(o *Rule) bool {
	return r.Name == o.Name && r.Match == o.Match && r.Continue == o.Continue && r.Reportable == o.Reportable && r.Severity == o.Severity &&
		r.Category == o.Category && slices.Equal(r.Regimes, o.Regimes) && slices.Equal(r.Entities, o.Entities) && r.Service == o.Service &&
		r.Malicious == o.Malicious && r.CrossBorder == o.CrossBorder && r.Incident == o.Incident && slices.Equal(r.CorrelateBy, o.CorrelateBy)
}

// Rules are tried in order: the first that matches counts, and the ones after
// it as long as each says [Rule.Continue], as with Alertmanager's routes. Of
// those that count, the first that says something about a fact decides it; a
// label on the alert decides before all of them.
//
// Rules are read-only and safe for concurrent use. A nil *Rules has none.
type Rules struct {
	all []rule
}

// rule is a [Rule] ready to be evaluated.
type rule struct {
	Rule
	expr   *expression
	terms  []term // when it can be true; see [expression.terms]
	few    bool   // terms are all of them
	reason string // as [Decision.Reason] gives it
}

// RuleError is a mistake or a doubt about one rule.
type RuleError struct {
	Index int    // of the rule in the list
	Key   string // the setting it is about: "name" or "match"; empty for the rule as a whole
	Err   error
}

// Error implements [error].
func (e *RuleError) Error() string { return fmt.Sprintf("rule %d: %s: %v", e.Index+1, e.Key, e.Err) }

// Unwrap returns what is wrong.
func (e *RuleError) Unwrap() error { return e.Err }

// NewRules checks and compiles rules. All mistakes are returned; with one there
// are no Rules. Doubts say which rules can never match, and the like; they
// stand in order of their rules.
func NewRules(list []Rule) (rules *Rules, doubts, mistakes []*RuleError) {
	rules = &Rules{}
	refuse := func(n int, key string, format string, args ...any) {
		mistakes = append(mistakes, &RuleError{n, key, fmt.Errorf(format, args...)})
	}
	cost := 0
	for n, r := range list {
		if before := slices.IndexFunc(list[:n], func(o Rule) bool { return o.Name == r.Name }); before >= 0 {
			refuse(n, "name", "%q is the name of rule %d too: give each rule its own", r.Name, before+1)
		}
		if !r.says() {
			refuse(n, "", "the rule sets nothing: say what the alerts it matches are, such as reportable: true")
		}
		e, err := parseExpression(r.Match)
		if err != nil {
			refuse(n, "match", "%w", err)
			continue
		}
		if cost += e.cost; cost > maxTotalCost {
			refuse(n, "match", "the rules up to this one cost %d (nodes, and instructions of patterns), more than %d: simplify them", cost, maxTotalCost)
			break
		}
		one := rule{Rule: r, expr: e, reason: "rule " + r.Name + ": " + clip(oneLine(r.Match), maxReason)}
		one.terms, one.few = e.terms()
		rules.all = append(rules.all, one)
	}
	if len(mistakes) > 0 {
		return nil, nil, mistakes
	}
	return rules, rules.doubts(), nil
}

// maxReason is how much of a condition is kept as the reason of an incident,
// in characters.
const maxReason = 200

// clip cuts s to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// Names are the rules' names in order.
func (rs *Rules) Names() []string {
	if rs == nil {
		return nil
	}
	names := make([]string, len(rs.all))
	for n := range rs.all {
		names[n] = rs.all[n].Name
	}
	return names
}

// Equal reports whether two lists of rules are the same.
func (rs *Rules) Equal(o *Rules) bool {
	if rs == nil || o == nil {
		return len(rs.Names()) == len(o.Names())
	}
	return slices.EqualFunc(rs.all, o.all, func(a, b rule) bool { return a.Rule.equal(&b.Rule) })
}

// count returns the rules that count for the alert, in order, and notes them
// in d. A condition that cannot be evaluated does not match, and is flagged.
func (rs *Rules) count(receiver string, labels map[string]string, d *Decision) []*rule {
	labels, receiver = seen(labels), clipBytes(receiver)
	env := environment(receiver, labels)
	var machine vm.VM
	var counting []*rule
	for n := range rs.all {
		r := &rs.all[n]
		if !r.possible(receiver, labels) {
			continue
		}
		ok, err := r.expr.run(&machine, env)
		if err != nil {
			d.Flags = append(d.Flags, "rule "+r.Name+" could not be evaluated and did not count: "+oneLine(err.Error()))
		}
		if !ok {
			continue
		}
		counting = append(counting, r)
		d.Rules = append(d.Rules, r.Name)
		if !r.Continue {
			break
		}
	}
	return counting
}

// possible is false when the values that the condition asks for are not there:
// much cheaper than evaluating it.
func (r *rule) possible(receiver string, labels map[string]string) bool {
	return !r.few || slices.ContainsFunc(r.terms, func(t term) bool {
		for _, e := range t.equal {
			if e.reads[0].value(receiver, labels) != e.value {
				return false
			}
		}
		return true
	})
}

var errNotBool = errors.New("the condition is neither true nor false")

// run evaluates the condition. The machine is the caller's, used again.
func (e *expression) run(machine *vm.VM, env map[string]any) (bool, error) {
	v, err := machine.Run(e.program, env)
	if err != nil {
		return false, err
	}
	ok, isBool := v.(bool)
	if !isBool {
		return false, errNotBool
	}
	return ok, nil
}

// seen is what conditions see of labels: at most maxSeen bytes of each value.
func seen(labels map[string]string) map[string]string {
	for _, v := range labels {
		if len(v) > maxSeen {
			short := make(map[string]string, len(labels))
			for name, v := range labels {
				short[name] = clipBytes(v)
			}
			return short
		}
	}
	return labels
}

func clipBytes(s string) string { return s[:min(len(s), maxSeen)] }

// unquote undoes what Alertmanager does to a receiver's name (AM-10).
func unquote(receiver string) string {
	if strings.IndexByte(receiver, '\\') < 0 {
		return receiver
	}
	var b strings.Builder
	escaped := false
	for _, c := range receiver {
		if escaped = c == '\\' && !escaped; !escaped {
			b.WriteRune(c)
		}
	}
	return b.String()
}
