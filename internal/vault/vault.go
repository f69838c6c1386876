// Package vault keeps bytes under their own SHA-256, for good.
//
// Bytes stream through a [Draft] into a file of their own, which is synced and
// then linked to its final name only if nothing lies there: content is never
// overwritten, and what is already there is left as it is. A crash leaves at
// most drafts, which [Open] clears away. Whatever size an artefact has, the
// vault holds a few MiB of it in memory.
//
// # What it guarantees
//
// [Vault.Open] gives back the bytes that were sealed, or an error at their end
// at the latest. [Vault.Verify] finds a changed bit without a key. Neither says
// whether somebody replaced a file together with its name, or removed it: the
// journal entry that names the digest does.
//
// # Stored format, version 1
//
// Nothing in the folder says this version: the form of a name does, and a later
// version will have other names.
//
//	drafts/draft-<random>            on its way in; cleared at start
//	sha256/<dd>/<digest>             the bytes as they are
//	sha256/<dd>/<digest>.<stored>.zst      compressed, RFC 8878
//	sha256/<dd>/<digest>.<stored>.age      encrypted, age-encryption.org/v1
//	sha256/<dd>/<digest>.<stored>.zst.age  compressed, then encrypted
//
// <digest> is the lower-case hex SHA-256 of the plain bytes, <dd> its first two
// digits, <stored> the same of the bytes in the file: `sha256sum` checks a file
// against its name without a key, and `age -d` and `zstd -d` open it without
// this program. Folders have mode 0700, files 0600.
package vault

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

var (
	// ErrAltered is returned by readers, by [Vault.Verify] and by [Vault.Import]
	// for bytes that are not those their digest was taken of.
	ErrAltered = errors.New("the vault's bytes are not those that were sealed")

	// ErrSealed is returned by [Vault.Open] for an encrypted artefact that no
	// identity at hand opens.
	ErrSealed = errors.New("the artefact is encrypted to somebody else")

	// ErrForeign is yielded by [Vault.Walk] for a file that has no place in a vault.
	ErrForeign = errors.New("the file does not belong into a vault")
)

// Options say how a vault seals and opens. The zero value keeps bytes as they
// are.
type Options struct {
	// Compression is how hard new artefacts are compressed; 0 is not at all.
	// Bytes that look compressed already are kept as they are.
	Compression Level

	// Recipients are whom new artefacts are encrypted to; none leaves them plain.
	// To read them again needs the identity of one.
	Recipients []age.Recipient

	// Identities open encrypted artefacts.
	Identities []age.Identity
}

// Level is how hard to compress.
type Level int

// The levels, in order of effort.
const (
	Off Level = iota
	Fastest
	Default
	Better
	Best
)

var levels = []string{"off", "fastest", "default", "better", "best"}

// ParseLevel reads the name of a level.
func ParseLevel(s string) (Level, error) {
	if i := slices.Index(levels, s); i >= 0 {
		return Level(i), nil
	}
	return Off, fmt.Errorf("%.40q is not a level of compression: want off, fastest, default, better or best", s)
}

// String returns what [ParseLevel] reads.
func (l Level) String() string {
	if l < Off || l > Best {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return levels[l]
}

func (l Level) zstd() zstd.EncoderLevel {
	switch l {
	case Fastest:
		return zstd.SpeedFastest
	case Better:
		return zstd.SpeedBetterCompression
	case Best:
		return zstd.SpeedBestCompression
	default:
		return zstd.SpeedDefault
	}
}

// Vault is safe for concurrent use.
type Vault struct {
	o    Options
	dir  string // for messages
	root *os.Root

	// filing is held from the look for a digest to the link of a new file, so
	// that one digest has one file.
	filing sync.Mutex

	// wrap, set by tests only, stands between a draft and its file.
	wrap func(file) file
}

// file is what a draft writes to.
type file interface {
	io.WriteCloser
	Sync() error
}

const (
	draftsDir = "drafts"
	sealedDir = "sha256"
)

// Open makes the folders where they are missing and removes drafts a crash
// left behind. Only one process may use dir.
func Open(dir string, o Options) (*Vault, error) {
	if o.Compression < Off || o.Compression > Best {
		return nil, fmt.Errorf("open the vault: there is no %v of compression", o.Compression)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the vault: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w", err)
	}
	v := &Vault{o: o, dir: dir, root: root}
	if err := v.prepare(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return v, nil
}

func (v *Vault) prepare() error {
	if err := v.root.RemoveAll(draftsDir); err != nil {
		return fmt.Errorf("clear the vault's drafts: %w", err)
	}
	for _, d := range []string{draftsDir, sealedDir} {
		if err := v.root.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("make the vault: %w", err)
		}
	}
	return v.syncDir(".")
}

// Close lets go of the folder. Drafts and readers that are open stay usable
// until their own end, except that a draft can no longer be committed.
func (v *Vault) Close() error { return v.root.Close() }

// Stat describes an artefact by its digest, 64 lower-case hex digits;
// [fs.ErrNotExist] when it is not here.
func (v *Vault) Stat(digest string) (Info, error) {
	if !isDigest(digest) {
		return Info{}, fmt.Errorf("%.80q is not a SHA-256 in hex: %w", digest, fs.ErrNotExist)
	}
	// Most vaults hold plain files: look there before listing the folder.
	plain := Info{Digest: digest, Stored: digest}
	if info, err := v.root.Lstat(plain.Path()); err == nil {
		plain.StoredSize = info.Size()
		return plain, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Info{}, fmt.Errorf("look for %s in the vault: %w", digest, err)
	}
	found, err := v.list(digest[:2])
	if err != nil {
		return Info{}, fmt.Errorf("look for %s in the vault: %w", digest, err)
	}
	for _, e := range found {
		if e.err == nil && e.info.Digest == digest {
			return e.info, nil
		}
	}
	return Info{}, fmt.Errorf("%s is not in the vault: %w", digest, fs.ErrNotExist)
}

// listed is a name in a folder of the vault; err is [ErrForeign] for one that
// has no place there.
type listed struct {
	info Info
	err  error
}

// list reads one of the 256 folders, sorted by name; one that is not there is
// empty.
func (v *Vault) list(dd string) ([]listed, error) {
	d, err := v.root.Open(path.Join(sealedDir, dd))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := d.ReadDir(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	out := make([]listed, 0, len(entries))
	for _, e := range entries {
		name := path.Join(sealedDir, dd, e.Name())
		info, err := ParsePath(name)
		if err == nil && !e.Type().IsRegular() {
			err = fmt.Errorf("%s: %w: it is not a plain file", name, ErrForeign)
		}
		if err == nil {
			stat, statErr := e.Info()
			if statErr != nil {
				return nil, statErr
			}
			info.StoredSize = stat.Size()
		}
		out = append(out, listed{info, err})
	}
	return out, nil
}

// syncDir makes the names in a folder durable.
func (v *Vault) syncDir(name string) error {
	d, err := v.root.Open(name)
	if err != nil {
		return fmt.Errorf("sync the vault: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
