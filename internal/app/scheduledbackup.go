package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"nis2clock/internal/incident"

	"github.com/prometheus/client_golang/prometheus"
)

// A scheduled backup is called after the instant it was begun at, in UTC, so
// that names sort by age.
const (
	backupPrefix = "nis2clock-"
	backupTime   = "20060102T150405Z"
	backupSuffix = ".tar.zst"
	backupPart   = ".part" // while it is written
)

// backupAgain is how long a backup that failed waits for the next try, where
// the next is not due before.
const backupAgain = 10 * time.Minute

// scheduledBackup is what is known of the backups that nobody asks for.
type scheduledBackup struct {
	mu      sync.Mutex
	last    time.Time // when the newest was begun; zero for none
	trouble error     // why the last try made none; nil when it did
}

// startBackups takes backups every so often, from when the newest was taken,
// whoever took the process down meanwhile.
func (a *App) startBackups(reg prometheus.Registerer) {
	if a.cfg.Retention.Backup == nil {
		return
	}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nis2clock_backup_last_timestamp_seconds", Help: "When the newest scheduled backup was begun; 0 for never.",
	}, func() float64 {
		a.backups.mu.Lock()
		defer a.backups.mu.Unlock()
		if a.backups.last.IsZero() {
			return 0
		}
		return float64(a.backups.last.Unix())
	}))
	a.background(func(ctx context.Context) {
		for {
			wait := a.backUpIfDue(ctx)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}, "scheduled backups")
}

// backUpIfDue takes a backup unless one is young enough, and returns how long
// to wait before it is called again.
func (a *App) backUpIfDue(ctx context.Context) time.Duration {
	c, now := a.cfg.Retention.Backup, time.Now()
	names, cut, err := backupsIn(c.Folder)
	var last time.Time
	if len(names) > 0 {
		last = backupBegun(names[len(names)-1])
	}
	if err == nil {
		if wait := last.Add(c.Every).Sub(now); wait > 0 && wait <= c.Every {
			a.backedUp(ctx, last, nil)
			return wait
		}
		name := backupPrefix + now.UTC().Format(backupTime) + backupSuffix
		if err = a.backUp(ctx, filepath.Join(c.Folder, name)); err == nil {
			last, err = now, removeAll(c.Folder, cut, names[:max(0, len(names)+1-c.Keep)])
		}
	}
	a.backedUp(ctx, last, err)
	if err != nil {
		return min(c.Every, backupAgain)
	}
	return c.Every
}

// backUp writes the whole record to a file, which is there whole and on disk or
// not at all.
func (a *App) backUp(ctx context.Context, path string) error {
	part := path + backupPart
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	write, err := a.Backup(ctx, incident.System)
	if err == nil {
		err = write(ctx, f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// backupsIn are the names of the scheduled backups in a folder, the oldest
// first, and of those that a process left unfinished. What is called otherwise
// is none of ours.
func backupsIn(folder string) (names, cut []string, err error) {
	all, err := os.ReadDir(folder) // sorted
	if err != nil {
		return nil, nil, err
	}
	for _, e := range all {
		name, unfinished := strings.CutSuffix(e.Name(), backupPart)
		switch {
		case backupBegun(name).IsZero():
		case unfinished:
			cut = append(cut, e.Name())
		default:
			names = append(names, e.Name())
		}
	}
	return names, cut, nil
}

// backupBegun reads when a backup was begun out of its name; zero for another
// file's name.
func backupBegun(name string) time.Time {
	rest, ok := strings.CutPrefix(name, backupPrefix)
	at, err := time.Parse(backupTime, strings.TrimSuffix(rest, backupSuffix))
	if !ok || err != nil || !strings.HasSuffix(rest, backupSuffix) {
		return time.Time{}
	}
	return at
}

func removeAll(folder string, lists ...[]string) error {
	var errs []error
	for _, name := range slices.Concat(lists...) {
		errs = append(errs, os.Remove(filepath.Join(folder, name)))
	}
	return errors.Join(errs...)
}

// backedUp keeps how the last try ended, and says a fault once.
func (a *App) backedUp(ctx context.Context, last time.Time, err error) {
	b := &a.backups
	b.mu.Lock()
	was := b.trouble
	if !last.IsZero() {
		b.last = last
	}
	b.trouble = err
	b.mu.Unlock()
	if err != nil && ctx.Err() == nil && (was == nil || was.Error() != err.Error()) {
		a.o.Logger.Error("No scheduled backup was taken, it is tried again", "err", err)
	}
}

// backupNotes say that there is no young backup, and why.
func (a *App) backupNotes() []string {
	b := &a.backups
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trouble == nil {
		return nil
	}
	since := "ever"
	if !b.last.IsZero() {
		since = "since " + b.last.UTC().Format(time.RFC3339)
	}
	return []string{fmt.Sprintf("no scheduled backup was taken %s: %v", since, b.trouble)}
}
