package pdf

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var plainDocument = Document{Title: "t", At: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}

// pagesOf sets md and returns the sheet and the text of each page, one op a line.
func pagesOf(t *testing.T, doc Document, md string) (*sheet, []string) {
	t.Helper()
	fs, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	s := compose(fs, doc, []byte(md))
	var pages []string
	for _, ops := range s.pages {
		var b strings.Builder
		for _, o := range ops {
			if o.text != "" {
				b.WriteString(o.text + "\n")
			}
		}
		pages = append(pages, b.String())
	}
	return s, pages
}

// inside reports ops that reach out of the page's margins.
func inside(t *testing.T, s *sheet) {
	t.Helper()
	for i, ops := range s.pages {
		for _, o := range ops {
			if o.x < marginSide-20 || o.x+o.w > marginSide+bodyWidth+slack+0.1 || o.y < marginTop-1 && (o.fill != nil || o.text != "") || o.y+o.h > pageHeight-marginBottom+4 {
				t.Fatalf("page %d: op reaches out of the margins: %+v", i+1, o)
			}
		}
	}
}

func TestTableRepeatsItsHeadOnEachPage(t *testing.T) {
	var md strings.Builder
	md.WriteString("| Fingerprint of it | State |\n| --- | --- |\n")
	for i := range 120 {
		fmt.Fprintf(&md, "| row-%03d | firing |\n", i)
	}
	s, pages := pagesOf(t, plainDocument, md.String())
	inside(t, s)
	if len(pages) < 3 {
		t.Fatalf("%d pages, want a table over at least 3", len(pages))
	}
	next := 0
	for i, p := range pages {
		if n := strings.Count(p, "Fingerprint of it\n"); n != 1 {
			t.Errorf("page %d has the head %d times", i+1, n)
		}
		if strings.Index(p, "Fingerprint of it\n") > strings.Index(p, "row-") {
			t.Errorf("page %d: the head is below the rows", i+1)
		}
		for strings.Contains(p, fmt.Sprintf("row-%03d\n", next)) {
			next++
		}
	}
	if next != 120 {
		t.Errorf("rows run to %d in order, want 120", next)
	}
}

func TestRowHigherThanAPageGoesOn(t *testing.T) {
	long := strings.Repeat("word&#10;", 150)
	s, pages := pagesOf(t, plainDocument, "| A head | B |\n| --- | --- |\n| "+long+" | once |\n| after | it |\n")
	inside(t, s)
	all := strings.Join(pages, "")
	if n := strings.Count(all, "word\n"); n != 150 {
		t.Errorf("%d lines of the cell are drawn, want 150", n)
	}
	if n := strings.Count(all, "once\n"); n != 1 {
		t.Errorf("the short cell is drawn %d times", n)
	}
	if n := strings.Count(all, "A head\n"); n != len(pages) {
		t.Errorf("the head is drawn %d times on %d pages", n, len(pages))
	}
}

func TestFieldListHasNoHead(t *testing.T) {
	var md strings.Builder
	md.WriteString("|   |   |\n| --- | --- |\n")
	for i := range 80 {
		fmt.Fprintf(&md, "| label %d | value |\n", i)
	}
	s, pages := pagesOf(t, plainDocument, md.String())
	inside(t, s)
	if n := strings.Count(strings.Join(pages, ""), "value\n"); n != 80 {
		t.Errorf("%d values, want 80", n)
	}
	for _, o := range s.pages[0] {
		if strings.HasPrefix(o.text, "label") && o.ink != muted {
			t.Fatalf("label %q is not set as one", o.text)
		}
	}
}

