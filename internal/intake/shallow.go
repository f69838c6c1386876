package intake

import "io"

// maxDepth is how deep a body may be nested before what lies deeper is passed
// over. Everything that is read of a body lies less than ten deep.
const maxDepth = 64

// shallow reads JSON and puts 0 in the place of every array and object deeper
// than maxDepth, so that one absurdly nested value does not keep the decoder,
// which gives up at 10 000, from the alerts beside it. It checks nothing.
type shallow struct {
	r       io.Reader
	depth   int
	quoted  bool // inside a string
	escaped bool // after a backslash in it
}

// Read implements [io.Reader].
func (s *shallow) Read(p []byte) (int, error) {
	for {
		n, err := s.r.Read(p)
		if n = s.keep(p[:n]); n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// keep moves what is to be kept of p to its front and returns its length.
func (s *shallow) keep(p []byte) int {
	n := 0
	for at := 0; at < len(p); at++ {
		drop := s.depth > maxDepth
		if s.quoted && !s.escaped && !drop { // to where something can change
			from := at
			for at < len(p) && p[at] != '"' && p[at] != '\\' {
				at++
			}
			if n < from {
				copy(p[n:], p[from:at])
			}
			if n += at - from; at == len(p) {
				break
			}
		}
		c := p[at]
		switch {
		case s.escaped:
			s.escaped = false
		case s.quoted:
			s.escaped = c == '\\'
			s.quoted = c != '"'
		case c == '"':
			s.quoted = true
		case c == '[' || c == '{':
			if s.depth++; s.depth == maxDepth+1 {
				c = '0' // stands for all of it
			}
		case (c == ']' || c == '}') && s.depth > 0:
			s.depth--
		}
		if !drop {
			p[n] = c
			n++
		}
	}
	return n
}
