package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// ErrNotCompacted is returned by Erase when the entries are erased and the file
// could not be rewritten.
var ErrNotCompacted = errors.New("erased bytes are still in free pages of journal.db; make room and restart")

// dbCompactFile is the copy that a compaction writes. Where it is there, a
// journal.db may have free pages that hold erased bytes, and Open compacts.
const dbCompactFile = "journal.db.compact"

// maxCompactTx bounds one transaction of a compaction, in bytes.
const maxCompactTx = 16 << 20

// Compact rewrites the file of a journal that nobody has open without its free
// pages, and returns the file's size before and after, in bytes. No entry, hash
// or proof changes. A crash leaves the file as it was, or as it is to be.
func Compact(dir string, o Options) (before, after int64, err error) {
	path := filepath.Join(dir, dbFile)
	if before, err = sizeOf(path); err != nil {
		return 0, 0, err
	}
	s, err := Open(dir, o) // refuses what is damaged
	if err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	err = markForCompaction(dir)
	if err == nil {
		err = s.compact()
	}
	s.mu.Unlock()
	if err = errors.Join(err, s.Close()); err != nil {
		return 0, 0, err
	}
	after, err = sizeOf(path)
	return before, after, err
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%w: %s does not exist: name the data folder of a nis2clock that has run", ErrNone, path)
	}
	if err != nil {
		return 0, fmt.Errorf("compact journal: %w", err)
	}
	return info.Size(), nil
}

func markForCompaction(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, dbCompactFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), syncDir(dir))
}

func unmarkForCompaction(dir string) error {
	return errors.Join(removeIfThere(filepath.Join(dir, dbCompactFile)), syncDir(dir))
}

// finishCompaction rewrites the file of a journal that is not open, when an
// erasure was interrupted.
func finishCompaction(dir string, o Options) error {
	if _, err := os.Stat(filepath.Join(dir, dbCompactFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	db, _, err := openDB(filepath.Join(dir, dbFile), o)
	if err != nil {
		return err
	}
	return compactInto(dir, db, o)
}

// compact rewrites the file of the open store, with s.mu held.
func (s *Store) compact() error {
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	err := compactInto(s.dir, s.db, s.o)
	db, file, openErr := openDB(filepath.Join(s.dir, dbFile), s.o)
	if openErr != nil {
		s.failed = openErr
		return errors.Join(err, openErr)
	}
	s.db, s.file = db, file
	return err
}

// compactInto copies db into a new file, closes it and puts the new file in its
// place. A crash leaves either file whole under the name journal.db.
func compactInto(dir string, db *bolt.DB, o Options) error {
	path, copied := filepath.Join(dir, dbFile), filepath.Join(dir, dbCompactFile)
	err := copyDB(copied, db, o)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	if err := os.Rename(copied, path); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	return syncDir(dir)
}

// copyDB leaves an empty copy, which marks the journal, when it fails.
func copyDB(path string, db *bolt.DB, o Options) error {
	if err := os.Truncate(path, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dst, _, err := openDB(path, Options{Timeout: o.Timeout, NoSync: true})
	if err != nil {
		return err
	}
	err = guard(func() error { return bolt.Compact(dst, db, maxCompactTx) })
	if err == nil {
		err = dst.Sync()
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		return errors.Join(err, os.Truncate(path, 0))
	}
	return nil
}
