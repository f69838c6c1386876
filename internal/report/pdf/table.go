package pdf

import (
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// cell is one table cell: its text before and after its column has a width.
type cell struct {
	glyphs []glyph
	lines  []line
	lead   float64 // leading
}

// table sets a table across the column. The head row is repeated on each page;
// a row moves to the next page whole, unless it is higher than a page. A table
// without head text is a list of fields, labelled by its first column.
func (c *composer) table(s *sheet, n *extast.Table) {
	head, rows := c.cells(n)
	if len(head) == 0 {
		return
	}
	fields := blank(head)
	if fields {
		head = nil
	}
	widths := columns(append([][]cell{head}, rows...), len(n.Alignments), s.w, fields)
	wrapRow(head, widths)
	for _, row := range rows {
		wrapRow(row, widths)
	}

	s.flushMarkers()
	s.space(4)
	all, first := rowHeight(head), rowHeight(head)
	for i, row := range rows {
		all += rowHeight(row)
		if i == 0 {
			first += min(rowHeight(row), 8*textCell.leading)
		}
	}
	if all <= keepTable {
		first = all
	}
	s.keep(first)
	c.head(s, head, n.Alignments, widths)
	for i, row := range rows {
		if h := rowHeight(row); s.room() < h && !s.fresh && h <= s.limit()-s.top-rowHeight(head) {
			s.newPage()
			c.head(s, head, n.Alignments, widths)
		}
		c.row(s, head, row, n.Alignments, widths)
		if i < len(rows)-1 {
			s.rect(s.x, s.y, s.w, 0.5, hair)
		}
	}
	s.rect(s.x, s.y, s.w, 0.5, hair)
	s.space(11)
}

// cells reads the table's text. Every row is as long as the head.
func (c *composer) cells(n *extast.Table) (head []cell, rows [][]cell) {
	var headNode ast.Node
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		if _, ok := r.(*extast.TableHeader); ok && headNode == nil {
			headNode = r
			head = c.cellRow(r, textColumn, textColumn)
			continue
		}
		rows = append(rows, nil) // set below, once it is known what the head holds
	}
	label := textCell
	if blank(head) {
		label = textLabel
	}
	i := 0
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		if r == headNode {
			continue
		}
		row := c.cellRow(r, label, textCell)
		if label == textLabel && len(row) == 3 {
			row[2] = cell{glyphs: c.faces.inline(c.source, r.LastChild(), textFine), lead: textFine.leading}
		}
		for len(row) < len(head) {
			row = append(row, cell{lead: textCell.leading})
		}
		rows[i] = row
		i++
	}
	return head, rows
}

// cellRow reads one row, its first cell set as label and the others as t.
func (c *composer) cellRow(r ast.Node, label, t typography) []cell {
	var row []cell
	for n := r.FirstChild(); n != nil; n = n.NextSibling() {
		set := t
		if len(row) == 0 {
			set = label
		}
		row = append(row, cell{glyphs: c.faces.inline(c.source, n, set), lead: set.leading})
	}
	return row
}

// blank reports whether no cell of the row has text.
func blank(row []cell) bool {
	for _, c := range row {
		if len(c.glyphs) > 0 {
			return false
		}
	}
	return true
}

// columns shares the total width among n columns by what they hold. A column
// gets what its text wants while that is at most an equal share, so that short
// ones stay whole; the others divide what is left, none below its widest token
// (long tokens may be broken). The label column of a field list has a fixed
// share, so that lists below each other line up.
func columns(rows [][]cell, n int, total float64, fields bool) []float64 {
	least, most := make([]float64, n), make([]float64, n)
	for _, row := range rows {
		for i, c := range row[:min(n, len(row))] {
			lo, hi := extent(c.glyphs)
			least[i] = max(least[i], min(lo, leastCell))
			most[i] = max(most[i], hi)
		}
	}
	free := total - cellPadX*float64(n-1)
	if fields && n > 1 {
		least[0], most[0] = labelShare*free, labelShare*free
		for i := 1; i < n; i++ {
			most[i] = free // the values take the rest
		}
		if n == 3 { // but for the fine print beside them
			least[2], most[2] = fineShare*free, fineShare*free
		}
	}
	var sumLeast, sumMost float64
	for i := range n {
		most[i] = max(most[i], least[i])
		sumLeast += least[i]
		sumMost += most[i]
	}
	widths := make([]float64, n)
	switch {
	case sumLeast > free: // too many columns: narrow all alike
		for i := range n {
			widths[i] = least[i] * free / sumLeast
		}
	case sumMost <= free: // room to spare
		for i := range n {
			widths[i] = most[i] + (free-sumMost)/float64(n)
		}
	default:
		share(widths, least, most, free)
	}
	return widths
}

