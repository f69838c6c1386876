package pdf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// noBreakSpace is drawn as wide as a space, but a line never breaks there.
const noBreakSpace = '\u00a0'

// unseen reports whether r has no shape of its own and must be shown by its
// code: controls, bidirectional and other format characters, line and paragraph
// separators, private use, variation selectors, fillers. Newline and tab are
// layout and the caller's business.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		r == '\u2800' // braille pattern blank: a symbol by category, a space by shape
}

// runeCode is what stands in place of a character that cannot be shown.
func runeCode(r rune) string { return fmt.Sprintf("⟨U+%04X⟩", r) }

// byteCode is what stands in place of a byte that is not part of UTF-8 text.
func byteCode(b byte) string { return fmt.Sprintf("⟨0x%02X⟩", b) }

// oneLine makes s fit for metadata and the outline: one line, valid UTF-8
// within the Basic Multilingual Plane (all that the PDF writer can encode), and
// every unseen character shown by its code.
func oneLine(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(byteCode(s[i]))
		case r == '\n', r == '\t', unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case r > 0xFFFF, unseen(r):
			b.WriteString(runeCode(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
