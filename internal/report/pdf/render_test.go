package pdf

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/realtest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// hostile are values that somebody else chose: alert labels, names, notes.
var hostile = []string{
	"`rm -rf /`",
	"a | b | c",
	"[x](http://evil)",
	"![x](http://evil/x.png)",
	"# heading",
	"- [ ] item\n- item",
	"1. one\n2. two",
	"> quote",
	"---",
	"===",
	"```\nfence",
	"<script>alert(1)</script>",
	"<http://evil>",
	"&lt;&#10;&amp;",
	"| --- | --- |\n| a | b |",
	"user\u202egnp.exe",
	"zero\u200bwidth\ufeff",
	"bell\a escape\x1b[31m nul\x00",
	"not \xff UTF-8 \xc3",
	"fire 🔥 and 事件",
	strings.Repeat("0123456789abcdef", 40),
	"line one\nline two\r\nline three",
	"   leading and trailing   ",
	`back\slash\`,
	"{{.Title}} %s",
}

// render renders md, failing the test when it cannot.
func render(t testing.TB, doc Document, md []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, doc, md); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares got with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

// warnings are the early warnings that are kept as goldens.
func warnings(t *testing.T) map[string]warning {
	t.Helper()
	late := fullWarning(t)
	late.Marks = []string{"EXERCISE", "TLP:GREEN"}
	late.Exercise = true
	late.AwareAt, late.AwareBy, late.AwareReason = "", "", ""
	late.LateReason = "The commander could not be reached for 26 hours."
	late.Clocks[0].Late, late.Clocks[0].State = true, "submitted"
	late.Clocks[0].SubmittedAt, late.Clocks[0].Reference = "2026-11-21 04:00:00 UTC", "BG-2026-77"
	late.MoreAlerts = 4
	for len(late.Alerts) < 22 {
		late.Alerts = append(late.Alerts, warningAlert{Name: fmt.Sprintf("Alert %d", len(late.Alerts)+1), Status: "resolved"})
	}
	least := warning{Incident: "INC-2026-0001", Malicious: "unknown", CrossBorder: "no", Summary: "A sign-in server answers with another company's pages.", Marks: []string{"DRAFT"}}
	least.Entity.Name = "Muster Energie GmbH"
	evil := warning{Incident: "INC-2026-0002", Title: hostile[4], Summary: strings.Join(hostile, "\n"), Malicious: "`maybe`", CrossBorder: "yes", Marks: []string{"DRAFT"}}
	evil.Entity.Name = hostile[2]
	evil.Incomplete = []string{hostile[5]}
	evil.Timeline = []warningEvent{{hostile[1], hostile[3], hostile[14]}}
	evil.Alerts = []warningAlert{{Name: hostile[4], Summary: hostile[10], Fingerprint: "`|", Status: hostile[8]}}
	for i, h := range hostile {
		evil.Alerts[0].Labels = append(evil.Alerts[0].Labels, warningLabel{fmt.Sprintf("label_%d", i), h})
	}
	return map[string]warning{"full": fullWarning(t), "late_exercise": late, "least": least, "empty": {}, "hostile": evil}
}

func TestEarlyWarningMarkdown(t *testing.T) {
	for name, w := range warnings(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, "early_warning_"+name+".golden.md", string(warningMarkdown(t, w)))
		})
	}
}

func TestEarlyWarningReadBack(t *testing.T) {
	for name, w := range warnings(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, "early_warning_"+name+".golden.txt", realtest.PDFText(t, render(t, warningDocument(w), warningMarkdown(t, w))))
		})
	}
}

func TestEverythingReadBack(t *testing.T) {
	md, err := os.ReadFile("testdata/everything.md")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "everything.golden.txt", realtest.PDFText(t, render(t, plainDocument, md)))
}

