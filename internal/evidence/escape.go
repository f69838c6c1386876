package evidence

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// escapers are what templates may call. Those with an underscore are put in by
// [ParseTemplate].
var escapers = template.FuncMap{
	"lucene": lucene,

	"_plain":          plain,
	"_string":         func(v any) string { return strconv.Quote(fmt.Sprint(v)) },
	"_double":         func(v any) string { return between(fmt.Sprint(v)) },
	"_single":         func(v any) string { return single(fmt.Sprint(v)) },
	"_string_pattern": func(v any) string { return strconv.Quote(pattern(v)) },
	"_double_pattern": func(v any) string { return between(pattern(v)) },
	"_single_pattern": func(v any) string { return single(pattern(v)) },
	"_json":           quoteJSON,
	"_jsoninside": func(v any) (string, error) {
		s, err := quoteJSON(v)
		return strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`), err
	},
	"_segment":   segment,
	"_parameter": func(v any) string { return url.QueryEscape(fmt.Sprint(v)) },
}

// between is a text as it stands between double quotes. Prometheus and Loki
// read Go's escapes.
func between(s string) string {
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

// single is a text as it stands between single quotes.
func single(s string) string {
	return strings.NewReplacer(`\"`, `"`, `\\`, `\\`, `'`, `\'`).Replace(between(s))
}

// pattern is a regular expression that matches a text and nothing else.
func pattern(v any) string { return regexp.QuoteMeta(fmt.Sprint(v)) }

// plain is a text that a person can read.
func plain(v any) (string, error) {
	s := fmt.Sprint(v)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", Fail(false, "a label's value holds a control character or is not UTF-8: %s", clip(strconv.QuoteToASCII(s), 100))
	}
	return s, nil
}

func quoteJSON(v any) (string, error) {
	out, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(fmt.Sprint(v), "\ufffd"))
	return string(out), err
}

// segment is a text as a part of one segment of a path. What would climb out
// is refused, for servers differ in when they undo an escape.
func segment(v any) (string, error) {
	s := fmt.Sprint(v)
	if s == "" {
		return "", Fail(false, "a value that the path needs is empty")
	}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '\\' }) {
		if strings.Trim(part, ".") == "" {
			return "", Fail(false, "a label's value would leave its place in the path: %s", clip(strconv.QuoteToASCII(s), 100))
		}
	}
	return url.PathEscape(s), nil
}

// lucene is a text that a query_string takes as the words it is.
func lucene(v any) string {
	var b strings.Builder
	for _, r := range fmt.Sprint(v) {
		switch {
		case r == '<' || r == '>': // cannot be escaped
			b.WriteByte(' ')
		case strings.ContainsRune(`+-=&|!(){}[]^"~*?:\/`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return operators.ReplaceAllString(b.String(), `\$0`)
}

// operators are words that a query_string takes for more than words.
var operators = regexp.MustCompile(`\b(AND|OR|NOT|TO)\b`)
