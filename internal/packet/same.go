package packet

import (
	"bytes"
	"errors"
	"io"
)

// errLonger says that more was written than there is to compare with.
var errLonger = errors.New("the file ends before")

// difference is where a file first differs from what is written over it.
type difference struct {
	file string // at whose turn; empty for the zip file's directory
	at   int64
}

// sameWriter compares what is written with a file, and writes nothing. It takes
// note of the first difference under each label.
type sameWriter struct {
	r        io.ReaderAt
	size, at int64
	now      string
	told     bool // of the present label
	found    []difference
	buffer   []byte
}

// label names what is written from here on.
func (s *sameWriter) label(name string) { s.now, s.told = name, false }

func (s *sameWriter) differs(at int64) {
	if !s.told {
		s.told = true
		s.found = append(s.found, difference{s.now, at})
	}
}

// Write implements [io.Writer].
func (s *sameWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > s.size-s.at {
		s.differs(s.size)
		return 0, errLonger
	}
	if len(s.buffer) < len(p) {
		s.buffer = make([]byte, len(p))
	}
	b := s.buffer[:len(p)]
	if n, err := s.r.ReadAt(b, s.at); n < len(p) {
		return 0, err
	}
	if !bytes.Equal(b, p) {
		for n := range p {
			if b[n] != p[n] {
				s.differs(s.at + int64(n))
				break
			}
		}
	}
	s.at += int64(len(p))
	return len(p), nil
}

// end takes note of bytes that nothing was written over.
func (s *sameWriter) end() {
	if s.at != s.size {
		s.label("")
		s.differs(s.at)
	}
}
