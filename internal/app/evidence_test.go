package app_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/app"
	"nis2clock/internal/classify"
	"nis2clock/internal/config"
	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
)

// stuck is a collector that minds nothing: neither its timeout nor the end of
// the service. It is let go when the test ends.
type stuck struct{ begun, free chan struct{} }

func (s stuck) Make() (evidence.Collector, error) { return s, nil }

func (s stuck) Source() evidence.Source {
	return evidence.Source{Name: "stuck", Timeout: time.Second}.As("test")
}

func (s stuck) Collect(context.Context, evidence.Request, *evidence.Recorder) error {
	s.begun <- struct{}{}
	<-s.free
	return nil
}

// Every collector hangs before the first alert is sent on. Alerts are taken
// and people are paged all the same, for more incidents than runs can be under
// way.
func TestPageGoesOutWhateverCollectorsDo(t *testing.T) {
	const routingKey = "app00000000000000000000000000000"
	s := stuck{begun: make(chan struct{}, 1000), free: make(chan struct{})}
	t.Cleanup(func() { close(s.free) })
	paged := make(chan string, 1000)
	fake := pdfake.New(time.Now, routingKey)
	fake.OnEvent(func(e pdfake.Event) {
		if e.Paged {
			paged <- e.Payload.Summary
		}
	})
	pager := httptest.NewServer(fake)
	t.Cleanup(pager.Close)
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: routingKey, BaseURL: pager.URL}
	cfg.Evidence.Collectors = []evidence.Maker{s}
	a, err := app.Start(t.Context(), app.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	alert := func(name string) {
		labels := map[string]string{"alertname": name, "nis2_reportable": "true"}
		_, err := a.Desk().Do(t.Context(), incident.ReceiveBatch{
			By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: time.Now(),
			Alerts: []incident.Delivery{{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: time.Now(), Labels: labels}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	alert("First")
	<-s.begun // it hangs from here on
	if got := <-paged; !strings.Contains(got, "First") {
		t.Errorf("paged about %q", got)
	}
	for _, name := range []string{"Second", "Third", "Fourth", "Fifth"} {
		alert(name)
		if got := <-paged; !strings.Contains(got, name) {
			t.Errorf("paged about %q, want %s", got, name)
		}
	}
}
