package app

import (
	"fmt"
	"time"

	"nis2clock/internal/custody"
	"nis2clock/internal/evidence"
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
