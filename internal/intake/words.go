package intake

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of [words].
const (
	maxWord  = 256 // bytes; a longer text is rarely said twice
	maxKnown = 512
)

// words keeps one copy of the texts that alerts have in common: the names of
// labels, most of their values, the annotations of a rule. What is kept of
// ten thousand alerts is kept until they are closed.
type words map[string]string

// of is the text of a well-formed JSON scalar; "" for null. What is not UTF-8
// in it is replaced.
func (w words) of(v jsontext.Value) string {
	switch {
	case v.Kind() == 'n':
		return ""
	case v.Kind() != '"':
		return w.known(v)
	}
	if text := v[1 : len(v)-1]; bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		return w.known(text)
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil && len(text) == 0 { // with a text, it says that something in it was replaced
		return ""
	}
	return w.known(text)
}

// known is the text, the copy that was made before if there is one.
func (w words) known(text []byte) string {
	if len(text) > maxWord {
		return string(text)
	}
	if s, ok := w[string(text)]; ok {
		return s
	}
	if len(w) >= maxKnown { // the names of alerts go by; what is common comes again
		clear(w)
	}
	s := string(text)
	w[s] = s
	return s
}
