package pdf

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/util"
)

// entity writes r as a decimal character reference.
func entity(r rune) string { return "&#" + strconv.Itoa(int(r)) + ";" }

// resolve undoes backslash escapes and character references in one pass over
// Markdown text, so that an escaped ampersand can never become part of a
// reference (CommonMark 0.31, sections 2.4 and 2.5).
func resolve(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			b.WriteByte(s[i+1])
			i += 2
		case s[i] == '&':
			text, n := reference(s[i:])
			b.WriteString(text)
			i += n
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

// longestEntity is the length of the longest name in the HTML table
// (CounterClockwiseContourIntegral) with its ampersand and semicolon.
const longestEntity = 33

// reference reads the character reference at the start of s, which begins with
// an ampersand, and returns what it stands for and its length; an ampersand
// that begins none stands for itself.
func reference(s string) (text string, length int) {
	end := strings.IndexByte(s[:min(len(s), longestEntity)], ';')
	if end < 2 {
		return "&", 1
	}
	name := s[1:end]
	if name[0] != '#' {
		if e, ok := util.LookUpHTML5EntityByName(name); ok {
			return string(e.Characters), end + 1
		}
		return "&", 1
	}
	digits, base, most := name[1:], 10, 7
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base, most = digits[1:], 16, 6
	}
	if len(digits) > most {
		return "&", 1
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return "&", 1
	}
	if n == 0 || n > unicode.MaxRune || 0xD800 <= n && n < 0xE000 {
		return "\uFFFD", end + 1
	}
	return string(rune(n)), end + 1
}
