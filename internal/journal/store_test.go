package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
)

func TestOpenCreatesPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	s := mustOpen(t, dir, Options{})
	mustAppend(t, s, batch(1, 1)...)
	mustClose(t, s)
	got := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		got[filepath.Base(path)] = info.Mode().Perm()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{"data": 0o700, dbFile: 0o600, keyFile: 0o600, pubFile: 0o644, checkpointFile: 0o644}
	if len(got) != len(want) {
		t.Errorf("folder holds %v, want %v", got, want)
	}
	for name, mode := range want {
		if got[name] != mode {
			t.Errorf("mode of %s is %v, want %v", name, got[name], mode)
		}
	}
	if name, _, _ := strings.Cut(s.VerifierKey(), "+"); len(name) != len("nis2clock/01234567") || !strings.HasPrefix(name, "nis2clock/") {
		t.Errorf("a key without a name got the name %q", name)
	}
	if got, want := strings.TrimSpace(string(readFile(t, dir, pubFile))), s.VerifierKey(); got != want {
		t.Errorf("exported key is %q, want %q", got, want)
	}
}

func TestOpenAgainContinues(t *testing.T) {
	dir := newJournal(t, batch(3, 10), batch(70, 10))
	for i := range 3 {
		s := mustOpen(t, dir, Options{Name: "another"})
		mustAppend(t, s, batch(2, i)...)
		if s.key.signer.Name() != "test" {
			t.Errorf("the key of an old journal is named %q", s.key.signer.Name())
		}
		mustClose(t, s)
	}
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != 79 || v.Witness.Size != 79 {
		t.Errorf("verdict is %+v", v)
	}
}

