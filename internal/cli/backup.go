package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"nis2clock/internal/backup"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
)

type backupCmd struct {
	remote
	Out  string `short:"o" required:"" help:"The file to write; it is there whole or not at all." placeholder:"FILE"`
	Data string `help:"The data folder of a service that is stopped. Without it the running service writes the backup, and ./data is looked for when none answers." placeholder:"DIR"`
}

// stoppedData is the folder that is read when no service answers and none is
// named: the one that serve uses.
const stoppedData = "data"

// Run implements the verb.
func (c *backupCmd) Run(ctx context.Context, env *Env) error {
	if c.Data != "" {
		err := c.stopped(ctx, env, c.Data)
		if errors.Is(err, journal.ErrLocked) {
			err = fmt.Errorf("%s is in use: leave --data out, and the service that uses it writes the backup (--server, --token-file)", c.Data)
		}
		return err
	}
	n, err := c.download(ctx, env, "/api/v1/backup", c.Out)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		if _, statErr := os.Stat(filepath.Join(stoppedData, "journal.db")); statErr == nil {
			fmt.Fprintf(env.Stderr, "nis2clock: %v\nnis2clock: the folder ./%s is read instead\n", err, stoppedData)
			return c.stopped(ctx, env, stoppedData)
		}
	}
	if err != nil {
		return err
	}
	return c.say(env, n, "%s (%d bytes): the whole record, as of the entry that says that it was taken\n", c.Out, n)
}

// stopped backs up a folder that no service uses, and changes nothing in it.
func (c *backupCmd) stopped(ctx context.Context, env *Env, dir string) error {
	log, err := journal.Open(dir, journal.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	keep, err := vault.OpenReadOnly(filepath.Join(dir, "vault"), vault.Options{})
	if errors.Is(err, fs.ErrNotExist) {
		keep, err = nil, nil
	}
	if err != nil {
		return errors.Join(err, log.Close())
	}
	var done backup.Written
	err = whole(c.Out, func(f io.Writer) error {
		done, err = backup.Begin(log, keep, env.Now()).Write(ctx, f)
		return err
	})
	err = errors.Join(err, log.Close())
	if keep != nil {
		err = errors.Join(err, keep.Close())
	}
	if err != nil {
		return joinLines(err)
	}
	info, err := os.Stat(c.Out)
	if err != nil {
		return err
	}
	return c.say(env, info.Size(), "%s: %d entries and %d artefacts of %s. The service was stopped, so no entry says who took it\n", c.Out, done.Entries, done.Artefacts, dir)
}

func (c *backupCmd) say(env *Env, n int64, format string, args ...any) error {
	return c.wrote(env, written{File: c.Out, Bytes: n}, format+"The signing key (journal.key) and the tokens are not in it: keep the key elsewhere, and both apart.\n", args...)
}
