package journal

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// prefixRoots computes the roots over the first entries, for each size, from
// the stored tree hashes of a journal whose every hash was found to agree. It
// reads the file for itself, in one go.
func prefixRoots(r io.ReaderAt, size int64, sizes []uint64) (map[uint64]tlog.Hash, error) {
	f, err := openPages(r, size)
	if err != nil {
		return nil, err
	}
	refs, err := f.buckets()
	if err != nil {
		return nil, err
	}
	var wanted []int64
	collect := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		wanted = append(wanted, indexes...)
		return make([]tlog.Hash, len(indexes)), nil
	})
	for _, n := range sizes {
		if _, err := tlog.TreeHash(int64(n), collect); err != nil {
			return nil, err
		}
	}
	slices.Sort(wanted)
	found := map[int64]tlog.Hash{}
	hashes := f.cursor(refs[string(hashesBucket)])
	for _, index := range slices.Compact(wanted) {
		for {
			key, value, _, err := hashes.next()
			if err != nil {
				return nil, err
			}
			if len(key) != 8 || len(value) != tlog.HashSize {
				return nil, fmt.Errorf("tree hash %d is missing", index)
			}
			if at := int64(binary.BigEndian.Uint64(key)); at == index {
				found[index] = tlog.Hash(value)
				break
			}
		}
	}
	give := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for n, index := range indexes {
			out[n] = found[index]
		}
		return out, nil
	})
	roots := make(map[uint64]tlog.Hash, len(sizes))
	for _, n := range sizes {
		if roots[n], err = tlog.TreeHash(int64(n), give); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

// takePrefixes answers [VerifyOptions.Prefixes].
func (c *verification) takePrefixes(o VerifyOptions, r io.ReaderAt, size int64) {
	if o.Prefixes == nil || c.altered || c.doubts {
		return
	}
	sizes := slices.DeleteFunc(o.Prefixes(), func(n uint64) bool { return n > c.v.Size })
	if len(sizes) == 0 {
		return
	}
	roots, err := prefixRoots(r, size, sizes)
	if err != nil {
		c.bad("%s: %v", dbFile, err)
		return
	}
	c.v.Prefixes = roots
}
