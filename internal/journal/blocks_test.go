package journal

import (
	"bytes"
	"testing"
)

// Whatever the sizes, every value stays what it was until reset, and what a caller
// appends to it lands in no other.
func TestBlocks(t *testing.T) {
	var s blocks
	for round := range 3 {
		var values [][]byte
		for n := range 200 {
			size := []int{0, 1, 2000, 90_000, blockRoom, blockSize, 3000}[n%7] + n
			value, err := s.add(func(b []byte) ([]byte, error) {
				return append(b, bytes.Repeat([]byte{byte(n)}, size)...), nil
			})
			if err != nil || len(value) != size {
				t.Fatalf("value %d is %d bytes long instead of %d: %v", n, len(value), size, err)
			}
			values = append(values, value)
			if grown := append(value, 0xff); len(grown) != size+1 {
				t.Fatalf("value %d cannot be appended to", n)
			}
		}
		for n, value := range values {
			if bytes.Count(value, []byte{byte(n)}) != len(value) {
				t.Errorf("round %d: value %d was overwritten", round, n)
			}
		}
		s.reset()
	}
}
