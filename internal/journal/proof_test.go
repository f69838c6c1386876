package journal_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
)

// provable is a journal of n entries and the key that checks what it signs.
func provable(t *testing.T, n int) (*journal.Store, journal.Key, []journal.Entry) {
	t.Helper()
	s := journaltest.Open(t)
	var batch []journal.Record
	for i := range n {
		batch = append(batch, journal.Record{At: time.Date(2026, 11, 2, 3, 0, i, 0, time.UTC), Kind: "a.b/v1", Incident: "INC-2026-0001", Payload: fmt.Appendf(nil, "payload %d", i)})
	}
	if _, err := s.Append(t.Context(), 0, batch); err != nil {
		t.Fatal(err)
	}
	key, err := journal.ParseKey(s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	var all []journal.Entry
	for e, err := range s.Read(t.Context(), 0, uint64(n)) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return s, key, all
}

// Every entry proves itself against every signed head that covers it, from its
// leaf, salt and payload alone, and no other entry passes for it.
func TestProveEntry(t *testing.T) {
	const n = 11
	s, key, all := provable(t, n)
	for size := uint64(1); size <= n; size++ {
		msg, err := s.CheckpointAt(size)
		if err != nil {
			t.Fatal(err)
		}
		head, err := key.Head(msg)
		if err != nil {
			t.Fatal(err)
		}
		for seq := range size {
			proof, err := s.ProveEntry(seq, size)
			if err != nil {
				t.Fatal(err)
			}
			e, err := journal.ParseLeaf(all[seq].Leaf())
			if err != nil {
				t.Fatal(err)
			}
			if !e.Erased {
				t.Error("a leaf alone counts as an entry with its payload")
			}
			if err := e.Restore(all[seq].Salt, all[seq].Payload); err != nil {
				t.Fatal(err)
			}
			if err := head.Holds(e, proof); err != nil {
				t.Errorf("entry %d of %d: %v", seq, size, err)
			}
			if err := e.Restore(all[seq].Salt, append(all[seq].Payload, 0)); !errors.Is(err, journal.ErrProof) {
				t.Errorf("a longer payload passes: %v", err)
			}
			other := e
			other.Kind = "a.c/v1"
			if err := head.Holds(other, proof); !errors.Is(err, journal.ErrProof) {
				t.Errorf("another kind passes: %v", err)
			}
		}
	}
	if _, err := s.ProveEntry(3, 3); !errors.Is(err, journal.ErrRange) {
		t.Errorf("an entry outside the tree: %v", err)
	}
	if _, err := s.ProveEntry(0, n+1); !errors.Is(err, journal.ErrRange) {
		t.Errorf("a tree that is not there: %v", err)
	}
}

func TestProveHead(t *testing.T) {
	const n = 9
	s, _, _ := provable(t, n)
	heads := make([]journal.Head, n+1)
	for size := range heads {
		root, err := s.Root(uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		heads[size] = journal.Head{Size: uint64(size), Root: root}
	}
	for size := uint64(1); size <= n; size++ {
		for old := uint64(1); old <= size; old++ {
			proof, err := s.ProveHead(old, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := heads[size].Follows(heads[old], proof); err != nil {
				t.Errorf("%d in %d: %v", old, size, err)
			}
			rewritten := heads[old]
			rewritten.Root[0] ^= 1
			if err := heads[size].Follows(rewritten, proof); !errors.Is(err, journal.ErrProof) {
				t.Errorf("%d in %d: another past passes: %v", old, size, err)
			}
		}
	}
	if _, err := s.ProveHead(0, n); !errors.Is(err, journal.ErrRange) {
		t.Errorf("the empty tree proves nothing: %v", err)
	}
}

// No byte of a signed statement is free, and no head passes for one.
func TestStatement(t *testing.T) {
	s, key, _ := provable(t, 3)
	st := journal.Statement{About: "packet INC-2026-0001", Digest: sha256.Sum256([]byte("manifest"))}
	msg, err := s.Sign(st)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Sign(st)
	if err != nil || !bytes.Equal(msg, again) {
		t.Errorf("signed twice: %v\n%s\n%s", err, msg, again)
	}
	if got, err := key.Statement(msg); err != nil || got != st {
		t.Errorf("read %+v, %v", got, err)
	}
	for n := range msg {
		for _, bit := range []byte{1, 0x20, 0x80} {
			flipped := bytes.Clone(msg)
			flipped[n] ^= bit
			if got, err := key.Statement(flipped); err == nil {
				t.Errorf("byte %d flipped by %#x reads as %+v", n, bit, got)
			}
		}
	}
	if _, err := key.Statement(s.Checkpoint()); !errors.Is(err, journal.ErrProof) {
		t.Errorf("a head read as a statement: %v", err)
	}
	if _, err := key.Head(msg); !errors.Is(err, journal.ErrProof) {
		t.Errorf("a statement read as a head: %v", err)
	}
	for _, about := range []string{"", "a\nb"} {
		if _, err := s.Sign(journal.Statement{About: about}); err == nil {
			t.Errorf("signed about %q", about)
		}
	}
	_, other, _ := provable(t, 1)
	if _, err := other.Statement(msg); !errors.Is(err, journal.ErrProof) {
		t.Errorf("another key: %v", err)
	}
}
