package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
)

// log is text that compresses, noise does not.
var (
	log   = []byte(strings.Repeat("ts=2026-11-22T05:11:11Z level=error msg=\"login failed\" user=u17\n", 40_000))
	noise = func() []byte {
		b := make([]byte, 2<<20)
		if _, err := rand.Read(b); err != nil {
			panic(err)
		}
		return b
	}()
)

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestForms(t *testing.T) {
	id := identity(t)
	to, with := []age.Recipient{id.Recipient()}, []age.Identity{id}
	for _, c := range []struct {
		name    string
		o       Options
		content []byte
		suffix  string
	}{
		{"as they are", Options{}, log, ""},
		{"nothing", Options{Compression: Best}, nil, ""},
		{"one byte", Options{Compression: Fastest}, []byte("x"), ""},
		{"fastest", Options{Compression: Fastest}, log, ".zst"},
		{"default", Options{Compression: Default}, log, ".zst"},
		{"better", Options{Compression: Better}, log, ".zst"},
		{"best", Options{Compression: Best}, log, ".zst"},
		{"what does not compress stays", Options{Compression: Default}, noise, ""},
		{"encrypted", Options{Recipients: to, Identities: with}, log, ".age"},
		{"encrypted nothing", Options{Recipients: to, Identities: with}, nil, ".age"},
		{"compressed, then encrypted", Options{Compression: Fastest, Recipients: to, Identities: with}, log, ".zst.age"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			v := openWith(t, dir, c.o)
			i := seal(t, v, c.content)
			sum := sha256.Sum256(c.content)
			if i.Digest != hex.EncodeToString(sum[:]) || i.Size != int64(len(c.content)) {
				t.Errorf("sealed as %+v", i)
			}
			if got := i.Path()[len("sha256/aa/"):]; !strings.HasSuffix(got, c.suffix) || (c.suffix == "") != (got == i.Digest) {
				t.Errorf("named %s, want %q at the end", got, c.suffix)
			}
			file, err := os.ReadFile(filepath.Join(dir, i.Path()))
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != i.Stored || int64(len(file)) != i.StoredSize {
				t.Errorf("the file of %d bytes with SHA-256 %x is described as %+v", len(file), sum, i)
			}
			if i.Compressed && i.StoredSize > i.Size/4 {
				t.Errorf("%d bytes became %d", i.Size, i.StoredSize)
			}
			if info, err := os.Stat(filepath.Join(dir, i.Path())); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if got := read(t, v, i.Digest); !bytes.Equal(got, c.content) {
				t.Errorf("%d bytes come back, want %d", len(got), len(c.content))
			}
			if check, err := v.Verify(t.Context(), i); err != nil || !check.Plain || check.Size != i.Size {
				t.Errorf("verified as %+v, %v", check, err)
			}
			if again := seal(t, v, c.content); again != i {
				t.Errorf("the same again is %+v, want %+v", again, i)
			}
			// Another setting later leaves alone what is there, and reads it.
			other := openWith(t, dir, Options{Compression: Better, Identities: with})
			if again := seal(t, other, c.content); again != i {
				t.Errorf("with other settings the same is %+v, want %+v", again, i)
			}
			for _, err := range other.Walk(t.Context()) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Every byte of every form counts, with and without the key.
func TestVerifyFindsAFlippedByte(t *testing.T) {
	id := identity(t)
	small := log[:300]
	for _, o := range []Options{{}, {Compression: Fastest}, {Recipients: []age.Recipient{id.Recipient()}}, {Compression: Best, Recipients: []age.Recipient{id.Recipient()}}} {
		dir := t.TempDir()
		i := seal(t, openWith(t, dir, o), small)
		o.Identities = []age.Identity{id}
		for _, v := range []*Vault{openWith(t, dir, Options{}), openWith(t, dir, o)} {
			whole, err := os.ReadFile(filepath.Join(dir, i.Path()))
			if err != nil {
				t.Fatal(err)
			}
			for at := range whole {
				bad := bytes.Clone(whole)
				bad[at] ^= 0x10
				if err := os.WriteFile(filepath.Join(dir, i.Path()), bad, 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := v.Verify(t.Context(), i); !errors.Is(err, ErrAltered) {
					t.Fatalf("byte %d of %s: %v, want ErrAltered", at, i.Path(), err)
				}
			}
			for _, bad := range [][]byte{whole[:len(whole)-1], append(bytes.Clone(whole), 0), nil} {
				if err := os.WriteFile(filepath.Join(dir, i.Path()), bad, 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := v.Verify(t.Context(), i); !errors.Is(err, ErrAltered) {
					t.Fatalf("%s cut to %d bytes of %d: %v, want ErrAltered", i.Path(), len(bad), len(whole), err)
				}
				if r, err := v.Open(i.Digest); err == nil {
					if _, err = io.Copy(io.Discard, r); !errors.Is(err, ErrAltered) {
						t.Fatalf("%s cut to %d bytes of %d reads with %v, want ErrAltered", i.Path(), len(bad), len(whole), err)
					}
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				} else if !errors.Is(err, ErrAltered) && !errors.Is(err, ErrSealed) {
					t.Fatalf("%s cut to %d bytes: %v", i.Path(), len(bad), err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, i.Path()), whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Without an identity the content stays closed, and its file can still be
// checked.
func TestSealedToSomebodyElse(t *testing.T) {
	dir, id := t.TempDir(), identity(t)
	i := seal(t, openWith(t, dir, Options{Recipients: []age.Recipient{id.Recipient()}, Compression: Default}), log)
	file, err := os.ReadFile(filepath.Join(dir, i.Path()))
	if err != nil || bytes.Contains(file, []byte("login failed")) {
		t.Errorf("the file shows what is sealed, or %v", err)
	}
	for name, o := range map[string]Options{"none": {}, "another's": {Identities: []age.Identity{identity(t)}}} {
		v := openWith(t, dir, o)
		if _, err := v.Open(i.Digest); !errors.Is(err, ErrSealed) {
			t.Errorf("with %s identity: %v, want ErrSealed", name, err)
		}
		if check, err := v.Verify(t.Context(), i); err != nil || check.Plain || check.StoredSize != i.StoredSize {
			t.Errorf("with %s identity verified as %+v, %v", name, check, err)
		}
	}
}

// full is a file on a disk with so many bytes left.
type full struct {
	file
	left int
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.left {
		n, err := f.file.Write(p[:f.left])
		f.left -= n
		return n, errors.Join(err, &fs.PathError{Op: "write", Path: "draft", Err: syscall.ENOSPC})
	}
	f.left -= len(p)
	return f.file.Write(p)
}

func TestFullDiskKeepsNothingHalf(t *testing.T) {
	id := identity(t)
	for _, o := range []Options{{}, {Compression: Fastest}, {Recipients: []age.Recipient{id.Recipient()}, Identities: []age.Identity{id}}} {
		for _, left := range []int{0, 100, 1 << 20} {
			dir := t.TempDir()
			v := openWith(t, dir, o)
			v.wrap = func(f file) file { return &full{f, left} }
			d, err := v.Create()
			if err != nil {
				t.Fatal(err)
			}
			content := noise
			if o.Compression != Off {
				content = append(bytes.Clone(log[:block]), noise...)
			}
			_, writing := d.Write(content)
			_, err = d.Commit()
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "disk of "+dir+" is full") {
				t.Errorf("with %d bytes left: %v (while writing: %v), want words on a full disk", left, err, writing)
			}
			if n := files(t, dir); len(n) != 0 {
				t.Errorf("with %d bytes left there remain %v", left, n)
			}
			v.wrap = nil
			if i := seal(t, v, content); !bytes.Equal(read(t, v, i.Digest), content) {
				t.Error("once there is room the same content is not kept")
			}
		}
	}
}

func TestDiscard(t *testing.T) {
	dir := t.TempDir()
	v := openWith(t, dir, Options{Compression: Fastest})
	d, err := v.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(log); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Discard(), d.Discard()); err != nil {
		t.Error(err)
	}
	if _, err := d.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Discard: %v, want fs.ErrClosed", err)
	}
	if _, err := d.Write(log); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write after Discard: %v, want fs.ErrClosed", err)
	}
	if n := files(t, dir); len(n) != 0 {
		t.Errorf("there remain %v", n)
	}
}

func TestWalkNamesWhatDoesNotBelong(t *testing.T) {
	dir := t.TempDir()
	v := openWith(t, dir, Options{Compression: Fastest})
	want := map[string]bool{seal(t, v, log).Path(): true, seal(t, v, noise).Path(): true}
	foreign := filepath.Join(dir, "sha256", "aa")
	if err := os.MkdirAll(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notes.txt", strings.Repeat("b", 64), strings.Repeat("A", 64)} {
		if err := os.WriteFile(filepath.Join(foreign, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(foreign, strings.Repeat("a", 64))); err != nil {
		t.Fatal(err)
	}
	nForeign := 0
	for i, err := range v.Walk(t.Context()) {
		switch {
		case errors.Is(err, ErrForeign):
			nForeign++
		case err != nil:
			t.Fatal(err)
		case !want[i.Path()]:
			t.Errorf("walked to %s", i.Path())
		default:
			delete(want, i.Path())
		}
	}
	if len(want) > 0 || nForeign != 4 {
		t.Errorf("%d foreign files, want 4; not walked to: %v", nForeign, want)
	}
	if r, err := v.Open(strings.Repeat("a", 64)); err == nil {
		t.Error("a link out of the vault was followed")
		_ = r.Close()
	}
}

func TestImport(t *testing.T) {
	id := identity(t)
	for _, o := range []Options{{}, {Compression: Fastest}, {Compression: Fastest, Recipients: []age.Recipient{id.Recipient()}}} {
		from := openWith(t, t.TempDir(), o)
		i := seal(t, from, log)
		dir := t.TempDir()
		to := openWith(t, dir, Options{Compression: Best, Identities: []age.Identity{id}})
		r, err := from.OpenStored(i)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{b[:len(b)-1], nil, append([]byte{0}, b...)} {
			if _, err := to.Import(i.Path(), bytes.NewReader(bad)); !errors.Is(err, ErrAltered) {
				t.Errorf("import of other bytes as %s: %v, want ErrAltered", i.Path(), err)
			}
		}
		if n := files(t, dir); len(n) != 0 {
			t.Errorf("what was refused left %v", n)
		}
		got, err := to.Import(i.Path(), bytes.NewReader(b))
		if err != nil || got.Path() != i.Path() || got.StoredSize != i.StoredSize {
			t.Errorf("imported as %+v, %v", got, err)
		}
		if !bytes.Equal(read(t, to, i.Digest), log) {
			t.Error("what was imported reads differently")
		}
	}
	if _, err := openWith(t, t.TempDir(), Options{}).Import("sha256/aa/../../etc/passwd", strings.NewReader("")); !errors.Is(err, ErrForeign) {
		t.Errorf("import under another name: %v, want ErrForeign", err)
	}
}

// FuzzParsePath holds that a name stands for at most one description.
func FuzzParsePath(f *testing.F) {
	d, s := strings.Repeat("0a", 32), strings.Repeat("1b", 32)
	for _, i := range []Info{{Digest: d, Stored: d}, {Digest: d, Stored: s, Compressed: true}, {Digest: d, Stored: s, Encrypted: true}, {Digest: d, Stored: s, Compressed: true, Encrypted: true}} {
		f.Add(i.Path())
	}
	f.Add("sha256/0a/" + d + "." + s)
	f.Fuzz(func(t *testing.T, name string) {
		i, err := ParsePath(name)
		if err == nil && i.Path() != name {
			t.Errorf("%q reads as %+v, which is called %q", name, i, i.Path())
		}
		if err == nil && (strings.Contains(name, "..") || strings.HasPrefix(name, "/")) {
			t.Errorf("%q was accepted", name)
		}
	})
}

func openWith(t testing.TB, dir string, o Options) *Vault {
	t.Helper()
	v, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func seal(t testing.TB, v *Vault, content []byte) Info {
	t.Helper()
	d, err := v.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(content); err != nil {
		t.Fatal(err)
	}
	i, err := d.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func read(t testing.TB, v *Vault, digest string) []byte {
	t.Helper()
	r, err := v.Open(digest)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return b
}

// files are all files below dir.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
