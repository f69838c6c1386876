package pdf

import (
	"fmt"
	"io"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Render writes doc with the Markdown as its body to w. Nothing is written when
// it fails before the document is complete. It is safe for concurrent use, and
// the same input gives the same bytes.
func Render(w io.Writer, doc Document, markdown []byte) error {
	if err := doc.validate(); err != nil {
		return fmt.Errorf("render PDF: %w", err)
	}
	fs, err := loadFaces()
	if err != nil {
		return fmt.Errorf("render PDF: %w", err)
	}
	s := compose(fs, doc, markdown)
	file, err := paint(doc, s)
	if err != nil {
		return fmt.Errorf("render PDF: %w", err)
	}
	file, err = finish(file, doc)
	if err != nil {
		return fmt.Errorf("render PDF: %w", err)
	}
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}

// compose sets the Markdown and the frame on pages.
func compose(fs *faces, doc Document, markdown []byte) *sheet {
	f := newFrame(fs, doc)
	s := newSheet(fs, f.top, f.bottom)
	c := &composer{faces: fs, source: markdown, numbered: doc.Numbered}
	c.document(s, parseMarkdown(markdown))
	bodies := s.pages
	for i := range bodies {
		s.pages = bodies[:i+1] // the frame goes on the page that is last
		f.draw(s, i+1, len(bodies))
	}
	return s
}

// parseMarkdown reads CommonMark with tables.
func parseMarkdown(markdown []byte) ast.Node {
	return goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(markdown))
}
