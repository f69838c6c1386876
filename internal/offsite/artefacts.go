package offsite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
)

// maxSeen bounds what is remembered of copied artefacts.
const maxSeen = 10_000

// digests finds what may be the digest of an artefact in the text of a payload.
// Whether it is one, the vault knows: so every kind of entry that names an
// artefact has it copied, also kinds that do not exist yet.
var digests = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// copyArtefacts copies what the vault holds and the bucket does not, and then what
// new entries name. An artefact is in the vault before the entry that names it is
// committed, so none is missed.
func (c *Copier) copyArtefacts(ctx context.Context) {
	head, _ := c.o.Log.Grown()
	next := head.Size
	if !c.persist(ctx, "copy the vault", func() error { return c.copyVault(ctx) }) {
		return
	}
	for {
		c.behind.Store(0)
		head, grown := c.o.Log.Grown()
		if head.Size == next {
			select {
			case <-grown:
			case <-ctx.Done():
				return
			}
			continue
		}
		ok := c.persist(ctx, "copy the artefacts of new entries", func() error {
			for e, err := range c.o.Log.Read(ctx, next, head.Size) {
				if err == nil {
					err = c.copyNamed(ctx, e)
				}
				if err != nil {
					return err
				}
				next = e.Seq + 1
			}
			return nil
		})
		if !ok {
			return
		}
	}
}

// copyVault copies every artefact that the bucket does not list.
func (c *Copier) copyVault(ctx context.Context) error {
	there := map[string]bool{}
	for key, err := range c.bucket.names(ctx, vaultDir) {
		if err != nil {
			return err
		}
		there[key] = true
	}
	for i, err := range c.o.Vault.Walk(ctx) {
		switch {
		case errors.Is(err, vault.ErrForeign): // verification names it
		case err != nil:
			return err
		case there[vaultDir+i.Path()]:
		default:
			if err := c.copyArtefact(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyNamed copies the artefacts that an entry names.
func (c *Copier) copyNamed(ctx context.Context, e journal.Entry) error {
	for _, match := range digests.FindAll(e.Payload, -1) {
		digest := string(match)
		if c.seen[digest] {
			continue
		}
		i, err := c.o.Vault.Stat(digest)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		c.behind.CompareAndSwap(0, e.At.UnixNano())
		there, err := c.bucket.locked(ctx, vaultDir+i.Path(), i.StoredSize)
		if err == nil && !there {
			err = c.copyArtefact(ctx, i)
		}
		if err != nil {
			return err
		}
		if len(c.seen) >= maxSeen {
			clear(c.seen)
		}
		c.seen[digest] = true
	}
	return nil
}

// copyArtefact copies one file. One that was altered at home is not copied and
// does not keep the others waiting.
func (c *Copier) copyArtefact(ctx context.Context, i vault.Info) (err error) {
	r, err := c.o.Vault.OpenStored(i)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	err = c.copyStream(ctx, vaultDir+i.Path(), i.Stored, i.StoredSize, r)
	if errors.Is(err, vault.ErrAltered) {
		c.metrics.altered.Inc()
		c.o.Logger.Error("An artefact was altered and is not copied off-site", "artefact", i.Path())
		return nil
	}
	return err
}

// Hold puts the copies of artefacts under a legal hold, or lifts it. Digests that
// the vault does not hold are refused; the rest is done all the same.
func (c *Copier) Hold(ctx context.Context, digests []string, on bool) error {
	var errs []error
	for _, digest := range digests {
		errs = append(errs, c.holdOne(ctx, digest, on))
	}
	return errors.Join(errs...)
}

func (c *Copier) holdOne(ctx context.Context, digest string, on bool) error {
	i, err := c.o.Vault.Stat(digest)
	if err != nil {
		return err
	}
	key := vaultDir + i.Path()
	there, err := c.bucket.head(ctx, key, "")
	if err != nil && absent(err) {
		return fmt.Errorf("legal hold on %s: %w yet: try again when it has been copied", key, errAbsent)
	}
	if err != nil {
		return fmt.Errorf("legal hold on %s: %w", key, err)
	}
	if err := c.bucket.hold(ctx, key, there.VersionID, on); err != nil {
		return err
	}
	now, err := c.bucket.head(ctx, key, there.VersionID)
	if err == nil && now.LegalHold != on {
		err = fmt.Errorf("%w: it says that the hold is %t", ErrNotLocked, now.LegalHold)
	}
	if err != nil {
		return fmt.Errorf("read back the legal hold on %s: %w", key, err)
	}
	now.SHA256, now.CopiedAt = i.Stored, c.o.Now().UTC().Truncate(time.Second)
	return c.note.add(now)
}
