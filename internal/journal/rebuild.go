package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// compactTx is how many bytes a compaction copies in one transaction.
const compactTx = 16 << 20

// A Rebuilder makes a journal again from its segments. Until [Rebuilder.Finish]
// there is no journal.db in its folder. It is for one goroutine.
type Rebuilder struct {
	dir      string
	public   string
	verifier note.Verifier
	db       *bolt.DB
	head     Head
	erased   []uint64 // entries that an erasure names
	missing  []uint64 // entries that came without their payload
}

// Rebuild begins a journal in dir, which must not hold one (mode 0700 if it is
// made), for the verifier key that signed it. It ends with Finish or Discard.
func Rebuild(dir, verifierKey string) (*Rebuilder, error) {
	public := strings.TrimSpace(verifierKey)
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("rebuild journal: %w: it is not a verifier key, the line in a journal's %s", ErrKey, pubFile)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("rebuild journal: %w", err)
	}
	for _, name := range []string{dbFile, dbNewFile, keyFile, pubFile, checkpointFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("rebuild journal: %s is there already: name an empty folder", filepath.Join(dir, name))
		}
	}
	db, _, err := openDB(filepath.Join(dir, dbNewFile), Options{Timeout: time.Second, NoSync: true})
	if err != nil {
		return nil, err
	}
	r := &Rebuilder{dir: dir, public: public, verifier: verifier, db: db}
	r.head.Root, err = tlog.TreeHash(0, nil)
	if err == nil {
		err = db.Update(func(tx *bolt.Tx) error {
			for _, name := range [][]byte{leavesBucket, payloadsBucket, hashesBucket, metaBucket} {
				if _, err := tx.CreateBucket(name); err != nil {
					return err
				}
			}
			return tx.Bucket(metaBucket).Put(formatKey, []byte(formatVersion))
		})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("rebuild journal: %w", err), r.Discard())
	}
	return r, nil
}

// Head returns the head that the segments so far lead to.
func (r *Rebuilder) Head() Head { return r.head }

// Add takes the segment that follows; one that lies wholly before Head changes
// nothing. The error is [ErrSegment] for bytes that do not prove themselves:
// then nothing was taken, and another copy of the segment may be tried.
func (r *Rebuilder) Add(data []byte) error {
	s, err := parseSegment(data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSegment, err)
	}
	if s.from > r.head.Size {
		return fmt.Errorf("%w: it begins with entry %d, and %d is wanted", ErrSegment, s.from, r.head.Size)
	}
	if s.to <= r.head.Size {
		return nil
	}
	h, err := openHead(s.head, r.verifier)
	if err != nil {
		return fmt.Errorf("%w: its head %w", ErrSegment, err)
	}
	if h.Size != s.to {
		return fmt.Errorf("%w: its head is signed for %d entries, its last is %d", ErrSegment, h.Size, s.to-1)
	}
	erased, err := s.erasures()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSegment, err)
	}
	rows := s.rows[r.head.Size-s.from:]
	for i := range rows {
		rows[i].record = tlog.RecordHash(rows[i].leaf)
	}
	err = r.db.Update(func(tx *bolt.Tx) error { return r.write(tx, rows, h, s.head) })
	if err != nil {
		return fmt.Errorf("rebuild journal: %w", err)
	}
	for i := range rows {
		if len(rows[i].value) == 0 {
			r.missing = append(r.missing, r.head.Size+uint64(i))
		}
	}
	r.head, r.erased = h, append(r.erased, erased...)
	return nil
}

// erasures are the entries that those of a segment erase.
func (s *segment) erasures() ([]uint64, error) {
	var all []uint64
	for i, r := range s.rows {
		e, err := decodeLeaf(r.leaf)
		if err != nil {
			return nil, err
		}
		if e.Kind != erasedKind {
			continue
		}
		if len(r.value) == 0 {
			return nil, fmt.Errorf("entry %d: an erasure cannot be erased", s.from+uint64(i))
		}
		what, err := decodeErased(r.value[saltSize:])
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", s.from+uint64(i), err)
		}
		all = append(all, what.Entries...)
	}
	return all, nil
}