// Each hostile value must come back as it was, with only what cannot be drawn
// replaced by its code: it is neither lost nor does it become anything else.
func TestHostileValuesAreShownAsTheyAre(t *testing.T) {
	fs, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hostile {
		w := warning{Alerts: []warningAlert{{Name: h, Labels: []warningLabel{{"label", h}}}}}
		s, pages := pagesOf(t, warningDocument(w), string(warningMarkdown(t, w)))
		inside(t, s)
		squeeze := func(s string) string { return strings.NewReplacer(" ", "", "\n", "", "\u00a0", "").Replace(s) }
		want := squeeze(textOfGlyphs(fs.glyphs(nil, strings.ReplaceAll(h, "\r\n", "\n"), sans, &look{size: 8})))
		if n := strings.Count(squeeze(strings.Join(pages, "")), want); n < 2 {
			t.Errorf("%q is drawn %d times, want as name and as label", h, n)
		}
		for _, page := range s.pages {
			for _, o := range page {
				if o.url != "" {
					t.Errorf("%q made a link to %s", h, o.url)
				}
			}
		}
	}
}

func TestValidPDF(t *testing.T) {
	qpdf := realtest.QPDF(t)
	for name, w := range warnings(t) {
		t.Run(name, func(t *testing.T) {
			path := realtest.Save(t, "report.pdf", render(t, warningDocument(w), warningMarkdown(t, w)))
			if out := realtest.Run(t, qpdf, "--check", path); !strings.Contains(out, "No syntax or stream encoding errors found") || strings.Contains(out, "WARNING") {
				t.Errorf("qpdf --check says:\n%s", out)
			}
		})
	}
}

func TestMetadataReadBack(t *testing.T) {
	doc := plainDocument
	doc.Title, doc.Author, doc.Subject, doc.Lang = "Ειδοποίηση 🔥 (a\\b)\rx", "Ивана", "čj", "pt-PT"
	doc.At = time.Date(2026, 11, 20, 3, 4, 5, 0, time.FixedZone("", 2*3600))
	file := render(t, doc, []byte("text"))
	padded := realtest.Run(t, realtest.Poppler(t, "pdfinfo"), "-rawdates", realtest.Save(t, "report.pdf", file))
	out := regexp.MustCompile(` +`).ReplaceAllString(padded, " ")
	for _, want := range []string{"Title: Ειδοποίηση ⟨U+1F525⟩ (a\\b)⟨U+000D⟩x\n", "Author: Ивана\n", "Subject: čj\n", "CreationDate: D:20261120010405\n", "ModDate: D:20261120010405\n", "Pages: 1\n", "PDF version: 1.7\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("pdfinfo does not say %q:\n%s", want, out)
		}
	}
	if !bytes.Contains(file, []byte("/Lang (pt-PT)")) {
		t.Error("the language is not in the catalogue")
	}
}

func TestAttachmentsReadBack(t *testing.T) {
	doc := plainDocument
	doc.Attach = []Attachment{
		{Name: "report.json", Description: "for machines", Data: []byte(`{"a":1}`)},
		{Name: "δεδομένα (1).bin", Data: bytes.Repeat([]byte("endstream endobj \x00\xff"), 5000)},
		{Name: "empty.txt"},
	}
	path := realtest.Save(t, "report.pdf", render(t, doc, []byte("# a\n\n## b\n")))
	detach := realtest.Poppler(t, "pdfdetach")
	for i, a := range doc.Attach {
		out := filepath.Join(t.TempDir(), "attachment")
		realtest.Run(t, detach, "-save", strconv.Itoa(i+1), "-o", out, path)
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, a.Data) {
			t.Errorf("%s comes back as %d bytes, want %d", a.Name, len(got), len(a.Data))
		}
	}
	list := realtest.Run(t, detach, "-list", "-enc", "UTF-8", path)
	for _, a := range doc.Attach {
		if !strings.Contains(list, a.Name) {
			t.Errorf("%s is not in the list:\n%s", a.Name, list)
		}
	}
	if out := realtest.Run(t, realtest.QPDF(t), "--check", path); strings.Contains(out, "WARNING") {
		t.Errorf("qpdf --check says:\n%s", out)
	}
}

