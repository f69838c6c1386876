package runbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"nis2clock/internal/yamlfile"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// markdown reads what GitHub shows as it shows it. It renders no HTML that
// stands in the text, and no link that runs a script.
var markdown = goldmark.New(goldmark.WithExtensions(extension.TaskList, extension.Table))

// Parse reads one runbook. file is how messages call it; the error joins all
// mistakes, each as "file:line: reason".
func Parse(name, file string, data []byte) (*Runbook, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s:1: the file is not UTF-8", file)
	}
	front, body, above, ok := split(string(data))
	if !ok {
		return nil, fmt.Errorf("%s:1: no front matter: begin with a line of three dashes, the title, owner, reviewed, review_every and matches, and another such line", file)
	}
	sum := sha256.Sum256(data)
	r := &Runbook{Name: name, File: file, Source: string(data), Markdown: strings.TrimSpace(body), Digest: hex.EncodeToString(sum[:])}
	m := &yamlfile.Mistakes{File: file}
	if !slug.MatchString(name) {
		m.Refuse(1, "%q is not a name for a runbook: rename the file to lower-case letters, digits and hyphens", name)
	}
	if err := r.front(front, m); err != nil {
		return nil, errors.Join(m.Err(), err)
	}
	p := &parser{runbook: r, source: []byte(body), above: above, mistakes: m}
	p.read()
	if err := m.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

var (
	slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// box begins an item that is a step, titled its words.
	box    = regexp.MustCompile(`^\[([ xX])\][ \t]+`)
	titled = regexp.MustCompile(`^\*\*([^*]+)\*\*[ \t]*(?:\{#([^}]*)\})?[ \t]*`)
)

// parser gathers the steps of a body.
type parser struct {
	runbook  *Runbook
	source   []byte
	above    int // lines of the file before the body
	mistakes *yamlfile.Mistakes
}

// line is the line of the file in which a position of the body lies.
func (p *parser) line(pos int) int {
	return p.above + 1 + bytes.Count(p.source[:max(0, min(pos, len(p.source)))], []byte("\n"))
}

func (p *parser) read() {
	doc := markdown.Parser().Parse(text.NewReader(p.source))
	section, found := "", map[ast.Node]bool{}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			section = strings.TrimSpace(string(n.Lines().Value(p.source)))
		case *ast.List:
			for item := n.FirstChild(); item != nil; item = item.NextSibling() {
				if b := boxOf(item); b != nil {
					found[b] = true
					p.step(section, item, b)
				}
			}
		}
	}
	p.mentions(doc, found)
	if len(p.runbook.Steps) == 0 {
		p.mistakes.Refuse(p.above+1, "no step: begin the items of a list with [ ] and what to do in **bold**")
	}
}

// boxOf is the box that makes a list item a step; nil for another item.
func boxOf(item ast.Node) *extast.TaskCheckBox {
	if first := item.FirstChild(); first != nil {
		if b, ok := first.FirstChild().(*extast.TaskCheckBox); ok {
			return b
		}
	}
	return nil
}

// step reads one item.
func (p *parser) step(section string, item ast.Node, b *extast.TaskCheckBox) {
	start := item.FirstChild().Lines().At(0).Start
	line := p.line(start)
	raw := box.ReplaceAllString(dedent(string(p.source[start:p.end(item)])), "")
	words := titled.FindStringSubmatch(raw)
	switch {
	case b.IsChecked:
		p.mistakes.Refuse(line, "the box is ticked: a runbook's boxes are empty, ticks belong to an incident")
		return
	case words == nil:
		p.mistakes.Refuse(line, "a step begins with what to do, in **bold**")
		return
	}
	s := Step{ID: words[2], Section: section, Title: strings.TrimSuffix(words[1], "."), Text: strings.TrimSpace(raw[len(words[0]):]), Line: line}
	if s.ID == "" {
		s.ID = derived(s.Title)
	}
	if !slug.MatchString(s.ID) {
		p.mistakes.Refuse(line, "{#%s} is not an id: use lower-case letters, digits and hyphens", s.ID)
	}
	if other, ok := p.runbook.Step(s.ID); ok {
		p.mistakes.Refuse(line, "the id %s is that of the step on line %d: give this one another, with {#…} after the bold words", s.ID, other.Line)
	}
	var err error
	if s.HTML, err = render([]byte(s.Text)); err != nil {
		p.mistakes.Refuse(line, "cannot be shown: %w", err)
	}
	p.runbook.Steps = append(p.runbook.Steps, s)
}

