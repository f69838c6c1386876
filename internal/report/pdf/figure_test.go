package pdf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTimelineDrawsEveryMoment(t *testing.T) {
	for _, n := range []int{0, 1, 5, 6, 23} {
		var moments []Moment
		for i := range n {
			moments = append(moments, Moment{Tone: []string{"", "done", "late", "due"}[i%4], Title: fmt.Sprintf("Moment-%02d", i), At: "2026-11-20\nUTC", Gap: "+1 h"})
		}
		s, pages := pagesOf(t, plainDocument, string(Timeline(moments))+"after\n")
		inside(t, s)
		all := strings.Join(pages, "")
		var drawn []string
		for line := range strings.Lines(all) {
			if strings.HasPrefix(line, "Moment-") {
				drawn = append(drawn, line)
			}
		}
		if len(drawn) != n || !slices.IsSorted(drawn) || strings.Count(all, "+1 h\n") != n || !strings.Contains(all, "after\n") {
			t.Errorf("of %d moments there are drawn\n%s", n, all)
		}
	}
}

func TestStatusSaysWhereAReportStands(t *testing.T) {
	s, pages := pagesOf(t, plainDocument, string(Status(Standing{Tone: "late", State: "overdue", Facts: [][2]string{{"Due before", "2026-11-20\n08:00"}, {"Runs from", "detection"}}})))
	inside(t, s)
	if want := "overdue\nDue before\n2026-11-20\n08:00\nRuns from\ndetection\n"; !strings.Contains(pages[0], want) {
		t.Errorf("the panel says\n%s\nwant\n%s", pages[0], want)
	}
	if !slices.ContainsFunc(s.pages[0], func(o op) bool { return o.fill != nil && *o.fill == alarm }) {
		t.Error("what is late is not red")
	}
}

// What stands in a figure can neither end it nor become anything else.
func TestFiguresHoldHostileText(t *testing.T) {
	for _, h := range append(hostile, "~~~\n# out", "\n~~~\n", "a\x1fb\x1ec") {
		s, pages := pagesOf(t, plainDocument, string(Timeline([]Moment{{Title: h, At: h, Gap: h}}))+string(Status(Standing{State: h, Facts: [][2]string{{h, h}}}))+"# The end\n")
		inside(t, s)
		if len(s.outline) != 1 || !strings.Contains(strings.Join(pages, ""), "The end\n") {
			t.Errorf("%q: the outline is %v", h, s.outline)
		}
	}
}

func TestBannerCrossesEveryPageTwice(t *testing.T) {
	doc := plainDocument
	doc.Banner, doc.Alarm, doc.Header, doc.Marks = "ÜBUNG – KEIN REALER SICHERHEITSVORFALL", true, "header", []string{"TLP:RED"}
	s, pages := pagesOf(t, doc, strings.Repeat("A paragraph of text.\n\n", 150))
	if len(pages) < 4 {
		t.Fatalf("%d pages, want several", len(pages))
	}
	for i, p := range pages {
		if n := strings.Count(p, doc.Banner+"\n"); n != 2 {
			t.Errorf("page %d has the banner %d times", i+1, n)
		}
		fields := 0
		for _, o := range s.pages[i] {
			if o.fill != nil && *o.fill == alarm && o.w == pageWidth {
				fields++
			}
			if o.text == "A paragraph of text." && (o.y < 40 || o.y > pageHeight-40) {
				t.Errorf("page %d: text under the banner at %.0f", i+1, o.y)
			}
		}
		if fields != 2 {
			t.Errorf("page %d has %d red fields across, want 2", i+1, fields)
		}
	}
}

func TestHeadingsAreNumbered(t *testing.T) {
	doc := plainDocument
	doc.Numbered, doc.PageOf = true, "Seite {n} von {m}"
	s, pages := pagesOf(t, doc, "# Title\n\n## A\n\n### B\n\n### C\n\n## D\n\n#### E\n\n### F\n")
	var got []string
	for _, e := range s.outline {
		got = append(got, e.title)
	}
	want := []string{"Title", "1 A", "1.1 B", "1.2 C", "2 D", "E", "2.1 F"}
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], "\u2002", " ")
	}
	if !slices.Equal(got, want) {
		t.Errorf("headings are %q, want %q", got, want)
	}
	if !strings.Contains(pages[0], "Seite 1 von 1\n") {
		t.Error("the page does not count itself as it was told to")
	}
}

// Short sections follow each other on a page: a heading keeps what is below it,
// not the next section too.
func TestShortSectionsFillThePage(t *testing.T) {
	_, pages := pagesOf(t, plainDocument, "First.\n\n"+strings.Repeat("## Section\n\nOne line.\n\n", 20))
	if n := strings.Count(pages[0], "Section\n"); n < 8 {
		t.Errorf("the first page has %d of 20 short sections", n)
	}
}

func TestTemplateFunctionsAndConstants(t *testing.T) {
	word := func(s string) Funcs { return Funcs{"word": func(string) string { return s }} }
	tmpl, err := ParseTemplate("house.md", "{{word \"a\"}}\n{{if word \"b\"}}{{template \"x\" (word \"c\")}}{{end}}{{(word \"d\").Y}}", word("old"), Source{"parts.md", "\n{{define \"x\"}}{{range $w := word \"e\"}}{{end}}{{end}}"})
	if err != nil {
		t.Fatal(err)
	}
	found := tmpl.Constants("word")
	for name, at := range map[string]string{"a": "house.md:1", "b": "house.md:2", "c": "house.md:2", "d": "house.md:2", "e": "parts.md:2"} {
		if !slices.Equal(found[name], []string{at}) {
			t.Errorf("%s is found at %v, want %s", name, found[name], at)
		}
	}
	tmpl, err = ParseTemplate("house.md", "{{word \"a\"}}", word("old"))
	if err != nil {
		t.Fatal(err)
	}
	for _, say := range []string{"first", "second", "*third*"} {
		if got, err := tmpl.Execute(nil, word(say)); err != nil || string(got) != Escape(say) {
			t.Errorf("it says %q, %v, want %q, escaped", got, err, say)
		}
	}
}