// Each state that a folder can be in, but for the whole ones.
func TestOpenNamesEveryState(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  error // nil: it opens, with the entries given
		size  uint64
		says  string
	}{
		{"only a key, after a crash", func(t *testing.T, dir string) {
			remove(t, dir, dbFile)
			remove(t, dir, checkpointFile)
		}, nil, 0, ""},
		{"a key and an unfinished journal, after a crash", func(t *testing.T, dir string) {
			remove(t, dir, dbFile)
			remove(t, dir, checkpointFile)
			overwrite(t, make([]byte, 4*4096), dir, dbNewFile)
		}, nil, 0, ""},
		{"a finished journal not yet renamed, after a crash", func(t *testing.T, dir string) {
			empty := newJournal(t)
			for _, name := range []string{keyFile, pubFile} {
				overwrite(t, readFile(t, empty, name), dir, name)
			}
			overwrite(t, readFile(t, empty, dbFile), dir, dbNewFile)
			remove(t, dir, dbFile)
			remove(t, dir, checkpointFile)
		}, nil, 0, ""},
		{"the exported key is missing", func(t *testing.T, dir string) { remove(t, dir, pubFile) }, nil, 10, ""},
		{"the witness is missing", func(t *testing.T, dir string) { remove(t, dir, checkpointFile) }, nil, 10, ""},
		{"half a witness beside the whole one", func(t *testing.T, dir string) { overwrite(t, []byte("tes"), dir, checkpointFile+".tmp") }, nil, 10, ""},

		{"an empty file", func(t *testing.T, dir string) { overwrite(t, nil, dir, dbFile) }, ErrDamaged, 0, "is empty"},
		{"another kind of file", func(t *testing.T, dir string) { overwrite(t, []byte(strings.Repeat("hello\n", 9999)), dir, dbFile) }, ErrFormat, 0, "not a bbolt file"},
		{"a bbolt file of something else", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.DeleteBucket(metaBucket) })
		}, ErrFormat, 0, "something else"},
		{"a newer format", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error {
				return tx.Bucket(metaBucket).Put(formatKey, []byte("nis2clock-journal/v2"))
			})
		}, ErrFormat, 0, "use a newer nis2clock"},
		{"cut to a stump", func(t *testing.T, dir string) { overwrite(t, readFile(t, dir, dbFile)[:100], dir, dbFile) }, ErrFormat, 0, "restore"},
		{"cut in the middle", func(t *testing.T, dir string) { overwrite(t, readFile(t, dir, dbFile)[:4*4096], dir, dbFile) }, ErrDamaged, 0, "restore"},
		{"cut by its last page", func(t *testing.T, dir string) {
			f, err := os.Open(filepath.Join(dir, dbFile))
			if err != nil {
				t.Fatal(err)
			}
			info, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			pages, err := openPages(f, info.Size())
			if err := errors.Join(err, f.Close(), os.Truncate(filepath.Join(dir, dbFile), int64(pages.nPages-1)*pages.pageSize)); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, 0, "restore"},
		{"the journal is missing", func(t *testing.T, dir string) { remove(t, dir, dbFile) }, ErrDamaged, 0, "there was a journal"},
		{"journal and key are missing", func(t *testing.T, dir string) {
			remove(t, dir, dbFile)
			remove(t, dir, keyFile)
		}, ErrDamaged, 0, "there was a journal"},
		{"the key is missing", func(t *testing.T, dir string) { remove(t, dir, keyFile) }, ErrKey, 0, "journal.key is missing"},
		{"the key is broken", func(t *testing.T, dir string) { overwrite(t, []byte("PRIVATE+KEY+secret"), dir, keyFile) }, ErrKey, 0, "not a note signer key"},
		{"the key of another journal", func(t *testing.T, dir string) {
			overwrite(t, readFile(t, newJournal(t), keyFile), dir, keyFile)
		}, ErrKey, 0, "put back the journal.key"},
		{"the exported key of another journal", func(t *testing.T, dir string) {
			overwrite(t, readFile(t, newJournal(t), pubFile), dir, pubFile)
		}, ErrKey, 0, "not the public half"},
		{"the witness is broken", func(t *testing.T, dir string) { overwrite(t, nil, dir, checkpointFile) }, ErrDamaged, 0, "journal.checkpoint"},
		{"an older copy was put back", func(t *testing.T, dir string) {
			old := readFile(t, dir, dbFile)
			s := mustOpen(t, dir, Options{})
			mustAppend(t, s, batch(3, 1)...)
			mustClose(t, s)
			overwrite(t, old, dir, dbFile)
		}, ErrDamaged, 0, "its last 3 entries are missing"},
		{"the history is another", func(t *testing.T, dir string) {
			// Same key, same size, other entries.
			other := t.TempDir()
			overwrite(t, readFile(t, dir, keyFile), other, keyFile)
			s := mustOpen(t, other, Options{})
			mustAppend(t, s, batch(10, 11)...)
			mustClose(t, s)
			overwrite(t, readFile(t, other, dbFile), dir, dbFile)
		}, ErrDamaged, 0, "not those that journal.checkpoint"},
		{"the last entry is missing", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(leavesBucket).Delete(key8(9)) })
		}, ErrDamaged, 0, "9 entries"},
		{"the last leaf is another", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(leavesBucket).Put(key8(9), []byte("x")) })
		}, ErrDamaged, 0, "entry 9"},
		{"an entry too many", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(leavesBucket).Put(key8(10), []byte("x")) })
		}, ErrDamaged, 0, "11 entries"},
		{"a payload too many", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(payloadsBucket).Put(key8(10), []byte("x")) })
		}, ErrDamaged, 0, "payload for entry 10"},
		{"a tree hash is missing", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(hashesBucket).Delete(key8(17)) })
		}, ErrDamaged, 0, "tree hashes"},
		{"a tree hash is another", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(hashesBucket).Put(key8(17), make([]byte, 32)) })
		}, ErrDamaged, 0, "root"},
		{"the head is broken", func(t *testing.T, dir string) {
			change(t, dir, func(tx *bolt.Tx) error {
				b := tx.Bucket(metaBucket)
				return b.Put(headKey, []byte(strings.Replace(string(b.Get(headKey)), "\n10\n", "\n11\n", 1)))
			})
		}, ErrDamaged, 0, "signature"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := newJournal(t, batch(10, 300))
			test.spoil(t, dir)
			s, err := Open(dir, Options{})
			if test.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if got := s.Head().Size; got != test.size {
					t.Errorf("journal has %d entries, want %d", got, test.size)
				}
				mustAppend(t, s, batch(1, 1)...)
				mustClose(t, s)
				if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent {
					t.Errorf("verdict is %v: %v", v.State, v.Problems)
				}
				return
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("open returned %v, want %v saying %q", err, test.want, test.says)
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error has several lines or shows the key: %v", err)
			}
			// Refused is refused again, not mended by trying.
			if _, again := Open(dir, Options{}); !errors.Is(again, test.want) {
				t.Errorf("a second open returned %v, want %v", again, test.want)
			}
		})
	}
}

func TestOpenRefusesSecondUser(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	for _, o := range []Options{{Timeout: time.Millisecond}, {Timeout: time.Millisecond, ReadOnly: true}} {
		_, err := Open(dir, o)
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "another nis2clock uses "+dir) {
			t.Errorf("open returned %v, want ErrLocked", err)
		}
	}
	v := mustVerify(t, dir, VerifyOptions{})
	if v.State != CannotTell || !strings.Contains(v.Problems[0].What, "another nis2clock uses") {
		t.Errorf("verdict on a journal in use is %v: %v", v.State, v.Problems)
	}
	mustClose(t, s)
	mustClose(t, mustOpen(t, dir, Options{}))
}

