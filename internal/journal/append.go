package journal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// fillPercent packs pages full: keys only grow, so no page is written into again.
const fillPercent = 1.0

// Append adds the batch in one bbolt transaction; see [Log]. After a commit that
// failed for want of room it may be tried again. After any other failed commit
// nobody knows what the disk holds, and every further Append returns that error
// until the journal is opened anew.
func (s *Store) Append(ctx context.Context, size uint64, batch []Record) (Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.appendable(ctx); err != nil {
		return Head{}, fmt.Errorf("append: %w", err)
	}
	now := s.state.Load()
	if size != now.head.Size {
		return Head{}, fmt.Errorf("append at size %d: %w: it has %d entries", size, ErrSize, now.head.Size)
	}
	if len(batch) == 0 {
		return now.head, nil
	}
	rows, err := s.scratch.make(size, batch)
	defer s.scratch.reset()
	if err != nil {
		return Head{}, err
	}
	head, err := s.commit(size, rows, nil)
	if err != nil {
		return Head{}, fmt.Errorf("append %d entries at size %d: %w", len(batch), size, err)
	}
	return head, nil
}

// commit writes the rows, and what also does, in one transaction and publishes
// the new head, with s.mu held.
func (s *Store) commit(size uint64, rows []row, also func(*bolt.Tx) error) (Head, error) {
	next := &state{superseded: make(chan struct{})}
	committed, refused := false, false
	err := guard(func() error {
		err := s.db.Update(func(tx *bolt.Tx) error {
			if also != nil {
				if err := also(tx); err != nil {
					refused = true // nothing was written
					return err
				}
			}
			return s.write(tx, size, rows, next)
		})
		committed = true // or refused, but not interrupted
		return err
	})
	if err != nil {
		if s.panicked = !committed; s.panicked || !refused && !recovers(err) {
			s.failed = err
		}
		return Head{}, err
	}
	s.publish(next)
	return next.head, nil
}

// A row is an entry in its stored form.
type row struct {
	leaf   []byte
	value  []byte // salt ‖ payload
	record tlog.Hash
}

// scratch is what the rows of a batch are made of. Neither bbolt nor a reader refers to
// it once the transaction has ended, so that the next batch uses it again.
type scratch struct {
	rows          []row
	salts, leaves []byte
	values        blocks
}

// keptRows is how many rows there is room for from one batch to the next.
const keptRows = 1 << 10

// reset gives up what was made, and the room for it where it was a storm's.
func (s *scratch) reset() {
	clear(s.rows)
	if cap(s.rows) > keptRows {
		s.rows, s.salts, s.leaves = nil, nil, nil
	}
	s.values.reset()
}

// make checks the batch and does all that needs no transaction. The rows last until reset.
func (s *scratch) make(size uint64, batch []Record) ([]row, error) {
	for i := range batch {
		if err := checkRecord(&batch[i]); err != nil {
			return nil, refused(i, batch, err)
		}
	}
	return s.store(size, batch)
}

// store brings records that may be stored into their stored form.
func (s *scratch) store(size uint64, batch []Record) ([]row, error) {
	nSalts, nLeaves := saltSize*len(batch), 0
	for i := range batch {
		r := &batch[i]
		nLeaves += len(leafVersion) + len(leafTime) + len(r.Kind) + len(r.Incident) + 2*sha256.Size + 32
	}
	s.salts = slices.Grow(s.salts[:0], nSalts)[:nSalts]
	if _, err := rand.Read(s.salts); err != nil {
		return nil, fmt.Errorf("append: draw salts: %w", err)
	}
	s.rows, s.leaves = slices.Grow(s.rows[:0], len(batch)), slices.Grow(s.leaves[:0], nLeaves)
	for i := range batch {
		r := &batch[i]
		salt := s.salts[i*saltSize : (i+1)*saltSize]
		value, err := s.values.add(func(b []byte) ([]byte, error) { return r.appendPayload(append(b, salt...)) })
		if err == nil {
			err = checkSize(len(value) - saltSize)
		}
		if err != nil {
			return nil, refused(i, batch, err)
		}
		from := len(s.leaves)
		s.leaves = appendLeaf(s.leaves, &Entry{
			Seq: size + uint64(i), At: r.At, Kind: r.Kind, Incident: r.Incident, Digest: sha256.Sum256(value),
		})
		leaf := s.leaves[from:len(s.leaves):len(s.leaves)]
		s.rows = append(s.rows, row{leaf, value, tlog.RecordHash(leaf)})
	}
	return s.rows, nil
}

func refused(i int, batch []Record, err error) error {
	return fmt.Errorf("append record %d of %d: %w: %w", i, len(batch), ErrRecord, err)
}

// write puts the rows, their tree hashes and the new signed head into tx, and the
// head into next.
func (s *Store) write(tx *bolt.Tx, size uint64, rows []row, next *state) error {
	leaves, payloads, hashes := tx.Bucket(leavesBucket), tx.Bucket(payloadsBucket), tx.Bucket(hashesBucket)
	leaves.FillPercent, payloads.FillPercent, hashes.FillPercent = fillPercent, fillPercent, fillPercent
	grown := newTail(hashes, size, len(rows))
	var key [8]byte // bbolt copies keys, but not values
	for i, r := range rows {
		n := size + uint64(i)
		binary.BigEndian.PutUint64(key[:], n)
		if err := errors.Join(leaves.Put(key[:], r.leaf), payloads.Put(key[:], r.value)); err != nil {
			return err
		}
		if err := grown.add(n, r.record); err != nil {
			return err
		}
	}
	for i := range grown.hashes {
		binary.BigEndian.PutUint64(key[:], uint64(grown.base)+uint64(i))
		if err := hashes.Put(key[:], grown.hashes[i][:]); err != nil {
			return err
		}
	}
	n := size + uint64(len(rows))
	root, err := tlog.TreeHash(int64(n), grown)
	if err != nil {
		return err
	}
	next.head = Head{n, root}
	if next.note, err = signHead(s.key.signer, next.head); err != nil {
		return err
	}
	if err := tx.Bucket(metaBucket).Put(headKey, next.note); err != nil {
		return err
	}
	if s.beforeCommit != nil {
		return s.beforeCommit()
	}
	return nil
}

// A tail holds the tree hashes of a batch that is being written. Stored hashes
// have consecutive indexes, so those of new entries follow all that are stored.
type tail struct {
	stored *bolt.Bucket
	base   int64
	hashes []tlog.Hash
}

func newTail(stored *bolt.Bucket, size uint64, n int) *tail {
	base := tlog.StoredHashCount(int64(size))
	end := tlog.StoredHashCount(int64(size) + int64(n))
	return &tail{stored, base, make([]tlog.Hash, 0, end-base)}
}

func (t *tail) add(n uint64, record tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(int64(n), record, t)
	t.hashes = append(t.hashes, hashes...)
	return err
}

// ReadHashes implements [tlog.HashReader] over what is stored and what is new.
func (t *tail) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= t.base {
			hashes[i] = t.hashes[index-t.base]
		} else if err := getHash(t.stored, index, &hashes[i]); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}
