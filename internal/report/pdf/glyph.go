package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// look is how a run of characters is drawn.
type look struct {
	size float64
	ink  rgb
	url  string // link destination, already percent-encoded; empty for none
}

// glyph is one character in its face with its width. A newline glyph ends the
// line; a space may end it.
type glyph struct {
	r     rune
	face  faceID
	width float64
	look  *look
}

// glyphs appends s in the wanted face and look to gs. Characters that no face
// can draw become their codes; see [unseen].
func (fs *faces) glyphs(gs []glyph, s string, want faceID, l *look) []glyph {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			gs = fs.drawable(gs, byteCode(s[i]), want, l)
		case r == '\n':
			gs = append(gs, glyph{r: r, face: want, look: l})
		case r == ' ', r == '\t':
			gs = fs.drawable(gs, " ", want, l)
		case unicode.Is(unicode.Zs, r):
			gs = fs.drawable(gs, string(noBreakSpace), want, l)
		case unseen(r):
			gs = fs.drawable(gs, runeCode(r), want, l)
		default:
			id, advance, ok := fs.find(want, r)
			if !ok {
				gs = fs.drawable(gs, runeCode(r), want, l)
				continue
			}
			gs = append(gs, glyph{r, id, float64(advance) * l.size / 1000, l})
		}
	}
	return gs
}

// drawable appends text whose every character is known to be in the fonts: the
// codes, and spaces.
func (fs *faces) drawable(gs []glyph, s string, want faceID, l *look) []glyph {
	for _, r := range s {
		id, advance, _ := fs.find(want, r)
		gs = append(gs, glyph{r, id, float64(advance) * l.size / 1000, l})
	}
	return gs
}

// plain returns the glyphs of unformatted text set as t.
func (fs *faces) plain(s string, t typography) []glyph {
	return fs.glyphs(nil, s, textFace(t.bold, false), &look{size: t.size, ink: t.ink})
}

// textFace returns the proportional face for a weight and a slope.
func textFace(bold, italic bool) faceID {
	switch {
	case bold && italic:
		return sansBoldOblique
	case bold:
		return sansBold
	case italic:
		return sansOblique
	default:
		return sans
	}
}
