// Package vault keeps bytes under their own SHA-256, for good.
//
// A file is written to a draft, synced, and linked to DIR/sha256/<first two hex
// digits>/<digest> only if nothing lies there: content is never overwritten,
// and what is already there is left as it is. A crash leaves at most drafts,
// which [Open] clears away.
package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Vault is safe for concurrent use.
type Vault struct{ dir string }

// Open makes the folders where they are missing and removes drafts a crash
// left behind. Only one process may use dir.
func Open(dir string) (*Vault, error) {
	v := &Vault{dir}
	if err := os.RemoveAll(v.drafts()); err != nil {
		return nil, fmt.Errorf("clear the vault's drafts: %w", err)
	}
	for _, d := range []string{v.drafts(), filepath.Join(dir, "sha256")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the vault: %w", err)
		}
	}
	return v, nil
}

func (v *Vault) drafts() string { return filepath.Join(v.dir, "drafts") }

func (v *Vault) path(digest string) string {
	return filepath.Join(v.dir, "sha256", digest[:2], digest)
}

// Open returns the content of a digest, as 64 hex digits; fs.ErrNotExist when
// it is not here.
func (v *Vault) Open(digest string) (io.ReadCloser, error) {
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("%q is not a SHA-256 in hex: %w", digest, fs.ErrNotExist)
	}
	return os.Open(v.path(digest))
}

// Draft is content on its way in. It ends with Commit or Discard.
type Draft struct {
	vault *Vault
	file  *os.File
	sum   hash.Hash
}

// Create begins a draft.
func (v *Vault) Create() (*Draft, error) {
	f, err := os.CreateTemp(v.drafts(), "draft-")
	if err != nil {
		return nil, fmt.Errorf("begin a vault file: %w", err)
	}
	return &Draft{vault: v, file: f, sum: sha256.New()}, nil
}

// Write implements [io.Writer].
func (d *Draft) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	d.sum.Write(p[:n])
	return n, err
}

// Commit makes the content durable under its digest, which it returns in hex.
func (d *Draft) Commit() (digest string, err error) {
	defer func() { err = errors.Join(err, os.Remove(d.file.Name())) }()
	if err := errors.Join(d.file.Sync(), d.file.Close()); err != nil {
		return "", fmt.Errorf("write a vault file: %w", err)
	}
	digest = hex.EncodeToString(d.sum.Sum(nil))
	final := d.vault.path(digest)
	if err := os.Mkdir(filepath.Dir(final), 0o700); err == nil {
		if err := syncDir(filepath.Dir(filepath.Dir(final))); err != nil {
			return "", err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("file %s in the vault: %w", digest, err)
	}
	if err := os.Link(d.file.Name(), final); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("file %s in the vault: %w", digest, err)
	}
	return digest, syncDir(filepath.Dir(final))
}

// Discard throws the draft away.
func (d *Draft) Discard() error {
	return errors.Join(d.file.Close(), os.Remove(d.file.Name()))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the vault: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
