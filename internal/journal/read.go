package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// Bounds of one read transaction (BB-3: a long one keeps the file growing). The
// entries are copied out and yielded after it has ended, so that a loop body
// may append.
const (
	chunkEntries = 1000
	chunkBytes   = 4 << 20
)

// Read yields the entries [from, to); see [Log]. Each leaf is checked against its tree
// hash and each payload against its digest: what does not match ends the sequence
// with [ErrDamaged]. That finds damage; only [Verify] finds a forgery.
func (s *Store) Read(ctx context.Context, from, to uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if size := s.Head().Size; from > to || to > size {
			yield(Entry{}, fmt.Errorf("read entries [%d, %d): %w: the log has %d entries", from, to, ErrRange, size))
			return
		}
		s.read(ctx, from, to, yield)
	}
}

// Follow yields the entries from on and waits for more; see [Log]. It is woken by
// Append and does not poll.
func (s *Store) Follow(ctx context.Context, from uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		from := from
		if size := s.Head().Size; from > size {
			yield(Entry{}, fmt.Errorf("follow from entry %d: %w: the log has %d entries", from, ErrRange, size))
			return
		}
		for {
			now := s.state.Load()
			if !s.read(ctx, from, now.head.Size, yield) {
				return
			}
			from = now.head.Size
			select {
			case <-now.superseded:
			case <-ctx.Done():
				yield(Entry{}, fmt.Errorf("follow from entry %d: %w", from, ctx.Err()))
				return
			case <-s.closed:
				yield(Entry{}, fmt.Errorf("follow from entry %d: %w", from, ErrClosed))
				return
			}
		}
	}
}

// read yields [from, to) and reports whether the sequence may go on.
func (s *Store) read(ctx context.Context, from, to uint64, yield func(Entry, error) bool) bool {
	var chunk []Entry
	for from < to {
		var err error
		if chunk, err = s.chunk(chunk[:0], from, to); err != nil {
			yield(Entry{}, fmt.Errorf("read entries from %d: %w", from, err))
			return false
		}
		for _, e := range chunk {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, fmt.Errorf("read entry %d: %w", e.Seq, err))
				return false
			}
			if !yield(e, nil) {
				return false
			}
		}
		from += uint64(len(chunk))
	}
	if err := ctx.Err(); err != nil {
		yield(Entry{}, fmt.Errorf("read up to entry %d: %w", to, err))
		return false
	}
	return true
}

// chunk appends to chunk the entries from from on, at least one, that one
// transaction reads.
func (s *Store) chunk(chunk []Entry, from, to uint64) ([]Entry, error) {
	err := s.view(func(tx *bolt.Tx) error {
		var key [8]byte
		binary.BigEndian.PutUint64(key[:], from)
		leaves, payloads := tx.Bucket(leavesBucket).Cursor(), tx.Bucket(payloadsBucket).Cursor()
		leafKey, leaf := leaves.Seek(key[:])
		payloadKey, payload := payloads.Seek(key[:])
		hashes := tx.Bucket(hashesBucket).Cursor()
		binary.BigEndian.PutUint64(key[:], uint64(tlog.StoredHashIndex(0, int64(from))))
		_, record := hashes.Seek(key[:])
		n := 0
		for seq := from; seq < to && n < chunkBytes && len(chunk) < chunkEntries; seq++ {
			binary.BigEndian.PutUint64(key[:], seq)
			if !bytes.Equal(leafKey, key[:]) {
				return fmt.Errorf("%w: entry %d is missing", ErrDamaged, seq)
			}
			if h := tlog.RecordHash(leaf); !bytes.Equal(record, h[:]) {
				return fmt.Errorf("%w: entry %d: leaf does not match its tree hash", ErrDamaged, seq)
			}
			e, err := decodeLeaf(leaf)
			if err != nil {
				return fmt.Errorf("%w: entry %d: %w", ErrDamaged, seq, err)
			}
			if e.Seq != seq {
				return fmt.Errorf("%w: entry %d: leaf is numbered %d", ErrDamaged, seq, e.Seq)
			}
			if bytes.Equal(payloadKey, key[:]) {
				if err := e.setPayload(payload); err != nil {
					return fmt.Errorf("%w: entry %d: %w", ErrDamaged, seq, err)
				}
				n += len(payload)
				payloadKey, payload = payloads.Next()
			} else {
				e.Erased = true
			}
			chunk = append(chunk, e)
			leafKey, leaf = leaves.Next()
			// Behind a record hash lie those of the subtrees that it completes.
			for range 1 + bits.TrailingZeros64(seq+1) {
				_, record = hashes.Next()
			}
		}
		return nil
	})
	return chunk, err
}

// setPayload copies salt ‖ payload into the entry (BB-2).
func (e *Entry) setPayload(value []byte) error {
	if len(value) < saltSize || sha256.Sum256(value) != e.Digest {
		return fmt.Errorf("payload does not match its digest")
	}
	copy(e.Salt[:], value)
	e.Payload = make([]byte, len(value)-saltSize)
	copy(e.Payload, value[saltSize:])
	return nil
}
