package journal

import "bytes"

// Sizes of [blocks], in bytes.
const (
	blockSize = 256 << 10
	blockRoom = 16 << 10 // most values take less
)

// blocks is where the values of one batch are written, one behind the other. It grows
// by blocks and not by doubling, because a storm of alerts in one batch is tens of
// megabytes. The last block is used again for the next batch.
type blocks struct{ last []byte }

// add returns what write appends, which stays as it is until reset.
func (s *blocks) add(write func([]byte) ([]byte, error)) ([]byte, error) {
	if cap(s.last)-len(s.last) < blockRoom {
		s.last = make([]byte, 0, blockSize)
	}
	from := len(s.last)
	grown, err := write(s.last)
	if err != nil {
		return nil, err
	}
	if cap(grown) == cap(s.last) {
		s.last = grown
		return grown[from:len(grown):len(grown)], nil
	}
	// It had no room there. It is kept by itself, not with a copy of the block before it.
	s.last = s.last[:cap(s.last)]
	return bytes.Clone(grown[from:]), nil
}

// reset gives up everything that was added.
func (s *blocks) reset() { s.last = s.last[:0] }