func TestOpenRefusesBadName(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, Options{Name: "two words"}); !errors.Is(err, ErrKey) {
		t.Errorf("open returned %v, want ErrKey", err)
	}
	mustClose(t, mustOpen(t, dir, Options{Name: "word"})) // nothing is in the way
}

// Several processes may start on a new folder at once: they end up with one journal.
func TestOpenTogether(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	keys := make(chan string, 6)
	var wg sync.WaitGroup
	for range cap(keys) {
		wg.Go(func() {
			s, err := Open(dir, Options{Timeout: time.Minute})
			if err != nil {
				t.Error(err)
				return
			}
			keys <- s.VerifierKey()
			if _, err := s.Append(t.Context(), s.Head().Size, batch(1, 1)); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(keys)
	first := <-keys
	for key := range keys {
		if key != first {
			t.Errorf("two keys were made: %s and %s", first, key)
		}
	}
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != 6 {
		t.Errorf("verdict is %v with %d entries: %v", v.State, v.Size, v.Problems)
	}
}

// A reader is never given what does not match.
func TestReadRefusesDamage(t *testing.T) {
	for _, bucket := range [][]byte{payloadsBucket, leavesBucket} {
		dir := newJournal(t, batch(60, 100))
		change(t, dir, func(tx *bolt.Tx) error {
			b := tx.Bucket(bucket)
			v := append([]byte(nil), b.Get(key8(41))...)
			v[len(v)/2] ^= 1
			return b.Put(key8(41), v)
		})
		s := mustOpen(t, dir, Options{})
		var last error
		for _, err := range s.Read(t.Context(), 0, 60) {
			last = err
		}
		if !errors.Is(last, ErrDamaged) || !strings.Contains(last.Error(), "entry 41") {
			t.Errorf("read of altered %s ended with %v, want ErrDamaged naming entry 41", bucket, last)
		}
	}
}

func TestReadOnly(t *testing.T) {
	if _, err := Open(t.TempDir(), Options{ReadOnly: true}); !errors.Is(err, ErrNone) {
		t.Errorf("open of an empty folder returned %v, want ErrNone", err)
	}
	dir := newJournal(t, batch(5, 5))
	remove(t, dir, pubFile)
	a, b := mustOpen(t, dir, Options{ReadOnly: true}), mustOpen(t, dir, Options{ReadOnly: true})
	for _, s := range []*Store{a, b} {
		if _, err := s.Append(t.Context(), 5, batch(1, 1)); !errors.Is(err, ErrReadOnly) {
			t.Errorf("append returned %v, want ErrReadOnly", err)
		}
		n := 0
		for _, err := range s.Read(t.Context(), 0, 5) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 5 {
			t.Errorf("read %d entries of 5", n)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, pubFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a read-only store wrote %s (%v)", pubFile, err)
	}
}

func TestClosedStore(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	mustAppend(t, s, batch(3, 1)...)
	mustClose(t, s)
	mustClose(t, s)
	if _, err := s.Append(t.Context(), 3, batch(1, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("append returned %v, want ErrClosed", err)
	}
	for _, err := range s.Read(t.Context(), 0, 3) {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("read returned %v, want ErrClosed", err)
		}
	}
	if _, err := s.Root(2); !errors.Is(err, ErrClosed) {
		t.Errorf("root returned %v, want ErrClosed", err)
	}
	if st := s.Stats(); !errors.Is(st.Err, ErrClosed) || st.Entries != 3 {
		t.Errorf("stats are %+v", st)
	}
}

// A batch that finds no room leaves nothing, and the journal goes on.
func TestAppendWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	want := mustAppend(t, s, batch(3, 10)...)
	s.db.MaxSize = 64 << 10
	for range 2 {
		if _, err := s.Append(t.Context(), 3, batch(100, 5000)); err == nil || s.Head() != want {
			t.Fatalf("append returned %v, head is %v", err, s.Head())
		}
	}
	s.db.MaxSize = 0
	mustAppend(t, s, batch(100, 5000)...)
	mustClose(t, s)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != 103 {
		t.Errorf("verdict is %v with %d entries: %v", v.State, v.Size, v.Problems)
	}
}

// After a commit that failed for an unknown reason nothing is appended until the
// journal has been opened, and so checked, anew; also when bbolt panicked.
func TestAppendStopsAfterFailedCommit(t *testing.T) {
	fails := errors.New("the disk is on fire")
	for name, hook := range map[string]func() error{
		"error": func() error { return fails },
		"panic": func() error { panic(fails) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, Options{})
			want := mustAppend(t, s, batch(3, 10)...)
			s.beforeCommit = hook
			_, first := s.Append(t.Context(), 3, batch(2, 10))
			s.beforeCommit = nil
			_, second := s.Append(t.Context(), 3, batch(2, 10))
			if first == nil || second == nil || !strings.Contains(second.Error(), "on fire") || s.Head() != want {
				t.Errorf("appends returned %v and %v, head is %v", first, second, s.Head())
			}
			mustClose(t, s)
			s = mustOpen(t, dir, Options{})
			if s.Head() != want {
				t.Errorf("head after opening is %v, want %v", s.Head(), want)
			}
			mustAppend(t, s, batch(2, 10)...)
		})
	}
}

func TestCheckpoints(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{Name: "example.org/log"})
	signed := [][]byte{s.Checkpoint()}
	for i := range 20 {
		mustAppend(t, s, batch(1, i)...)
		signed = append(signed, s.Checkpoint())
	}
	verifier, err := note.NewVerifier(s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	for size, want := range signed {
		got, err := s.CheckpointAt(uint64(size))
		if err != nil || string(got) != string(want) {
			t.Errorf("checkpoint at %d is %q and %v, want %q", size, got, err, want)
		}
		h, err := openHead(got, verifier)
		if root, rootErr := s.Root(uint64(size)); err != nil || rootErr != nil || h != (Head{uint64(size), root}) {
			t.Errorf("checkpoint at %d says %v (%v), root is %v (%v)", size, h, err, root, rootErr)
		}
	}
	if _, err := s.CheckpointAt(21); !errors.Is(err, ErrRange) {
		t.Errorf("checkpoint at 21 of 20 returned %v, want ErrRange", err)
	}
	if !strings.HasPrefix(string(signed[0]), "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.org/log ") {
		t.Errorf("first checkpoint is %q", signed[0])
	}
}

// The witness follows the head within a second, and at once on Close.
func TestWitnessFollows(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		witnessed := func() uint64 {
			h, err := readWitness(dir, s.key.verifier)
			if err != nil || h == nil {
				t.Fatalf("witness is %v (%v)", h, err)
			}
			return h.Size
		}
		synctest.Wait() // the first look at an empty journal writes nothing
		mustAppend(t, s, batch(2, 1)...)
		time.Sleep(witnessInterval)
		synctest.Wait()
		if got := witnessed(); got != 2 || s.Stats().Witnessed != 2 {
			t.Errorf("witness is at %d, stats say %d, want 2", got, s.Stats().Witnessed)
		}
		mustAppend(t, s, batch(3, 1)...)
		mustAppend(t, s, batch(4, 1)...)
		synctest.Wait()
		if got := witnessed(); got != 2 {
			t.Errorf("witness is at %d within the interval, want 2", got)
		}
		mustClose(t, s)
		if got := witnessed(); got != 9 {
			t.Errorf("witness is at %d after close, want 9", got)
		}
	})
}

