package app

import (
	"context"
	"io"
	"time"

	"nis2clock/internal/backup"
	"nis2clock/internal/incident"
)

// Backup records that the whole record is exported and returns what writes it.
// An erasure that is under way is waited for, so that every later one is an
// entry behind the backup's own.
func (a *App) Backup(ctx context.Context, by incident.Actor) (func(context.Context, io.Writer) error, error) {
	a.erasing.Lock()
	defer a.erasing.Unlock()
	if _, err := a.desk.Do(ctx, incident.RecordBackup{By: by}); err != nil {
		return nil, err
	}
	b := backup.Begin(a.store, a.vault, time.Now())
	return func(ctx context.Context, w io.Writer) error {
		_, err := b.Write(ctx, w)
		return err
	}, nil
}
