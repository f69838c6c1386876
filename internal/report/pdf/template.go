package pdf

import (
	"bytes"
	"fmt"
	"strings"
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

// Funcs are functions that a template may use beside the built-in ones. What
// they return is escaped like any value, unless it is [Markdown].
type Funcs = template.FuncMap

// escaper is the name under which the escaping function is appended. The
// underscore keeps it from meeting a name that an author would choose.
const escaper = "_markdown"

// ParseTemplate parses text, which may define further templates, with the
// functions that [Template.Execute] will be given. Its errors name the line.
// Shared are files of definitions that it may use, by name; what it defines
// itself wins.
func ParseTemplate(name, text string, funcs Funcs, shared ...Source) (*Template, error) {
	t := template.New(name).Option("missingkey=error").Funcs(funcs).Funcs(template.FuncMap{
		escaper: escapeValue,
		"code":  func(v any) Markdown { return Markdown(codeSpan(textOf(v))) },
		"add":   func(a, b int) int { return a + b },
	})
	for _, s := range shared {
		if _, err := t.New(s.Name).Parse(s.Text); err != nil {
			return nil, fmt.Errorf("report template: %w", err)
		}
	}
	if _, err := t.Parse(text); err != nil {
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
// The functions take the place of those it was parsed with.
func (t *Template) Execute(data any, funcs Funcs) ([]byte, error) {
	text, err := t.text.Clone()
	if err != nil {
		return nil, fmt.Errorf("report template: %w", err)
	}
	var b bytes.Buffer
	if err := text.Funcs(funcs).Execute(&b, data); err != nil {
		return nil, fmt.Errorf("report template: %w", err)
	}
	return b.Bytes(), nil
}

// Source is the text of a template file.
type Source struct{ Name, Text string }

// Constants returns what the template passes to the function as constant text
// in first place, with the place of each as "FILE:LINE".
func (t *Template) Constants(function string) map[string][]string {
	found := map[string][]string{}
	for _, t := range t.text.Templates() {
		if t.Tree != nil {
			constants(t.Tree, t.Root, function, found)
		}
	}
	return found
}

func constants(tree *parse.Tree, n parse.Node, function string, found map[string][]string) {
	pipe := func(p *parse.PipeNode) {
		if p == nil {
			return
		}
		for _, c := range p.Cmds {
			constants(tree, c, function, found)
		}
	}
	branch := func(b *parse.BranchNode) {
		pipe(b.Pipe)
		constants(tree, b.List, function, found)
		constants(tree, b.ElseList, function, found)
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				constants(tree, c, function, found)
			}
		}
	case *parse.ActionNode:
		pipe(n.Pipe)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.TemplateNode:
		pipe(n.Pipe)
	case *parse.PipeNode:
		pipe(n)
	case *parse.ChainNode: // (field "summary").Text
		constants(tree, n.Node, function, found)
	case *parse.CommandNode:
		if id, ok := n.Args[0].(*parse.IdentifierNode); ok && id.Ident == function && len(n.Args) > 1 {
			if s, ok := n.Args[1].(*parse.StringNode); ok {
				where, _ := tree.ErrorContext(s)
				if file, line, ok := place(where); ok {
					found[s.Text] = append(found[s.Text], file+":"+line)
				}
			}
		}
		for _, a := range n.Args {
			constants(tree, a, function, found)
		}
	}
}

// place is the file and line of an error context, FILE:LINE:COLUMN.
func place(where string) (file, line string, ok bool) {
	rest, _, ok := cutLastColon(where)
	if !ok {
		return "", "", false
	}
	return cutLastColon(rest)
}

func cutLastColon(s string) (before, after string, ok bool) {
	n := strings.LastIndexByte(s, ':')
	if n < 0 {
		return s, "", false
	}
	return s[:n], s[n+1:], true
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
