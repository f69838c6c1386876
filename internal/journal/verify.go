package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/mod/sumdb/note"
)

// VerifyOptions say what Verify compares with.
type VerifyOptions struct {
	// Key is the text of the verifier key that must have signed the journal, as
	// its owner published it. Empty means the journal.pub beside the journal.
	Key string

	// Entry, if not nil, is called in order for each entry whose payload is
	// there and has the digest that its leaf says. Of the entry it fills in Seq,
	// Kind, Incident and Payload, which is valid during the call. Whether the
	// leaf itself is as it was is known only once Verify has returned.
	Entry func(Entry)

	// Prefixes, if not nil, is asked after the last entry for sizes of which the
	// roots are wanted; see [Verdict.Prefixes].
	Prefixes func() []uint64
}

// Verify reads every byte of the journal in dir and says whether they agree: each leaf
// with its parts, each payload with its digest, each tree hash with those below
// it, the root with the signed head, the whole with the earlier head in
// journal.checkpoint, and the pages of the file with each other. It changes nothing. It shares no
// reading or writing code with [Store]: the file is read page by page without
// bbolt, and leaves are put together again from their parts.
//
// A journal that a running nis2clock holds open cannot be told. An error means that
// there was nothing to judge: [ErrNone], a malformed Key, or a file that
// cannot be read at all.
func Verify(dir string, o VerifyOptions) (verdict Verdict, err error) {
	path := filepath.Join(dir, dbFile)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return missing(dir, path)
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	v := &verification{entry: o.Entry}
	if err := v.takeKey(dir, o.Key); err != nil {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	unlock, err := lockShared(path)
	if err != nil {
		v.unsure("%v", err)
		return v.verdict(), nil
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := v.takeWitness(filepath.Join(dir, checkpointFile)); err != nil {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	v.file(file, info.Size())
	v.takePrefixes(o, file, info.Size())
	return v.verdict(), nil
}

// missing judges a folder without a journal.db.
func missing(dir, path string) (Verdict, error) {
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err == nil {
		v := &verification{}
		v.bad("%s is missing, but %s says that there was a journal", path, checkpointFile)
		return v.verdict(), nil
	}
	return Verdict{}, fmt.Errorf("verify: %w: %s does not exist: name a data folder; of an unpacked packet verify the zip file", ErrNone, path)
}

// lockShared keeps writers out while the journal is read. bbolt knows how its own
// lock works on each system; nothing else of it is used.
func lockShared(path string) (unlock func() error, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Nanosecond})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w: another nis2clock uses %s: stop it, or restore a backup elsewhere and verify that", ErrLocked, filepath.Dir(path))
	}
	if err != nil {
		// bbolt locks first and looks at the file then. What it refuses nobody has open.
		return func() error { return nil }, nil
	}
	return db.Close, nil
}

// A verification collects what is found.
type verification struct {
	v        Verdict
	verifier note.Verifier // nil when there is no key
	entry    func(Entry)   // nil when nobody wants to see them
	altered  bool
	doubts   bool
	listed   int       // of the entries' problems, in this pass
	loose    []Problem // problems that belong to no entry
}

// bad records an alteration that belongs to no entry.
func (c *verification) bad(format string, args ...any) {
	c.altered = true
	c.loose = append(c.loose, Problem{What: fmt.Sprintf(format, args...)})
}

// badEntry records an alteration of an entry. One pass over the journal finds them in
// order and lists the first of them.
func (c *verification) badEntry(seq uint64, format string, args ...any) {
	c.altered = true
	if c.listed < MaxProblems {
		c.listed++
		c.v.Problems = append(c.v.Problems, Problem{Seq: &seq, What: fmt.Sprintf(format, args...)})
	}
}

// unsure records what prevents an answer.
func (c *verification) unsure(format string, args ...any) {
	c.doubts = true
	c.loose = append(c.loose, Problem{What: fmt.Sprintf(format, args...)})
}

