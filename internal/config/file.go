package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader gathers what is wrong and what is doubtful in one file.
type reader struct {
	name     string // as its messages call the file
	dir      string // relative paths count from it
	getenv   func(string) string
	mistakes []finding
	warnings []finding

	secretFiles []string
}

// finding is one message about a line.
type finding struct {
	line int
	text string
}

func (r *reader) finding(line int, key, format string, args ...any) finding {
	text := fmt.Sprintf(format, args...)
	if key != "" {
		text = key + ": " + text
	}
	return finding{line, fmt.Sprintf("%s:%d: %s", r.name, line, text)}
}

func (r *reader) refuse(line int, key, format string, args ...any) {
	r.mistakes = append(r.mistakes, r.finding(line, key, format, args...))
}

func (r *reader) warn(line int, key, format string, args ...any) {
	r.warnings = append(r.warnings, r.finding(line, key, format, args...))
}

// texts are the findings in order of line.
func texts(all []finding) []string {
	slices.SortFunc(all, func(a, b finding) int { return cmp.Or(a.line-b.line, strings.Compare(a.text, b.text)) })
	var lines []string
	for _, f := range all {
		lines = append(lines, f.text)
	}
	return lines
}

func (r *reader) notices() []string { return texts(r.warnings) }

func (r *reader) err() error {
	var errs []error
	for _, text := range texts(r.mistakes) {
		errs = append(errs, errors.New(text))
	}
	return errors.Join(errs...)
}

// oneLine shows the line ends and tabs that the parser's messages hold.
var oneLine = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`)

// document is the mapping at the root of the file; false when the file says
// nothing or cannot be read.
func (r *reader) document(data []byte) (*section, bool) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, reason := 1, "cannot be read as YAML"
		if e, ok := errors.AsType[yaml.Error](err); ok {
			line, reason = lineOf(e.GetToken()), oneLine.Replace(e.GetMessage())
		}
		r.refuse(line, "", "not YAML: %s", reason)
		return nil, false
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			r.refuse(lineOf(doc.Body.GetToken()), "", "a second document: keep one")
			return nil, false
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return nil, false
	}
	root := &field{reader: r, line: lineOf(body.GetToken()), node: body}
	return root.section()
}

// lineOf is the line of a token, or 1 if it has none.
func lineOf(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 1
	}
	return max(t.Position.Line, 1)
}

// field is one value of the file and where it stands.
type field struct {
	*reader
	key  string // dotted, from the root, such as entities[0].name
	line int
	node ast.Node
}

func (f *field) refuse(format string, args ...any) { f.reader.refuse(f.line, f.key, format, args...) }

func (f *field) warn(format string, args ...any) { f.reader.warn(f.line, f.key, format, args...) }

// mismatch refuses a value of the wrong shape.
func (f *field) mismatch(want string) {
	switch f.node.(type) {
	case *ast.NullNode:
		f.refuse("has no value: give it one or leave it out")
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.DirectiveNode:
		f.refuse("anchors, aliases, tags and directives are not read here: write the value out")
	default:
		f.refuse("want %s", want)
	}
}

// text is a single value as it stands in the file: 0123 keeps its zero.
func (f *field) text() (string, bool) {
	var s string
	switch n := f.node.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = strings.TrimRight(n.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		s = n.GetToken().Value
	default:
		f.mismatch("a single value")
		return "", false
	}
	if strings.TrimSpace(s) == "" {
		f.refuse("is empty: give it a value or leave it out")
		return "", false
	}
	return s, true
}

// items are the elements of a list.
func (f *field) items() ([]*field, bool) {
	seq, ok := f.node.(*ast.SequenceNode)
	if !ok {
		f.mismatch("a list, such as [a, b]")
		return nil, false
	}
	items := make([]*field, len(seq.Values))
	for i, node := range seq.Values {
		items[i] = &field{f.reader, fmt.Sprintf("%s[%d]", f.key, i), lineOf(node.GetToken()), node}
	}
	return items, true
}

// section is the mapping a field holds.
func (f *field) section() (*section, bool) {
	m, ok := f.node.(*ast.MappingNode)
	if !ok {
		f.mismatch("keys with values, such as name: value")
		return nil, false
	}
	s := &section{reader: f.reader, path: f.key, line: f.line, found: map[string]*field{}}
	for _, pair := range m.Values {
		s.add(pair)
	}
	return s, true
}

// section is a mapping of the file. Its keys are taken one by one; those
// nobody takes are unknown.
type section struct {
	*reader
	path  string // empty at the root
	line  int
	found map[string]*field
	asked []string
}

// plainKey is what is repeated of a key that nobody knows: a secret in the
// wrong place has digits, or is longer.
var plainKey = regexp.MustCompile(`^[A-Za-z_-]{1,24}$`)

func (s *section) add(pair *ast.MappingValueNode) {
	line := lineOf(pair.Key.GetToken())
	var name string
	switch key := pair.Key.(type) {
	case *ast.StringNode:
		name = key.Value
	case ast.ScalarNode:
		name = key.GetToken().Value
	}
	if first, ok := s.found[name]; ok && plainKey.MatchString(name) {
		s.refuse(line, s.at(name), "is given twice, first on line %d: keep one", first.line)
		return
	}
	s.found[name] = &field{s.reader, s.at(name), line, pair.Value}
}

// at is the dotted name of a key of the section.
func (s *section) at(key string) string {
	switch {
	case !plainKey.MatchString(key):
		return s.path
	case s.path == "":
		return key
	}
	return s.path + "." + key
}

// take is the value of a key, if it is given.
func (s *section) take(key string) (*field, bool) {
	s.asked = append(s.asked, key)
	f, ok := s.found[key]
	return f, ok
}

// lineOf is the line of a key, or that of the section without it.
func (s *section) lineOf(key string) int {
	if f, ok := s.found[key]; ok {
		return f.line
	}
	return s.line
}

// missing refuses the section for lack of a key.
func (s *section) missing(key, mend string) {
	s.refuse(s.line, s.at(key), "is missing: %s", mend)
}

// section takes a key that holds a mapping.
func (s *section) section(key string) (*section, bool) {
	f, ok := s.take(key)
	if !ok {
		return nil, false
	}
	return f.section()
}

// close refuses the keys that were not taken.
func (s *section) close() {
	for name, f := range s.found {
		if !slices.Contains(s.asked, name) {
			f.refuse("unknown key: want %s", either(s.asked))
		}
	}
}

// scalar takes a key that holds a single value. It reports whether the key is
// given; a value that is refused leaves into as it was.
func scalar[T any](s *section, key string, into *T, parse func(string) (T, error)) bool {
	f, ok := s.take(key)
	if !ok {
		return false
	}
	text, ok := f.text()
	if !ok {
		return true
	}
	v, err := parse(text)
	if err != nil {
		f.refuse("%v", err)
		return true
	}
	*into = v
	return true
}

// list takes a key that holds a list without repetitions. It reports whether
// the key holds one without mistakes.
func list[T comparable](s *section, key string, into *[]T, parse func(string) (T, error)) bool {
	f, ok := s.take(key)
	if !ok {
		return false
	}
	items, ok := f.items()
	if !ok {
		return false
	}
	values := make([]T, 0, len(items))
	for _, item := range items {
		text, ok := item.text()
		if !ok {
			continue
		}
		v, err := parse(text)
		switch {
		case err != nil:
			item.refuse("%v", err)
		case slices.Contains(values, v):
			item.refuse("is listed before: keep one")
		default:
			values = append(values, v)
		}
	}
	*into = values
	return len(values) == len(items)
}
