package offsite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
)

// ErrIncomplete is returned by [Restore] when the bucket does not hold everything
// that it is known to have held. Nothing was installed.
var ErrIncomplete = errors.New("the off-site copy is incomplete")

// RestoreOptions say how to restore.
type RestoreOptions struct {
	Config Config

	// Dir is the data folder to make. It must be empty or not be there.
	Dir string

	// Key is the text of the verifier key that must have signed the journal. Empty
	// takes the one in the bucket, which proves only that the copy agrees with itself.
	Key string

	// SigningKey lets the restored journal be gone on with. Empty takes the one in the
	// bucket, if it is there and can be decrypted.
	SigningKey string `json:"-"`

	// Seal holds the identities that open encrypted segments; the vault's own options.
	Seal vault.Options
}

// Restored is what came back.
type Restored struct {
	Head       journal.Head
	Verdict    journal.Verdict
	Artefacts  int
	SigningKey bool // the journal can be gone on with
}

// Restore rebuilds a data folder from the bucket alone. Every version of every
// object is looked at, so that what was deleted or overwritten since is found; what
// does not prove itself is left aside. The folder is installed under its name only
// when it is complete and its journal verifies.
func Restore(ctx context.Context, o RestoreOptions) (_ *Restored, err error) {
	b, err := openBucket(o.Config, time.Now)
	if err != nil {
		return nil, err
	}
	if err := emptyFolder(o.Dir); err != nil {
		return nil, err
	}
	dir := filepath.Clean(o.Dir) + ".restoring"
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("restore: %w: if no other restore is running, remove it", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	r := &restoring{o: o, bucket: b, dir: dir}
	if err := r.journal(ctx); err != nil {
		return nil, err
	}
	if err := r.vault(ctx); err != nil {
		return nil, err
	}
	v, err := journal.Verify(dir, journal.VerifyOptions{Key: r.key})
	if err != nil {
		return nil, err
	}
	if v.State != journal.Consistent {
		return nil, fmt.Errorf("restore: what was rebuilt is %s: %v", v.State, v.Problems)
	}
	r.done.Verdict = v
	if err := os.Remove(o.Dir); err != nil && !errors.Is(err, os.ErrNotExist) { // an empty folder
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := os.Rename(dir, o.Dir); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	return &r.done, nil
}

func emptyFolder(dir string) error {
	left, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%s is not empty: name a folder that does not exist yet", dir)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

type restoring struct {
	o      RestoreOptions
	bucket *bucket
	dir    string
	key    string
	done   Restored
}

// run is a segment's object.
type run struct {
	object
	from, to uint64
}

// journal rebuilds the journal.
func (r *restoring) journal(ctx context.Context) (err error) {
	if err := r.verifierKey(ctx); err != nil {
		return err
	}
	var runs []run
	for o, err := range r.bucket.objects(ctx, segmentDir) {
		if err != nil {
			return err
		}
		if from, to, ok := parseSegment(o.key); ok {
			runs = append(runs, run{o, from, to})
		}
	}
	b, err := journal.Rebuild(r.dir, r.key)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Discard())
		}
	}()
	for len(runs) > 0 {
		size := b.Head().Size
		runs = slices.DeleteFunc(runs, func(s run) bool { return s.to <= size })
		if len(runs) == 0 {
			break
		}
		if err := r.next(ctx, b, runs); err != nil {
			return err
		}
	}
	if err := r.nothingBehind(ctx, b.Head().Size); err != nil {
		return err
	}
	signer, err := r.signingKey(ctx)
	if err != nil {
		return err
	}
	r.done.Head, r.done.SigningKey = b.Head(), signer != ""
	return b.Finish(signer)
}

// verifierKey chooses the key that must have signed everything.
func (r *restoring) verifierKey(ctx context.Context) error {
	if r.key = strings.TrimSpace(r.o.Key); r.key != "" {
		return nil
	}
	for o, err := range r.bucket.objects(ctx, pubKey) {
		if err != nil {
			return err
		}
		if o.key != pubKey {
			continue
		}
		text, err := r.bucket.getBytes(ctx, o.key, o.versions[0], maxSmallObject)
		if err != nil {
			return err
		}
		r.key = strings.TrimSpace(string(text))
		return nil
	}
	return fmt.Errorf("%w: there is no %s%s in bucket %s: look at the prefix", ErrIncomplete, r.o.Config.Prefix, pubKey, r.o.Config.Bucket)
}

