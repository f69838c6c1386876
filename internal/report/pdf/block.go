package pdf

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// composer sets a Markdown tree on a sheet.
type composer struct {
	faces  *faces
	source []byte
	// numbered gives headings numbers; counts are the last of each level, 2 and 3.
	numbered bool
	counts   [2]int
}

// number is the number of a heading that is set now.
func (c *composer) number(s *sheet, level int) string {
	if !c.numbered || s.trial || level < 2 || level > 3 {
		return ""
	}
	if level == 2 {
		c.counts[0]++
		c.counts[1] = 0
		return strconv.Itoa(c.counts[0])
	}
	c.counts[1]++
	return strconv.Itoa(c.counts[0]) + "." + strconv.Itoa(c.counts[1])
}

// document sets the whole tree. An opening heading of level 1 is the title, a
// paragraph directly after it the lead.
func (c *composer) document(s *sheet, doc ast.Node) {
	first := doc.FirstChild()
	title, ok := first.(*ast.Heading)
	if !ok || title.Level != 1 {
		c.blocks(s, first)
		return
	}
	gs := c.faces.inline(c.source, title, textTitle)
	s.addOutline(oneLine(textOfGlyphs(gs)), 0, s.y)
	s.lines(wrap(gs, s.w), textTitle.leading)
	s.space(textTitle.after)
	next := title.NextSibling()
	if lead, ok := next.(*ast.Paragraph); ok {
		c.paragraph(s, lead, textLead)
		next = lead.NextSibling()
	}
	s.rect(s.x, s.y+5, s.w, 1.4, accent)
	s.y += 6.4
	s.space(12)
	c.blocks(s, next)
}

// blocks sets n and its following siblings.
func (c *composer) blocks(s *sheet, n ast.Node) {
	for ; n != nil; n = n.NextSibling() {
		c.block(s, n)
	}
}

// block sets one block. A kind it does not know is walked through, and shown by
// its source lines when there is nothing below it.
func (c *composer) block(s *sheet, n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		c.heading(s, n)
	case *ast.Paragraph:
		c.paragraph(s, n, textBody)
	case *ast.TextBlock:
		t := textBody
		t.after = 2 // a tight list item
		c.paragraph(s, n, t)
	case *ast.List:
		c.list(s, n)
	case *ast.Blockquote:
		c.quote(s, n)
	case *ast.FencedCodeBlock:
		if c.figure(s, n) {
			return
		}
		c.code(s, n.Lines().Value(c.source))
	case *ast.CodeBlock:
		c.code(s, n.Lines().Value(c.source))
	case *ast.HTMLBlock:
		html := n.Lines().Value(c.source)
		if n.HasClosure() {
			html = append(bytes.Clone(html), n.ClosureLine.Value(c.source)...)
		}
		c.code(s, html)
	case *ast.ThematicBreak:
		s.flushMarkers()
		s.space(9)
		s.rect(s.x, s.take(0.6), s.w, 0.6, hair)
		s.space(9)
	case *extast.Table:
		c.table(s, n)
	case *ast.LinkReferenceDefinition:
		// Drawn where a link refers to it.
	default:
		if n.HasChildren() {
			c.blocks(s, n.FirstChild())
			return
		}
		c.code(s, linesOf(n.Lines(), c.source))
	}
}

func linesOf(l *text.Segments, source []byte) []byte {
	if l == nil {
		return nil
	}
	return l.Value(source)
}

func (c *composer) paragraph(s *sheet, n ast.Node, t typography) {
	lines := wrap(c.faces.inline(c.source, n, t), s.w)
	if len(lines) == 0 {
		return
	}
	s.space(t.before)
	s.lines(lines, t.leading)
	s.space(t.after)
}

// heading sets a heading with room for what follows, and enters it in the
// outline.
func (c *composer) heading(s *sheet, n *ast.Heading) {
	t := textHeading[n.Level-1]
	gs := c.faces.inline(c.source, n, t)
	if number := c.number(s, n.Level); number != "" && len(gs) > 0 {
		gs = append(c.faces.plain(number+"\u2002", t), gs...)
	}
	lines := wrap(gs, s.w)
	if len(lines) == 0 {
		return
	}
	s.flushMarkers()
	s.space(t.before)
	if !s.trial {
		s.keep(float64(len(lines))*t.leading + t.after + c.below(s, n))
	}
	// Where the strip will be taken: the outline leads a little above it.
	y := s.y + s.gap()
	s.lines(lines, t.leading)
	s.space(t.after)
	s.addOutline(oneLine(textOfGlyphs(gs)), n.Level-1, max(0, y-4))
}

// below returns the room to keep under a heading: for headings and an
// introducing sentence that follow at once, and for a table that stays in one
// piece; of anything else its beginning.
func (c *composer) below(s *sheet, n ast.Node) float64 {
	kept := 0.0
	for next := n.NextSibling(); next != nil; next = next.NextSibling() {
		h := s.height(func(s *sheet) { c.block(s, next) })
		switch next.(type) {
		case *ast.Heading:
			kept += textHeading[0].before // no heading has more
		case *ast.Paragraph:
			if h > 3*textBody.leading {
				return kept + keepBelow
			}
			switch next.NextSibling().(type) {
			case nil, *ast.Heading: // it introduces nothing
				return kept + h
			}
			kept += textBody.after
		case *extast.Table:
			if h <= keepTable {
				return kept + h
			}
			return kept + keepBelow
		default:
			return kept + min(h, keepBelow)
		}
		if kept += h; kept > 2*keepTable {
			break
		}
	}
	return min(kept, 2*keepTable)
}

// list sets a bulleted or numbered list. Items of a tight list stand close.
func (c *composer) list(s *sheet, n *ast.List) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "•"
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + string(n.Marker)
			number++
		}
		gs := c.faces.plain(mark, typography{size: textBody.size, ink: accent})
		l := setLine(gs)
		restore := s.indent(max(listIndent, l.width+6))
		s.markers = append(s.markers, marker{s.x - 5, l})
		c.blocks(s, item.FirstChild())
		s.flushMarkers() // an empty item
		restore()
	}
	s.space(textBody.after)
}

// quote sets a block quote as a call-out, in one piece where a page can hold it.
func (c *composer) quote(s *sheet, n *ast.Blockquote) {
	s.flushMarkers()
	s.space(5)
	set := func(s *sheet) {
		closeBox := s.openBox(tint, &accent, quotePad, quoteIndent)
		c.blocks(s, n.FirstChild())
		s.flushMarkers()
		closeBox()
	}
	c.whole(s, set)
	s.space(9)
}

// code sets preformatted text.
func (c *composer) code(s *sheet, text []byte) {
	str := strings.TrimRight(string(text), "\n")
	if str == "" {
		return
	}
	str = strings.ReplaceAll(str, "\t", "    ")
	gs := c.faces.glyphs(nil, str, mono, &look{size: textCode.size, ink: textCode.ink})
	s.flushMarkers()
	s.space(textCode.before)
	set := func(s *sheet) {
		closeBox := s.openBox(panel, nil, codePad, codePad+2)
		s.lines(wrap(gs, s.w), textCode.leading)
		closeBox()
	}
	c.whole(s, set)
	s.space(textCode.after)
}

// whole sets something on one page when a page can hold it.
func (c *composer) whole(s *sheet, set func(*sheet)) {
	if !s.trial {
		s.keep(s.height(set))
	}
	set(s)
}
