package prometheus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
	"nis2clock/internal/evidence/prometheus"

	"github.com/go-json-experiment/json"
)

// Two rules of one name: only the labels tell which is the alert's.
const rules = `
groups:
  - name: nis2
    rules:
      - {alert: Breach, expr: 'vector(7) > 6', labels: {service: shop, value: '{{ $value }}'}}
      - {alert: Breach, expr: 'vector(8) > 6', labels: {service: other}}
`

const settings = `
global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {cluster: test}}
rule_files: [rules.yml]
`

func start(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"prometheus.yml": settings, "rules.yml": rules} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := evidencetest.Start(t, "prometheus", []string{"prometheus"},
		"--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
	evidencetest.Await(t, url+"/api/v1/alerts", `"firing"`)
	return url
}

func TestRealPrometheus(t *testing.T) {
	url := start(t)
	labels := map[string]string{"alertname": "Breach", "service": "shop", "value": "7", "cluster": "test"}
	capture := func(t *testing.T, cfg prometheus.Config, req evidence.Request) (*evidencetest.Sink, []evidence.Artefact) {
		cfg.Name, cfg.URL = "metrics", url
		sink := evidencetest.NewSink(t)
		return sink, evidencetest.Collect(t, sink, cfg, req)
	}
	now := time.Now()
	req := evidencetest.Request(now, labels)
	req.To = now

	t.Run("the alert's own expression, its rule and the alerts", func(t *testing.T) {
		sink, got := capture(t, prometheus.Config{}, req)
		values := evidencetest.One(t, got, prometheus.Range)
		if !values.Complete || values.Query != "vector(7) > 6" || values.Counts["series"] != 1 || values.ServerVersion == "" || values.Step != "15s" || len(values.Warnings) != 0 {
			t.Errorf("got %+v", values)
		}
		var body struct {
			Status string
			Data   struct {
				Result []struct{ Values [][2]any }
			}
		}
		if err := json.Unmarshal([]byte(sink.Content(t, values)), &body, json.MatchCaseInsensitiveNames(true)); err != nil || body.Status != "success" || len(body.Data.Result[0].Values) != values.Counts["points"] {
			t.Errorf("kept %.200s (%v)", sink.Content(t, values), err)
		}
		if a := evidencetest.One(t, got, prometheus.Alerts); !a.Complete || a.Counts["alerts"] != 2 || !strings.Contains(sink.Content(t, a), "activeAt") {
			t.Errorf("alerts: %+v", a)
		}
		if a := evidencetest.One(t, got, prometheus.Rules); !a.Complete || !strings.Contains(sink.Content(t, a), "vector(8)") {
			t.Errorf("rules: %+v", a)
		}
	})

	t.Run("a long time has fewer points", func(t *testing.T) {
		long := req
		long.From = now.Add(-30 * 24 * time.Hour)
		_, got := capture(t, prometheus.Config{Step: time.Second}, long)
		if a := evidencetest.One(t, got, prometheus.Range); !a.Complete || a.Step != "3m56s" || a.Counts["points"] < 10_900 || a.Counts["points"] > prometheus.MaxPoints {
			t.Errorf("got %+v", a)
		}
	})

	t.Run("configured queries", func(t *testing.T) {
		_, got := capture(t, prometheus.Config{Queries: []string{
			`absent_metric{service="{{ .Labels.service }}"}`, `nope(`, `up{pod="{{ .Labels.pod }}"}`,
		}}, req)
		all := evidencetest.Of(got, prometheus.Range)
		if len(all) != 4 {
			t.Fatalf("got %+v", all)
		}
		if a := all[1]; !a.Complete || !a.Empty || a.Query != `absent_metric{service="shop"}` {
			t.Errorf("no data: %+v", a)
		}
		if a := all[2]; a.Complete || a.Retry || !strings.Contains(a.Error, "bad_data") || a.Bytes == 0 {
			t.Errorf("a query that is refused: %+v", a)
		}
		if a := all[3]; !a.Skipped || !strings.Contains(a.Error, `"pod"`) {
			t.Errorf("a label that is missing: %+v", a)
		}
	})

	t.Run("a rule that is not there any more", func(t *testing.T) {
		gone := req
		gone.Alert.Labels = map[string]string{"alertname": "Gone"}
		gone.Alert.GeneratorURL = "http://prometheus:9090/graph?g0.expr=vector%281%29&g0.tab=1"
		_, got := capture(t, prometheus.Config{}, gone)
		if a := evidencetest.One(t, got, prometheus.Range); !a.Complete || a.Query != "vector(1)" || len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "generatorURL") {
			t.Errorf("got %+v", a)
		}
		gone.Alert.GeneratorURL = ""
		_, got = capture(t, prometheus.Config{}, gone)
		if a := evidencetest.One(t, got, prometheus.Range); !strings.Contains(a.Error, "is not known") || a.Retry {
			t.Errorf("with no expression anywhere: %+v", a)
		}
	})
}