var (
	destination = regexp.MustCompile(`/Dest \[(\d+) 0 R /XYZ`)
	pageObject  = regexp.MustCompile(`(?m)^(\d+) 0 obj\n<</Type /Page\n`)
)

// Outline entries must lead to the page their heading is on, also when files
// are attached.
func TestOutlineLeadsToPages(t *testing.T) {
	var md strings.Builder
	for i := range 40 {
		fmt.Fprintf(&md, "# Heading %d\n\n%s\n\n", i, strings.Repeat("words ", 200))
	}
	doc := plainDocument
	doc.Attach = []Attachment{{Name: "a", Data: []byte("a")}, {Name: "b", Data: []byte("b")}}
	s, _ := pagesOf(t, doc, md.String())
	file := render(t, doc, []byte(md.String()))
	pages := make(map[string]int)
	for i, m := range pageObject.FindAllSubmatch(file, -1) {
		pages[string(m[1])] = i
	}
	links := destination.FindAllSubmatch(file, -1)
	if len(links) != 40 || len(s.outline) != 40 || len(pages) != len(s.pages) {
		t.Fatalf("%d destinations, %d headings, %d pages of %d", len(links), len(s.outline), len(pages), len(s.pages))
	}
	for i, m := range links {
		if got, ok := pages[string(m[1])]; !ok || got != s.outline[i].page {
			t.Errorf("heading %d is on page %d, its entry leads to object %s (page %d, %v)", i, s.outline[i].page, m[1], got, ok)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	all := warnings(t)
	first := make(map[string][]byte)
	type job struct {
		doc Document
		md  []byte
	}
	jobs := make(map[string]job)
	for name, w := range all {
		jobs[name] = job{warningDocument(w), warningMarkdown(t, w)}
		first[name] = render(t, jobs[name].doc, jobs[name].md)
	}
	for range 2 { // after others were rendered
		for name, j := range jobs {
			if !bytes.Equal(render(t, j.doc, j.md), first[name]) {
				t.Errorf("%s: a later render differs", name)
			}
		}
	}
	var wg sync.WaitGroup
	for range 2 { // and beside them
		for name, j := range jobs {
			wg.Go(func() {
				var b bytes.Buffer
				if err := Render(&b, j.doc, j.md); err != nil || !bytes.Equal(b.Bytes(), first[name]) {
					t.Errorf("%s: a concurrent render differs (error %v)", name, err)
				}
			})
		}
	}
	wg.Wait()

	// What is the same document in another zone is the same file.
	j := jobs["least"]
	j.doc.At = j.doc.At.In(time.FixedZone("x", -3600))
	if !bytes.Equal(render(t, j.doc, j.md), first["least"]) {
		t.Error("the zone of At changes the bytes")
	}
	j.doc.At = j.doc.At.Add(time.Second)
	if bytes.Equal(render(t, j.doc, j.md), first["least"]) {
		t.Error("another date gives the same bytes")
	}
}

func TestRenderLeavesTheFontsAsTheyAre(t *testing.T) {
	var before [nFaces][]byte
	for i := range fontFiles {
		before[i] = bytes.Clone(fontFiles[i].ttf)
	}
	w := fullWarning(t)
	render(t, warningDocument(w), warningMarkdown(t, w))
	for i := range fontFiles {
		if !bytes.Equal(before[i], fontFiles[i].ttf) {
			t.Errorf("%s%s was changed", fontFiles[i].family, fontFiles[i].style)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*Document)
		want string
	}{
		{"no date", func(d *Document) { d.At = time.Time{} }, "no date"},
		{"language with a bracket", func(d *Document) { d.Lang = "en) /X (" }, "BCP 47"},
		{"attachment without name", func(d *Document) { d.Attach = []Attachment{{}} }, "attachment 1 has no name"},
		{"attachment with a path", func(d *Document) { d.Attach = []Attachment{{Name: "../x"}} }, "path"},
		{"attachment twice", func(d *Document) { d.Attach = []Attachment{{Name: "x"}, {Name: "x"}} }, "twice"},
	} {
		doc := plainDocument
		tt.edit(&doc)
		var b bytes.Buffer
		if err := Render(&b, doc, nil); err == nil || !strings.Contains(err.Error(), tt.want) || b.Len() > 0 {
			t.Errorf("%s: error %v and %d bytes, want an error saying %q", tt.name, err, b.Len(), tt.want)
		}
	}
	full := errors.New("disk full")
	if err := Render(failing{full}, plainDocument, nil); !errors.Is(err, full) {
		t.Errorf("a failing writer gives %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestFinishRefusesAnotherForm(t *testing.T) {
	s, _ := pagesOf(t, plainDocument, "text")
	file, err := paint(plainDocument, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := finish(file, plainDocument); err != nil {
		t.Fatalf("fpdf's own output is refused: %v", err)
	}
	replace := func(old, with string) []byte {
		return bytes.ReplaceAll(file, []byte(old), []byte(with))
	}
	for name, broken := range map[string][]byte{
		"empty":            nil,
		"no startxref":     replace("startxref", "startxxxx"),
		"no xref":          replace("xref\n0 ", "yref\n0 "),
		"no catalogue":     replace("/Type /Catalog", "/Type /Katalog"),
		"no names":         replace("/Names <<", "/Nomes <<"),
		"xref cut":         append(bytes.Clone(file[:bytes.LastIndex(file, []byte("trailer"))-40]), file[bytes.LastIndex(file, []byte("startxref"))-1:]...),
		"offset elsewhere": replace("startxref\n", "startxref\n9999999"),
	} {
		if _, err := finish(broken, plainDocument); !errors.Is(err, errTail) {
			t.Errorf("%s: error %v, want %v", name, err, errTail)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	if md, err := os.ReadFile("testdata/everything.md"); err == nil {
		f.Add(string(md))
	}
	f.Add("- > 1. | a |\n  > | - |\n\n    x\n")
	fs, err := loadFaces()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, md string) {
		s := compose(fs, plainDocument, []byte(md))
		for _, e := range s.outline {
			if e.page < 0 || e.page >= len(s.pages) || e.y < 0 || e.y > pageHeight {
				t.Errorf("outline entry off the pages: %+v", e)
			}
		}
		for _, ops := range s.pages {
			for _, o := range ops {
				for _, r := range o.text {
					if fs[o.face].advance[min(r, 0xFFFF)] == noGlyph || r > 0xFFFF {
						t.Fatalf("face %d is asked to draw %q", o.face, r)
					}
				}
			}
		}
	})
}

// BenchmarkRender renders an early warning of six pages.
func BenchmarkRender(b *testing.B) {
	w := warning{Incident: "INC-2026-0042", Title: "Ransomware on the dispatch network", Summary: strings.Repeat("Two dispatch servers were encrypted. Η ειδοποίηση. Сигнал. ", 10), Malicious: "yes", CrossBorder: "unknown"}
	for i := range 13 {
		a := warningAlert{Name: fmt.Sprintf("DispatchHostEncrypted %d", i), Status: "firing", Fingerprint: "9f86d081884c7d65"}
		for j := range 4 {
			a.Labels = append(a.Labels, warningLabel{fmt.Sprintf("label_%d", j), "value of the label"})
		}
		w.Alerts = append(w.Alerts, a)
	}
	md, doc := warningMarkdown(b, w), warningDocument(w)
	fs, err := loadFaces()
	if err != nil {
		b.Fatal(err)
	}
	if n := len(compose(fs, doc, md).pages); n != 6 {
		b.Fatalf("the report has %d pages, want 6", n)
	}
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := Render(&out, doc, md); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(out.Len()))
	}
}
