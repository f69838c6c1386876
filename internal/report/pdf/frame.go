package pdf

import (
	"cmp"
	"strconv"
	"strings"
)

// frame is what stands around the body on every page. Its height is the same
// on all of them.
type frame struct {
	faces  *faces
	header []line
	badges []badge
	footer []line  // the text, then the marks
	rows   int     // lines of text in it
	top    float64 // where the body begins
	shift  float64 // the banner's height at either end
	banner []line
	field  rgb // of the banner
	pageOf string
	bottom float64 // where the body ends
}

// badge is a mark in its coloured field, placed in the header.
type badge struct {
	x, y, w, h float64
	text       line
	fill       rgb
}

const (
	badgeSize   = 10.5
	badgeHeight = 17.0
	badgePad    = 7.0
	badgeGap    = 5.0
	marksGap    = 3.0  // between the footer's text and its marks
	pageOfWidth = 78.0 // "page 9999 of 9999"
)

// newFrame lays out header, marks and footer and so finds the room left for the
// body.
func newFrame(fs *faces, doc Document) *frame {
	f := &frame{faces: fs, pageOf: cmp.Or(doc.PageOf, "page {n} of {m}"), field: ink}
	if doc.Alarm {
		f.field = alarm
	}
	if f.banner = wrap(fs.plain(doc.Banner, textBanner), bodyWidth); len(f.banner) > 0 {
		f.shift = 2*bannerPad + float64(len(f.banner))*textBanner.leading - bannerInset
	}
	marginTop, marginBottom := marginTop+f.shift, marginBottom+f.shift
	right := marginSide + bodyWidth

	// Marks run from the left edge of a row that ends at the right margin.
	headerWidth := bodyWidth
	y := marginTop
	row := []badge{}
	width := 0.0
	place := func() {
		x := right - width
		for _, b := range row {
			b.x, b.y = x, y
			f.badges = append(f.badges, b)
			x += b.w + badgeGap
		}
		if len(f.badges) == len(row) { // beside the header
			headerWidth = bodyWidth - width - 2*badgeGap
		}
		y += badgeHeight + badgeGap
		row, width = row[:0], 0
	}
	for _, m := range doc.marks() {
		fill, letters := markColours(m)
		gs := fs.glyphs(nil, m, sansBold, &look{size: badgeSize, ink: letters})
		// A mark longer than half the page takes several rows of badges rather
		// than being cut.
		for _, l := range wrap(gs, bodyWidth/2) {
			b := badge{w: l.width + 2*badgePad, h: badgeHeight, text: l, fill: fill}
			if len(row) > 0 && width+badgeGap+b.w > bodyWidth*0.62 {
				place()
			}
			if len(row) > 0 {
				width += badgeGap
			}
			row = append(row, b)
			width += b.w
		}
	}
	if len(row) > 0 {
		place()
	}

	f.header = wrap(fs.plain(doc.Header, textHeader), headerWidth)
	headerEnd := marginTop + 3 + float64(len(f.header))*textHeader.leading
	f.top = max(headerEnd, y, marginTop+badgeHeight) + 20

	gs := fs.glyphs(nil, doc.Footer, mono, &look{size: textFooter.size, ink: textFooter.ink})
	f.footer = wrap(gs, bodyWidth-pageOfWidth)
	f.rows = len(f.footer)
	if marks := strings.Join(doc.marks(), "  ·  "); marks != "" {
		f.footer = append(f.footer, wrap(fs.glyphs(nil, marks, sansBold, &look{size: 7.2, ink: ink}), bodyWidth-pageOfWidth)...)
	}
	f.bottom = pageHeight - marginBottom - f.footerHeight() - 14
	return f
}

func (f *frame) footerHeight() float64 {
	return 6 + float64(max(1, len(f.footer)))*textFooter.leading + marksGap
}

// draw sets the frame on the page that s is at, as page n of m.
func (f *frame) draw(s *sheet, n, m int) {
	f.drawBanner(s)
	marginTop, marginBottom := marginTop+f.shift, marginBottom+f.shift
	for i, l := range f.header {
		s.line(l, marginSide, marginTop+3+float64(i)*textHeader.leading, textHeader.leading)
	}
	for _, b := range f.badges {
		s.rect(b.x, b.y, b.w, b.h, b.fill)
		s.line(b.text, b.x+badgePad, b.y, b.h)
	}
	y := pageHeight - marginBottom - f.footerHeight()
	s.rect(marginSide, y, bodyWidth, 0.5, hair)
	for i, l := range f.footer {
		at := y + 6 + float64(i)*textFooter.leading
		if i >= f.rows {
			at += marksGap
		}
		s.line(l, marginSide, at, textFooter.leading)
	}
	t := textHeader
	pageOf := strings.NewReplacer("{n}", strconv.Itoa(n), "{m}", strconv.Itoa(m)).Replace(f.pageOf)
	l := setLine(f.faces.plain(pageOf, t))
	s.line(l, marginSide+bodyWidth-l.width, y+6, textFooter.leading)
}

// drawBanner sets the banner at the top and the bottom edge of the page.
func (f *frame) drawBanner(s *sheet) {
	if len(f.banner) == 0 {
		return
	}
	h := 2*bannerPad + float64(len(f.banner))*textBanner.leading
	for _, y := range []float64{0, pageHeight - h} {
		s.rect(0, y, pageWidth, h, f.field)
		for i, l := range f.banner {
			s.line(l, (pageWidth-l.width)/2, y+bannerPad+float64(i)*textBanner.leading, textBanner.leading)
		}
	}
}

// markColours returns the field and letters of a mark. Those for TLP are set by
// FIRST, Traffic Light Protocol 2.0, section 2.
func markColours(mark string) (fill, letters rgb) {
	label, ok := strings.CutPrefix(strings.ToUpper(mark), "TLP:")
	if !ok {
		return accent, paper
	}
	switch strings.TrimSpace(label) {
	case "RED":
		return black, rgb{0xff, 0x2b, 0x2b}
	case "AMBER", "AMBER+STRICT":
		return black, rgb{0xff, 0xc0, 0x00}
	case "GREEN":
		return black, rgb{0x33, 0xff, 0x00}
	default: // CLEAR, and what is not a TLP label
		return black, paper
	}
}
