// Package yamlfile reads the data files that an operator may write, strictly: one document, no unknown key, no key
// without a value, no alias, no tag. Every mistake names its file and line. It decides nothing about what a file means: whoever reads it
// checks the values, and refuses them through [Mistakes] with the line that [On] kept.
package yamlfile

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// On is a value and the line it stands on, from 1; a key that is absent has line 0.
type On[T any] struct {
	Value T
	Line  int
}

// UnmarshalYAML notes the line and decodes the value. The decoder does not hand its strictness down, so it is
// asked for again.
func (o *On[T]) UnmarshalYAML(node ast.Node) error {
	o.Line = lineOf(node.GetToken())
	return yaml.NodeToValue(node, &o.Value, yaml.Strict())
}

// Decode reads the one document of a file into what into points to: a struct whose fields are [On] values as a rule. An error reads
// "name:line: reason"; what into then holds is not to be used.
func Decode(name string, data []byte, into any) error {
	if line, err := decode(data, into); err != nil {
		return at(name, line, err)
	}
	return nil
}

// decode returns with the error the line it concerns.
func decode(data []byte, into any) (line int, err error) {
	docs, err := parser.ParseBytes(data, 0)
	if err == nil {
		switch {
		case len(docs.Docs) == 0 || docs.Docs[0].Body == nil:
			return 1, errors.New("the file is empty")
		case len(docs.Docs) > 1:
			return lineOf(docs.Docs[1].Start), errors.New("a second document: a file holds one")
		}
		body := docs.Docs[0].Body
		for _, n := range ast.Filter(ast.NullType, body) {
			return lineOf(n.GetToken()), errors.New("a key without a value: give it one or leave it out")
		}
		for _, n := range ast.Filter(ast.AliasType, body) {
			return lineOf(n.GetToken()), errors.New("an alias: write it out, so that each entry can be read by itself")
		}
		for _, n := range ast.Filter(ast.TagType, body) { // the decoder panics on some
			return lineOf(n.GetToken()), errors.New("a tag: write the value without it")
		}
		err = yaml.NodeToValue(body, into, yaml.Strict())
	}
	if located, ok := errors.AsType[yaml.Error](err); ok {
		return lineOf(located.GetToken()), errors.New(located.GetMessage())
	}
	return 1, err
}

// Mistakes gathers what is wrong in one file, so that all of it is reported together. It is not safe for concurrent use.
type Mistakes struct {
	File string // as messages call it
	errs []error
}

// Refuse adds a mistake on a line, from 1; line 0, of a key that is absent, counts as 1.
func (m *Mistakes) Refuse(line int, format string, args ...any) {
	m.errs = append(m.errs, at(m.File, max(1, line), fmt.Errorf(format, args...)))
}

// Err joins the mistakes, each as "file:line: reason"; nil when there is none.
func (m *Mistakes) Err() error { return errors.Join(m.errs...) }

func at(name string, line int, err error) error { return fmt.Errorf("%s:%d: %w", name, line, err) }

// lineOf returns the line of a token, or 1 if it has none.
func lineOf(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 1
	}
	return t.Position.Line
}