func TestColumns(t *testing.T) {
	row := func(cells ...string) []cell {
		var r []cell
		for _, c := range cells {
			r = append(r, cell{glyphs: wide(c)})
		}
		return r
	}
	words := strings.Repeat("words ", 30)
	for _, tt := range []struct {
		name  string
		rows  [][]cell
		n     int
		check func(w []float64) bool
	}{
		{"short columns stay whole beside a long one", [][]cell{row("2026-11-20", "Ann", words)}, 3, func(w []float64) bool { return w[0] >= 100 && w[1] >= 30 && w[2] > w[0] }},
		{"long columns share", [][]cell{row(words, words)}, 2, func(w []float64) bool { return math.Abs(w[0]-w[1]) < 1 }},
		{"many columns", [][]cell{row(strings.Fields(strings.Repeat("abcdefgh ", 30))...)}, 30, func(w []float64) bool { return slices.Min(w) > 0 }},
		{"empty table", nil, 3, func(w []float64) bool { return w[0] == w[2] }},
		{"one empty column", [][]cell{row(words, "", words)}, 3, func(w []float64) bool { return w[0] > 100 && w[2] > 100 }},
	} {
		const total = 460
		w := columns(tt.rows, tt.n, total, false)
		sum := cellPadX * float64(tt.n-1)
		for _, x := range w {
			sum += x
		}
		if !tt.check(w) || math.Abs(sum-total) > 0.1 {
			t.Errorf("%s: widths %.1f add up to %.1f of %d", tt.name, w, sum, total)
		}
	}
}

func TestEveryPageCarriesTheFrame(t *testing.T) {
	doc := plainDocument
	doc.Header = "NIS2 early warning · INC-2026-0001"
	doc.Footer = "journal size 123 · root " + testRoot
	doc.Marks = []string{"DRAFT", "", "EXERCISE", "TLP:AMBER+STRICT"}
	s, pages := pagesOf(t, doc, strings.Repeat("A paragraph of text.\n\n", 150))
	inside(t, s)
	if len(pages) < 4 {
		t.Fatalf("%d pages, want several", len(pages))
	}
	for i, p := range pages {
		for _, want := range []string{
			doc.Header + "\n", doc.Footer + "\n", fmt.Sprintf("page %d of %d\n", i+1, len(pages)),
			"\nDRAFT\n", "\nEXERCISE\n", "\nTLP:AMBER+STRICT\n", "DRAFT  ·  EXERCISE  ·  TLP:AMBER+STRICT\n",
		} {
			if !strings.Contains(p, want) {
				t.Errorf("page %d lacks %q", i+1, want)
			}
		}
	}
}

func TestLongFrameIsWrappedAndNotCut(t *testing.T) {
	doc := plainDocument
	doc.Header = strings.Repeat("header ", 60)
	doc.Footer = strings.Repeat("z", 300)
	doc.Marks = []string{strings.Repeat("M", 120), "A", "B", "C", "D", "E", "F", "TLP:RED", "ANOTHER ONE", "AND ONE MORE"}
	s, pages := pagesOf(t, doc, "text")
	inside(t, s)
	all := strings.ReplaceAll(pages[0], "\n", "")
	for letter, want := range map[string]int{"header": 60, "z": 300, "M": 2 * 121} {
		if n := strings.Count(all, letter); n != want {
			t.Errorf("%q is drawn %d times, want %d", letter, n, want)
		}
	}
}

func TestHeadingsStayWithWhatFollows(t *testing.T) {
	for n := 20; n < 60; n++ {
		md := strings.Repeat("Filler.\n\n", n) + "## The heading\n\n### Below it\n\nFirst words.\n"
		_, pages := pagesOf(t, plainDocument, md)
		for _, p := range pages {
			if strings.Contains(p, "The heading\n") != strings.Contains(p, "First words.\n") {
				t.Errorf("after %d paragraphs the headings are on another page than their text", n)
			}
		}
	}
}

