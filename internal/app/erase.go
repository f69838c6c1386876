package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"
	"nis2clock/internal/web"
)

// Content of the vault goes with the last entry that names it. It is put on a
// list before the journal is changed and removed after, so that a crash in
// between leaves it on the list for the next start; and it is removed only if
// no entry names it then.

// condemned is the vault, and a file in the data folder that lists digests, one
// to a line. It is a [desk.Files].
type condemned struct {
	*vault.Vault
	path string
}

func newCondemned(v *vault.Vault, dir string) condemned {
	return condemned{v, filepath.Join(dir, "vault.condemned")}
}

// Condemn implements [desk.Files].
func (c condemned) Condemn(digests []string) error {
	f, err := os.OpenFile(c.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("list what is to be removed from the vault: %w", err)
	}
	_, err = f.WriteString(strings.Join(digests, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = syncDir(filepath.Dir(c.path))
	}
	if err != nil {
		return fmt.Errorf("list what is to be removed from the vault: %w", err)
	}
	return nil
}

// settle removes what is on the list and not spared, and the list, and returns
// how many files went.
func (c condemned) settle(unnamed func([]string) ([]string, error)) (n int, err error) {
	raw, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read what is to be removed from the vault: %w", err)
	}
	digests, err := unnamed(strings.Fields(string(raw)))
	if err != nil {
		return 0, err
	}
	for _, digest := range digests {
		switch err := c.Remove(digest); {
		case err == nil:
			n++
		case !errors.Is(err, fs.ErrNotExist): // it may have gone before a crash
			return n, err
		}
	}
	if err := os.Remove(c.path); err != nil {
		return n, fmt.Errorf("forget what was removed from the vault: %w", err)
	}
	return n, syncDir(filepath.Dir(c.path))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// settle finishes the erasures of which content is still in the vault.
func (a *App) settle(ctx context.Context) (int, error) {
	return a.condemned.settle(func(digests []string) ([]string, error) { return desk.Unnamed(ctx, a.store, digests) })
}

// Erase erases what the request leads to, with the content of the vault that
// nothing names any more. The errors are those of [desk.Desk.Erase].
func (a *App) Erase(ctx context.Context, q incident.ErasureRequest) (web.Erased, error) {
	a.erasing.Lock()
	defer a.erasing.Unlock()
	done, err := a.desk.Erase(ctx, q, a.condemned)
	if err != nil {
		return web.Erased{}, err
	}
	out := web.Erased{Erased: done}
	if done.Uncompacted != nil {
		a.uncompacted.Store(true)
		out.Notes = append(out.Notes, uncompactedNote)
	}
	// The journal has it: to stop here would only leave content behind.
	if out.Files, err = a.settle(context.WithoutCancel(ctx)); err != nil {
		a.o.Logger.Error("Erased entries named content of the vault that could not be removed; the next start tries again", "err", err)
		out.Notes = append(out.Notes, "files of the vault could not be removed, the next start tries again: the log says why")
	}
	return out, nil
}

const uncompactedNote = "erased bytes are still in free pages of journal.db: make room on the disk and restart"

// retainAfter is how long after the start retention first runs by itself, so
// that a service which restarts often still gets to it.
const retainAfter = 10 * time.Minute

// retain erases what has expired, every so often, until ctx ends.
func (a *App) retain(ctx context.Context) {
	wait := min(retainAfter, a.cfg.Retention.Every)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = a.cfg.Retention.Every
		_, err := a.Erase(ctx, incident.ErasureRequest{By: incident.System, Retention: &a.cfg.Retention.RetentionPolicy})
		if err != nil && !errors.Is(err, incident.ErrNothingExpired) && ctx.Err() == nil {
			a.o.Logger.Error("What has expired could not be erased", "err", err)
		}
	}
}
