package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var ordered = Record{At: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Kind: "erasure.ordered/v1", Payload: []byte(`{"by":"dpo"}`)}

const secret = "a natural person's name"

// withSecrets is a journal in which every seventh entry names a person.
func withSecrets(t *testing.T) (dir string, seqs []uint64) {
	records := batch(500, 300)
	for n := range records {
		if n%7 == 0 {
			records[n].Payload = append(records[n].Payload, secret...)
			seqs = append(seqs, uint64(n))
		}
	}
	return newJournal(t, records[:250], records[250:]), seqs
}

func holdsSecret(t *testing.T, dir string) bool {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(raw, []byte(secret))
}

func TestEraseLeavesNoByteAndEveryProof(t *testing.T) {
	dir, seqs := withSecrets(t)
	s := mustOpen(t, dir, Options{})
	before, note := s.Head(), s.Checkpoint()
	head, err := s.Erase(t.Context(), before.Size, ordered, seqs, "Art. 17(1)(a) GDPR")
	if err != nil {
		t.Fatal(err)
	}
	if head.Size != before.Size+2 || s.Head() != head {
		t.Errorf("head %v after %v, want two more entries", head, before)
	}
	if holdsSecret(t, dir) {
		t.Error("the file still holds what was erased")
	}
	if again, err := s.CheckpointAt(before.Size); err != nil || !bytes.Equal(again, note) {
		t.Errorf("the earlier checkpoint is now %q, %v", again, err)
	}
	nErased := 0
	for e, err := range s.Read(t.Context(), before.Size, head.Size) {
		if want := []string{ordered.Kind, erasedKind}[e.Seq-before.Size]; err != nil || e.Kind != want || !e.At.Equal(ordered.At) {
			t.Errorf("entry %d is %s of %s, %v; want %s", e.Seq, e.Kind, e.At, err, want)
		}
	}
	for e, err := range s.Read(t.Context(), 0, head.Size) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Erased {
			nErased++
		}
	}
	if nErased != len(seqs) {
		t.Errorf("%d entries are erased, want %d", nErased, len(seqs))
	}
	mustAppend(t, s, batch(3, 10)...)
	mustClose(t, s)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Erased != uint64(len(seqs)) {
		t.Errorf("verdict is %v with %d erased: %v", v.State, v.Erased, v.Problems)
	}
}

