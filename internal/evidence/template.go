package evidence

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

// Template is a query, a path or a name with the alert's labels put in:
//
//	rate(errors_total{job="{{ .Labels.job }}"}[5m])
//
// It is a text/template that knows .Labels, .Alert (the alert's name),
// .Incident, .From, .To and .DetectedAt (RFC 3339, UTC). Of the actions there
// are values, if and with.
//
// What an action puts in is escaped by where it stands, as html/template does
// for pages, so that a label's value can never be more than a value: see
// [Dialect]. A label the alert lacks is a [MissingLabelError]; index .Labels
// "name" is empty instead.
//
// A Template is safe for concurrent use.
type Template struct {
	text string
	tree *template.Template
}

// maxRendered bounds what a template becomes, in bytes: a label's value has no
// bound of its own.
const maxRendered = 64 << 10

// values is what a template sees.
type values struct {
	Labels               map[string]string
	Alert, Incident      string
	From, To, DetectedAt string
}

// ParseTemplate reads a template in a dialect and refuses one in which a value
// could be more than a value.
func ParseTemplate(d Dialect, text string) (*Template, error) {
	t, err := template.New("").Option("missingkey=error").Funcs(escapers).Parse(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: :"))
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not for queries")
	}
	if t.Tree == nil { // empty
		return &Template{text, t}, nil
	}
	place := d.start()
	if err := place.check(text); err != nil {
		return nil, err
	}
	if place, err = walk(place, t.Root); err != nil {
		return nil, err
	}
	if err := place.end(); err != nil {
		return nil, err
	}
	return &Template{text, t}, nil
}

// String is the text of the template.
func (t *Template) String() string { return t.text }

var noEntry = regexp.MustCompile(`map has no entry for key "([^"]*)"`)

// Render puts the values in.
func (t *Template) Render(req Request) (string, error) {
	var b limited
	err := t.tree.Execute(&b, values{
		Labels: req.Alert.Labels, Alert: req.Alert.Name(), Incident: req.Incident,
		From: stamp(req.From), To: stamp(req.To), DetectedAt: stamp(req.DetectedAt),
	})
	if err == nil {
		return b.String(), nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return "", f
	}
	if m := noEntry.FindStringSubmatch(err.Error()); m != nil {
		return "", &MissingLabelError{m[1]}
	}
	return "", Fail(false, "the template cannot be filled in: %v", err)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// limited is text that does not grow beyond maxRendered.
type limited struct{ strings.Builder }

// Write implements [io.Writer].
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxRendered {
		return 0, Fail(false, "the query would be longer than %s: a label's value is too long", size(maxRendered))
	}
	return l.Builder.Write(p)
}

// walk follows the text of a template and gives every action the escaper of
// the place where it stands. It returns the place after the last.
func walk(p place, list *parse.ListNode) (place, error) {
	var err error
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode:
			p, err = p.text(string(n.Text))
		case *parse.CommentNode:
		case *parse.ActionNode:
			if len(n.Pipe.Decl) > 0 { // sets a variable, puts nothing in
				continue
			}
			p, err = insert(p, n.Pipe)
		case *parse.IfNode:
			p, err = branch(p, &n.BranchNode)
		case *parse.WithNode:
			p, err = branch(p, &n.BranchNode)
		default:
			err = fmt.Errorf("%s: only values, if and with can stand in a query", node)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// insert appends the escaper to a pipeline.
func insert(p place, pipe *parse.PipeNode) (place, error) {
	name, after, err := p.value(pipe)
	if err != nil {
		return p, fmt.Errorf("{{%s}}: %w", pipe, err)
	}
	if name != "" {
		fn := parse.NewIdentifier(name).SetTree(nil).SetPos(pipe.Pos)
		pipe.Cmds = append(pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pipe.Pos, Args: []parse.Node{fn}})
	}
	return after, nil
}

// branch follows both ways, which must end in the same place.
func branch(p place, n *parse.BranchNode) (place, error) {
	one, err := walk(p, n.List)
	if err != nil {
		return p, err
	}
	other := p
	if n.ElseList != nil {
		if other, err = walk(p, n.ElseList); err != nil {
			return p, err
		}
	}
	if !one.same(other) {
		return p, errors.New("the two ways of an if or a with must end alike: both inside a string or both outside")
	}
	return one, nil
}
