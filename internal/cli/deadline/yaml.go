package deadline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"nis2clock/internal/regime"
)

// document is a YAML file being read; its name stands in every error.
type document string

func (d document) refuse(n ast.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", d, n.GetToken().Position.Line, fmt.Errorf(format, args...))
}

// list reads a file that is one sequence, and no empty one.
func (d document) list(data []byte) ([]ast.Node, error) {
	file, err := parser.ParseBytes(data, 0)
	if located, ok := errors.AsType[yaml.Error](err); ok {
		return nil, fmt.Errorf("%s:%d: %s", d, located.GetToken().Position.Line, located.GetMessage())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d, err)
	}
	if len(file.Docs) > 1 {
		return nil, fmt.Errorf("%s: has %d documents: put all vectors into one list", d, len(file.Docs))
	}
	if len(file.Docs) == 1 {
		if list, ok := file.Docs[0].Body.(*ast.SequenceNode); ok && len(list.Values) > 0 {
			return list.Values, nil
		}
	}
	return nil, fmt.Errorf(`%s: holds no vectors: want a list such as "- {id: V01, tz: Europe/Berlin, in: {detected_at: %q}}"`, d, regime.Sample)
}

// mapping reads a mapping that may have only these keys.
func (d document) mapping(n ast.Node, what string, keys []string) (map[string]ast.Node, error) {
	values, err := d.anyMapping(n, what)
	if err != nil {
		return nil, err
	}
	for _, pair := range n.(*ast.MappingNode).Values {
		if key := pair.Key.GetToken().Value; !slices.Contains(keys, key) {
			return nil, d.refuse(pair.Key, "unknown key %q of %s: want one of %s", key, what, strings.Join(keys, ", "))
		}
	}
	return values, nil
}

// anyMapping reads a mapping of any keys.
func (d document) anyMapping(n ast.Node, what string) (map[string]ast.Node, error) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return nil, d.refuse(n, "%s: want a mapping", what)
	}
	values := map[string]ast.Node{}
	for _, pair := range m.Values {
		key := pair.Key.GetToken().Value
		if _, twice := values[key]; twice {
			return nil, d.refuse(pair.Key, "key %q of %s stands there twice", key, what)
		}
		values[key] = pair.Value
	}
	return values, nil
}

// text reads a string; numbers, true and false, a key without a value, aliases and blocks are none.
func (d document) text(n ast.Node, key string) (string, error) {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return "", d.refuse(n, "%s: want a text on one line, in quotes", key)
	}
	return s.Value, nil
}

// count reads a whole number of hours, days or months, from 1 on.
func (d document) count(n ast.Node, key string) (int, error) {
	const most = 9999 // more is a slip of the pen
	if i, ok := n.(*ast.IntegerNode); ok {
		if v, ok := i.Value.(uint64); ok && v >= 1 && v <= most {
			return int(v), nil
		}
	}
	return 0, d.refuse(n, "%s: want a whole number from 1 to %d", key, most)
}

func (d document) truth(n ast.Node, key string) (bool, error) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		return false, d.refuse(n, "%s: want true or false", key)
	}
	return b.Value, nil
}

func (d document) texts(n ast.Node, key string) ([]string, error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, d.refuse(n, "%s: want a list, as in [a, b]", key)
	}
	var texts []string
	for _, v := range list.Values {
		s, err := d.text(v, key)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	return texts, nil
}
