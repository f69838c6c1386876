package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nis2clock/internal/offsite"
	"nis2clock/internal/vault"

	"github.com/prometheus/client_golang/prometheus"
)

// bucketWithin bounds the look at the bucket at start: one that is away does not
// keep alerts waiting.
const bucketWithin = 5 * time.Second

// startOffsite begins to copy the record off-site, where that is configured. A
// bucket that cannot hold the copy is refused here; one that is out of reach is
// waited for.
func (a *App) startOffsite(reg prometheus.Registerer, keep *vault.Vault) error {
	if a.cfg.Offsite == nil {
		return nil
	}
	seal, err := a.cfg.Vault.Options()
	if err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(a.cfg.DataDir, "journal.key"))
	if err != nil {
		return fmt.Errorf("off-site copy: read the journal's key: %w", err)
	}
	c, err := offsite.New(offsite.Options{
		Config: *a.cfg.Offsite, Log: a.store, Vault: keep, Seal: seal, SigningKey: string(key),
		File: filepath.Join(a.cfg.DataDir, "offsite.jsonl"), Logger: a.o.Logger, Register: reg,
	})
	if err != nil {
		return err
	}
	a.onStop("off-site copy's notes", func(context.Context) error { return c.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), bucketWithin)
	defer cancel()
	if err := c.Check(ctx); errors.Is(err, offsite.ErrRefused) {
		return fmt.Errorf("evidence.offsite: %w", err)
	} else if err != nil {
		a.o.Logger.Warn("The off-site copy cannot begin yet", "err", err)
	}
	a.background(c.Run, "off-site copy")
	return nil
}