// next adds the first object among those that reach beyond the entries so far
// which proves itself.
func (r *restoring) next(ctx context.Context, b *journal.Rebuilder, runs []run) error {
	size := b.Head().Size
	var bad []error
	for _, s := range runs {
		if s.from > size {
			continue
		}
		for _, version := range s.versions {
			data, err := r.segment(ctx, s.key, version)
			if err == nil {
				err = b.Add(data)
			}
			switch {
			case err == nil && b.Head().Size > size:
				return nil
			case err == nil:
			case errors.Is(err, journal.ErrSegment), errors.Is(err, vault.ErrAltered):
				bad = append(bad, fmt.Errorf("%s version %s: %w", s.key, version, err))
			default:
				return err
			}
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: no copy of entry %d proves itself: %w", ErrIncomplete, size, errors.Join(bad...))
	}
	return fmt.Errorf("%w: entry %d is in no segment, and later ones are there", ErrIncomplete, size)
}

func (r *restoring) segment(ctx context.Context, key, version string) ([]byte, error) {
	stored, err := r.bucket.getBytes(ctx, key, version, maxSegment)
	if err != nil {
		return nil, err
	}
	data, err := r.o.Seal.Decode(key, stored, maxSegment)
	if errors.Is(err, vault.ErrSealed) {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return data, err
}

// nothingBehind finds a signed head of more entries than were found.
func (r *restoring) nothingBehind(ctx context.Context, size uint64) error {
	for o, err := range r.bucket.objects(ctx, checkpointDir) {
		if err != nil {
			return err
		}
		if o.key <= checkpointKey(size) {
			continue
		}
		for _, version := range o.versions {
			msg, err := r.bucket.getBytes(ctx, o.key, version, maxSmallObject)
			if err != nil {
				return err
			}
			if h, err := journal.CheckHead(msg, r.key); err == nil && h.Size > size {
				return fmt.Errorf("%w: a head is signed for %d entries, and segments hold %d", ErrIncomplete, h.Size, size)
			}
		}
	}
	return nil
}

// signingKey is the one that was given or lies in the bucket; empty for none.
func (r *restoring) signingKey(ctx context.Context) (string, error) {
	if r.o.SigningKey != "" || len(r.o.Seal.Identities) == 0 {
		return r.o.SigningKey, nil
	}
	for o, err := range r.bucket.objects(ctx, signerKey) {
		if err != nil {
			return "", err
		}
		for _, version := range o.versions {
			stored, err := r.bucket.getBytes(ctx, o.key, version, maxSmallObject)
			if err != nil {
				return "", err
			}
			if text, err := r.o.Seal.Decode(".zst.age", stored, maxSmallObject); err == nil {
				return string(text), nil
			}
		}
	}
	return "", nil
}

// vault brings back the artefacts.
func (r *restoring) vault(ctx context.Context) (err error) {
	v, err := vault.Open(filepath.Join(r.dir, "vault"), vault.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	var bad []error
	for o, err := range r.bucket.objects(ctx, vaultDir) {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(o.key, vaultDir)
		if _, err := vault.ParsePath(name); err != nil {
			continue // never ours
		}
		switch err := r.artefact(ctx, v, o, name); {
		case errors.Is(err, vault.ErrAltered):
			bad = append(bad, err)
		case err != nil:
			return err
		default:
			r.done.Artefacts++
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: no version of these artefacts is the one that was sealed: %w", ErrIncomplete, errors.Join(bad...))
	}
	return nil
}

// artefact brings back the oldest version that is what its name says.
func (r *restoring) artefact(ctx context.Context, v *vault.Vault, o object, name string) error {
	var last error
	for _, version := range o.versions {
		body, err := r.bucket.get(ctx, o.key, version)
		if err != nil {
			return err
		}
		_, err = v.Import(name, body)
		if err := body.Close(); err != nil {
			return fmt.Errorf("fetch %s: %w", o.key, err)
		}
		if !errors.Is(err, vault.ErrAltered) { // nil included
			return err
		}
		last = err
	}
	return last
}
