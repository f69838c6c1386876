package journal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Files of a journal's folder; the package comment says what each holds.
const (
	dbFile         = "journal.db"
	dbNewFile      = "journal.db.new"
	keyFile        = "journal.key"
	pubFile        = "journal.pub"
	checkpointFile = "journal.checkpoint"
)

// Fingerprint names a verifier key: the lower-case hex SHA-256 of its text without
// a line end. `tr -d '\n' < journal.pub | sha256sum` prints the same.
func Fingerprint(verifierKey string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(verifierKey)))
	return hex.EncodeToString(sum[:])
}

// keyPair is a journal's signing key and what can be handed out of it.
type keyPair struct {
	signer   note.Signer
	verifier note.Verifier
	public   string // verifier key text, without line end
}

// readKey reads DIR/journal.key. A missing file is reported as fs.ErrNotExist,
// anything else that is wrong as ErrKey. No error contains the key.
func readKey(dir string) (keyPair, error) {
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return keyPair{}, fmt.Errorf("read journal key: %w", err)
	}
	k, err := newKeyPair(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return keyPair{}, fmt.Errorf("%w: %s is not a note signer key: restore it from a backup", ErrKey, path)
	}
	return k, nil
}

// makeKey writes a new DIR/journal.key, mode 0600, whole or not at all.
func makeKey(dir, name string) error {
	if name == "" {
		var suffix [4]byte
		if _, err := rand.Read(suffix[:]); err != nil {
			return fmt.Errorf("name the journal key: %w", err)
		}
		name = "nis2clock/" + hex.EncodeToString(suffix[:])
	}
	secret, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return fmt.Errorf("make journal key: %w", err)
	}
	if _, err := newKeyPair(secret); err != nil {
		return fmt.Errorf("%w: key name %q: a name has no spaces and no +", ErrKey, name)
	}
	return writeFile(filepath.Join(dir, keyFile), []byte(secret+"\n"), 0o600)
}

// newKeyPair reads a note signer key. The note package does not give away the
// public half it derives, so it is derived here from the seed, the last part of
// PRIVATE+KEY+<name>+<hash>+<base64 of algorithm byte ‖ seed>.
func newKeyPair(secret string) (keyPair, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return keyPair{}, err
	}
	parts := strings.SplitN(secret, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return keyPair{}, errors.New("malformed signer key")
	}
	private := ed25519.NewKeyFromSeed(seed[1:])
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.PublicKey(private[ed25519.SeedSize:]))
	if err != nil {
		return keyPair{}, err
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{signer, verifier, public}, nil
}

// exportKey makes DIR/journal.pub, or checks that the one there is this key's.
func exportKey(dir string, k keyPair, readOnly bool) error {
	path := filepath.Join(dir, pubFile)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && readOnly:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return writeFile(path, []byte(k.public+"\n"), 0o644)
	case err != nil:
		return fmt.Errorf("read verifier key: %w", err)
	case strings.TrimSpace(string(text)) != k.public:
		return fmt.Errorf("%w: %s is not the public half of %s: find out who changed it, then delete it and it is written anew",
			ErrKey, path, keyFile)
	}
	return nil
}

// writeFile replaces path by data, so that after a crash the old or the new
// content is there, whole. One caller at a time: the temporary name is fixed, so that
// crashes leave at most one such file behind.
func writeFile(path string, data []byte, mode fs.FileMode) (err error) {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return nil
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
