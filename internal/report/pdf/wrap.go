package pdf

import "strings"

// line is one set line: glyphs without the white space at which it was broken.
type line struct {
	glyphs []glyph
	width  float64
}

// slack absorbs rounding, so that text measured to fit a column fits it.
const slack = 0.01

// wrap breaks gs into lines of at most the given width. It breaks at spaces;
// a token that is wider than a whole line is broken inside, after punctuation
// where that leaves the line well filled and between any two characters where
// not. A single character wider than the line gets a line of its own.
func wrap(gs []glyph, width float64) []line {
	var lines []line
	for start := 0; start < len(gs); {
		end, next := breakLine(gs[start:], width)
		lines = append(lines, setLine(gs[start:start+end]))
		start += next
	}
	return lines
}

// breakLine finds the first line of gs: it holds gs[:end], and the line after
// it begins at next.
func breakLine(gs []glyph, width float64) (end, next int) {
	var (
		w      float64
		space  = -1    // last space before which the line can end
		inked  = false // something other than a space precedes it
		soft   = 0     // last place after punctuation inside the current token
		softAt float64 // width up to there
	)
	for i, g := range gs {
		switch {
		case g.r == '\n':
			return i, i + 1
		case g.r == ' ':
			if inked {
				space = i
			}
			w += g.width
			soft = 0
			continue
		case w+g.width > width+slack && i > 0:
			if space > 0 && tokenFits(gs[space:], width) {
				return space, skipSpaces(gs, space)
			}
			if soft > 0 && softAt >= 0.6*width {
				return soft, soft
			}
			return i, i
		}
		inked = true
		w += g.width
		if strings.ContainsRune("/.,:;-_=&?@+)]}⟩", g.r) {
			soft, softAt = i+1, w
		}
	}
	return len(gs), len(gs)
}

// tokenFits reports whether the token after the spaces at the start of gs fits
// a line of its own.
func tokenFits(gs []glyph, width float64) bool {
	var w float64
	for _, g := range gs[skipSpaces(gs, 0):] {
		if g.r == ' ' || g.r == '\n' {
			return true
		}
		if w += g.width; w > width+slack {
			return false
		}
	}
	return true
}

// skipSpaces returns the index of the first glyph from i on that is not a
// space; a newline directly after is swallowed with them, since the line has
// ended already.
func skipSpaces(gs []glyph, i int) int {
	for i < len(gs) && gs[i].r == ' ' {
		i++
	}
	if i < len(gs) && gs[i].r == '\n' {
		i++
	}
	return i
}

// setLine trims the spaces at the end of gs and measures the rest.
func setLine(gs []glyph) line {
	for len(gs) > 0 && gs[len(gs)-1].r == ' ' {
		gs = gs[:len(gs)-1]
	}
	var w float64
	for _, g := range gs {
		w += g.width
	}
	return line{gs, w}
}

// extent returns the widths between which text can be set: least is its widest
// token, most is its widest line when nothing but line breaks ends a line.
func extent(gs []glyph) (least, most float64) {
	var token, whole, gap float64
	for _, g := range gs {
		switch g.r {
		case '\n':
			token, whole, gap = 0, 0, 0
			continue
		case ' ':
			token = 0
			gap += g.width
			continue
		}
		token += g.width
		whole += gap + g.width
		gap = 0
		least, most = max(least, token), max(most, whole)
	}
	return least, most
}
