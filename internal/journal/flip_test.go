package journal

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A span is where a stored key or value lies in journal.db.
type span struct {
	what     string
	entry    int // -1 for none
	from, to int
}

// spans finds every key and value of the journal in its file.
func spans(t *testing.T, dir string) []span {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, dbFile), 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	var found []span
	// bbolt hands out slices of the mapped file.
	add := func(what string, entry int, b []byte) {
		from := int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) - db.Info().Data)
		found = append(found, span{what, entry, from, from + len(b)})
	}
	err = db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				entry := -1
				switch string(name) {
				case "leaves", "payloads":
					entry = int(binary.BigEndian.Uint64(k))
				case "hashes":
					level, n := tlog.SplitStoredHashIndex(int64(binary.BigEndian.Uint64(k)))
					entry = int((n+1)<<level) - 1
				}
				add("key in "+string(name), entry, k)
				add("value in "+string(name), entry, v)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Any flipped byte of an entry is found, and the entry named.
func TestVerifyNamesTheEntryOfEveryFlippedByte(t *testing.T) {
	t.Parallel()
	dir := newJournal(t, batch(5, 20), batch(3, 0), batch(1, 5000), batch(4, 33))
	file := readFile(t, dir, dbFile)
	if v := verifyBytes(t, dir, file); v.State != Consistent || v.Size != 13 {
		t.Fatalf("the untouched journal is %v with %d entries: %v", v.State, v.Size, v.Problems)
	}
	n := 0
	for _, s := range spans(t, dir) {
		for at := s.from; at < s.to; at++ {
			for _, mask := range []byte{1 << (at % 8), 0x20} {
				file[at] ^= mask
				v := verifyBytes(t, dir, file)
				file[at] ^= mask
				n++
				if s.entry < 0 && v.State == Consistent || s.entry >= 0 && v.State != Altered {
					t.Errorf("%s, byte %d of %d, mask %#x: verdict is %v", s.what, at-s.from, s.to-s.from, mask, v.State)
				}
				if got := seqOf(v); got != s.entry {
					t.Errorf("%s of entry %d, byte %d of %d, mask %#x: verdict is %v", s.what, s.entry, at-s.from, s.to-s.from, mask, v.Problems)
				}
			}
		}
	}
	t.Logf("%d flips", n)
}

// content is all that the buckets of a bbolt file hold, as bbolt reads it.
func content(path string) (map[string]string, error) {
	held := map[string]string{}
	err := guard(func() error {
		db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		err = db.View(func(tx *bolt.Tx) error {
			return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
				return b.ForEach(func(k, v []byte) error {
					held[string(name)+"/"+string(k)] = string(v)
					return nil
				})
			})
		})
		if err != nil {
			return err
		}
		return db.Close()
	})
	return held, err
}

// Whatever happens to any bit of the file: no panic, no endless loop, and never
// "consistent" for a file in which bbolt would read something else.
func TestVerifySurvivesFlipsAnywhere(t *testing.T) {
	t.Parallel()
	dir := newJournal(t, batch(100, 40), batch(150, 100), batch(1, 9000), batch(80, 10))
	file := readFile(t, dir, dbFile)
	want, err := content(filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	if v := verifyBytes(t, dir, file); v.State != Consistent {
		t.Fatalf("the untouched journal is %v: %v", v.State, v.Problems)
	}
	rng := rand.New(rand.NewPCG(2555, 2022))
	flipped := filepath.Join(t.TempDir(), "flipped.db")
	pageSize := os.Getpagesize()
	harmless := 0
	for range 1000 {
		at := rng.IntN(len(file)/pageSize) * pageSize
		if rng.IntN(2) == 0 {
			at += rng.IntN(100) // headers and elements
		} else {
			at += rng.IntN(pageSize)
		}
		mask := byte(1) << rng.IntN(8)
		file[at] ^= mask
		if verifyBytes(t, dir, file).State == Consistent {
			harmless++
			overwrite(t, file, flipped)
			if got, err := content(flipped); err != nil || !cmp.Equal(got, want) {
				t.Errorf("page %d, byte %d, mask %#x: consistent, but bbolt reads something else (%v)", at/pageSize, at%pageSize, mask, err)
			}
		}
		file[at] ^= mask
	}
	t.Logf("%d of 1000 flips fell on bytes that nothing uses", harmless)
	if harmless == 1000 {
		t.Error("no flip was found")
	}
}

// Larger damage: stretches of noise, zeros and bytes from elsewhere in the file.
func TestVerifySurvivesNoise(t *testing.T) {
	t.Parallel()
	dir := newJournal(t, batch(200, 100), batch(100, 10))
	file := readFile(t, dir, dbFile)
	rng := rand.New(rand.NewPCG(2555, 2022))
	for range 500 {
		damaged := append([]byte(nil), file...)
		for range 1 + rng.IntN(4) {
			n := 1 + rng.IntN(600)
			to, from := rng.IntN(len(file)-n), rng.IntN(len(file)-n)
			switch rng.IntN(3) {
			case 0:
				copy(damaged[to:to+n], file[from:])
			case 1:
				clear(damaged[to : to+n])
			default:
				for i := range n {
					damaged[to+i] = byte(rng.Uint32())
				}
			}
		}
		if rng.IntN(8) == 0 {
			damaged = damaged[:rng.IntN(len(damaged))]
		}
		if v := verifyBytes(t, dir, damaged); v.State == Consistent && v.Size != 300 {
			t.Errorf("verdict is %v with %d entries", v.State, v.Size)
		}
	}
}

// FuzzVerify patches a journal anywhere.
func FuzzVerify(f *testing.F) {
	dir := newJournal(f, batch(60, 30), batch(20, 100))
	file := readFile(f, dir, dbFile)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(readFile(f, dir, pubFile))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte{0})
	f.Add(uint32(4096), []byte{0xff, 0xff})
	f.Add(uint32(3*4096+8), []byte{1, 0, 200})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		damaged := append([]byte(nil), file...)
		copy(damaged[int(at)%len(damaged):], patch)
		if v := verifyBytesBy(verifier, damaged); v.State == Consistent && v.Size != 80 {
			t.Errorf("a journal of 80 entries is consistent with %d", v.Size)
		}
	})
}
