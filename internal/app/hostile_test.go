package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/httpget"
	"nis2clock/internal/evidence/loki"
	"nis2clock/internal/evidence/prometheus"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
)

// zeros are without end.
type zeros struct{}

// Read implements [io.Reader].
func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Sources that hang, answer 1 GiB, answer HTML and redirect to a metadata address:
// a webhook is answered and somebody is paged long before any of them has spent
// its time, and of each source the record says what was the matter.
func TestPageWaitsForNoSource(t *testing.T) {
	const spent = 5 * time.Second // by each source that hangs
	const routingKey = "app00000000000000000000000000000"
	free := make(chan struct{})
	sources := http.NewServeMux()
	sources.HandleFunc("/hangs/", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-free:
		case <-r.Context().Done():
		}
	})
	sources.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := io.Copy(w, io.LimitReader(zeros{}, 1<<30)); err == nil {
			t.Error("1 GiB was read to its end")
		}
	})
	sources.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, "<!DOCTYPE html><html>sign in</html>"); err != nil {
			t.Error(err)
		}
	})
	sources.Handle("/metadata", http.RedirectHandler("http://169.254.169.254/latest/meta-data/", http.StatusFound))
	source := httptest.NewServer(sources)
	t.Cleanup(source.Close)
	t.Cleanup(func() { close(free) })

	type page struct {
		summary string
		at      time.Time
	}
	pages := make(chan page, 100)
	fake := pdfake.New(time.Now, routingKey)
	fake.OnEvent(func(e pdfake.Event) {
		if e.Paged {
			pages <- page{e.Payload.Summary, time.Now()}
		}
	})
	pager := httptest.NewServer(fake)
	t.Cleanup(pager.Close)

	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: routingKey, BaseURL: pager.URL}
	hangs := evidence.Endpoint{URL: source.URL + "/hangs"}
	named := func(name string) evidence.Source {
		return evidence.Source{Name: name, Timeout: spent, MaxBytes: 1 << 20}
	}
	cfg.Evidence.Collectors = []evidence.Maker{
		prometheus.Config{Source: named("metrics"), Endpoint: hangs},
		loki.Config{Source: named("logs"), Endpoint: hangs, Queries: []string{`{app="shop"}`}},
	}
	for _, name := range []string{"endless", "page", "metadata"} {
		cfg.Evidence.Collectors = append(cfg.Evidence.Collectors, httpget.Config{Source: named(name), Endpoint: evidence.Endpoint{URL: source.URL}, Path: "/" + name})
	}
	a, err := app.Start(t.Context(), app.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	token, err := os.ReadFile(filepath.Join(cfg.DataDir, "intake.token"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"First", "Second", "Third", "Fourth", "Fifth", "Sixth"} { // more than runs are under way at once
		body := `{"version":"4","alerts":[{"status":"firing","startsAt":"` + time.Now().UTC().Format(time.RFC3339) + `","labels":{"alertname":"` + name + `","nis2_reportable":"true"}}]}`
		req, err := http.NewRequestWithContext(t.Context(), "POST", a.URL()+"/webhook/alertmanager", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		sent := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(sent); resp.StatusCode != 200 || took >= spent {
			t.Errorf("%s: the webhook was answered %s after %s", name, resp.Status, took)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if got := <-pages; !strings.Contains(got.summary, name) || got.at.Sub(sent) >= spent {
			t.Errorf("%s: paged about %q after %s", name, got.summary, got.at.Sub(sent))
		}
	}

	// What came of the first alert's sources, once all have spent their time.
	feed := a.Desk().Subscribe()
	defer feed.Close()
	patience := time.After(time.Minute)
	said := map[string]string{}
	for len(said) < len(cfg.Evidence.Collectors) {
		a.Desk().View(func(s *incident.State) {
			i, _ := s.Incident(s.IDs()[0])
			for _, e := range i.Evidence {
				if e.Complete || e.Bytes > 1<<20 {
					t.Errorf("%s gave %d bytes, complete: %v", e.Collector, e.Bytes, e.Complete)
				}
				said[e.Collector] = e.Error
			}
		})
		select {
		case <-feed.C:
			feed.Take()
		case <-patience:
			t.Fatalf("recorded: %q", said)
		}
	}
	for name, want := range map[string]string{
		"metrics": "5s", "logs": "5s", "endless": "more than the 1 MiB", "page": "HTML page", "metadata": "169.254.169.254",
	} {
		if !strings.Contains(said[name], want) {
			t.Errorf("%s: the record says %q, want something with %q", name, said[name], want)
		}
	}
}
