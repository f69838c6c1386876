package classify

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// The language of a rule's condition is a part of expr
// (https://expr-lang.org): what cannot loop, build large values or fail.
//
//	condition = "true" | "false" | "not" condition | condition "and" condition
//	          | condition "or" condition | "(" condition ")"
//	          | text "==" text | text "!=" text | text ["not"] "in" [literal, …]
//	          | text "contains" text | text "startsWith" text | text "endsWith" text
//	          | text "matches" literal | literal ["not"] "in" "labels"
//	text      = "labels." name | "labels[" literal "]" | "receiver" | literal
//	          | "lower(" text ")" | "upper(" text ")" | "trim(" text ")"
//
// Also !, && and || are read. A label the alert does not have is "". A pattern
// is an RE2 expression that may match anywhere; ^ and $ tie it down.

// Bounds of conditions. The cost of one is its number of nodes and of the
// instructions of its patterns; what it takes to evaluate is at most
// proportional to cost times maxSeen.
const (
	maxMatch     = 4096   // bytes of one condition
	maxCost      = 1000   // of one condition
	maxTotalCost = 20_000 // of all rules together
	// maxSeen is how much of a label's value a condition sees, in bytes.
	maxSeen = 1024
)

// functions are those of expr that a condition may call, with one text.
var functions = []string{"lower", "upper", "trim"}

// Names a condition reads.
const (
	labelsName   = "labels"
	receiverName = "receiver"
)

// environment is what a condition reads.
func environment(receiver string, labels map[string]string) map[string]any {
	return map[string]any{labelsName: labels, receiverName: receiver}
}

// expression is a condition that was read, checked and compiled. It is
// read-only.
type expression struct {
	program *vm.Program
	root    ast.Node
	cost    int
}

// parseExpression reads a condition. The error says what is wrong and where.
func parseExpression(source string) (*expression, error) {
	if len(source) > maxMatch {
		return nil, fmt.Errorf("is longer than %d bytes: split it into several rules", maxMatch)
	}
	if !utf8.ValidString(source) {
		return nil, errors.New("is not UTF-8 text")
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, located(source, err)
	}
	c := check{source: source}
	if err := c.condition(tree.Node); err != nil {
		return nil, err
	}
	if c.cost > maxCost {
		return nil, fmt.Errorf("costs %d (nodes, and instructions of its patterns), more than %d: split it into several rules or simplify its patterns", c.cost, maxCost)
	}
	// The optimizer would rewrite what is small anyway.
	options := []expr.Option{expr.Env(environment("", map[string]string{})), expr.AsBool(), expr.DisableAllBuiltins(), expr.Optimize(false)}
	for _, name := range functions {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := expr.Compile(source, options...)
	if err != nil {
		return nil, located(source, err)
	}
	return &expression{program: program, root: tree.Node, cost: c.cost}, nil
}

// located words an error of the expr library on one line.
func located(source string, err error) error {
	e, ok := errors.AsType[*file.Error](err)
	if !ok {
		return fmt.Errorf("is not a condition: %s", oneLine(err.Error()))
	}
	return fmt.Errorf("is not a condition: %s (%s)", oneLine(e.Message), place(source, e.Location.From))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// place says where the nth character stands.
func place(source string, n int) string {
	r := []rune(source)
	before := string(r[:min(max(n, 0), len(r))])
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	if line := strings.Count(before, "\n") + 1; line > 1 {
		return fmt.Sprintf("line %d of it, column %d", line, column)
	}
	return fmt.Sprintf("column %d", column)
}

// check walks a condition and refuses what is not part of the language.
type check struct {
	source string
	cost   int
}

func (c *check) refuse(n ast.Node, format string, args ...any) error {
	return fmt.Errorf("%s (%s)", fmt.Sprintf(format, args...), place(c.source, n.Location().From))
}

// condition takes a yes or no.
func (c *check) condition(n ast.Node) error {
	c.cost++
	switch n := n.(type) {
	case *ast.BoolNode:
		return nil
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return c.condition(n.Node)
		}
	case *ast.BinaryNode:
		return c.binary(n)
	default:
		text := check{source: c.source}
		if text.text(n) == nil {
			return c.refuse(n, "%s is text, not yes or no: compare it, as in %s == \"…\"", n, n)
		}
	}
	return c.unknown(n)
}

func (c *check) binary(n *ast.BinaryNode) error {
	switch n.Operator {
	case "and", "&&", "or", "||":
		return first(c.condition(n.Left), c.condition(n.Right))
	case "==", "!=", "contains", "startsWith", "endsWith":
		return first(c.text(n.Left), c.text(n.Right))
	case "in":
		return c.in(n)
	case "matches":
		return first(c.text(n.Left), c.pattern(n.Right))
	}
	return c.unknown(n)
}

// first is the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *check) in(n *ast.BinaryNode) error {
	if id, ok := n.Right.(*ast.IdentifierNode); ok && id.Value == labelsName {
		c.cost++
		if _, ok := n.Left.(*ast.StringNode); ok {
			return nil
		}
		return c.refuse(n.Left, "want the name of a label, as in \"team\" in labels")
	}
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		return c.refuse(n.Right, "want a list after in, as in labels.severity in [\"critical\", \"high\"]")
	}
	for _, item := range list.Nodes {
		if _, ok := item.(*ast.StringNode); !ok {
			return c.refuse(item, "want text in quotes in the list")
		}
		if err := c.text(item); err != nil {
			return err
		}
	}
	return c.text(n.Left)
}

