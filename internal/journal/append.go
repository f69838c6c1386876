package journal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

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
	rows, err := newRows(size, batch)
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

// newRows checks the batch and does all that needs no transaction.
func newRows(size uint64, batch []Record) ([]row, error) {
	for i := range batch {
		if err := checkRecord(&batch[i]); err != nil {
			return nil, fmt.Errorf("append record %d of %d: %w: %w", i, len(batch), ErrRecord, err)
		}
	}
	return makeRows(size, batch)
}

// makeRows brings records that may be stored into their stored form.
func makeRows(size uint64, batch []Record) ([]row, error) {
	nValues, nLeaves := 0, 0
	for i := range batch {
		r := &batch[i]
		nValues += saltSize + len(r.Payload)
		nLeaves += len(leafVersion) + len(leafTime) + len(r.Kind) + len(r.Incident) + 2*sha256.Size + 32
	}
	salts := make([]byte, saltSize*len(batch))
	if _, err := rand.Read(salts); err != nil {
		return nil, fmt.Errorf("append: draw salts: %w", err)
	}
	rows := make([]row, len(batch))
	values, leaves := make([]byte, 0, nValues), make([]byte, 0, nLeaves)
	for i := range batch {
		r := &batch[i]
		from := len(values)
		values = append(values, salts[i*saltSize:(i+1)*saltSize]...)
		values = append(values, r.Payload...)
		value := values[from:len(values):len(values)]
		from = len(leaves)
		leaves = appendLeaf(leaves, &Entry{
			Seq: size + uint64(i), At: r.At, Kind: r.Kind, Incident: r.Incident, Digest: sha256.Sum256(value),
		})
		leaf := leaves[from:len(leaves):len(leaves)]
		rows[i] = row{leaf, value, tlog.RecordHash(leaf)}
	}
	return rows, nil
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
