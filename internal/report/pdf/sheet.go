package pdf

import "math"

// op is one thing drawn on a page: a filled rectangle, a run of text in one
// face, or a link over an area. Exactly one of them, told by which of fill,
// text and url is set.
type op struct {
	x, y, w, h float64 // text: x and baseline y
	fill       *rgb
	text       string
	face       faceID
	size       float64
	ink        rgb
	url        string
}

// entry is a heading in the outline.
type entry struct {
	title string
	level int // 0 for the outermost
	page  int // from 0
	y     float64
}

// box is an open call-out: its background is drawn when its end on this page is
// known, in the place that was kept for it.
type box struct {
	x, w, top float64
	pad       float64
	fill      rgb
	bar       *rgb // drawn along the left edge
	at        int  // index of the reserved ops on the current page
}

// sheet is where blocks are set one below the other; it begins new pages as
// they fill. It knows nothing of Markdown or PDF.
type sheet struct {
	faces       *faces
	top, bottom float64 // of the body on every page

	pages   [][]op
	outline []entry

	x, w    float64 // of the current column
	y       float64 // where the next strip goes
	pending float64 // space asked for and not yet taken
	fresh   bool    // nothing was set yet on this page or in this box
	boxes   []box
	depth   int      // of boxes, counting those around a trial
	markers []marker // list markers waiting for the first line of their item
	trial   bool     // measuring only
}

// marker is the bullet or number of a list item.
type marker struct {
	right float64 // right edge
	line  line
}

func newSheet(fs *faces, top, bottom float64) *sheet {
	s := &sheet{faces: fs, top: top, bottom: bottom, x: marginSide, w: bodyWidth}
	s.newPage()
	return s
}

// height returns how high set would make the current column grow, without
// setting anything.
func (s *sheet) height(set func(*sheet)) float64 {
	trial := *s
	trial.pages, trial.outline, trial.boxes, trial.markers = [][]op{nil}, nil, nil, nil
	trial.y, trial.pending, trial.fresh, trial.trial = 0, 0, true, true
	trial.top, trial.bottom = 0, math.MaxFloat64
	set(&trial)
	return trial.y
}

// draw appends an op to the current page.
func (s *sheet) draw(o op) {
	last := len(s.pages) - 1
	s.pages[last] = append(s.pages[last], o)
}

// rect draws a filled rectangle.
func (s *sheet) rect(x, y, w, h float64, fill rgb) {
	s.draw(op{x: x, y: y, w: w, h: h, fill: &fill})
}

// newPage begins a page, closing open boxes on the old one and opening them
// again on the new one.
func (s *sheet) newPage() {
	for i := len(s.boxes) - 1; i >= 0; i-- {
		s.y += s.boxes[i].pad
		s.fillBox(s.boxes[i])
	}
	s.pages = append(s.pages, nil)
	s.y, s.pending, s.fresh = s.top, 0, true
	for i := range s.boxes {
		s.reserveBox(&s.boxes[i])
	}
}

// limit is how far down the next strip may reach.
func (s *sheet) limit() float64 {
	l := s.bottom
	for _, b := range s.boxes {
		l -= b.pad
	}
	return l
}

// space asks for at least h of white space before what comes next.
func (s *sheet) space(h float64) { s.pending = max(s.pending, h) }

// gap returns the white space that the next strip would leave above itself.
func (s *sheet) gap() float64 {
	if s.fresh {
		return 0
	}
	return s.pending
}

// room returns the height left on the page for what comes next.
func (s *sheet) room() float64 { return s.limit() - s.y - s.gap() }

// keep begins a new page unless h fits on this one. Something higher than a
// whole page is left to be split where it stands.
func (s *sheet) keep(h float64) {
	if s.room() < h && !s.fresh && h <= s.limit()-s.top {
		s.newPage()
	}
}

// take returns the top of a strip of height h, on a new page if need be.
func (s *sheet) take(h float64) float64 {
	if s.room() < h && !s.fresh {
		s.newPage()
	}
	y := s.y + s.gap()
	s.y, s.pending, s.fresh = y+h, 0, false
	return y
}

// indent narrows the column by left and returns the function that restores it.
// Very deep nesting stops narrowing.
func (s *sheet) indent(left float64) (restore func()) {
	x, w := s.x, s.w
	if s.w-left >= leastColumn {
		s.x += left
		s.w -= left
	}
	return func() { s.x, s.w = x, w }
}

