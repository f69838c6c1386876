package journal

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// Root returns the root of the tree over the first size entries, or ErrRange.
func (s *Store) Root(size uint64) (tlog.Hash, error) {
	if now := s.Head(); size == now.Size {
		return now.Root, nil
	} else if size > now.Size {
		return tlog.Hash{}, fmt.Errorf("root of size %d: %w: the log has %d entries", size, ErrRange, now.Size)
	}
	root, err := tlog.TreeHash(int64(size), s)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("root of size %d: %w", size, err)
	}
	return root, nil
}

// ReadHashes returns stored hashes of the tree by their index, see
// [tlog.StoredHashIndex]. It makes the store a [tlog.HashReader], from which
// [tlog.ProveRecord] and [tlog.ProveTree] make proofs.
func (s *Store) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		hashes, err = bucketHashes(tx).ReadHashes(indexes)
		return err
	})
	return hashes, err
}

// Hash is a hash of the tree. In JSON it is base64.
type Hash = tlog.Hash

// LeafHash returns the record hash of an entry, or [ErrRange].
func (s *Store) LeafHash(seq uint64) (Hash, error) {
	if size := s.Head().Size; seq >= size {
		return Hash{}, fmt.Errorf("leaf hash of entry %d: %w: the log has %d entries", seq, ErrRange, size)
	}
	hashes, err := s.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(seq))})
	if err != nil {
		return Hash{}, fmt.Errorf("leaf hash of entry %d: %w", seq, err)
	}
	return hashes[0], nil
}

// bucketHashes reads stored hashes inside a transaction.
func bucketHashes(tx *bolt.Tx) tlog.HashReader {
	bucket := tx.Bucket(hashesBucket)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if err := getHash(bucket, index, &hashes[i]); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

func getHash(bucket *bolt.Bucket, index int64, h *tlog.Hash) error {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], uint64(index))
	v := bucket.Get(key[:])
	if len(v) != tlog.HashSize {
		return fmt.Errorf("%w: tree hash %d is missing or has the wrong length", ErrDamaged, index)
	}
	copy(h[:], v)
	return nil
}
