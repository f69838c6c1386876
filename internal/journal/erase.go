package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	bolt "go.etcd.io/bbolt"
)

// Erase removes the payloads and salts of entries for good and records that as
// an entry of the journal's own, in one transaction; then it rewrites the file,
// because freed pages keep their bytes. Leaves, tree and every proof stay valid.
// It blocks Append and readers while the file is rewritten, about as long as a
// copy takes.
//
// Order is the caller's own record of the erasure, who asked for it above all:
// it is appended in the same transaction, before the journal's entry, which
// takes its time. Entries must be below size, hold a payload, and be none of the
// journal's own; they may come in any order, each once. Reason is the legal
// ground, in words.
// On ErrSize and ErrRecord nothing was changed. An error that wraps
// [ErrNotCompacted] says that the entries are erased and that the file still has
// their bytes in pages that are free; the next Open removes them.
//
// What lies outside the file is not reached: copies, backups, the blocks a disk
// has set aside.
func (s *Store) Erase(ctx context.Context, size uint64, order Record, entries []uint64, reason string) (Head, error) {
	head, err := s.erase(ctx, size, order, entries, reason)
	if err != nil {
		return Head{}, fmt.Errorf("erase: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.compact(); err != nil {
		return head, fmt.Errorf("erase: %w: %w", ErrNotCompacted, err)
	}
	return head, nil
}

func (s *Store) erase(ctx context.Context, size uint64, order Record, entries []uint64, reason string) (Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.appendable(ctx); err != nil {
		return Head{}, err
	}
	if now := s.state.Load().head.Size; size != now {
		return Head{}, fmt.Errorf("at size %d: %w: it has %d entries", size, ErrSize, now)
	}
	entries = slices.Sorted(slices.Values(entries))
	switch {
	case len(entries) == 0:
		return Head{}, fmt.Errorf("%w: no entries are named", ErrRecord)
	case strings.TrimSpace(reason) == "":
		return Head{}, fmt.Errorf("%w: an erasure needs its legal ground, in words", ErrRecord)
	case len(slices.Compact(slices.Clone(entries))) != len(entries):
		return Head{}, fmt.Errorf("%w: an entry is named twice", ErrRecord)
	}
	if err := checkRecord(&order); err != nil {
		return Head{}, fmt.Errorf("the order: %w: %w", ErrRecord, err)
	}
	payload, err := json.Marshal(erased{entries, reason})
	if err != nil {
		return Head{}, err
	}
	if len(payload) > MaxPayload {
		return Head{}, fmt.Errorf("%w: %d entries are too many for one erasure", ErrRecord, len(entries))
	}
	rows, err := s.scratch.store(size, []Record{order, {At: order.At.UTC(), Kind: erasedKind, Payload: payload}})
	defer s.scratch.reset()
	if err != nil {
		return Head{}, err
	}
	// From here on a crash leaves a file that the next Open rewrites.
	if err := markForCompaction(s.dir); err != nil {
		return Head{}, err
	}
	head, err := s.commit(size, rows, func(tx *bolt.Tx) error { return removePayloads(tx, size, entries) })
	if err != nil {
		return Head{}, errors.Join(err, unmarkForCompaction(s.dir))
	}
	return head, nil
}

func removePayloads(tx *bolt.Tx, size uint64, entries []uint64) error {
	leaves, payloads := tx.Bucket(leavesBucket), tx.Bucket(payloadsBucket)
	var key [8]byte
	for _, seq := range entries {
		if seq >= size {
			return fmt.Errorf("%w: entry %d is %w", ErrRecord, seq, ErrRange)
		}
		binary.BigEndian.PutUint64(key[:], seq)
		e, err := decodeLeaf(leaves.Get(key[:]))
		switch {
		case err != nil:
			return fmt.Errorf("%w: entry %d: %w", ErrDamaged, seq, err)
		case e.Kind == erasedKind:
			return fmt.Errorf("%w: entry %d records an erasure and stays", ErrRecord, seq)
		case payloads.Get(key[:]) == nil:
			return fmt.Errorf("%w: entry %d is erased already", ErrRecord, seq)
		}
		if err := payloads.Delete(key[:]); err != nil {
			return err
		}
	}
	return nil
}
