package pdf

import (
	"bytes"
	"fmt"
	"text/template"
	"text/template/parse"
)

// Markdown is text that is Markdown already. A template prints a value of this
// type as it is; every other value it escapes. Convert to it only text that a
// person of the house wrote.
type Markdown string

// Template is a Markdown text with Go template actions. It is safe for use by
// several goroutines at once.
//
// Every action that prints has [Escape] appended, as html/template does, so a
// template author cannot forget it. Beside Go's own functions there are:
//
//	code X     X in fixed-width letters, for digests and identifiers
//	add A B    the sum of two ints
//
// An action belongs in text: not inside a code span (use code) and not in a
// link's destination.
type Template struct{ text *template.Template }

// escaper is the name under which the escaping function is appended. The
// underscore keeps it from meeting a name that an author would choose.
const escaper = "_markdown"

// ParseTemplate parses text, which may define further templates. Its errors
// name the line.
func ParseTemplate(name, text string) (*Template, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		escaper: escapeValue,
		"code":  func(v any) Markdown { return Markdown(codeSpan(textOf(v))) },
		"add":   func(a, b int) int { return a + b },
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("report template: %w", err)
	}
	for _, t := range t.Templates() {
		if t.Tree != nil {
			escapeActions(t.Tree, t.Root)
		}
	}
	return &Template{text: t}, nil
}

// Execute returns the Markdown that the template makes of data. A field or map
// key that is not there is an error, not an empty space in a report.
func (t *Template) Execute(data any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.text.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("report template: %w", err)
	}
	return b.Bytes(), nil
}

// escapeActions appends the escaper to every pipeline below n that prints.
func escapeActions(tree *parse.Tree, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			escapeActions(tree, c)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) > 0 {
			return // {{$x := …}} prints nothing
		}
		n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{
			NodeType: parse.NodeCommand,
			Pos:      n.Pos,
			Args:     []parse.Node{parse.NewIdentifier(escaper).SetTree(tree).SetPos(n.Pos)},
		})
	case *parse.IfNode:
		escapeActions(tree, n.List)
		escapeActions(tree, n.ElseList)
	case *parse.RangeNode:
		escapeActions(tree, n.List)
		escapeActions(tree, n.ElseList)
	case *parse.WithNode:
		escapeActions(tree, n.List)
		escapeActions(tree, n.ElseList)
	}
}

// escapeValue is what the escaper does with the value of a pipeline.
func escapeValue(v any) Markdown {
	if m, ok := v.(Markdown); ok {
		return m
	}
	return Markdown(Escape(textOf(v)))
}

// textOf returns v as a template would print it.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}
