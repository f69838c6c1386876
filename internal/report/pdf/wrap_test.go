package pdf

import (
	"slices"
	"strings"
	"testing"
)

// wide sets each character ten points wide.
func wide(s string) []glyph {
	l := &look{size: 10}
	var gs []glyph
	for _, r := range s {
		g := glyph{r: r, width: 10, look: l}
		if r == '\n' {
			g.width = 0
		}
		gs = append(gs, g)
	}
	return gs
}

func texts(lines []line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, textOfGlyphs(l.glyphs))
	}
	return out
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		chars    int
		want     []string
	}{
		{"nothing", "", 5, nil},
		{"exact fit", "abcde", 5, []string{"abcde"}},
		{"at a space", "ab cde", 5, []string{"ab", "cde"}},
		{"space at the edge", "abcde f", 5, []string{"abcde", "f"}},
		{"several spaces at the break", "abcde   f", 5, []string{"abcde", "f"}},
		{"spaces inside a line stay", "a  b", 5, []string{"a  b"}},
		{"long token by character", "abcdefghijkl", 5, []string{"abcde", "fghij", "kl"}},
		{"long token fills the line it begins on", "ab cdefghijk", 5, []string{"ab cd", "efghi", "jk"}},
		{"token that fits the next line moves whole", "abc defgh", 5, []string{"abc", "defgh"}},
		{"long token after punctuation", "http/abcdefg", 6, []string{"http/", "abcdef", "g"}},
		{"not after punctuation that comes early", "a/bcdefghij", 6, []string{"a/bcde", "fghij"}},
		{"line break", "ab\ncd", 5, []string{"ab", "cd"}},
		{"empty line", "a\n\nb", 5, []string{"a", "", "b"}},
		{"line break at the edge adds no line", "abcde \nf", 5, []string{"abcde", "f"}},
		{"indentation", "  ab", 5, []string{"  ab"}},
		{"narrower than a character", "abc", 0, []string{"a", "b", "c"}},
		{"no-break space holds", "ab\u00a0cd ef", 5, []string{"ab\u00a0cd", "ef"}},
	} {
		if got := texts(wrap(wide(tt.in), float64(10*tt.chars))); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q over %d: %q, want %q", tt.name, tt.in, tt.chars, got, tt.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("the quick brown fox\njumps", 7)
	f.Add("  a  bbbbbbbbbbbbbbbb/ccc", 4)
	f.Fuzz(func(t *testing.T, s string, chars int) {
		chars = max(0, min(chars, 40))
		lines := wrap(wide(s), float64(10*chars))
		for _, l := range lines {
			if n := len(l.glyphs); n > max(1, chars) {
				t.Fatalf("%q over %d: line %q has %d characters", s, chars, textOfGlyphs(l.glyphs), n)
			}
		}
		strip := strings.NewReplacer(" ", "", "\n", "").Replace
		if got, want := strip(strings.Join(texts(lines), "")), strip(string([]rune(s))); got != want {
			t.Fatalf("%q over %d: characters are %q", s, chars, got)
		}
	})
}

func TestExtent(t *testing.T) {
	for _, tt := range []struct {
		in          string
		least, most float64
	}{
		{"", 0, 0},
		{"abc", 30, 30},
		{"ab cde f", 30, 80},
		{"ab \nlonger", 60, 60},
		{"   ", 0, 0},
	} {
		if least, most := extent(wide(tt.in)); least != tt.least || most != tt.most {
			t.Errorf("extent(%q) = %v, %v, want %v, %v", tt.in, least, most, tt.least, tt.most)
		}
	}
}