func TestFollowSleepsUntilWokenAndEndsWithClose(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var seen []uint64
		var last error
		go func() {
			for e, err := range s.Follow(t.Context(), 0) {
				if last = err; err == nil {
					seen = append(seen, e.Seq)
				}
			}
		}()
		synctest.Wait()
		mustAppend(t, s, batch(2, 1)...)
		synctest.Wait()
		if len(seen) != 2 || last != nil {
			t.Errorf("follower saw %v and %v, want two entries", seen, last)
		}
		start := time.Now()
		mustAppend(t, s, batch(1, 1)...)
		synctest.Wait()
		if len(seen) != 3 || !time.Now().Equal(start) {
			t.Errorf("follower saw %v after %v, want three entries at once", seen, time.Since(start))
		}
		mustClose(t, s)
		synctest.Wait()
		if !errors.Is(last, ErrClosed) {
			t.Errorf("follower ended with %v, want ErrClosed", last)
		}
	})
}

func TestStats(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{})
	for range 50 {
		mustAppend(t, s, batch(10, 500)...)
	}
	st := s.Stats()
	if st.Err != nil || st.Entries != 500 || st.FileBytes < 500*500 || st.FreeBytes <= 0 || st.FreeBytes >= st.FileBytes {
		t.Errorf("stats are %+v", st)
	}
}
