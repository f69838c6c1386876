package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

// ErrRefused is returned by [Restore] when what was unpacked does not verify: it
// was altered, or lacks artefacts, before the backup was made. Nothing was installed.
var ErrRefused = errors.New("the folder that was backed up does not verify")

// Options say how to restore.
type Options struct {
	// Dir is the data folder to make. It must be empty or not be there.
	Dir string

	// Key is the text of the verifier key that must have signed the journal. Empty
	// takes the one in the backup, which proves only that it agrees with itself.
	Key string

	// SigningKey is the text of the key that the journal can be gone on with; empty for
	// none.
	SigningKey string `json:"-"`

	// Incomplete installs also a folder that lacks artefacts which entries name:
	// they were lost before the backup was made.
	Incomplete bool

	// Vault holds the identities that open encrypted artefacts, to verify them.
	Vault vault.Options
}

// Restore makes a data folder of a backup. It is unpacked and verified in a
// folder of its own beside Dir, made durable and then given its name. A verdict
// of [verify.CannotTell] is installed too: it says of encrypted artefacts that
// nobody here can look into them.
// Errors are [ErrDamaged], [ErrRefused] (which comes with the verdict), [journal.ErrKey], [journal.ErrLocked] for the
// folder of a service that runs, and those of the file system.
func Restore(ctx context.Context, from io.Reader, o Options) (_ verify.Verdict, err error) {
	dir := filepath.Clean(o.Dir)
	if err := vacant(dir); err != nil {
		return verify.Verdict{}, fmt.Errorf("restore: %w", err)
	}
	stage := dir + ".restoring"
	if err := os.Mkdir(stage, 0o700); errors.Is(err, fs.ErrExist) {
		return verify.Verdict{}, fmt.Errorf("restore: %s is there already: if no other restore is running, remove it", stage)
	} else if err != nil {
		return verify.Verdict{}, fmt.Errorf("restore: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("restore: %w", err), os.RemoveAll(stage))
		}
	}()
	u := &unpacking{o: o, dir: stage}
	if err := u.run(ctx, from); err != nil {
		return verify.Verdict{}, err
	}
	v, err := verify.Folder(ctx, stage, verify.Options{Key: u.key, Vault: o.Vault})
	if err != nil {
		return verify.Verdict{}, err
	}
	if v.State == verify.Altered || v.State == verify.Missing && !o.Incomplete || v.Journal.State != journal.Consistent {
		return v, fmt.Errorf("%w: %s: %s", ErrRefused, v.State, first(v.Problems))
	}
	v.Journal.KeyGiven = o.Key != ""
	return v, install(stage, dir)
}

