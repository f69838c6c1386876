package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

// ErrErased is returned by [Backup.Write] when entries were erased since the
// backup was begun: what was written of it holds them and must be thrown away.
var ErrErased = errors.New("entries were erased meanwhile: take the backup again")

// window is how far back compression looks, in bytes; it bounds its memory.
const window = 1 << 20

// Backup is one that was begun; see [Begin].
type Backup struct {
	log   *journal.Store
	vault *vault.Vault
	size  uint64    // the journal's, at least
	at    time.Time // of the files in it

	looked uint64 // entries below were looked at for erasures
}

// Written is what a backup holds.
type Written struct {
	Entries   uint64
	Artefacts int
}

// Begin fixes the instant that the backup is of. No erasure may be under way:
// one that is begun later is noticed. at is the time of the archive's files. A nil vault is
// an empty one.
func Begin(log *journal.Store, v *vault.Vault, at time.Time) *Backup {
	size := log.Head().Size
	return &Backup{log: log, vault: v, size: size, at: at, looked: size}
}

// Write writes the archive. It holds a few MiB in memory, whatever the size of
// the folder, and waits for w with nothing open but the one artefact it is at.
// On error what was written is no backup. Errors are ErrErased, those of the
// store, the vault and w, and ctx's.
func (b *Backup) Write(ctx context.Context, w io.Writer) (Written, error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return Written{}, fmt.Errorf("write the backup: %w", err)
	}
	a := &archive{tar: tar.NewWriter(z), at: b.at}
	done, err := b.write(ctx, a)
	if err == nil {
		err = a.tar.Close()
	}
	// To close the compressor would give an archive that failed a proper end.
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return Written{}, fmt.Errorf("write the backup: %w", err)
	}
	return done, nil
}

func (b *Backup) write(ctx context.Context, a *archive) (Written, error) {
	if err := a.add(formatName, []byte(version+"\n")); err != nil {
		return Written{}, err
	}
	if err := a.add(pubName, []byte(b.log.VerifierKey()+"\n")); err != nil {
		return Written{}, err
	}
	var size uint64
	for size < b.size {
		data, to, err := b.log.Segment(ctx, size, segmentBytes)
		if err != nil {
			return Written{}, err
		}
		if err := a.add(segmentName(size, to), data); err != nil {
			return Written{}, err
		}
		if err := b.unerased(ctx); err != nil {
			return Written{}, err
		}
		size = to
	}
	artefacts, err := b.artefacts(ctx, a)
	if err != nil {
		return Written{}, err
	}
	if err := b.unerased(ctx); err != nil {
		return Written{}, err
	}
	root, err := b.log.Root(size)
	if err != nil {
		return Written{}, err
	}
	manifest, err := json.Marshal(Manifest{Format: version, Entries: size, Root: root.String(), Files: a.files})
	if err != nil {
		return Written{}, err
	}
	return Written{Entries: size, Artefacts: artefacts}, a.add(manifestName, manifest)
}

// artefacts writes the files of the vault. Whatever an entry below the head names
// was there before the entry was.
func (b *Backup) artefacts(ctx context.Context, a *archive) (n int, err error) {
	if b.vault == nil {
		return 0, nil
	}
	for info, err := range b.vault.Walk(ctx) {
		if errors.Is(err, vault.ErrForeign) {
			continue // never ours
		}
		if err == nil {
			err = b.artefact(ctx, a, info)
		}
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func (b *Backup) artefact(ctx context.Context, a *archive, info vault.Info) (err error) {
	if err := b.unerased(ctx); err != nil {
		return err
	}
	stored, err := b.vault.OpenStored(info)
	if errors.Is(err, fs.ErrNotExist) {
		if erased := b.unerased(ctx); erased != nil {
			return erased
		}
		return fmt.Errorf("%w: it was removed meanwhile", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stored.Close()) }()
	return a.copy(vaultDir+info.Path(), info.StoredSize, &until{ctx, stored})
}

// unerased reports, as nil, that nothing was erased since Begin.
func (b *Backup) unerased(ctx context.Context) error {
	head := b.log.Head().Size
	for e, err := range b.log.Read(ctx, b.looked, head) {
		if err != nil {
			return err
		}
		if _, _, erasure := e.Erasure(); erasure {
			return ErrErased
		}
	}
	b.looked = head
	return nil
}

// archive writes files and takes note of them.
type archive struct {
	tar   *tar.Writer
	at    time.Time
	files []File
}

// add writes a file that is in memory.
func (a *archive) add(name string, data []byte) error {
	return a.copy(name, int64(len(data)), bytes.NewReader(data))
}

// copy writes a file of a size that is known.
func (a *archive) copy(name string, size int64, from io.Reader) error {
	err := a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: a.at, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.New()
	n, err := io.Copy(a.tar, io.TeeReader(from, sum))
	if err == nil && n != size {
		err = fmt.Errorf("it has %d bytes now, and had %d", n, size)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.files = append(a.files, File{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// until reads until ctx ends.
type until struct {
	ctx context.Context
	io.Reader
}

// Read implements [io.Reader].
func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.Reader.Read(p)
}
