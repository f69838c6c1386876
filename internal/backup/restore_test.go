package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nis2clock/internal/backup"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

// A backup that was cut anywhere is refused and leaves nothing behind.
func TestCutShort(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(20, 50)
	f.artefact([]byte("up 1\n"))
	archive := f.backup()
	step := max(1, len(archive)/300)
	for n := 0; n < len(archive); n += step {
		if _, _, err := restore(t, archive[:n], backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%d bytes of %d: %v", n, len(archive), err)
		}
	}
	for n := len(archive) - 20; n < len(archive); n++ {
		if _, _, err := restore(t, archive[:n], backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%d bytes of %d: %v", n, len(archive), err)
		}
	}
}

// A flipped bit is refused; where the format has bits that mean nothing, what
// comes back is what was there.
func TestFlippedBits(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(20, 50)
	f.artefact([]byte("up 1\n"))
	archive, root := f.backup(), f.log.Head().Root
	rng := rand.New(rand.NewPCG(2555, 2022))
	refused := 0
	for range 400 {
		n, bit := rng.IntN(len(archive)), byte(1)<<rng.IntN(8)
		archive[n] ^= bit
		_, v, err := restore(t, archive, backup.Options{})
		archive[n] ^= bit
		switch {
		case errors.Is(err, backup.ErrDamaged):
			refused++
		case err != nil || v.State != verify.Consistent || v.Journal.Root != root || v.Present != 1:
			t.Errorf("byte %d: %v, %v", n, v.State, err)
		}
	}
	if refused < 390 {
		t.Errorf("only %d of 400 were refused", refused)
	}
}

// member is a file of an archive.
type member struct {
	h    tar.Header
	data []byte
}

func unpack(t *testing.T, archive []byte) (out []member) {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, member{tar.Header{Typeflag: h.Typeflag, Name: h.Name, Mode: h.Mode}, data})
	}
}