// install gives a folder that is complete its name, durably.
func install(stage, dir string) error {
	if err := syncDir(stage); err != nil {
		return err
	}
	err := os.Remove(dir) // an empty folder, or nothing
	if errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("%s is a mount point, which cannot be replaced: name a folder in it", dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(stage, dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func first(problems []verify.Problem) string {
	if len(problems) == 0 {
		return "no more is known"
	}
	s := problems[0].String()
	if more := len(problems) - 1; more > 0 {
		s += fmt.Sprintf(", and %d more", more)
	}
	return s
}

// vacant refuses a folder that something lies in.
func vacant(dir string) error {
	left, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(left) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	store, err := journal.Open(dir, journal.Options{ReadOnly: true, Timeout: time.Millisecond})
	if errors.Is(err, journal.ErrLocked) {
		return err
	}
	if err == nil {
		err = store.Close()
	} else {
		err = nil // whatever it is, it is not for us to overwrite
	}
	return errors.Join(err, fmt.Errorf("%s is not empty: name a folder that does not exist yet", dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// unpacking is a backup on its way into the folder dir.
type unpacking struct {
	o       Options
	dir     string
	key     string
	journal *journal.Rebuilder // nil before journal.pub and after the last segment
	head    journal.Head
	vault   *vault.Vault // nil before the last segment
	files   []File       // so far
	names   map[string]bool
	whole   bool // the manifest was read, and agrees
}

func (u *unpacking) run(ctx context.Context, from io.Reader) (err error) {
	defer func() {
		if u.journal != nil {
			err = errors.Join(err, u.journal.Discard())
		}
		if u.vault != nil {
			err = errors.Join(err, u.vault.Close())
		}
	}()
	disk := &source{ctx: ctx, from: from}
	z, err := zstd.NewReader(disk, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8*window))
	if err != nil {
		return disk.blame(err)
	}
	defer z.Close()
	u.names = map[string]bool{}
	files := tar.NewReader(z)
	for {
		h, err := files.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = u.file(ctx, h, files)
		}
		if err != nil {
			return disk.blame(err)
		}
	}
	if !u.whole {
		return disk.blame(io.ErrUnexpectedEOF)
	}
	if n, err := io.Copy(io.Discard, z); err != nil {
		return disk.blame(err)
	} else if n > 0 {
		return fmt.Errorf("%w: %d bytes follow its end", ErrDamaged, n)
	}
	return nil
}

// file takes the file whose header is h.
func (u *unpacking) file(ctx context.Context, h *tar.Header, content io.Reader) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: its file %.200q %s", ErrDamaged, h.Name, fmt.Sprintf(format, args...))
	}
	first := len(u.files) == 0
	switch {
	case first && h.Name != formatName:
		return fmt.Errorf("%w: it is not a file that nis2clock backup writes", ErrDamaged)
	case h.Typeflag != tar.TypeReg:
		return bad("is not a plain file")
	case u.names[h.Name]:
		return bad("is in it twice")
	case u.whole:
		return bad("follows its end")
	}
	sum := sha256.New()
	content = io.TeeReader(content, sum)
	if err := u.take(h, content, bad); err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, content); err != nil {
		return err
	} else if n > 0 {
		return bad("is larger than it can be")
	}
	u.names[h.Name] = true
	u.files = append(u.files, File{h.Name, h.Size, hex.EncodeToString(sum.Sum(nil))})
	return ctx.Err()
}

// take does what a file is for.
func (u *unpacking) take(h *tar.Header, content io.Reader, bad func(string, ...any) error) error {
	small := func(limit int64) ([]byte, error) {
		if h.Size > limit {
			return nil, bad("has %d bytes, more than %d", h.Size, limit)
		}
		return io.ReadAll(content)
	}
	switch {
	case h.Name == formatName:
		text, err := small(maxSmall)
		if err == nil && string(text) != version+"\n" {
			err = fmt.Errorf("%w: its format is %.40q, this program reads %s: use a newer nis2clock", ErrDamaged, text, version)
		}
		return err
	case h.Name == pubName && u.key == "":
		text, err := small(maxSmall)
		if err != nil {
			return err
		}
		return u.begin(strings.TrimSpace(string(text)))
	case isSegment(h.Name) && u.journal != nil:
		data, err := small(maxSegment)
		if err != nil {
			return err
		}
		if err := u.journal.Add(data); errors.Is(err, journal.ErrSegment) {
			return bad("does not prove itself: %v", err)
		} else if err != nil {
			return err
		}
		u.head = u.journal.Head()
		return nil
	case strings.HasPrefix(h.Name, vaultDir) && u.key != "":
		if err := u.sealJournal(); err != nil {
			return err
		}
		_, err := u.vault.Import(strings.TrimPrefix(h.Name, vaultDir), content)
		if errors.Is(err, vault.ErrForeign) {
			return bad("has no place in a backup")
		}
		if errors.Is(err, vault.ErrAltered) {
			return bad("is not what its digest was taken of")
		}
		return err
	case h.Name == manifestName && u.key != "":
		raw, err := small(maxManifest)
		if err == nil {
			err = u.compare(raw, bad)
		}
		if err == nil {
			err = u.sealJournal()
		}
		return err
	}
	return bad("has no place in a backup, or not there")
}

// begin chooses the key that must have signed everything.
func (u *unpacking) begin(found string) (err error) {
	u.key = strings.TrimSpace(u.o.Key)
	if u.key == "" {
		u.key = found
	}
	if u.key != found {
		return fmt.Errorf("%w: the backup is of the journal with the key fingerprint %s, and the key given has %s",
			journal.ErrKey, journal.Fingerprint(found), journal.Fingerprint(u.key))
	}
	u.journal, err = journal.Rebuild(u.dir, u.key)
	if errors.Is(err, journal.ErrKey) {
		err = fmt.Errorf("%w: its file %s holds no verifier key", ErrDamaged, pubName)
	}
	return err
}

// sealJournal ends the segments, unless that was done.
func (u *unpacking) sealJournal() error {
	if u.journal == nil {
		return nil
	}
	b := u.journal
	u.journal = nil // Finish discards it if it fails
	if err := b.Finish(u.o.SigningKey); err != nil {
		return err
	}
	var err error
	u.vault, err = vault.Open(filepath.Join(u.dir, "vault"), vault.Options{})
	return err
}

// compare compares what came with the manifest.
func (u *unpacking) compare(raw []byte, bad func(string, ...any) error) error {
	var m Manifest
	if err := json.Unmarshal(raw, &m, json.RejectUnknownMembers(true)); err != nil {
		return bad("cannot be read")
	}
	for n, want := range m.Files {
		if n >= len(u.files) || u.files[n].Name != want.Name {
			return fmt.Errorf("%w: its file %.200q is missing", ErrDamaged, want.Name)
		}
		if u.files[n] != want {
			return fmt.Errorf("%w: its file %.200q is not the one its manifest names", ErrDamaged, want.Name)
		}
	}
	switch {
	case !slices.Equal(m.Files, u.files):
		return fmt.Errorf("%w: its file %.200q is not in its manifest", ErrDamaged, u.files[len(m.Files)].Name)
	case m.Format != version, m.Entries != u.head.Size, m.Root != u.head.Root.String():
		return bad("speaks of %d entries with the root %.60q, and it holds %d with %s", m.Entries, m.Root, u.head.Size, u.head.Root)
	}
	u.whole = true
	return nil
}

// source is the file, and remembers why it could not be read.
type source struct {
	ctx  context.Context
	from io.Reader
	err  error
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	if s.err = context.Cause(s.ctx); s.err != nil {
		return 0, s.err
	}
	n, err := s.from.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// blame says of an error whether the file could not be read, or what was read is
// no backup.
func (s *source) blame(err error) error {
	_, disk := errors.AsType[*fs.PathError](err)
	switch {
	case s.err != nil:
		return s.err
	case errors.Is(err, ErrDamaged), errors.Is(err, journal.ErrKey), disk:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it is cut short", ErrDamaged)
	case errors.Is(err, zstd.ErrMagicMismatch):
		return fmt.Errorf("%w: it is not a file that nis2clock backup writes, or bytes follow its end", ErrDamaged)
	default:
		return fmt.Errorf("%w: it is altered or damaged: %w", ErrDamaged, err)
	}
}
