package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// A segment is a run of entries in a form that can be kept elsewhere. With the
// verifier key, all segments from entry 0 on prove themselves: each ends with a
// signed head, whose root only these entries have. Segments may overlap.
//
//	nis2clock-segment/v1\n
//	<number of its first entry, decimal>\n
//	<number of its last entry plus 1, decimal>\n
//	<uvarint length> the signed head of that size
//	for each entry:
//	  <uvarint length> the leaf
//	  <uvarint length> salt ‖ payload; length 0 when it was erased before
const (
	segmentVersion = "nis2clock-segment/v1"
	// segmentEntries bounds how many entries lie in one, and with them what is done
	// over when a copy is interrupted.
	segmentEntries = 10_000
)

// ErrSegment is returned by [Rebuilder.Add] for bytes that are not a segment of
// this journal, or not one that follows.
var ErrSegment = errors.New("not the journal's segment")

// Segment returns entries from from on as a segment, with the number of the
// entry behind its last. It holds at least one entry, and no more once it
// has limit bytes. The error is [ErrRange] when there is no entry from.
func (s *Store) Segment(ctx context.Context, from uint64, limit int) (data []byte, to uint64, err error) {
	size := s.Head().Size
	if from >= size {
		return nil, 0, fmt.Errorf("segment from entry %d: %w: the log has %d entries", from, ErrRange, size)
	}
	var body []byte
	to = from
	for e, err := range s.Read(ctx, from, min(size, from+segmentEntries)) {
		if err != nil {
			return nil, 0, fmt.Errorf("segment from entry %d: %w", from, err)
		}
		body = appendSized(body, e.Leaf())
		if e.Erased {
			body = binary.AppendUvarint(body, 0)
		} else {
			body = binary.AppendUvarint(body, uint64(saltSize+len(e.Payload)))
			body = append(append(body, e.Salt[:]...), e.Payload...)
		}
		if to++; len(body) >= limit {
			break
		}
	}
	head, err := s.CheckpointAt(to)
	if err != nil {
		return nil, 0, fmt.Errorf("segment from entry %d: %w", from, err)
	}
	data = fmt.Appendf(nil, "%s\n%d\n%d\n", segmentVersion, from, to)
	data = appendSized(data, head)
	return append(data, body...), to, nil
}

func appendSized(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

// segment is one that was read, and not yet compared with anything.
type segment struct {
	from, to uint64
	head     []byte // signed
	rows     []row
}

// parseSegment takes a segment apart. Its rows refer to data.
func parseSegment(data []byte) (*segment, error) {
	var line [3]string
	for i := range line {
		end := bytes.IndexByte(data[:min(len(data), 64)], '\n')
		if end < 0 {
			return nil, errors.New("its header is cut short")
		}
		line[i], data = string(data[:end]), data[end+1:]
	}
	if line[0] != segmentVersion {
		return nil, fmt.Errorf("its version is %.40q, this program reads %s", line[0], segmentVersion)
	}
	s := new(segment)
	var err1, err2 error
	s.from, err1 = strconv.ParseUint(line[1], 10, 63)
	s.to, err2 = strconv.ParseUint(line[2], 10, 63)
	if err1 != nil || err2 != nil || s.to <= s.from || s.to-s.from > segmentEntries {
		return nil, fmt.Errorf("it says to hold the entries %.20q to %.20q", line[1], line[2])
	}
	var ok bool
	if s.head, data, ok = cutSized(data); !ok {
		return nil, errors.New("its head is cut short")
	}
	s.rows = make([]row, 0, s.to-s.from)
	for seq := s.from; seq < s.to; seq++ {
		var r row
		if r.leaf, data, ok = cutSized(data); ok {
			r.value, data, ok = cutSized(data)
		}
		if !ok {
			return nil, fmt.Errorf("it ends in entry %d", seq)
		}
		e, err := decodeLeaf(r.leaf)
		switch {
		case err != nil:
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		case e.Seq != seq:
			return nil, fmt.Errorf("entry %d: leaf is numbered %d", seq, e.Seq)
		case len(r.value) == 0:
		case len(r.value) < saltSize || sha256.Sum256(r.value) != e.Digest:
			return nil, fmt.Errorf("entry %d: payload does not match its digest", seq)
		}
		s.rows = append(s.rows, r)
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("%d bytes follow its last entry", len(data))
	}
	return s, nil
}

func cutSized(b []byte) (part, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, false
	}
	b = b[used:]
	return b[:n:n], b[n:], true
}
