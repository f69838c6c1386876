package tabletop_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/journal"
	"nis2clock/internal/tabletop"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

// Every shipped scenario is played by its script, and every expected action of
// it is met.
func TestShippedScenarios(t *testing.T) {
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for n, s := range all {
		if raced && n >= 3 {
			break // they differ in data, not in what runs at once
		}
		t.Run(s.Name, func(t *testing.T) {
			began := time.Now()
			x := open(t, rehearsal(t, s))
			if err := x.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			took := time.Since(began).Round(10 * time.Millisecond)
			f, card, _, err := x.WriteUp(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(f.JSON), "NO PERSON TOOK PART") || len(f.PDF) == 0 {
				t.Errorf("its write-up is not marked as a rehearsal's: %.300s", f.JSON)
			}
			t.Logf("%d points of %d in %s", card.Points, card.Of, took)
			for _, r := range card.Results {
				if r.Outcome != scorecard.Met && r.Outcome != scorecard.Avoided {
					t.Errorf("%s (%s): %s, target %s, done %s", r.ID, r.What, r.Outcome, r.Target, r.At.Scenario)
				}
			}
		})
	}
}

// raced is true under the race detector.
var raced bool

// Wherever a rehearsal is killed, what goes on with it comes to the same
// scorecard.
func TestKilledAnywhere(t *testing.T) {
	s, err := scenario.Open("quiet-night")
	if err != nil {
		t.Fatal(err)
	}
	run := func(o tabletop.Options) (scorecard.Scorecard, error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if wall := o.Wall; wall != nil { // it is asked whenever something is noted
			o.Wall = func() time.Time {
				if wall().IsZero() {
					cancel()
				}
				return time.Now()
			}
		}
		x, err := tabletop.Open(ctx, o)
		if err != nil {
			return scorecard.Scorecard{}, err
		}
		err = x.Run(ctx)
		_, card, _, werr := x.WriteUp(t.Context())
		return card, errors.Join(err, werr, x.Close())
	}
	want, err := run(rehearsal(t, s))
	if err != nil {
		t.Fatal(err)
	}
	every := 5
	if raced {
		every = 20
	}
	for at := 3; ; at += every {
		o, asked := rehearsal(t, s), 0
		o.Wall = func() time.Time {
			if asked++; asked == at {
				return time.Time{}
			}
			return time.Now()
		}
		if _, err := run(o); err == nil {
			if at < 20 {
				t.Errorf("it ended before it was killed at %d", at)
			}
			return
		}
		o.Wall = nil
		got, err := run(o)
		if err != nil {
			t.Fatalf("killed at %d: %v", at, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(scorecard.Scorecard{}, "Exercise")); diff != "" {
			t.Errorf("killed at %d the scorecard differs (-whole +killed):\n%s", at, diff)
		}
	}
}

// What does not go together is refused in one line.
func TestRefused(t *testing.T) {
	s, err := scenario.Open("quiet-night")
	if err != nil {
		t.Fatal(err)
	}
	silent := *s
	silent.Auto = nil
	for name, change := range map[string]func(*tabletop.Options){
		"a speed below zero":          func(o *tabletop.Options) { o.Speed = -1 },
		"a speed nobody can follow":   func(o *tabletop.Options) { o.Speed = tabletop.MaxSpeed + 1 },
		"full speed with people":      func(o *tabletop.Options) { o.Auto = false },
		"full speed and Alertmanager": func(o *tabletop.Options) { o.Alertmanager = &url.URL{Scheme: "http", Host: "127.0.0.1:1"} },
		"a rehearsal without script":  func(o *tabletop.Options) { o.Scenario = &silent },
	} {
		o := rehearsal(t, s)
		change(&o)
		if _, err := tabletop.Open(t.Context(), o); !errors.Is(err, tabletop.ErrOptions) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := rehearsal(t, s)
	if err := open(t, o).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tabletop.Open(t.Context(), o); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("a folder in use: %v", err)
	}
}