func (c *verification) verdict() Verdict {
	v := c.v
	slices.SortStableFunc(v.Problems, func(a, b Problem) int { return cmp.Compare(*a.Seq, *b.Seq) })
	v.Problems = append(v.Problems, c.loose...)
	v.Problems = v.Problems[:min(len(v.Problems), MaxProblems)]
	switch {
	case c.altered:
		v.State = Altered
	case !c.doubts:
		v.State = Consistent
	}
	return v
}

// takeKey chooses the verifier key.
func (c *verification) takeKey(dir, given string) error {
	text := strings.TrimSpace(given)
	if text == "" {
		path := filepath.Join(dir, pubFile)
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			c.unsure("%s is missing: give the key that signed the journal", path)
			return nil
		}
		if err != nil {
			return err
		}
		text = strings.TrimSpace(string(b))
	}
	verifier, err := note.NewVerifier(text)
	if err != nil && given != "" {
		return fmt.Errorf("the given key is not a verifier key (%w): it is the line in a journal's %s", err, pubFile)
	}
	if err != nil {
		c.bad("%s is not a verifier key (%v)", pubFile, err)
		return nil
	}
	c.verifier = verifier
	c.v.Key, c.v.Origin, c.v.KeyFingerprint, c.v.KeyGiven = text, verifier.Name(), Fingerprint(text), given != ""
	return nil
}

// takeWitness reads the earlier head. Without a key it cannot be believed.
func (c *verification) takeWitness(path string) error {
	msg, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && c.verifier == nil {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := openHead(msg, c.verifier)
	if err != nil {
		c.bad("%s %v", checkpointFile, err)
		return nil
	}
	c.v.Witness = &h
	return nil
}

// file judges the bytes of journal.db.
func (c *verification) file(r io.ReaderAt, size int64) {
	f, err := openPages(r, size)
	if err != nil {
		c.bad("%s: %v", dbFile, err)
		return
	}
	for _, err := range f.badMeta {
		c.bad("%s: %v: the last batch may be lost", dbFile, err)
	}
	refs, err := f.buckets()
	if err != nil {
		c.bad("%s: %v", dbFile, err)
		return
	}
	head, ok := c.meta(f, refs)
	if !ok {
		return
	}
	w := walk{
		c: c, head: head,
		leaves:   f.cursor(refs[string(leavesBucket)]),
		payloads: f.cursor(refs[string(payloadsBucket)]),
		hashes:   f.cursor(refs[string(hashesBucket)]),
	}
	w.run()
	if !c.altered {
		if err := f.account(); err != nil {
			c.bad("%s: %v", dbFile, err)
		}
	}
}

// meta checks that the four buckets and nothing else are there, reads the format and
// opens the head. ok is false when there is no sense in going on; a nil head is one
// that cannot be believed.
func (c *verification) meta(f *pageFile, refs map[string]bucketRef) (head *Head, ok bool) {
	for _, name := range [][]byte{leavesBucket, payloadsBucket, hashesBucket, metaBucket} {
		if _, found := refs[string(name)]; !found {
			c.bad("%s: bucket %q is missing", dbFile, name)
			return nil, false
		}
	}
	if len(refs) != 4 {
		c.bad("%s: it holds %d buckets instead of 4", dbFile, len(refs))
	}
	values := map[string]string{}
	cur := f.cursor(refs[string(metaBucket)])
	for {
		key, value, flags, err := cur.next()
		if err != nil {
			c.bad("%s: bucket %q: %v", dbFile, metaBucket, err)
			return nil, false
		}
		if key == nil {
			break
		}
		if flags != 0 || string(key) != string(formatKey) && string(key) != string(headKey) {
			c.bad("%s: bucket %q holds %.40q, which is not part of a journal", dbFile, metaBucket, key)
		}
		values[string(key)] = string(value)
	}
	if err := checkFormat(values[string(formatKey)]); err != nil {
		c.unsure("%s: %v", dbFile, err)
		return nil, false
	}
	if c.verifier == nil {
		return nil, true
	}
	h, err := openHead([]byte(values[string(headKey)]), c.verifier)
	if err != nil {
		c.bad("the head %v", err)
		return nil, true
	}
	return &h, true
}