func TestEraseRefuses(t *testing.T) {
	dir, _ := withSecrets(t)
	s := mustOpen(t, dir, Options{})
	if _, err := s.Erase(t.Context(), 500, ordered, []uint64{3}, "ground"); err != nil {
		t.Fatal(err)
	}
	before := s.Head()
	for _, test := range []struct {
		name    string
		size    uint64
		entries []uint64
		reason  string
		want    error
	}{
		{"another size", 500, []uint64{7}, "ground", ErrSize},
		{"nothing", 502, nil, "ground", ErrRecord},
		{"without ground", 502, []uint64{7}, " ", ErrRecord},
		{"twice", 502, []uint64{7, 8, 7}, "ground", ErrRecord},
		{"erased already, with one that is not", 502, []uint64{7, 3}, "ground", ErrRecord},
		{"the record of an erasure", 502, []uint64{501}, "ground", ErrRecord},
		{"past the end", 502, []uint64{502}, "ground", ErrRange},
	} {
		if _, err := s.Erase(t.Context(), test.size, ordered, test.entries, test.reason); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if s.Head() != before {
			t.Fatalf("%s: the journal changed", test.name)
		}
	}
	if _, err := s.Erase(t.Context(), 502, Record{At: ordered.At, Kind: erasedKind}, []uint64{7}, "ground"); !errors.Is(err, ErrRecord) || s.Head() != before {
		t.Errorf("an order that cannot be stored: got %v, want %v", err, ErrRecord)
	}
	mustAppend(t, s, batch(1, 1)...) // a refusal is not a failure
	for e, err := range s.Read(t.Context(), 7, 8) {
		if err != nil || e.Erased {
			t.Errorf("entry 7: erased %v, %v", e.Erased, err)
		}
	}
	mustClose(t, s)
	if _, err := os.Stat(filepath.Join(dir, dbCompactFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused erasure leaves %s: %v", dbCompactFile, err)
	}
}

// A crash can come before the erasure is committed, after it, and in the middle
// of the copy. The next start leaves no erased byte.
func TestEraseInterrupted(t *testing.T) {
	for _, test := range []struct {
		name      string
		copied    []byte // what the copy holds
		committed bool
	}{
		{"before the commit", nil, false},
		{"before the copy", nil, true},
		{"in the middle of the copy", bytes.Repeat([]byte{7}, 9000), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, seqs := withSecrets(t)
			s := mustOpen(t, dir, Options{})
			size := s.Head().Size
			if test.committed {
				if _, err := s.erase(t.Context(), size, ordered, seqs, "ground"); err != nil {
					t.Fatal(err)
				}
				size += 2
			}
			mustClose(t, s)
			overwrite(t, test.copied, dir, dbCompactFile)
			s = mustOpen(t, dir, Options{})
			if s.Head().Size != size {
				t.Errorf("%d entries after the start, want %d", s.Head().Size, size)
			}
			mustClose(t, s)
			if holdsSecret(t, dir) == test.committed {
				t.Errorf("the file holds what was erased: %v", !test.committed)
			}
			if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent {
				t.Errorf("verdict is %v: %v", v.State, v.Problems)
			}
			if _, err := os.Stat(filepath.Join(dir, dbCompactFile)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is still there: %v", dbCompactFile, err)
			}
		})
	}
}

// Readers and a follower go on over the file being replaced under them.
func TestEraseBesideReaders(t *testing.T) {
	dir, seqs := withSecrets(t)
	s := mustOpen(t, dir, Options{})
	stop, read := make(chan struct{}), make(chan error, 2)
	for range 2 {
		go func() {
			for {
				select {
				case <-stop:
					read <- nil
					return
				default:
				}
				for _, err := range s.Read(t.Context(), 0, 500) {
					if err != nil {
						read <- err
						return
					}
				}
			}
		}()
	}
	for n, seq := range seqs[:20] {
		if _, err := s.Erase(t.Context(), 500+2*uint64(n), ordered, []uint64{seq}, "ground"); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	for range 2 {
		if err := <-read; err != nil {
			t.Error(err)
		}
	}
}

// Free pages are given back to the disk, and nothing of the log changes.
func TestCompact(t *testing.T) {
	records := batch(500, 300)
	var large []uint64
	for n := range 300 {
		records[n].Payload = bytes.Repeat([]byte{'x'}, 64<<10)
		large = append(large, uint64(n))
	}
	dir := newJournal(t, records)
	s := mustOpen(t, dir, Options{})
	head, err := s.erase(t.Context(), 500, ordered, large, "ground") // leaves their pages free
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	if err := unmarkForCompaction(dir); err != nil {
		t.Fatal(err)
	}
	before, after, err := Compact(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, dbFile))
	if err != nil || info.Size() != after || after > before/2 {
		t.Errorf("%d bytes became %d, the file has %d: %v", before, after, info.Size(), err)
	}
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != head.Size || v.Root != head.Root {
		t.Errorf("verdict is %v at %d: %v", v.State, v.Size, v.Problems)
	}
	s = mustOpen(t, dir, Options{})
	if _, _, err := Compact(dir, Options{Timeout: time.Millisecond}); !errors.Is(err, ErrLocked) {
		t.Errorf("of a journal in use: %v", err)
	}
	mustClose(t, s)
	empty := t.TempDir()
	if _, _, err := Compact(empty, Options{}); !errors.Is(err, ErrNone) {
		t.Errorf("of an empty folder: %v", err)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
