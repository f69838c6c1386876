package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// segments takes a journal apart into segments of about limit bytes.
func segments(t testing.TB, s *Store, limit int) (all [][]byte) {
	t.Helper()
	for at := uint64(0); at < s.Head().Size; {
		data, to, err := s.Segment(t.Context(), at, limit)
		if err != nil {
			t.Fatal(err)
		}
		all, at = append(all, data), to
	}
	return all
}

func rebuild(t testing.TB, key string, all [][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	r, err := Rebuild(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range all {
		if err := r.Add(data); err != nil {
			t.Fatalf("segment %d: %v", i, err)
		}
	}
	if err := r.Finish(""); err != nil {
		t.Fatal(err)
	}
	return dir
}

// entries are the leaves and values of a closed journal.
func entries(t testing.TB, dir string) (all []string) {
	t.Helper()
	change(t, dir, func(tx *bolt.Tx) error {
		for _, bucket := range [][]byte{leavesBucket, payloadsBucket, hashesBucket, metaBucket} {
			err := tx.Bucket(bucket).ForEach(func(k, v []byte) error {
				all = append(all, string(bucket)+string(k)+string(v))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return all
}

func TestRebuiltJournalIsTheSame(t *testing.T) {
	for _, n := range []int{1, 2, 7, 300, 2500} {
		for _, limit := range []int{1, 5000, 1 << 30} {
			if n > 300 && limit == 1 {
				continue
			}
			from := newJournal(t, batch(n, 70))
			s := mustOpen(t, from, Options{})
			all := segments(t, s, limit)
			if limit == 1 && len(all) != n {
				t.Errorf("%d entries became %d segments of one entry", n, len(all))
			}
			dir := rebuild(t, s.VerifierKey(), all)
			if v := mustVerify(t, dir, VerifyOptions{Key: s.VerifierKey()}); v.State != Consistent || v.Size != uint64(n) || v.Root != s.Head().Root {
				t.Errorf("%d entries in segments of %d bytes: verdict %+v, want root %v", n, limit, v, s.Head().Root)
			}
			mustClose(t, s)
			got, want := entries(t, dir), entries(t, from)
			if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
				t.Errorf("%d entries in segments of %d bytes: the stores differ", n, limit)
			}
		}
	}
}

// With the signing key the journal goes on where it ended; without it, or with another,
// it does not.
func TestRebuiltJournalGoesOn(t *testing.T) {
	from := newJournal(t, batch(20, 70))
	s := mustOpen(t, from, Options{})
	all := segments(t, s, 500)
	for _, test := range []struct {
		name, signer string
		ok           bool
	}{
		{"its own", string(readFile(t, from, keyFile)), true},
		{"another journal's", string(readFile(t, newJournal(t), keyFile)), false},
		{"no key at all", "PRIVATE+KEY", false},
	} {
		dir := t.TempDir()
		r, err := Rebuild(dir, s.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range all {
			if err := r.Add(data); err != nil {
				t.Fatal(err)
			}
		}
		err = r.Finish(test.signer)
		if !test.ok {
			if !errors.Is(err, ErrKey) || strings.Contains(err.Error(), strings.TrimSpace(test.signer)) {
				t.Errorf("with %s: %v, want ErrKey without the key", test.name, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("with %s there remain %v, %v", test.name, left, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if h := mustAppend(t, mustOpen(t, dir, Options{}), batch(1, 5)...); h.Size != 21 {
			t.Errorf("the next entry makes it %d", h.Size)
		}
	}
	if _, err := Open(rebuild(t, s.VerifierKey(), all), Options{}); !errors.Is(err, ErrKey) {
		t.Errorf("opened without its key: %v, want ErrKey", err)
	}
}

// No byte of a segment is free, and what is refused leaves no trace.
func TestRebuildRefusesOtherBytes(t *testing.T) {
	s := mustOpen(t, newJournal(t, batch(6, 20)), Options{})
	all := segments(t, s, 300)
	if len(all) < 2 {
		t.Fatalf("%d segments, want some", len(all))
	}
	other := segments(t, mustOpen(t, newJournal(t, batch(6, 20)), Options{}), 300)
	r, err := Rebuild(t.TempDir(), s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	for i, good := range all {
		for at := range good {
			bad := bytes.Clone(good)
			bad[at] ^= 1
			if err := r.Add(bad); !errors.Is(err, ErrSegment) {
				t.Fatalf("segment %d with byte %d changed: %v, want ErrSegment", i, at, err)
			}
		}
		for name, bad := range map[string][]byte{
			"cut short": good[:len(good)-1], "longer": append(bytes.Clone(good), 0), "empty": nil, "another journal's": other[i],
		} {
			if err := r.Add(bad); !errors.Is(err, ErrSegment) {
				t.Errorf("segment %d, %s: %v, want ErrSegment", i, name, err)
			}
		}
		if i+2 < len(all) {
			if err := r.Add(all[i+2]); !errors.Is(err, ErrSegment) {
				t.Errorf("segment %d before %d: %v, want ErrSegment", i+2, i, err)
			}
		}
		for range 2 { // a second time changes nothing
			if err := r.Add(good); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole, _, err := s.Segment(t.Context(), 0, 1<<30) // overlaps everything
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add(whole); err != nil || r.Head() != s.Head() {
		t.Errorf("head %+v, %v; want %+v", r.Head(), err, s.Head())
	}
	if err := r.Finish(""); err != nil {
		t.Error(err)
	}
}

// What was erased after its segment had been copied does not come back, and
// what is missing without an erasure is noticed.
func TestRebuildErases(t *testing.T) {
	secret := bytes.Repeat([]byte("personal "), 40)
	record := batch(30, 10)
	record[7].Payload = secret
	dir := newJournal(t, record)
	s := mustOpen(t, dir, Options{})
	before := segments(t, s, 400)
	mustClose(t, s)
	erase(t, dir, `{"entries":[7],"reason":"Art. 17 GDPR"}`, 7)
	s = mustOpen(t, dir, Options{})
	last, _, err := s.Segment(t.Context(), 30, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, all := range map[string][][]byte{"copied before": append(before, last), "copied after": segments(t, s, 400)} {
		got := rebuild(t, s.VerifierKey(), all)
		if v := mustVerify(t, got, VerifyOptions{}); v.State != Consistent || v.Erased != 1 {
			t.Errorf("%s: verdict %+v, want one erased", name, v)
		}
		if bytes.Contains(readFile(t, got, dbFile), secret[:40]) {
			t.Errorf("%s: the file still holds what was erased", name)
		}
		if left, err := filepath.Glob(filepath.Join(got, "*.new*")); err != nil || len(left) > 0 {
			t.Errorf("%s: there remain %v, %v", name, left, err)
		}
	}
	r, err := Rebuild(t.TempDir(), s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range segments(t, s, 400) {
		if bytes.Contains(data, []byte("journal.erased")) {
			break
		}
		if err := r.Add(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Finish(""); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entry 7") {
		t.Errorf("without the erasure: %v, want that entry 7 is missing its payload", err)
	}
}

func FuzzSegment(f *testing.F) {
	s := mustOpen(f, newJournal(f, batch(5, 20)), Options{})
	for _, data := range segments(f, s, 200) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		seg, err := parseSegment(data)
		if err == nil && (seg.to <= seg.from || uint64(len(seg.rows)) != seg.to-seg.from) {
			t.Errorf("a segment of %d to %d has %d entries", seg.from, seg.to, len(seg.rows))
		}
	})
}