// text takes what is text.
func (c *check) text(n ast.Node) error {
	c.cost++
	switch n := n.(type) {
	case *ast.StringNode:
		if len(n.Value) > maxSeen {
			return c.refuse(n, "the text is longer than %d bytes, of which more is never seen", maxSeen)
		}
		return nil
	case *ast.IdentifierNode:
		switch n.Value {
		case receiverName:
			return nil
		case labelsName:
			return c.refuse(n, "labels is all of them: name one, as in labels.severity")
		}
		return c.refuse(n, "unknown name %q: a condition reads labels.NAME and receiver; text stands in quotes", n.Value)
	case *ast.MemberNode:
		if _, ok := labelOf(n); ok {
			return nil
		}
		if id, ok := n.Node.(*ast.IdentifierNode); ok && id.Value != labelsName && id.Value != receiverName {
			return c.text(id)
		}
	case *ast.BuiltinNode:
		return c.call(n, n.Name, n.Arguments)
	case *ast.CallNode:
		if id, ok := n.Callee.(*ast.IdentifierNode); ok {
			return c.call(n, id.Value, n.Arguments)
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NilNode:
		return c.refuse(n, "labels are text: write \"%s\" in quotes", n)
	}
	return c.unknown(n)
}

// call takes a function of one text.
func (c *check) call(n ast.Node, name string, args []ast.Node) error {
	if !slices.Contains(functions, name) {
		return c.refuse(n, "unknown function %q: there are %s", name, strings.Join(functions, ", "))
	}
	if len(args) != 1 {
		return c.refuse(n, "%s takes one text", name)
	}
	return c.text(args[0])
}

// pattern takes a literal regular expression.
func (c *check) pattern(n ast.Node) error {
	literal, ok := n.(*ast.StringNode)
	if !ok {
		return c.refuse(n, "want a pattern in quotes after matches")
	}
	re, err := syntax.Parse(literal.Value, syntax.Perl)
	if err != nil {
		return c.refuse(n, "%s", oneLine(err.Error()))
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return c.refuse(n, "%s", oneLine(err.Error()))
	}
	c.cost += len(prog.Inst)
	return nil
}

func (c *check) unknown(n ast.Node) error {
	return c.refuse(n, "%s is not part of a condition: there are ==, !=, in, contains, startsWith, endsWith, matches, and, or, not, %s", n, strings.Join(functions, ", "))
}

// labelOf is the label that a node reads.
func labelOf(n ast.Node) (string, bool) {
	m, ok := n.(*ast.MemberNode)
	if !ok || m.Optional || m.Method {
		return "", false
	}
	if id, ok := m.Node.(*ast.IdentifierNode); !ok || id.Value != labelsName {
		return "", false
	}
	name, ok := m.Property.(*ast.StringNode)
	if !ok {
		return "", false
	}
	return name.Value, true
}
