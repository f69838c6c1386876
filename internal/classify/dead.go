package classify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// variable is the name of a label, or receiver when it is empty.
type variable string

func (v variable) value(receiver string, labels map[string]string) string {
	if v == "" {
		return receiver
	}
	return labels[string(v)]
}

// atom is the smallest part of a condition that is true or false.
type atom struct {
	text  string     // equal for the same atom
	reads []variable // the values it depends on
	// presence is set where it says that there is a label, which follows from
	// no value.
	presence bool
	// equality is set where it says that its one variable has the value.
	equality bool
	value    string
	expr     *expression
}

// literal is an atom, or its contrary.
type literal struct {
	*atom
	not bool
}

// term is literals that are true together. equal are those that fix a
// variable. A condition is true when one of its terms is.
type term struct {
	literals []literal
	equal    []*atom
}

// maxTerms bounds the terms looked at for one condition. One that has more is
// never found to be dead.
const maxTerms = 64

// terms is the condition in disjunctive normal form, without the terms that
// contradict themselves: with none it is never true. It is false when there
// would be too many.
func (e *expression) terms() ([]term, bool) { return termsOf(e.root, false) }

// termsOf is the node, or its contrary, as terms.
func termsOf(n ast.Node, not bool) ([]term, bool) {
	switch n := n.(type) {
	case *ast.BoolNode:
		if n.Value == not {
			return nil, true
		}
		return []term{{}}, true
	case *ast.UnaryNode:
		return termsOf(n.Node, !not)
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return join([]ast.Node{n.Left, n.Right}, not, !not)
		case "or", "||":
			return join([]ast.Node{n.Left, n.Right}, not, not)
		case "!=":
			return termsOf(&ast.BinaryNode{Operator: "==", Left: n.Left, Right: n.Right}, !not)
		case "in":
			if list, ok := n.Right.(*ast.ArrayNode); ok {
				each := make([]ast.Node, len(list.Nodes))
				for i, item := range list.Nodes {
					each[i] = &ast.BinaryNode{Operator: "==", Left: n.Left, Right: item}
				}
				return join(each, not, not)
			}
		}
		t, possible := term{}.with(literal{newAtom(n), not})
		if !possible {
			return nil, true
		}
		return []term{t}, true
	}
	return nil, false
}

// join is all of the nodes, or any of them; of their contraries when not is
// set.
func join(nodes []ast.Node, not, all bool) ([]term, bool) {
	var out []term
	if all {
		out = []term{{}}
	}
	for _, n := range nodes {
		next, ok := termsOf(n, not)
		if !ok {
			return nil, false
		}
		if all {
			next = both(out, next)
			out = nil
		}
		if out = append(out, next...); len(out) > maxTerms {
			return nil, false
		}
	}
	return out, true
}

// both is every possible pair of a term of a and one of b.
func both(a, b []term) []term {
	var out []term
	for _, t := range a {
		for _, u := range b {
			possible := true
			both := t
			for _, l := range u.literals {
				if both, possible = both.with(l); !possible {
					break
				}
			}
			if possible {
				out = append(out, both)
			}
		}
	}
	return out
}

// newAtom is the atom of a comparison.
func newAtom(n *ast.BinaryNode) *atom {
	a := &atom{}
	left, right := n.Left, n.Right
	if _, literal := left.(*ast.StringNode); literal && n.Operator == "==" {
		left, right = right, left
	}
	a.text = (&ast.BinaryNode{Operator: n.Operator, Left: left, Right: right}).String()
	for _, side := range []ast.Node{left, right} {
		ast.Walk(&side, visit(func(n ast.Node) {
			if v, ok := variableOf(n); ok && !slices.Contains(a.reads, v) {
				a.reads = append(a.reads, v)
			}
		}))
	}
	if value, ok := right.(*ast.StringNode); ok && n.Operator == "==" {
		_, a.equality = variableOf(left)
		a.value = value.Value
	}
	a.presence = n.Operator == "in" // lists were taken apart before
	if e, err := parseExpression(a.text); err == nil {
		a.expr = e
	}
	return a
}

