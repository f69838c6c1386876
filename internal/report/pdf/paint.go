package pdf

import (
	"bytes"
	"fmt"

	"github.com/go-pdf/fpdf"
)

// paint draws the pages of s with fpdf and returns the file.
//
// fpdf keeps and changes the font bytes that it is given, so each render gets
// its own copy of the fonts it uses; and it takes the present time for a date
// that is not set.
func paint(doc Document, s *sheet) ([]byte, error) {
	f := fpdf.NewCustom(&fpdf.InitType{
		UnitStr: "pt",
		Size:    fpdf.SizeType{Wd: pageWidth, Ht: pageHeight},
	})
	f.SetCatalogSort(true)
	f.SetCompression(true)
	f.SetCreationDate(doc.At.UTC())
	f.SetModificationDate(doc.At.UTC())
	f.SetTitle(oneLine(doc.Title), true)
	f.SetSubject(oneLine(doc.Subject), true)
	f.SetAuthor(oneLine(doc.Author), true)
	f.SetCreator("nis2clock", true)
	f.SetLang(doc.Lang)
	f.SetMargins(0, 0, 0)
	f.SetAutoPageBreak(false, 0)

	p := &painter{pdf: f}
	entries := s.outline
	for i, ops := range s.pages {
		f.AddPage()
		p.font(sans, textBody.size) // the outline wants a Unicode font selected
		for ; len(entries) > 0 && entries[0].page == i; entries = entries[1:] {
			f.Bookmark(entries[0].title, entries[0].level, entries[0].y)
		}
		for _, o := range ops {
			p.op(o)
		}
	}
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		return nil, fmt.Errorf("draw pages: %w", err)
	}
	return b.Bytes(), nil
}

// painter draws ops on the current page of an fpdf document.
type painter struct {
	pdf    *fpdf.Fpdf
	loaded [nFaces]bool
}

func (p *painter) op(o op) {
	switch {
	case o.fill != nil:
		p.pdf.SetFillColor(int(o.fill.r), int(o.fill.g), int(o.fill.b))
		p.pdf.Rect(o.x, o.y, o.w, o.h, "F")
	case o.text != "":
		p.font(o.face, o.size)
		p.pdf.SetTextColor(int(o.ink.r), int(o.ink.g), int(o.ink.b))
		p.pdf.Text(o.x, o.y, o.text)
	case o.url != "":
		p.pdf.LinkString(o.x, o.y, o.w, o.h, o.url)
	}
}

// font selects a face, loading it on its first use so that a file carries no
// font it does not need.
func (p *painter) font(id faceID, size float64) {
	file := fontFiles[id]
	if !p.loaded[id] {
		p.pdf.AddUTF8FontFromBytes(file.family, file.style, bytes.Clone(file.ttf))
		p.loaded[id] = true
	}
	p.pdf.SetFont(file.family, file.style, size)
}
