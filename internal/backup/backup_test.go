package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"nis2clock/internal/backup"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

// What comes back is what was there, erasures included, and can be gone on with
// by whoever has the key.
func TestRoundTrip(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]vault.Options{
		"plain":      {},
		"compressed": {Compression: vault.Fastest},
		"encrypted":  {Recipients: []age.Recipient{identity.Recipient()}, Identities: []age.Identity{identity}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t, o)
			f.entries(500, 10)
			content := bytes.Repeat([]byte("up 1\n"), 300_000)
			kept := f.artefact(content)
			f.artefact(nil)
			f.entries(3, 5<<20) // more than a segment's limit
			f.erase(7, 499)
			archive := f.backup()

			key, err := os.ReadFile(filepath.Join(f.dir, "journal.key"))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(archive, key) {
				t.Error("the signing key is in the backup")
			}
			dir, v, err := restore(t, archive, backup.Options{Key: f.log.VerifierKey(), SigningKey: string(key)})
			if err != nil {
				t.Fatal(err)
			}
			if v.State != verify.Consistent || v.Present != 2 || v.Unnamed != 0 || v.Journal.Erased != 2 || v.Journal.Root != f.log.Head().Root {
				t.Errorf("%v: %+v", v.State, v)
			}
			back, err := journal.Open(dir, journal.Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(entriesOf(t, f.log), entriesOf(t, back)); diff != "" {
				t.Errorf("entries (-were +are):\n%.2000s", diff)
			}
			if _, err := back.Append(t.Context(), back.Head().Size, []journal.Record{{At: at, Kind: "incident.noted/v1"}}); err != nil {
				t.Errorf("it cannot be gone on with: %v", err)
			}
			if err := back.Close(); err != nil {
				t.Error(err)
			}
			files, err := vault.OpenReadOnly(filepath.Join(dir, "vault"), o)
			if err != nil {
				t.Fatal(err)
			}
			r, err := files.Open(kept.Digest)
			if got := readAll(t, r, err); !bytes.Equal(got, content) {
				t.Errorf("the artefact has %d bytes, and had %d", len(got), len(content))
			}
			if err := files.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Two backups of one instant are the same bytes, so that a copy can be compared.
func TestSameBytes(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(50, 100)
	f.artefact([]byte("up 1\n"))
	if one, two := f.backup(), f.backup(); !bytes.Equal(one, two) {
		t.Errorf("%d bytes, then %d others", len(one), len(two))
	}
}

// Whoever takes the bytes slowly, or not at all, holds up nobody: entries are
// appended, artefacts kept, and the journal's file is rewritten by an erasure.
// Then the backup ends, for it holds what was erased.
func TestReceiverThatTakesNothing(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(100, 60<<10)
	f.artefact(bytes.Repeat([]byte("x"), 100))
	size := f.log.Head().Size
	for name, meanwhile := range map[string]func(){
		"appended": func() { f.entries(2000, 100); f.artefact([]byte("later")) },
		"erased":   func() { f.entries(10, 100); f.erase(3) },
	} {
		t.Run(name, func(t *testing.T) {
			r, w := io.Pipe()
			failed := make(chan error, 1)
			b := f.begin()
			go func() {
				_, err := b.Write(t.Context(), w)
				failed <- errors.Join(err, w.Close())
			}()
			first := make([]byte, 1)
			if _, err := io.ReadFull(r, first); err != nil { // it has begun, and waits for us
				t.Fatal(err)
			}
			meanwhile() // would not return if the backup held the store
			rest, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			err = <-failed
			if name == "erased" {
				if !errors.Is(err, backup.ErrErased) {
					t.Errorf("%v, want %v", err, backup.ErrErased)
				}
				if _, _, err := restore(t, append(first, rest...), backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
					t.Errorf("what was written of it is restored: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, v, err := restore(t, append(first, rest...), backup.Options{})
			if err != nil || v.Journal.Size < size || v.State != verify.Consistent {
				t.Errorf("%v with %d entries of %d: %v", v.State, v.Journal.Size, size, err)
			}
		})
	}
}

// endless takes everything, and looks at the memory in use now and then.
type endless struct{ n, peak uint64 }

// Write implements [io.Writer].
func (e *endless) Write(p []byte) (int, error) {
	if e.n += uint64(len(p)); e.n>>24 != (e.n-uint64(len(p)))>>24 { // every 16 MiB
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		e.peak = max(e.peak, m.HeapInuse)
	}
	return len(p), nil
}

// An artefact of 256 MiB and as many of entries need no more than a few segments.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 300 MiB")
	}
	f := newFolder(t, vault.Options{})
	noise := make([]byte, 256<<20)
	for n := range noise {
		noise[n] = byte(n*n>>7) ^ byte(n>>13)
	}
	f.artefact(noise)
	noise = nil
	for range 8 {
		f.entries(64, 100<<10)
	}
	debug.FreeOSMemory()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	// What is no longer needed is not counted, however late the collector is.
	limit := debug.SetMemoryLimit(int64(before.Sys-before.HeapReleased) + 48<<20)
	defer debug.SetMemoryLimit(limit)
	out := &endless{}
	if _, err := f.begin().Write(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if grown := int64(out.peak) - int64(before.HeapInuse); out.peak == 0 || grown > 64<<20 {
		t.Errorf("writing %d MiB took %d MiB", out.n>>20, grown>>20)
	}
}

func TestWriteEnds(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(30, 100)
	info := f.artefact([]byte("up 1\n"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.begin().Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	full := errors.New("no space left")
	if _, err := f.begin().Write(t.Context(), &failing{after: 1000, err: full}); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
	// What does not verify is not backed up without a word.
	path := filepath.Join(f.dir, "vault", info.Path())
	if err := os.WriteFile(path, []byte("up 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := f.begin().Write(t.Context(), &out); !errors.Is(err, vault.ErrAltered) || !strings.Contains(err.Error(), info.Digest) {
		t.Errorf("an altered artefact: %v", err)
	}
	if _, _, err := restore(t, out.Bytes(), backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("what was written of it is restored: %v", err)
	}
}

// failing takes so many bytes and then fails.
type failing struct {
	after int
	err   error
}

// Write implements [io.Writer].
func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, f.err
	}
	return len(p), nil
}
