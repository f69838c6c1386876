package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof is returned for a proof, a leaf, a payload or a signed note that does
// not fit what it is given for.
var ErrProof = errors.New("does not prove it")

// A Proof is a list of tree hashes, RFC 6962 sections 2.1.1 and 2.1.2. In JSON
// each is base64.
type Proof []tlog.Hash

// ProveEntry proves that entry seq is a leaf of the tree over the first size
// entries. The error is [ErrRange] where there are no such entries.
func (s *Store) ProveEntry(seq, size uint64) (Proof, error) {
	if seq >= size || size > s.Head().Size {
		return nil, fmt.Errorf("prove entry %d of %d: %w", seq, size, ErrRange)
	}
	p, err := tlog.ProveRecord(int64(size), int64(seq), s)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d of %d: %w", seq, size, err)
	}
	return Proof(p), nil
}

// ProveHead proves that the first old entries of the tree over the first size
// entries are those that old alone stands for: nothing was changed in between,
// only added. The error is [ErrRange] where there are no such entries; old is
// at least 1.
func (s *Store) ProveHead(old, size uint64) (Proof, error) {
	if old < 1 || old > size || size > s.Head().Size {
		return nil, fmt.Errorf("prove size %d in %d: %w", old, size, ErrRange)
	}
	p, err := tlog.ProveTree(int64(size), int64(old), s)
	if err != nil {
		return nil, fmt.Errorf("prove size %d in %d: %w", old, size, err)
	}
	return Proof(p), nil
}

// Holds reports, as nil, that the entry is a leaf of the tree under h, by a proof
// of [Store.ProveEntry]. It looks at the leaf alone: whether the payload fits it
// [Entry.Restore] says. The error is [ErrProof].
func (h Head) Holds(e Entry, p Proof) error {
	if e.Seq >= h.Size {
		return fmt.Errorf("%w: the tree has %d entries", ErrProof, h.Size)
	}
	if err := tlog.CheckRecord(tlog.RecordProof(p), int64(h.Size), h.Root, int64(e.Seq), tlog.RecordHash(e.Leaf())); err != nil {
		return fmt.Errorf("%w: its leaf is not in the tree of the signed head", ErrProof)
	}
	return nil
}

// Follows reports, as nil, that the tree under h begins with the one under old,
// by a proof of [Store.ProveHead]. The error is [ErrProof].
func (h Head) Follows(old Head, p Proof) error {
	if old.Size < 1 || old.Size > h.Size {
		return fmt.Errorf("%w: it has %d entries, this one %d", ErrProof, old.Size, h.Size)
	}
	if err := tlog.CheckTree(tlog.TreeProof(p), int64(h.Size), h.Root, int64(old.Size), old.Root); err != nil {
		return fmt.Errorf("%w: the tree of %d entries does not begin with the one of %d", ErrProof, h.Size, old.Size)
	}
	return nil
}

// ParseLeaf is the inverse of [Entry.Leaf] and accepts exactly the bytes that it
// can return. The entry counts as erased until [Entry.Restore] has given it its
// payload.
func ParseLeaf(leaf []byte) (Entry, error) {
	e, err := decodeLeaf(leaf)
	e.Erased = true
	return e, err
}

// Restore gives an entry of [ParseLeaf] its salt and payload, which it keeps. The
// error is [ErrProof] when the leaf's digest is not theirs.
func (e *Entry) Restore(salt [32]byte, payload []byte) error {
	sum := sha256.New()
	sum.Write(salt[:])
	sum.Write(payload)
	if [sha256.Size]byte(sum.Sum(nil)) != e.Digest {
		return fmt.Errorf("%w: payload does not match its digest", ErrProof)
	}
	e.Salt, e.Payload, e.Erased = salt, payload, false
	return nil
}

// A Key checks what a journal signed. The zero Key is of no use; see [ParseKey].
type Key struct {
	verifier note.Verifier
	text     string
}

// ParseKey reads the text of a verifier key, the line in a journal.pub.
func ParseKey(text string) (Key, error) {
	verifier, err := note.NewVerifier(text)
	if err != nil {
		return Key{}, fmt.Errorf("not a verifier key (%w): it is the line in a journal's %s", err, pubFile)
	}
	return Key{verifier, text}, nil
}

// String is the text that [ParseKey] reads.
func (k Key) String() string { return k.text }

// Name is the key's name, the origin of the journal's heads.
func (k Key) Name() string { return k.verifier.Name() }

// Fingerprint names the key; see [Fingerprint].
func (k Key) Fingerprint() string { return Fingerprint(k.text) }

// Head reads a signed head. The error is [ErrProof].
func (k Key) Head(msg []byte) (Head, error) {
	h, err := openHead(msg, k.verifier)
	if err != nil {
		return Head{}, fmt.Errorf("%w: it %w", ErrProof, err)
	}
	return h, nil
}

// ParseHead is a head of a size and a root in base64, as they stand in a report or a
// packet. Nobody has signed it.
func ParseHead(size uint64, root string) (Head, error) {
	hash, err := tlog.ParseHash(root)
	if err != nil || hash.String() != root {
		return Head{}, fmt.Errorf("%w: root %.60q is not a hash", ErrProof, root)
	}
	return Head{size, hash}, nil
}
