package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/mod/sumdb/tlog"
)

// Options say how Open opens a journal. The zero value is right for a service.
type Options struct {
	// Timeout is how long to wait for another process to let go of the folder.
	// 0 means 1 s.
	Timeout time.Duration

	// Name becomes the name of the key, and with it the origin of every
	// checkpoint, when the journal is created; later it is not looked at. Empty
	// means "nis2clock/" and 8 random hexadecimal digits.
	Name string

	// ReadOnly opens an existing journal and changes nothing in the folder. Several
	// processes may do so at once, but not beside one that writes.
	ReadOnly bool

	// NoSync gives up durability: Append returns before its batch is on disk. For
	// tests and bulk work that can be repeated.
	NoSync bool
}

// A Store is a journal in a folder, and a [Log].
type Store struct {
	dir    string
	o      Options
	key    keyPair
	closed chan struct{}

	dbMu sync.RWMutex // held for writing while db and file are replaced
	db   *bolt.DB     // written under mu too
	file *os.File     // db's own file, to let go of the lock if db cannot

	// state is replaced by Append, under mu, after each commit.
	state atomic.Pointer[state]

	mu       sync.Mutex // one Append, or Close, at a time
	failed   error      // guarded by mu; why no Append can follow
	panicked bool       // guarded by mu; db may hold its own locks for ever
	scratch  scratch    // guarded by mu

	witness *witness // nil when ReadOnly

	// beforeCommit, set by tests only, runs at the end of Append's transaction.
	beforeCommit func() error
}

var (
	_ Log             = (*Store)(nil)
	_ tlog.HashReader = (*Store)(nil)
)

// state is one head of the journal.
type state struct {
	head       Head
	note       []byte        // head, signed
	superseded chan struct{} // closed when the next state is published
}

// Open opens the journal in dir, creating the folder (mode 0700) and a journal
// with a new key if there is none.
//
// What a crash can leave behind is mended without a word: a journal that was never
// finished, a witness that is behind. Everything else is refused with one line
// that says what is wrong, where, and how to mend it: [ErrLocked], [ErrKey],
// [ErrFormat] or [ErrDamaged]. Open reads a handful of pages however long the journal is; it
// is [Verify] that reads everything.
func Open(dir string, o Options) (*Store, error) {
	if o.Timeout == 0 {
		o.Timeout = time.Second
	}
	path := filepath.Join(dir, dbFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && o.ReadOnly:
		return nil, fmt.Errorf("%w: %s does not exist: name the data folder of a nis2clock that has run", ErrNone, path)
	case errors.Is(err, os.ErrNotExist):
		if err := create(dir, o); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("open journal: %w", err)
	case info.Size() == 0:
		// bbolt would take it for a new file. A journal.db is never created empty.
		return nil, fmt.Errorf("%w: %s is empty: restore it from a backup", ErrDamaged, path)
	}

	key, err := readKey(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing although there is a %s: restore it from a backup", ErrKey, filepath.Join(dir, keyFile), dbFile)
	}
	if err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		if err := finishCompaction(dir, o); err != nil {
			return nil, err
		}
	}
	db, file, err := openDB(path, o)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, o: o, key: key, db: db, file: file, closed: make(chan struct{})}
	witnessed, err := s.load()
	if err == nil {
		err = exportKey(dir, key, o.ReadOnly)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if !o.ReadOnly {
		s.witness = startWitness(s, witnessed)
	}
	return s, nil
}

// openDB opens and locks the bbolt file.
func openDB(path string, o Options) (db *bolt.DB, file *os.File, err error) {
	err = guard(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout:      o.Timeout,
			ReadOnly:     o.ReadOnly,
			NoSync:       o.NoSync,
			FreelistType: bolt.FreelistMapType,
			// Each time the file outgrows its mapping bbolt copies every page it is
			// working on. The mapping is address space, not memory.
			InitialMmapSize: 1 << 30,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				var err error
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	if errors.Is(err, ErrDamaged) && file != nil {
		// bbolt panicked with the file open and locked.
		err = errors.Join(err, unlock(file), file.Close())
	}
	switch {
	case err == nil:
		return db, file, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		dir := filepath.Dir(path)
		return nil, nil, fmt.Errorf("%w: another nis2clock uses %s: stop it, or choose another data folder", ErrLocked, dir)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, nil, fmt.Errorf("%w: %s is not a bbolt file (%w): restore it from a backup", ErrFormat, path, err)
	case errors.Is(err, ErrDamaged), errors.Is(err, bolterrors.ErrChecksum):
		return nil, nil, fmt.Errorf("%w: %s cannot be opened (%w): restore it from a backup", ErrDamaged, path, err)
	default:
		return nil, nil, fmt.Errorf("open journal: %w", err)
	}
}

// load checks what a start can check quickly and publishes the head. It returns the size
// that the witness file vouches for.
func (s *Store) load() (witnessed uint64, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		h, msg, err := inspect(tx, s.key.verifier, s.file)
		if err != nil {
			return err
		}
		w, err := readWitness(s.dir, s.key.verifier)
		if err != nil {
			return err
		}
		if w != nil {
			witnessed = w.Size
			if err := checkWitness(tx, h, *w); err != nil {
				return err
			}
		}
		s.publish(&state{head: h, note: msg, superseded: make(chan struct{})})
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", filepath.Join(s.dir, dbFile), err)
	}
	return witnessed, nil
}

