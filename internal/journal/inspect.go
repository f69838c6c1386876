package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const mend = "run nis2clock verify to see where, and restore the folder from a backup"

// inspect makes the checks that need a handful of pages: the format, that the
// file is all there, that the buckets end where the signed head ends, and
// that the stored hashes still lead to the signed root. It returns the head.
func inspect(tx *bolt.Tx, verifier note.Verifier, file *os.File) (Head, []byte, error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil || meta.Get(formatKey) == nil {
		return Head{}, nil, fmt.Errorf("%w: it is a bbolt file of something else: name another data folder", ErrFormat)
	}
	if err := checkFormat(string(meta.Get(formatKey))); err != nil {
		return Head{}, nil, err
	}
	for _, name := range [][]byte{leavesBucket, payloadsBucket, hashesBucket} {
		if tx.Bucket(name) == nil {
			return Head{}, nil, fmt.Errorf("%w: its part %q is missing: %s", ErrDamaged, name, mend)
		}
	}
	info, err := file.Stat()
	if err != nil {
		return Head{}, nil, err
	}
	if info.Size() < tx.Size() {
		return Head{}, nil, fmt.Errorf("%w: it is cut short, %d bytes of %d: %s", ErrDamaged, info.Size(), tx.Size(), mend)
	}

	msg := bytes.Clone(meta.Get(headKey))
	h, err := openHead(msg, verifier)
	if errors.Is(err, errOtherKey) {
		return Head{}, nil, fmt.Errorf("%w: its head %w: put back the %s that belongs to it", ErrKey, err, keyFile)
	}
	if err != nil {
		return Head{}, nil, fmt.Errorf("%w: its head %w: %s", ErrDamaged, err, mend)
	}
	if err := checkEnds(tx, h); err != nil {
		return Head{}, nil, fmt.Errorf("%w: %w: %s", ErrDamaged, err, mend)
	}
	root, err := tlog.TreeHash(int64(h.Size), bucketHashes(tx))
	if err != nil {
		return Head{}, nil, fmt.Errorf("%w: %w: %s", ErrDamaged, err, mend)
	}
	if root != h.Root {
		return Head{}, nil, fmt.Errorf("%w: its tree does not have the root that is signed for %d entries: %s", ErrDamaged, h.Size, mend)
	}
	return h, msg, nil
}

func checkFormat(format string) error {
	if format == formatVersion {
		return nil
	}
	version, ours := strings.CutPrefix(format, formatName)
	if n, err := strconv.ParseUint(version, 10, 32); ours && err == nil && n > 1 {
		return fmt.Errorf("%w: its format is %s, this program reads %s: use a newer nis2clock", ErrFormat, format, formatVersion)
	}
	return fmt.Errorf("%w: its format is %.40q instead of %q: restore it from a backup", ErrFormat, format, formatVersion)
}

// checkEnds compares the last key of each bucket, and the last leaf, with the head.
func checkEnds(tx *bolt.Tx, h Head) error {
	leafKey, leaf := tx.Bucket(leavesBucket).Cursor().Last()
	if n, err := countTo(leafKey); err != nil || n != h.Size {
		return fmt.Errorf("it holds %d entries, its head is signed for %d", n, h.Size)
	}
	hashKey, _ := tx.Bucket(hashesBucket).Cursor().Last()
	if n, err := countTo(hashKey); err != nil || n != uint64(tlog.StoredHashCount(int64(h.Size))) {
		return fmt.Errorf("it holds %d tree hashes, its %d entries need %d", n, h.Size, tlog.StoredHashCount(int64(h.Size)))
	}
	payloadKey, _ := tx.Bucket(payloadsBucket).Cursor().Last()
	if n, err := countTo(payloadKey); err != nil || n > h.Size {
		return fmt.Errorf("it holds a payload for entry %d, its head is signed for %d", n-1, h.Size)
	}
	if h.Size == 0 {
		return nil
	}
	stored, err := bucketHashes(tx).ReadHashes([]int64{tlog.StoredHashIndex(0, int64(h.Size-1))})
	if err != nil {
		return err
	}
	if tlog.RecordHash(leaf) != stored[0] {
		return fmt.Errorf("entry %d: leaf does not match its tree hash", h.Size-1)
	}
	return nil
}

// countTo returns how many keys there are up to the last one, if none is left out.
func countTo(lastKey []byte) (uint64, error) {
	if lastKey == nil {
		return 0, nil
	}
	if len(lastKey) != 8 {
		return 0, fmt.Errorf("key %x is not 8 bytes", lastKey)
	}
	return binary.BigEndian.Uint64(lastKey) + 1, nil
}

// checkWitness compares the journal with a head that was signed for it before.
func checkWitness(tx *bolt.Tx, h, w Head) error {
	if w.Size > h.Size {
		return fmt.Errorf("%w: its last %d entries are missing: %s was signed for %d and it holds %d: restore the newer %s, or delete %s to go on without them",
			ErrDamaged, w.Size-h.Size, checkpointFile, w.Size, h.Size, dbFile, checkpointFile)
	}
	root, err := tlog.TreeHash(int64(w.Size), bucketHashes(tx))
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ErrDamaged, err, mend)
	}
	if root != w.Root {
		return fmt.Errorf("%w: its first %d entries are not those that %s was signed for: %s", ErrDamaged, w.Size, checkpointFile, mend)
	}
	return nil
}