type visit func(ast.Node)

// Visit implements [ast.Visitor].
func (f visit) Visit(n *ast.Node) { f(*n) }

func variableOf(n ast.Node) (variable, bool) {
	if id, ok := n.(*ast.IdentifierNode); ok && id.Value == receiverName {
		return "", true
	}
	name, ok := labelOf(n)
	return variable(name), ok
}

// with adds a literal. It is false when that cannot be true with the others.
func (t term) with(l literal) (term, bool) {
	switch holds, known := t.decides(l.atom); {
	case known && holds == l.not:
		return t, false
	case known:
		return t, true
	}
	out := term{append(slices.Clip(t.literals), l), t.equal}
	if !l.equality || l.not {
		return out, true
	}
	out.equal = append(slices.Clip(t.equal), l.atom)
	// What was open before may be decided by the new value.
	for _, before := range t.literals {
		if holds, known := (term{equal: out.equal}).decides(before.atom); known && holds == before.not {
			return t, false
		}
	}
	return out, true
}

// decides reports whether the atom holds wherever the term does, if that can
// be known.
func (t term) decides(a *atom) (holds, known bool) {
	for _, l := range t.literals {
		if l.text == a.text {
			return !l.not, true
		}
	}
	if a.presence || a.expr == nil {
		return false, false
	}
	labels, receiver := map[string]string{}, ""
	for _, v := range a.reads {
		n := slices.IndexFunc(t.equal, func(e *atom) bool { return e.reads[0] == v })
		switch {
		case n < 0:
			return false, false
		case v == "":
			receiver = t.equal[n].value
		default:
			labels[string(v)] = t.equal[n].value
		}
	}
	holds, err := a.expr.run(&vm.VM{}, environment(receiver, labels))
	return holds, err == nil
}

// within reports whether u is true wherever t is.
func (t term) within(u term) bool {
	return !slices.ContainsFunc(u.literals, func(l literal) bool {
		holds, known := t.decides(l.atom)
		return !known || holds == l.not
	})
}

// doubts names the rules that can never match, and those that take alerts away
// from others without deciding on them.
func (rs *Rules) doubts() []*RuleError {
	var out []*RuleError
	for n := range rs.all {
		r := &rs.all[n]
		if err := rs.dead(n); err != nil {
			out = append(out, &RuleError{n, "match", err})
			continue
		}
		decides := func(o rule) bool { return o.Reportable == Reportable || o.Reportable == Triage }
		if later := slices.IndexFunc(rs.all[n+1:], decides); r.Reportable == "" && !r.Continue && later >= 0 {
			out = append(out, &RuleError{n, "", fmt.Errorf(
				"rule %s does not say what is reportable, and keeps the alerts it matches from the rules after it, such as %s: set continue: true if those are to be tried too",
				r.Name, rs.all[n+1+later].Name)})
		}
	}
	return out
}

// dead says why the nth rule can never match; nil when it may. Rules are found
// that contradict themselves, and those of which each term lies within one
// earlier rule's: what only several of them together take away is not seen.
func (rs *Rules) dead(n int) error {
	r := &rs.all[n]
	if !r.few {
		return nil
	}
	if len(r.terms) == 0 {
		return errors.New("can never be true: the rule never matches")
	}
	var takers []string
	for _, t := range r.terms {
		taker := slices.IndexFunc(rs.all[:n], func(o rule) bool {
			return !o.Continue && o.few && slices.ContainsFunc(o.terms, t.within)
		})
		if taker < 0 {
			return nil
		}
		if name := rs.all[taker].Name; !slices.Contains(takers, name) {
			takers = append(takers, name)
		}
	}
	return fmt.Errorf("the rule never matches: whatever it would match is taken before it by %s; move it up, or set continue: true there", strings.Join(takers, " and "))
}
