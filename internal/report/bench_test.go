package report

import (
	"bytes"
	"testing"

	"nis2clock/internal/report/pdf"
)

// BenchmarkReport renders the specimen's early warning, six pages.
func BenchmarkReport(b *testing.B) {
	r, src := renderer(b), specimen(b)
	pages(b, render(b, r, Request{Stage: "early_warning"}, src), 6)
	b.ReportAllocs()
	for b.Loop() {
		render(b, r, Request{Stage: "early_warning"}, src)
	}
}

// BenchmarkFloor draws six pages of plain text in one face: what a file of that
// length costs whatever stands on it.
func BenchmarkFloor(b *testing.B) {
	text := bytes.Repeat([]byte("A paragraph of plain text that goes on for as long as a line of a report does.\n\n"), 190)
	doc := pdf.Document{Title: "floor", At: at0}
	var out bytes.Buffer
	if err := pdf.Render(&out, doc, text); err != nil {
		b.Fatal(err)
	}
	pages(b, out.Bytes(), 6)
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := pdf.Render(&out, doc, text); err != nil {
			b.Fatal(err)
		}
	}
}

// pages fails unless the file has so many.
func pages(b *testing.B, file []byte, want int) {
	b.Helper()
	if n := bytes.Count(file, []byte("/Type /Page\n")); n != want {
		b.Fatalf("%d pages, want %d", n, want)
	}
}
