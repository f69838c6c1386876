package custody

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/regime"
	"nis2clock/internal/vault"

	"github.com/prometheus/client_golang/prometheus"
)

// house is a desk and a vault for one test.
type house struct {
	*desk.Desk
	t     *testing.T
	log   *journal.Store
	vault *vault.Vault
	dir   string
}

func newHouse(t *testing.T, o vault.Options) *house {
	t.Helper()
	h := &house{t: t, log: journaltest.Open(t), dir: t.TempDir()}
	var err error
	h.Desk, err = desk.Open(t.Context(), desk.Options{Log: h.log, Now: time.Now, Logger: logger(t), Rules: &incident.Rules{
		Classify: classify.DefaultPolicy(), Law: regime.Builtin(),
		Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	if h.vault, err = vault.Open(h.dir, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.vault.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func logger(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

var ana = incident.Actor{Name: "ana", Via: "api"}

func (h *house) do(cmd incident.Command) any {
	h.t.Helper()
	reply, err := h.Do(h.t.Context(), cmd)
	if err != nil {
		h.t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

// alert opens an incident.
func (h *house) alert(name string) incident.ID {
	h.t.Helper()
	labels := map[string]string{"alertname": name, "nis2_reportable": "true"}
	r := h.do(incident.ReceiveBatch{
		By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: time.Now(), Receipt: incident.Receipt{SHA256: fmt.Sprintf("%064x", name)},
		Alerts: []incident.Delivery{{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: time.Now(), Labels: labels}},
	}).(incident.Receiving)
	return r.Incidents[0]
}

// ran are the runs of an incident.
func (h *house) ran(id incident.ID) (out []incident.RanCollector) {
	h.View(func(s *incident.State) {
		i, _ := s.Incident(id)
		out = append(out, i.Ran...)
	})
	return out
}

// source is a collector made of a function.
type source struct {
	name string
	run  func(context.Context, evidence.Request, *evidence.Recorder) error
}

func (c source) Source() evidence.Source {
	return evidence.Source{Name: c.name, Timeout: 10 * time.Second, MaxBytes: 1 << 20}.As("test")
}

func (c source) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	return c.run(ctx, req, rec)
}

// says is a collector that captures a text.
func says(name, text string) source {
	return source{name, func(ctx context.Context, _ evidence.Request, rec *evidence.Recorder) error {
		rec.Take(ctx, name+"_words", func(_ context.Context, c *evidence.Capture) error {
			_, err := c.Write([]byte(text))
			return err
		})
		return nil
	}}
}

// hangs is a collector that takes all the time it may.
func hangs(name string, begun func(evidence.Request)) source {
	return source{name, func(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
		begun(req)
		rec.Take(ctx, name, func(ctx context.Context, _ *evidence.Capture) error { <-ctx.Done(); return ctx.Err() })
		return nil
	}}
}

// rounds begins rounds and returns what ends them.
func (h *house) rounds(reg prometheus.Registerer, all ...evidence.Collector) (stop func()) {
	h.t.Helper()
	runner, err := evidence.NewRunner(Sink(h.vault), time.Now, all...)
	if err != nil {
		h.t.Fatal(err)
	}
	r := NewRounds(RoundsOptions{Desk: h.Desk, Runner: runner, Schedule: evidence.DefaultSchedule(), Vault: h.vault, Logger: logger(h.t), Register: reg})
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	return func() { cancel(); <-ended }
}