// render makes HTML. A link to another runbook leads to it on the page of the
// same incident.
func render(source []byte) (string, error) {
	doc := markdown.Parser().Parse(text.NewReader(source))
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			if name, ok := linked(string(link.Destination)); ok {
				link.Destination = []byte("?runbook=" + name + "#" + name)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	var html bytes.Buffer
	err = markdown.Renderer().Render(&html, source, doc)
	return html.String(), err
}

// linked is the name of the runbook that a link leads to; false for a link to
// something else.
func linked(destination string) (string, bool) {
	if strings.Contains(destination, ":") || strings.HasPrefix(destination, "#") {
		return "", false
	}
	file, _, _ := strings.Cut(destination, "#")
	return strings.TrimSuffix(file, ".md"), true
}

// end is where an item of a list ends: where the next block begins that is not in it.
func (p *parser) end(item ast.Node) int {
	for n := item; n != nil && n.Kind() != ast.KindDocument; n = n.Parent() {
		if next := n.NextSibling(); next != nil && next.Pos() >= 0 {
			return bytes.LastIndexByte(p.source[:next.Pos()], '\n') + 1
		}
	}
	return len(p.source)
}

// dedent takes off the indentation by which the lines of an item belong to it.
func dedent(s string) string {
	first, rest, _ := strings.Cut(s, "\n")
	if rest == "" {
		return first
	}
	lines, least := strings.Split(rest, "\n"), -1
	for _, l := range lines {
		if n := len(l) - len(strings.TrimLeft(l, " ")); strings.TrimSpace(l) != "" && (least < 0 || n < least) {
			least = n
		}
	}
	for n, l := range lines {
		lines[n] = l[min(max(least, 0), len(l)-len(strings.TrimLeft(l, " "))):]
	}
	return first + "\n" + strings.Join(lines, "\n")
}

// derived is the id of a step that gives none: the letters and digits of its words.
func derived(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "-")
}

// mentions notes links and commands, and refuses boxes that are no steps.
func (p *parser) mentions(doc ast.Node, found map[ast.Node]bool) {
	at := 0 // the nearest block above
	note := func(list *[]Mention, text string, pos int) {
		*list = append(*list, Mention{text, p.line(pos)})
	}
	visit := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if n.Type() == ast.TypeBlock && n.Pos() >= 0 {
			at = n.Pos()
		}
		switch n := n.(type) {
		case *extast.TaskCheckBox:
			if !found[n] {
				p.mistakes.Refuse(p.line(at), "a box inside something else: make it a step of its own")
			}
		case *ast.Link:
			note(&p.runbook.Links, string(n.Destination), at)
		case *ast.CodeSpan:
			var b strings.Builder
			pos := at
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					pos = t.Segment.Start
					b.Write(t.Segment.Value(p.source))
				}
			}
			p.command(b.String(), pos)
		case *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				l := n.Lines().At(i)
				p.command(string(l.Value(p.source)), l.Start)
			}
		}
		return ast.WalkContinue, nil
	}
	if err := ast.Walk(doc, visit); err != nil {
		p.mistakes.Refuse(p.above+1, "cannot be read: %w", err)
	}
}

// command notes a line of code that is one of our commands.
func (p *parser) command(code string, pos int) {
	if code = strings.TrimSpace(code); strings.HasPrefix(code, "nis2clock ") {
		p.runbook.Commands = append(p.runbook.Commands, Mention{code, p.line(pos)})
	}
}