// pack is an archive whose frame and tar are in order, whatever is in it.
func pack(t *testing.T, members []member) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, m := range members {
		h := m.h
		h.Size = int64(len(m.data))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func find(t *testing.T, all []member, prefix string) int {
	t.Helper()
	for n, m := range all {
		if strings.HasPrefix(m.h.Name, prefix) {
			return n
		}
	}
	t.Fatalf("there is no %s…", prefix)
	return 0
}

// named changes the manifest as somebody who forges an archive would.
func named(t *testing.T, all []member, change func(*backup.Manifest)) {
	t.Helper()
	at := find(t, all, "manifest.json")
	var m backup.Manifest
	if err := json.Unmarshal(all[at].data, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	all[at].data = raw
}

// What somebody put together by hand is refused by name, and nothing is written
// outside the folder.
func TestForgedArchives(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(20, 50)
	f.artefact([]byte("up 1\n"))
	f.entries(2, 3<<20) // and one in a second segment
	f.entries(1, 1)
	archive := f.backup()
	empty := member{h: tar.Header{Typeflag: tar.TypeReg, Mode: 0o600}}
	insert := func(all []member, at int, m member) []member {
		return append(all[:at:at], append([]member{m}, all[at:]...)...)
	}
	file := func(name string) member { m := empty; m.h.Name, m.data = name, []byte("x"); return m }
	for _, tt := range []struct {
		name, says string
		forge      func([]member) []member
	}{
		{"a path that climbs out", `"vault/../../../escaped" has no place`, func(all []member) []member {
			return insert(all, find(t, all, "vault/"), file("vault/../../../escaped"))
		}},
		{"an absolute path", `"/tmp/escaped" has no place`, func(all []member) []member {
			return insert(all, find(t, all, "vault/"), file("/tmp/escaped"))
		}},
		{"a folder of a token", `"admin.token" has no place`, func(all []member) []member {
			return insert(all, len(all)-1, file("admin.token"))
		}},
		{"a key", `"journal.key" has no place`, func(all []member) []member { return insert(all, 2, file("journal.key")) }},
		{"a link", `is not a plain file`, func(all []member) []member {
			m := member{h: tar.Header{Typeflag: tar.TypeSymlink, Name: "vault/sha256", Linkname: "/etc"}}
			return insert(all, find(t, all, "vault/"), m)
		}},
		{"a folder", `is not a plain file`, func(all []member) []member {
			return insert(all, 1, member{h: tar.Header{Typeflag: tar.TypeDir, Name: "journal/"}})
		}},
		{"a file twice", `is in it twice`, func(all []member) []member {
			n := find(t, all, "vault/")
			return insert(all, n, all[n])
		}},
		{"a file behind the end", `"vault/sha256/x" follows its end`, func(all []member) []member { return append(all, file("vault/sha256/x")) }},
		{"an artefact that is another", `is not what its digest was taken of`, func(all []member) []member {
			all[find(t, all, "vault/")].data = []byte("up 0\n")
			return all
		}},
		{"an artefact that is gone", `is missing`, func(all []member) []member {
			n := find(t, all, "vault/")
			return append(all[:n], all[n+1:]...)
		}},
		{"an artefact that no manifest names", `is not in its manifest`, func(all []member) []member {
			named(t, all, func(m *backup.Manifest) { m.Files = m.Files[:len(m.Files)-1] })
			return all
		}},
		{"a manifest of other bytes", `is not the one its manifest names`, func(all []member) []member {
			named(t, all, func(m *backup.Manifest) { m.Files[0].SHA256 = strings.Repeat("0", 64) })
			return all
		}},
		{"a manifest of another size", `speaks of 1 entries`, func(all []member) []member {
			named(t, all, func(m *backup.Manifest) { m.Entries = 1 })
			return all
		}},
		{"a manifest of a newer program", `cannot be read`, func(all []member) []member {
			n := find(t, all, "manifest.json")
			all[n].data = append([]byte(`{"more":1,`), all[n].data[1:]...)
			return all
		}},
		{"no manifest", `it is cut short`, func(all []member) []member { return all[:len(all)-1] }},
		{"the last entries gone", `is missing`, func(all []member) []member {
			n := find(t, all, "journal/") + 1
			return append(all[:n], all[n+1:]...)
		}},
		{"the last entries gone, and not named", `speaks of`, func(all []member) []member {
			n := find(t, all, "journal/") + 1
			named(t, all, func(m *backup.Manifest) { m.Files = append(m.Files[:n], m.Files[n+1:]...) })
			return append(all[:n], all[n+1:]...)
		}},
		{"the first entries gone", `does not prove itself`, func(all []member) []member {
			n := find(t, all, "journal/")
			return append(all[:n], all[n+1:]...)
		}},
		{"an entry that is another", `does not prove itself`, func(all []member) []member {
			n := find(t, all, "journal/")
			all[n].data[len(all[n].data)-3] ^= 1
			return all
		}},
		{"entries behind artefacts", `has no place in a backup, or not there`, func(all []member) []member {
			n, v := find(t, all, "journal/")+1, find(t, all, "vault/")
			all[n], all[v] = all[v], all[n]
			return all
		}},
		{"no key", `has no place in a backup, or not there`, func(all []member) []member { return append(all[:1], all[2:]...) }},
		{"a key that is none", `holds no verifier key`, func(all []member) []member { all[1].data = []byte("key\n"); return all }},
		{"a newer format", `use a newer nis2clock`, func(all []member) []member { all[0].data = []byte("nis2clock-backup/v2\n"); return all }},
		{"another tar", `it is not a file that nis2clock backup writes`, func(all []member) []member { return all[1:] }},
		{"nothing in it", `it is cut short`, func([]member) []member { return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := restore(t, pack(t, tt.forge(unpack(t, archive))), backup.Options{})
			if !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v\nwant one line with %q", err, tt.says)
			}
		})
	}
	t.Run("as it was", func(t *testing.T) {
		if _, _, err := restore(t, pack(t, unpack(t, archive)), backup.Options{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("bytes behind its end", func(t *testing.T) {
		if _, _, err := restore(t, append(bytes.Clone(archive), "more"...), backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
			t.Error(err)
		}
		if _, _, err := restore(t, append(bytes.Clone(archive), pack(t, nil)...), backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("a second archive: %v", err)
		}
	})
}

// No byte of a manifest is free: one in five is tried.
func TestBytesOfTheManifest(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(3, 10)
	f.artefact([]byte("up 1\n"))
	all := unpack(t, f.backup())
	manifest := all[find(t, all, "manifest.json")].data
	for n := 0; n < len(manifest); n += 5 {
		manifest[n] ^= 1 << (n % 8)
		if _, _, err := restore(t, pack(t, all), backup.Options{}); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("byte %d of %q: %v", n, manifest, err)
		}
		manifest[n] ^= 1 << (n % 8)
	}
}

// Somebody who writes a whole history anew signs it with another key.
func TestAnotherKey(t *testing.T) {
	f, other := newFolder(t, vault.Options{}), newFolder(t, vault.Options{})
	f.entries(3, 1)
	other.entries(3, 1)
	_, _, err := restore(t, other.backup(), backup.Options{Key: f.log.VerifierKey()})
	if !errors.Is(err, journal.ErrKey) || !strings.Contains(err.Error(), journal.Fingerprint(other.log.VerifierKey())) {
		t.Error(err)
	}
	key, err := os.ReadFile(filepath.Join(other.dir, "journal.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = restore(t, f.backup(), backup.Options{SigningKey: string(key)})
	if !errors.Is(err, journal.ErrKey) || strings.Contains(err.Error(), strings.TrimSpace(string(key))) {
		t.Error(err)
	}
}

// A folder in which anything lies is left as it is.
func TestOccupied(t *testing.T) {
	f := newFolder(t, vault.Options{})
	f.entries(3, 1)
	archive := f.backup()
	try := func(dir string) error {
		_, err := backup.Restore(t.Context(), bytes.NewReader(archive), backup.Options{Dir: dir})
		return err
	}
	if err := try(f.dir); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("the folder of a service that runs: %v", err)
	}
	dir := t.TempDir()
	note := filepath.Join(dir, "note")
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := try(dir); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder with a file: %v", err)
	}
	if err := try(note); err == nil {
		t.Error("a file was replaced")
	}
	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+".restoring", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := try(dir); err == nil || !strings.Contains(err.Error(), "if no other restore is running, remove it") {
		t.Errorf("beside another: %v", err)
	}
	if err := os.Remove(dir + ".restoring"); err != nil {
		t.Fatal(err)
	}
	if err := try(dir + "/"); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	gone := filepath.Join(t.TempDir(), "data")
	if _, err := backup.Restore(ctx, bytes.NewReader(archive), backup.Options{Dir: gone}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// What was lost before the backup is named, and comes back only when that is said.
func TestLostBefore(t *testing.T) {
	f := newFolder(t, vault.Options{})
	info := f.artefact([]byte("up 1\n"))
	if err := os.Remove(filepath.Join(f.dir, "vault", info.Path())); err != nil {
		t.Fatal(err)
	}
	archive := f.backup()
	_, v, err := restore(t, archive, backup.Options{})
	if !errors.Is(err, backup.ErrRefused) || v.State != verify.Missing || !strings.Contains(err.Error(), info.Digest) {
		t.Errorf("%v, %v", v.State, err)
	}
	if _, v, err := restore(t, archive, backup.Options{Incomplete: true}); err != nil || v.State != verify.Missing {
		t.Errorf("%v, %v", v.State, err)
	}
}
