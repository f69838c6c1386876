package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestCommitIsContentAddressed(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	const text = "evidence"
	sum := sha256.Sum256([]byte(text))
	want := hex.EncodeToString(sum[:])
	var wg sync.WaitGroup
	for range 8 { // the same content from many sides is one file
		wg.Go(func() {
			if got := put(t, v, text); got != want {
				t.Errorf("digest %s, want %s", got, want)
			}
		})
	}
	wg.Wait()
	r, err := v.Open(want)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != text {
		t.Errorf("read back %q, %v", b, err)
	}
	left, err := os.ReadDir(filepath.Join(v.dir, draftsDir))
	if err != nil || len(left) != 0 {
		t.Errorf("%d drafts left behind, %v", len(left), err)
	}
}

func TestNeverOverwrites(t *testing.T) {
	v := open(t, t.TempDir())
	digest := put(t, v, "first")
	path := filepath.Join(v.dir, Info{Digest: digest}.Path())
	if err := os.WriteFile(path, []byte("altered"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, v, "first")
	if b, err := os.ReadFile(path); err != nil || string(b) != "altered" {
		t.Errorf("the file was written again: %q, %v; an alteration must stay for verification to find", b, err)
	}
}

func TestCrashLeavesNoDrafts(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	d, err := v.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(d, strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(open(t, dir).dir, draftsDir))
	if err != nil || len(left) != 0 {
		t.Errorf("after opening again: %d drafts, %v", len(left), err)
	}
}

func TestOpenRefusesOtherNames(t *testing.T) {
	v := open(t, t.TempDir())
	for _, name := range []string{"", "../../etc/passwd", "abc", strings.Repeat("0", 64)} {
		if _, err := v.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
}

func open(t *testing.T, dir string) *Vault {
	t.Helper()
	v, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func put(t *testing.T, v *Vault, text string) string {
	t.Helper()
	d, err := v.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(d, text); err != nil {
		t.Fatal(err)
	}
	i, err := d.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return i.Digest
}