// openBox begins a call-out over the current column with room for one line; its
// text is indented by inset on both sides. Boxes within boxes end at mostBoxes,
// so that their padding cannot fill the page; the text goes on without them.
func (s *sheet) openBox(fill rgb, bar *rgb, pad, inset float64) (closeBox func()) {
	if s.depth == mostBoxes {
		return func() {}
	}
	s.depth++
	if s.room() < 2*pad+textBody.leading && !s.fresh {
		s.newPage()
	}
	s.y += s.gap()
	s.boxes = append(s.boxes, box{x: s.x, w: s.w, pad: pad, fill: fill, bar: bar})
	s.reserveBox(&s.boxes[len(s.boxes)-1])
	s.pending, s.fresh = 0, true
	restore := s.indent(inset)
	if s.w-inset >= leastColumn {
		s.w -= inset
	}
	return func() {
		s.depth--
		restore()
		last := len(s.boxes) - 1
		b := s.boxes[last]
		s.boxes = s.boxes[:last]
		s.y += pad
		s.fillBox(b)
		s.pending, s.fresh = 0, false
	}
}

// reserveBox keeps the place in the drawing order for a box's background, under
// the text that follows.
func (s *sheet) reserveBox(b *box) {
	b.top, b.at = s.y, len(s.pages[len(s.pages)-1])
	s.draw(op{})
	s.draw(op{})
	s.y += b.pad
}

// fillBox draws the background of b from its top to the current position.
func (s *sheet) fillBox(b box) {
	page := s.pages[len(s.pages)-1]
	page[b.at] = op{x: b.x, y: b.top, w: b.w, h: s.y - b.top, fill: &b.fill}
	if b.bar != nil {
		page[b.at+1] = op{x: b.x, y: b.top, w: 2.4, h: s.y - b.top, fill: b.bar}
	}
}

// lines sets text lines one below the other. A single first or last line is not
// left alone on a page.
func (s *sheet) lines(ls []line, leading float64) {
	fit := int(s.room()/leading + slack)
	if !s.trial && len(ls) > 1 && fit == 1 {
		s.keep(2 * leading)
	}
	for i, l := range ls {
		if left := len(ls) - i; left == 2 && i > 1 {
			s.keep(2 * leading)
		}
		y := s.take(leading)
		if i == 0 {
			s.setMarkers(y, leading)
		}
		s.line(l, s.x, y, leading)
	}
}

// flushMarkers gives waiting list markers a line of their own, for an item
// that does not begin with text.
func (s *sheet) flushMarkers() {
	if len(s.markers) > 0 {
		s.setMarkers(s.take(textBody.leading), textBody.leading)
	}
}

func (s *sheet) setMarkers(y, leading float64) {
	for _, m := range s.markers {
		s.line(m.line, m.right-m.line.width, y, leading)
	}
	s.markers = nil
}

// line draws l from x on in a strip that begins at y, one op for each stretch
// of one face and look.
func (s *sheet) line(l line, x, y, leading float64) {
	gs := l.glyphs
	for len(gs) > 0 {
		n, w := 0, 0.0
		text := make([]rune, 0, len(gs))
		for n < len(gs) && gs[n].face == gs[0].face && gs[n].look == gs[0].look {
			text = append(text, gs[n].r)
			w += gs[n].width
			n++
		}
		k := gs[0].look
		// Capitals are .73 of the size high: this centres them in the strip.
		base := y + leading/2 + 0.36*k.size
		s.draw(op{x: x, y: base, w: w, text: string(text), face: gs[0].face, size: k.size, ink: k.ink})
		if k.url != "" {
			s.rect(x, base+1.2, w, 0.4, k.ink)
			s.draw(op{x: x, y: y, w: w, h: leading, url: k.url})
		}
		x += w
		gs = gs[n:]
	}
}

// addOutline records a heading at y on the current page. Levels are made
// gapless: an entry is at most one deeper than the one before it.
func (s *sheet) addOutline(title string, level int, y float64) {
	most := 0
	if n := len(s.outline); n > 0 {
		most = s.outline[n-1].level + 1
	}
	s.outline = append(s.outline, entry{title, min(level, most), len(s.pages) - 1, y})
}
