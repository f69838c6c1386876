package pdf

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// A fenced block in the language "timeline" or "status" is drawn as a figure.
// Templates make them with [Timeline] and [Status].
const (
	fenceTimeline = "timeline"
	fenceStatus   = "status"
)

// Moment is one event in a [Timeline].
type Moment struct {
	// Tone colours its mark: "done", "late", "due", or "" for a plain fact.
	Tone  string
	Title string
	At    string // as it is to be read; may have several lines
	Gap   string // how long after the moment before; may be empty
}

// Timeline is a figure of events in their order, evenly spaced.
func Timeline(moments []Moment) Markdown {
	var rows [][]string
	for _, m := range moments {
		rows = append(rows, []string{m.Tone, m.Title, m.At, m.Gap})
	}
	return fence(fenceTimeline, rows)
}

// Standing is what a [Status] panel says of one deadline.
type Standing struct {
	Tone  string // "done", "late", "due", or "" for none
	State string // in a word or two
	// Facts are pairs of a name and a value, printed side by side.
	Facts [][2]string
}

// Status is a panel that says where a report stands.
func Status(s Standing) Markdown {
	rows := [][]string{{s.Tone, s.State}}
	for _, f := range s.Facts {
		rows = append(rows, []string{f[0], f[1]})
	}
	return fence(fenceStatus, rows)
}

// fence writes rows of cells as a fenced block: cells are parted by U+001F and
// broken by U+001E, which no text can hold after [oneLine].
func fence(language string, rows [][]string) Markdown {
	var b strings.Builder
	b.WriteString("\n~~~ " + language + "\n")
	for _, row := range rows {
		for n, cell := range row {
			if n > 0 {
				b.WriteByte(0x1f)
			}
			var lines []string
			for line := range strings.SplitSeq(strings.ReplaceAll(cell, "\r\n", "\n"), "\n") {
				lines = append(lines, oneLine(line))
			}
			b.WriteString(strings.Join(lines, "\x1e"))
		}
		b.WriteString("\x1f\n") // never a line that could close the fence
	}
	b.WriteString("~~~\n\n")
	return Markdown(b.String())
}

// figure sets a fenced block that is one, and reports whether it is.
func (c *composer) figure(s *sheet, n *ast.FencedCodeBlock) bool {
	language := string(n.Language(c.source))
	if language != fenceTimeline && language != fenceStatus {
		return false
	}
	var rows [][]string
	for line := range strings.Lines(string(n.Lines().Value(c.source))) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\x1f")
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "\x1e", "\n")
		}
		rows = append(rows, append(cells, "", "", "", "")[:4])
	}
	if len(rows) == 0 {
		return true
	}
	s.flushMarkers()
	s.space(8)
	if language == fenceStatus {
		c.whole(s, func(s *sheet) { c.status(s, rows) })
	} else {
		lines := (len(rows) + momentsPerRow - 1) / momentsPerRow
		each := (len(rows) + lines - 1) / lines // rows alike in length
		for len(rows) > 0 {
			row := rows[:min(len(rows), each)]
			c.whole(s, func(s *sheet) { c.timeline(s, row) })
			rows = rows[len(row):]
			s.space(10)
		}
	}
	s.space(12)
	return true
}

const (
	momentsPerRow = 5
	dot           = 4.2 // half the size of a moment's mark
	railGap       = 14.0
	figurePad     = 9.0
)

// toneColour is the colour of a mark.
func toneColour(tone string) rgb {
	switch tone {
	case "done":
		return good
	case "late":
		return alarm
	case "due":
		return amber
	}
	return accent
}

// timeline sets one row of moments: a rail with a mark for each, what passed
// between them above it, name and time below.
func (c *composer) timeline(s *sheet, rows [][]string) {
	column := s.w / float64(max(len(rows), 3))
	width := column - 8
	type moment struct{ title, at, gap []line }
	var all []moment
	high := 0.0
	for _, r := range rows {
		name := textFigure
		name.ink = toneColour(r[0])
		m := moment{wrap(c.faces.plain(r[1], name), width), wrap(c.faces.plain(r[2], textFine), width), wrap(c.faces.plain(r[3], textFine), width)}
		high = max(high, float64(len(m.title))*textFigure.leading+float64(len(m.at))*textFine.leading)
		all = append(all, m)
	}
	gaps := 1
	for _, m := range all {
		gaps = max(gaps, len(m.gap))
	}
	above := float64(gaps)*textFine.leading + 3
	y := s.take(above + 2*dot + railGap/2 + high)
	if s.trial {
		return
	}
	rail := y + above + dot
	s.rect(s.x+dot, rail-0.7, column*float64(len(rows)-1), 1.4, hair)
	for i, m := range all {
		x := s.x + float64(i)*column
		colour := toneColour(rows[i][0])
		s.rect(x, rail-dot, 2*dot, 2*dot, colour)
		if rows[i][0] == "due" { // hollow: it has not happened
			s.rect(x+1.6, rail-dot+1.6, 2*dot-3.2, 2*dot-3.2, paper)
		}
		for j, l := range m.gap {
			from := x - column + 2*dot + (column-2*dot-l.width)/2
			if i == 0 { // goes on from the row above
				from = x
			}
			s.line(l, from, y+float64(j)*textFine.leading, textFine.leading)
		}
		at := rail + dot + railGap/2
		for _, l := range m.title {
			s.line(l, x, at, textFigure.leading)
			at += textFigure.leading
		}
		for _, l := range m.at {
			s.line(l, x, at, textFine.leading)
			at += textFine.leading
		}
	}
}

// status sets the panel of one deadline: its state in a coloured field at the
// left, the facts beside it.
func (c *composer) status(s *sheet, rows [][]string) {
	const pillShare = 0.27
	pill := s.w * pillShare
	state := wrap(c.faces.plain(rows[0][1], textPill), pill-2*figurePad)
	facts := rows[1:]
	column := (s.w - pill) / float64(max(len(facts), 1))
	type fact struct{ name, value []line }
	var all []fact
	high := float64(len(state)) * textPill.leading
	for _, r := range facts {
		value := textCell
		value.bold = true
		f := fact{wrap(c.faces.plain(r[0], textFine), column-2*figurePad), wrap(c.faces.plain(r[1], value), column-2*figurePad)}
		high = max(high, float64(len(f.name))*textFine.leading+2+float64(len(f.value))*textCell.leading)
		all = append(all, f)
	}
	y := s.take(high + 2*figurePad)
	if s.trial {
		return
	}
	h := high + 2*figurePad
	s.rect(s.x, y, s.w, h, tint)
	s.rect(s.x, y, pill, h, toneColour(rows[0][0]))
	at := y + (h-float64(len(state))*textPill.leading)/2
	for i, l := range state {
		s.line(l, s.x+figurePad, at+float64(i)*textPill.leading, textPill.leading)
	}
	for i, f := range all {
		x, at := s.x+pill+float64(i)*column+figurePad, y+figurePad
		for _, l := range f.name {
			s.line(l, x, at, textFine.leading)
			at += textFine.leading
		}
		at += 2
		for _, l := range f.value {
			s.line(l, x, at, textCell.leading)
			at += textCell.leading
		}
	}
}
