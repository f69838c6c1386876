package tabletop_test

import (
	"log/slog"
	"testing"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/tabletop"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// rehearsal are the options of one at full speed.
func rehearsal(t *testing.T, s *scenario.Scenario) tabletop.Options {
	return tabletop.Options{Scenario: s, Config: config.Default(), Auto: true, Data: t.TempDir(), Listen: "127.0.0.1:0", Logger: logger(t)}
}

// open starts an exercise that the test closes.
func open(t *testing.T, o tabletop.Options) *tabletop.Exercise {
	t.Helper()
	x, err := tabletop.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// Every shipped scenario is played by its script in less than ten seconds, and
// every expected action of it is met.
func TestShippedScenarios(t *testing.T) {
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			began := time.Now()
			x := open(t, rehearsal(t, s))
			if err := x.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			if took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			e, err := x.Record(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			card := scorecard.Score(scorecard.Input{Scenario: s, Exercise: e, Incidents: x.Incidents()})
			t.Logf("%d points of %d, %d entries, in %s", card.Points, card.Of, e.Journal.Size, took)
			for _, r := range card.Results {
				if r.Outcome != scorecard.Met && r.Outcome != scorecard.Avoided {
					t.Errorf("%s (%s): %s, target %s, done %s", r.ID, r.What, r.Outcome, r.Target, r.At.Scenario)
				}
			}
		})
	}
}
