package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
)

// mustOpen opens the journal in dir and closes it, if the test does not, at its end.
func mustOpen(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustAppend(t testing.TB, s *Store, batch ...Record) Head {
	t.Helper()
	h, err := s.Append(t.Context(), s.Head().Size, batch)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// batch returns n records with payloads of the given size.
func batch(n, size int) []Record {
	at := time.Date(2026, 11, 22, 2, 14, 0, 123, time.UTC)
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{At: at.Add(time.Duration(i)), Kind: "alert.received/v1", Payload: bytes.Repeat([]byte{byte(i)}, size)}
		if i%3 != 0 {
			records[i].Incident = "INC-2026-0001"
		}
	}
	return records
}

// newJournal makes a closed journal of several batches in a folder of its own.
func newJournal(t testing.TB, batches ...[]Record) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := mustOpen(t, dir, Options{Name: "test", NoSync: true})
	for _, b := range batches {
		mustAppend(t, s, b...)
	}
	mustClose(t, s)
	return dir
}

// change changes the bbolt file of a closed journal as someone who knows bbolt would.
func change(t testing.TB, dir string, f func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, dbFile), 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(f); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func overwrite(t testing.TB, data []byte, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path ...string) {
	t.Helper()
	if err := os.Remove(filepath.Join(path...)); err != nil {
		t.Fatal(err)
	}
}

func mustVerify(t testing.TB, dir string, o VerifyOptions) Verdict {
	t.Helper()
	v, err := Verify(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// verifyBytes judges a journal.db that is in memory, without a witness.
func verifyBytes(t testing.TB, dir string, db []byte) Verdict {
	t.Helper()
	verifier, err := note.NewVerifier(strings.TrimSpace(string(readFile(t, dir, pubFile))))
	if err != nil {
		t.Fatal(err)
	}
	return verifyBytesBy(verifier, db)
}

func verifyBytesBy(verifier note.Verifier, db []byte) Verdict {
	c := &verification{verifier: verifier}
	c.file(bytes.NewReader(db), int64(len(db)))
	return c.verdict()
}

// seqOf returns the entry of a verdict's first problem, -1 for none.
func seqOf(v Verdict) int {
	if len(v.Problems) == 0 || v.Problems[0].Seq == nil {
		return -1
	}
	return int(*v.Problems[0].Seq)
}
