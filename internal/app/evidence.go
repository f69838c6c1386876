package app

import (
	"cmp"
	"fmt"
	"time"

	"nis2clock/internal/custody"
	"nis2clock/internal/evidence"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/vault"

	"github.com/prometheus/client_golang/prometheus"
)

// startEvidence makes the configured collectors and begins their rounds.
func (a *App) startEvidence(reg prometheus.Registerer, keep *vault.Vault) error {
	collectors := make([]evidence.Collector, len(a.cfg.Evidence.Collectors))
	for n, maker := range a.cfg.Evidence.Collectors {
		var err error
		if collectors[n], err = maker.Make(); err != nil {
			return fmt.Errorf("evidence.collectors[%d]: %w", n, err)
		}
	}
	runner, err := evidence.NewRunner(custody.Sink(keep), time.Now, collectors...)
	if err != nil {
		return fmt.Errorf("evidence.collectors: %w", err)
	}
	a.rounds = custody.NewRounds(custody.RoundsOptions{
		Desk: a.desk, Runner: runner, Schedule: a.cfg.Evidence.Schedule, Vault: keep, Logger: a.o.Logger, Register: reg,
	})
	a.background(a.rounds.Run, "evidence")
	return nil
}

// startStamps begins to have the journal time-stamped, where an authority is
// configured.
func (a *App) startStamps(reg prometheus.Registerer) error {
	if a.cfg.Timestamps == nil {
		return nil
	}
	client, err := timestamp.New(*a.cfg.Timestamps, time.Now)
	if err != nil {
		return fmt.Errorf("evidence.timestamps: %w", err)
	}
	a.stamper = custody.NewStamper(custody.StamperOptions{
		Desk: a.desk, Log: a.store, Client: client, Every: cmp.Or(a.cfg.Timestamps.Every, timestamp.DefaultEvery),
		Now: time.Now, Logger: a.o.Logger, Register: reg,
	})
	a.background(a.stamper.Run, "time-stamps")
	return nil
}

// evidenceNotes say what is wrong with evidence and time-stamps.
func (a *App) evidenceNotes() []string {
	notes := a.rounds.Status()
	if a.stamper != nil {
		notes = append(notes, a.stamper.Status()...)
	}
	return notes
}
