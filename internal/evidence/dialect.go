package evidence

import (
	"errors"
	"fmt"
	"strings"
	"text/template/parse"
)

// Dialect is the language a template is written in. It decides what happens to
// the values that are put in.
type Dialect int

// Dialects.
const (
	// Text is a whole name, such as that of a pod: values are put in as they
	// are, and refused when they hold a control character.
	Text Dialect = iota
	// Query is PromQL or LogQL. Inside a string a value is escaped for it;
	// outside one it becomes a string of its own; after =~, !~ and |~ it matches
	// itself, whatever it looks like. Inside backquotes, where nothing can be
	// escaped, and in a comment none can stand.
	Query
	// JSON is a search of OpenSearch or Elasticsearch. Inside a string a value
	// is escaped for it; outside one it becomes a string of its own. In a search
	// with a query_string every value must go through lucene; scripts are
	// refused.
	JSON
	// Path is a path, with or without a query after "?". A value is escaped to be
	// one segment, or a part of one; dot segments are refused. None can stand
	// after "#".
	Path
)

// place is where in a text an action stands. Places are values: text and value
// return the place after.
type place interface {
	// check looks at the whole template.
	check(whole string) error
	// text follows a piece of literal text.
	text(s string) (place, error)
	// value names the escaper for an action, empty for none.
	value(pipe *parse.PipeNode) (escaper string, after place, err error)
	// end says whether the text may end here.
	end() error
	same(other place) bool
}

func (d Dialect) start() place {
	switch d {
	case Query:
		return queryPlace{}
	case JSON:
		return jsonPlace{}
	case Path:
		return pathPlace{}
	}
	return textPlace{}
}

// textPlace is anywhere in a name.
type textPlace struct{}

func (p textPlace) check(string) error                           { return nil }
func (p textPlace) text(string) (place, error)                   { return p, nil }
func (p textPlace) value(*parse.PipeNode) (string, place, error) { return "_plain", p, nil }
func (p textPlace) end() error                                   { return nil }
func (p textPlace) same(place) bool                              { return true }

// queryPlace is a place in PromQL or LogQL, whose strings and comments are
// alike.
type queryPlace struct {
	quote   byte   // the string's, '#' in a comment, 0 outside
	escape  bool   // a backslash was last
	pattern bool   // the string is a regular expression
	last    string // the last two bytes outside strings that are not space
}

func (p queryPlace) check(string) error { return nil }

func (p queryPlace) text(s string) (place, error) {
	for i := range len(s) {
		p = p.next(s[i])
	}
	return p, nil
}

func (p queryPlace) next(b byte) queryPlace {
	switch {
	case p.escape:
		p.escape = false
	case p.quote == '#':
		if b == '\n' {
			p.quote = 0
		}
	case p.quote != 0:
		if b == p.quote {
			p.quote, p.last = 0, ""
		}
		p.escape = b == '\\' && p.quote != '`'
	case b == '"' || b == '\'' || b == '`':
		p.quote, p.pattern = b, p.beforePattern()
	case b == '#':
		p.quote = b
	case b != ' ' && b != '\t' && b != '\n' && b != '\r':
		p.last = (p.last + string(b))[max(0, len(p.last)-1):]
	}
	return p
}

func (p queryPlace) beforePattern() bool { return p.last == "=~" || p.last == "!~" || p.last == "|~" }

func (p queryPlace) value(*parse.PipeNode) (string, place, error) {
	if p.escape {
		return "", p, errors.New("a backslash stands before it")
	}
	pattern := ""
	if p.quote == 0 && p.beforePattern() || p.quote != 0 && p.pattern {
		pattern = "_pattern"
	}
	switch p.quote {
	case 0:
		p.last = ""
		return "_string" + pattern, p, nil
	case '"':
		return "_double" + pattern, p, nil
	case '\'':
		return "_single" + pattern, p, nil
	case '`':
		return "", p, errors.New(`in a string of backquotes a value cannot be escaped: write the string with "`)
	}
	return "", p, errors.New("no value can stand in a comment")
}

func (p queryPlace) end() error {
	if p.quote != 0 && p.quote != '#' {
		return fmt.Errorf("the query ends inside a string that began with %c", p.quote)
	}
	return nil
}

func (p queryPlace) same(other place) bool { return p == other.(queryPlace) }

// jsonPlace is a place in JSON.
type jsonPlace struct {
	inside bool // a string
	escape bool // a backslash was last
	lucene bool // values must be escaped for query_string first
}

func (p jsonPlace) check(whole string) error {
	if strings.Contains(whole, `"script`) {
		return errors.New("a search with a script is refused: evidence is only read")
	}
	return nil
}

func (p jsonPlace) text(s string) (place, error) {
	for i := range len(s) {
		switch b := s[i]; {
		case p.escape:
			p.escape = false
		case p.inside:
			p.inside, p.escape = b != '"', b == '\\'
		case b == '"':
			p.inside = true
		}
	}
	p.lucene = p.lucene || strings.Contains(s, "query_string")
	return p, nil
}

func (p jsonPlace) value(pipe *parse.PipeNode) (string, place, error) {
	if p.escape {
		return "", p, errors.New("a backslash stands before it")
	}
	if p.lucene && pipe.Cmds[len(pipe.Cmds)-1].String() != "lucene" {
		return "", p, errors.New("in a query_string a value can be a query of its own: use a term or match query, or write {{ … | lucene }}")
	}
	if p.inside {
		return "_jsoninside", p, nil
	}
	return "_json", p, nil
}

func (p jsonPlace) end() error {
	if p.inside {
		return errors.New("the search ends inside a string")
	}
	return nil
}

func (p jsonPlace) same(other place) bool { return p == other.(jsonPlace) }

// pathPlace is a place in a path ('/'), its query ('?') or its fragment ('#');
// 0 before the first byte.
type pathPlace struct{ part byte }

func (p pathPlace) check(whole string) error {
	if !strings.HasPrefix(whole, "/") || strings.HasPrefix(whole, "//") {
		return errors.New("a path begins with one slash")
	}
	return nil
}

func (p pathPlace) text(s string) (place, error) {
	for i := range len(s) {
		switch b := s[i]; {
		case b <= ' ' || b == 0x7f || b == '\\':
			return p, errors.New("a path holds no space, backslash or control character: write %20")
		case p.part == 0:
			p.part = '/'
		case b == '#':
			return p, errors.New("a path ends before #")
		case b == '?' && p.part == '/':
			p.part = '?'
		}
	}
	return p, nil
}

func (p pathPlace) value(*parse.PipeNode) (string, place, error) {
	if p.part == '?' {
		return "_parameter", p, nil
	}
	return "_segment", p, nil
}

func (p pathPlace) end() error            { return nil }
func (p pathPlace) same(other place) bool { return p == other.(pathPlace) }