func TestCallOutGoesOverPages(t *testing.T) {
	s, pages := pagesOf(t, plainDocument, "> "+strings.Repeat("said ", 4000)+"\n")
	inside(t, s)
	if len(pages) < 3 {
		t.Fatalf("%d pages, want several", len(pages))
	}
	total := 0
	for i, ops := range s.pages {
		boxes := 0
		for _, o := range ops {
			if o.fill != nil && *o.fill == tint {
				boxes++
			}
		}
		if boxes != 1 {
			t.Errorf("page %d has %d backgrounds, want 1", i+1, boxes)
		}
		total += strings.Count(pages[i], "said")
	}
	if total != 4000 {
		t.Errorf("%d words, want 4000", total)
	}
}

func TestShortCallOutIsNotSplit(t *testing.T) {
	for n := 25; n < 55; n++ {
		md := strings.Repeat("Filler.\n\n", n) + "> first line&#10;two&#10;three&#10;last line\n"
		_, pages := pagesOf(t, plainDocument, md)
		for _, p := range pages {
			if strings.Contains(p, "first line\n") != strings.Contains(p, "last line\n") {
				t.Errorf("after %d paragraphs the call-out is split", n)
			}
		}
	}
}

func TestDeepNestingEnds(t *testing.T) {
	for name, md := range map[string]string{
		"quotes": strings.Repeat("> ", 60) + "bottom",
		"lists":  strings.Repeat("- ", 60) + "bottom",
	} {
		s, pages := pagesOf(t, plainDocument, md)
		if !strings.Contains(strings.Join(pages, ""), "bottom\n") {
			t.Errorf("%s: the innermost text is not drawn", name)
		}
		inside(t, s)
	}
}

func TestListMarkers(t *testing.T) {
	_, pages := pagesOf(t, plainDocument, "7. seven\n8. eight\n\n   more\n9.\n10) bracket\n\n- > quoted\n- ```\n  code\n  ```\n- | a |\n  | --- |\n  | b |\n")
	for _, want := range []string{"7.\nseven\n", "8.\neight\nmore\n", "9.\n", "10)\nbracket\n", "•\nquoted\n", "•\ncode\n", "•\na\nb\n"} {
		if !strings.Contains(pages[0], want) {
			t.Errorf("%q is not drawn:\n%s", want, pages[0])
		}
	}
}

func TestOutlineHasNoGaps(t *testing.T) {
	s, _ := pagesOf(t, plainDocument, "### deep first\n\n# top\n\n#### jump\n\n##### deeper\n\n## two&#10;lines\n")
	var got []string
	for _, e := range s.outline {
		got = append(got, fmt.Sprint(e.level, " ", e.title))
	}
	want := []string{"0 deep first", "0 top", "1 jump", "2 deeper", "1 two lines"}
	if !slices.Equal(got, want) {
		t.Errorf("outline %q, want %q", got, want)
	}
}

func TestLinksLeadOnlyWhereTheyMay(t *testing.T) {
	s, pages := pagesOf(t, plainDocument, "[a](https://example.org/ü?q=\"x\") <https://example.org/b> <c@example.org> [d](javascript:alert\\(1\\)) [e](file:///etc/passwd) [https://example.org/f](https://example.org/f)\n\n![alt](pic.png)\n")
	var urls []string
	for _, o := range s.pages[0] {
		if o.url != "" && !slices.Contains(urls, o.url) {
			urls = append(urls, o.url)
		}
	}
	want := []string{"https://example.org/%C3%BC?q=%22x%22", "https://example.org/b", "mailto:c@example.org", "https://example.org/f"}
	if !slices.Equal(urls, want) {
		t.Errorf("links to %q, want %q", urls, want)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(pages[0], "\n", ""), " ", "")
	for _, want := range []string{`a (https://example.org/ü?q="x")`, "d (javascript:alert(1))", "e (file:///etc/passwd)", "[image: alt] (pic.png)"} {
		if !strings.Contains(text, strings.ReplaceAll(want, " ", "")) {
			t.Errorf("%q is not drawn in %q", want, text)
		}
	}
	if strings.Count(text, "https://example.org/f") != 1 {
		t.Errorf("a destination that the text says already is repeated: %q", text)
	}
}