// share divides free among the columns, which want more together. Each round
// settles the columns that an equal share of the rest would squeeze below their
// least, else those that want no more than that share; the last ones take it.
func share(widths, least, most []float64, free float64) {
	open := len(widths)
	settle := func(want []float64, meets func(want, equal float64) bool) bool {
		equal := free / float64(open)
		found := false
		for i := range widths {
			if widths[i] == 0 && meets(want[i], equal) {
				widths[i] = want[i]
				free -= want[i]
				open--
				found = true
			}
		}
		return found
	}
	over := func(want, equal float64) bool { return want > equal }
	within := func(want, equal float64) bool { return want > 0 && want <= equal }
	for open > 0 && (settle(least, over) || settle(most, within)) {
	}
	for i := range widths {
		if widths[i] == 0 && open > 0 {
			widths[i] = free / float64(open)
		}
	}
}

// wrapRow breaks each cell of the row into lines for its column.
func wrapRow(row []cell, widths []float64) {
	for i := range row[:min(len(row), len(widths))] {
		row[i].lines = wrap(row[i].glyphs, widths[i])
	}
}

// rowHeight returns the height of a wrapped row with its padding; an absent row
// has none.
func rowHeight(row []cell) float64 {
	var h float64
	for _, c := range row {
		h = max(h, float64(max(1, len(c.lines)))*c.lead+2*cellPadY)
	}
	return h
}

// head sets the head row, if there is one, with its rule; a field list begins
// with a hairline.
func (c *composer) head(s *sheet, head []cell, align []extast.Alignment, widths []float64) {
	if len(head) == 0 {
		s.rect(s.x, s.take(0.5), s.w, 0.5, hair)
		return
	}
	c.row(s, nil, head, align, widths)
	s.rect(s.x, s.y-0.8, s.w, 0.8, accent)
}

// row sets one row. A row higher than the page goes on under a repeated head.
func (c *composer) row(s *sheet, head, row []cell, align []extast.Alignment, widths []float64) {
	from := 0
	for {
		// As many lines of each cell as fit; at least one, so that it ends.
		to := from + 1
		for to < longest(row) && slice(row, from, to+1) <= s.room() {
			to++
		}
		y := s.take(slice(row, from, to))
		x := s.x
		for i, cl := range row[:min(len(row), len(widths))] {
			for j := from; j < min(to, len(cl.lines)); j++ {
				l := cl.lines[j]
				at := x
				switch align[i] {
				case extast.AlignRight:
					at += widths[i] - l.width
				case extast.AlignCenter:
					at += (widths[i] - l.width) / 2
				}
				s.line(l, at, y+cellPadY+float64(j-from)*cl.lead, cl.lead)
			}
			x += widths[i] + cellPadX
		}
		if from = to; from >= longest(row) {
			return
		}
		s.newPage()
		if head != nil {
			c.head(s, head, align, widths)
		}
	}
}

// longest returns the number of lines of the longest cell.
func longest(row []cell) int {
	n := 0
	for _, c := range row {
		n = max(n, len(c.lines))
	}
	return n
}

// slice returns the height of lines [from, to) of the row.
func slice(row []cell, from, to int) float64 {
	h := 0.0
	for _, c := range row {
		h = max(h, float64(max(1, min(to, len(c.lines))-from))*c.lead+2*cellPadY)
	}
	return h
}
