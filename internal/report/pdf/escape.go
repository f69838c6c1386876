package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// specials are the ASCII characters that can begin or end Markdown structure
// anywhere in a line, table cell or heading. CommonMark allows a backslash
// before any ASCII punctuation.
const specials = "\\`*_{}[]<>()#!|~&"

// leading are the ones that mean something only where a line begins: list
// markers, setext underlines, table rules.
const leading = "-+=:."

// Escape returns Markdown that shows s as it is and can form no structure:
// specials carry a backslash, a line break is written &#10; (so that it breaks
// the line without ending a cell or paragraph), white space at either end is
// written as an entity, and characters without a shape of their own are
// replaced by their code, as ⟨U+202E⟩, so that the Markdown is safe to look at
// too.
//
// The result is for text. Inside a code span or a link destination it would be
// shown with its backslashes.
func Escape(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	last := len(strings.TrimRightFunc(s, isSpace)) // white space from here on is at the end
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	started := false // something other than white space was written
	digits := true   // only digits were written so far
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(byteCode(s[i]))
		case r == '\n':
			b.WriteString("&#10;")
		case r == '\t':
			b.WriteString("&#9;")
		case isSpace(r) && (!started || i >= last):
			b.WriteString(entity(r))
		case unseen(r):
			b.WriteString(runeCode(r))
		case strings.ContainsRune(specials, r),
			!started && strings.ContainsRune(leading, r),
			digits && r == '.':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		started = started || !isSpace(r)
		digits = digits && '0' <= r && r <= '9'
	}
	return b.String()
}

// isSpace reports whether r is drawn as white space.
func isSpace(r rune) bool { return r == '\n' || r == '\t' || unicode.Is(unicode.Zs, r) }

// codeSpan returns s as a code span when nothing in it can end or alter the
// span, and as escaped text otherwise. An identifier from outside that is not
// what it should be therefore loses its fixed-width letters, never its place.
func codeSpan(s string) string {
	if s == "" {
		return ""
	}
	for _, r := range s {
		if r <= ' ' || r > '~' || r == '`' || r == '|' || r == '\\' {
			return Escape(s)
		}
	}
	return "`" + s + "`"
}