// write puts rows behind the entries there are, if they lead to the signed head.
func (r *Rebuilder) write(tx *bolt.Tx, rows []row, h Head, head []byte) error {
	leaves, payloads, hashes := tx.Bucket(leavesBucket), tx.Bucket(payloadsBucket), tx.Bucket(hashesBucket)
	leaves.FillPercent, payloads.FillPercent, hashes.FillPercent = fillPercent, fillPercent, fillPercent
	grown := newTail(hashes, r.head.Size, len(rows))
	var key [8]byte
	for i, row := range rows {
		n := r.head.Size + uint64(i)
		binary.BigEndian.PutUint64(key[:], n)
		err := leaves.Put(key[:], row.leaf)
		if len(row.value) > 0 {
			err = errors.Join(err, payloads.Put(key[:], row.value))
		}
		if err = errors.Join(err, grown.add(n, row.record)); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(int64(h.Size), grown)
	if err != nil {
		return err
	}
	if root != h.Root {
		return fmt.Errorf("%w: its entries do not lead to the root that is signed for %d of them", ErrSegment, h.Size)
	}
	for i := range grown.hashes {
		binary.BigEndian.PutUint64(key[:], uint64(grown.base)+uint64(i))
		if err := hashes.Put(key[:], grown.hashes[i][:]); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(headKey, head)
}

// Finish makes it a journal: payloads that were erased after their segment was made
// go, journal.db, journal.pub and journal.checkpoint are written, and
// journal.key if signer is not empty, the text of the key that signed the
// journal. Without it the journal can be verified and read, but not gone on
// with. A journal without entries is refused.
func (r *Rebuilder) Finish(signer string) error {
	if err := r.finish(strings.TrimSpace(signer)); err != nil {
		return errors.Join(fmt.Errorf("rebuild journal: %w", err), r.Discard())
	}
	return nil
}

func (r *Rebuilder) finish(signer string) error {
	if r.head.Size == 0 {
		return errors.New("there is not one entry")
	}
	if signer != "" {
		key, err := newKeyPair(signer)
		if err != nil || key.public != r.public {
			return fmt.Errorf("%w: the signing key given did not sign this journal", ErrKey)
		}
	}
	slices.Sort(r.erased)
	for _, seq := range r.missing {
		if _, named := slices.BinarySearch(r.erased, seq); !named {
			return fmt.Errorf("%w: entry %d came without its payload, and no erasure names it", ErrDamaged, seq)
		}
	}
	var head []byte
	err := r.db.View(func(tx *bolt.Tx) error {
		head = slices.Clone(tx.Bucket(metaBucket).Get(headKey))
		return nil
	})
	if err == nil {
		err = r.erase()
	}
	if err = errors.Join(err, r.db.Sync(), r.db.Close()); err != nil {
		return err
	}
	if signer != "" {
		err = writeFile(filepath.Join(r.dir, keyFile), []byte(signer+"\n"), 0o600)
	}
	if err == nil {
		err = writeFile(filepath.Join(r.dir, pubFile), []byte(r.public+"\n"), 0o644)
	}
	if err == nil {
		err = writeFile(filepath.Join(r.dir, checkpointFile), head, 0o644)
	}
	if err == nil {
		err = os.Rename(filepath.Join(r.dir, dbNewFile), filepath.Join(r.dir, dbFile))
	}
	if err == nil {
		err = syncDir(r.dir)
	}
	return err
}

// erase removes the payloads that later entries erased, and leaves no page behind
// that still holds them.
func (r *Rebuilder) erase() error {
	if len(r.erased) == 0 {
		return nil
	}
	err := r.db.Update(func(tx *bolt.Tx) error {
		for _, seq := range r.erased {
			if err := tx.Bucket(payloadsBucket).Delete(binary.BigEndian.AppendUint64(nil, seq)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	full := r.db
	path := filepath.Join(r.dir, dbNewFile)
	r.db, _, err = openDB(path+".compact", Options{Timeout: time.Second, NoSync: true})
	if err != nil {
		r.db = full
		return err
	}
	if err := errors.Join(bolt.Compact(r.db, full, compactTx), full.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".compact"))
	}
	return os.Rename(path+".compact", path)
}

// Discard gives up and removes what was written.
func (r *Rebuilder) Discard() error {
	return errors.Join(r.db.Close(), removeIfThere(filepath.Join(r.dir, dbNewFile)))
}

// CheckHead reads a signed head by the verifier key that must have signed it.
func CheckHead(msg []byte, verifierKey string) (Head, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(verifierKey))
	if err != nil {
		return Head{}, fmt.Errorf("%w: it is not a verifier key", ErrKey)
	}
	h, err := openHead(msg, verifier)
	if err != nil {
		return Head{}, fmt.Errorf("the head %w", err)
	}
	return h, nil
}
