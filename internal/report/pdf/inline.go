package pdf

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// setter turns the inline content of one block into glyphs.
type setter struct {
	faces  *faces
	source []byte
	base   typography

	bold, italic, code int    // how many of each are open
	url                string // of the link that is open
	gs                 []glyph
	looks              map[look]*look
}

// inline returns the glyphs of the children of n, set as t.
func (fs *faces) inline(source []byte, n ast.Node, t typography) []glyph {
	s := &setter{faces: fs, source: source, base: t, looks: make(map[look]*look)}
	if t.bold {
		s.bold = 1
	}
	s.children(n)
	return s.gs
}

func (s *setter) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		s.node(c)
	}
}

// node appends one inline node. A kind it does not know is walked through, so
// that the text below is shown; without any text its kind is named.
func (s *setter) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		text := string(n.Segment.Value(s.source))
		switch {
		case s.code > 0:
			text = strings.ReplaceAll(text, "\n", " ") // CommonMark 6.1
		case !n.IsRaw():
			text = resolve(text)
		}
		s.put(text)
		switch {
		case n.HardLineBreak():
			s.put("\n")
		case n.SoftLineBreak():
			s.put(" ")
		}
	case *ast.String:
		if n.IsRaw() || n.IsCode() {
			s.put(string(n.Value))
		} else {
			s.put(resolve(string(n.Value)))
		}
	case *ast.CodeSpan:
		s.code++
		s.children(n)
		s.code--
	case *ast.Emphasis:
		if n.Level == 2 {
			s.bold++
			s.children(n)
			s.bold--
		} else {
			s.italic++
			s.children(n)
			s.italic--
		}
	case *ast.Link:
		s.link(n, n.Destination, n.Title)
	case *ast.AutoLink:
		outer := s.url
		dest := string(n.URL(s.source))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(dest), "mailto:") {
			dest = "mailto:" + dest
		}
		s.url = linkURL(dest)
		s.put(string(n.Label(s.source)))
		s.url = outer
	case *ast.Image:
		s.put("[image: ")
		s.children(n)
		s.put("]")
		s.destination("", resolve(string(n.Destination)), resolve(string(n.Title)))
	case *ast.RawHTML:
		s.code++
		s.put(string(n.Segments.Value(s.source)))
		s.code--
	default:
		if !n.HasChildren() {
			s.put("[" + n.Kind().String() + "]")
		}
		s.children(n)
	}
}

// link appends a link's text and, unless the text says it already, where it
// leads.
func (s *setter) link(n ast.Node, dest, title []byte) {
	outer, before := s.url, len(s.gs)
	to := resolve(string(dest))
	s.url = linkURL(to)
	s.children(n)
	s.url = outer
	s.destination(textOfGlyphs(s.gs[before:]), to, resolve(string(title)))
}

// destination appends " (dest “title”)" after text that does not say it.
func (s *setter) destination(shown, dest, title string) {
	if shown == dest || shown == strings.TrimPrefix(dest, "mailto:") {
		dest = ""
	}
	if title != "" {
		title = "“" + title + "”"
	}
	if both := strings.TrimSpace(dest + " " + title); both != "" {
		s.put(" (" + both + ")")
	}
}

// put appends text in the face and look that are open.
func (s *setter) put(text string) {
	l := look{size: s.base.size, ink: s.base.ink, url: s.url}
	want := textFace(s.bold > 0, s.italic > 0)
	if s.code > 0 {
		want = mono
		l.size *= monoScale
	}
	if s.url != "" {
		l.ink = accent
	}
	p, ok := s.looks[l]
	if !ok {
		p = &l
		s.looks[l] = p
	}
	s.gs = s.faces.glyphs(s.gs, text, want, p)
}

// linkURL returns dest percent-encoded when it is one that a report may lead
// to, and "" when it is not.
func linkURL(dest string) string {
	lower := strings.ToLower(dest)
	for _, scheme := range [...]string{"http://", "https://", "mailto:"} {
		if strings.HasPrefix(lower, scheme) {
			return string(util.URLEscape([]byte(dest), false))
		}
	}
	return ""
}

// textOfGlyphs returns the characters of gs.
func textOfGlyphs(gs []glyph) string {
	var b strings.Builder
	for _, g := range gs {
		b.WriteRune(g.r)
	}
	return b.String()
}