// publish makes next the head and wakes whoever waited for it.
func (s *Store) publish(next *state) {
	if last := s.state.Swap(next); last != nil {
		close(last.superseded)
	}
}

// view runs f in a read transaction. Damaged pages become ErrDamaged.
func (s *Store) view(f func(*bolt.Tx) error) error {
	s.dbMu.RLock()
	defer s.dbMu.RUnlock()
	err := guard(func() error { return s.db.View(f) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// Head returns the newest durable head. It remains readable after Close.
func (s *Store) Head() Head { return s.state.Load().head }

// Grown returns the newest durable head, and a channel that is closed when there
// is a newer one.
func (s *Store) Grown() (Head, <-chan struct{}) {
	now := s.state.Load()
	return now.head, now.superseded
}

// Checkpoint returns the newest head as a signed note.
func (s *Store) Checkpoint() []byte { return bytes.Clone(s.state.Load().note) }

// CheckpointAt returns the head of an earlier size as a signed note, or ErrRange. It
// is the same, byte for byte, as the one signed when the journal had that size.
func (s *Store) CheckpointAt(size uint64) ([]byte, error) {
	root, err := s.Root(size)
	if err != nil {
		return nil, err
	}
	return signHead(s.key.signer, Head{size, root})
}

// VerifierKey returns the key that checks the journal's heads, in the text form of
// golang.org/x/mod/sumdb/note. It is public.
func (s *Store) VerifierKey() string { return s.key.public }

// Stats are the figures of a store at one moment.
type Stats struct {
	Entries   uint64 // entries in the log
	FileBytes int64  // bytes in use by pages of the file, free ones included
	FreeBytes int64  // bytes in pages that wait to be used again

	// Witnessed is the size that journal.checkpoint vouches for. It is 0 for
	// a store opened with ReadOnly.
	Witnessed uint64

	// Err says which of the figures could not be found out, and why
	// journal.checkpoint could not be brought up to date. It is [ErrClosed] after Close.
	Err error
}

// Stats returns the store's figures.
func (s *Store) Stats() Stats {
	st := Stats{Entries: s.Head().Size}
	st.Err = s.view(func(tx *bolt.Tx) error {
		st.FileBytes = tx.Size()
		n := s.db.Stats()
		st.FreeBytes = int64(n.FreePageN+n.PendingPageN) * int64(s.db.Info().PageSize)
		return nil
	})
	if s.witness != nil {
		var err error
		st.Witnessed, err = s.witness.status()
		st.Err = errors.Join(st.Err, err)
	}
	return st
}

// Close brings the witness up to date and closes the file. Followers end with
// [ErrClosed]. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
	}
	close(s.closed)
	var err error
	if s.witness != nil {
		err = s.witness.stop()
	}
	if s.panicked {
		// The transaction that panicked may hold the locks that bbolt's own Close
		// waits for. The mapping goes with the process.
		return errors.Join(err, unlock(s.file), s.file.Close())
	}
	return errors.Join(err, s.db.Close())
}

// appendable says why no Append can be made now, with s.mu held.
func (s *Store) appendable(ctx context.Context) error {
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	if s.o.ReadOnly {
		return ErrReadOnly
	}
	if s.failed != nil {
		return s.failed
	}
	return ctx.Err()
}

// recovers reports whether the journal can go on after err, a failed commit that
// wrote no meta page: the disk or the file was full, and room may be made.
// Everything else, a failed sync above all, leaves open what the disk holds.
func recovers(err error) bool {
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return true
	}
	pathErr, ok := errors.AsType[*os.PathError](err)
	return ok && pathErr.Op == "write" && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT))
}
