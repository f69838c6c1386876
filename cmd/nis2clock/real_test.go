package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/realtest"

	"github.com/go-json-experiment/json"
)

// component finds a real program that an end-to-end test needs.
func component(t *testing.T, debianPackage string, names ...string) string {
	t.Helper()
	return realtest.Program(t, "apt-get install "+debianPackage, names...)
}

// gauges is a target for Prometheus to scrape, where a test sets what is wrong.
type gauges struct {
	mu    sync.Mutex
	wrong map[string]bool
}

// set makes the rule for the alert fire, or end.
func (g *gauges) set(alert string, wrong bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong[alert] = wrong
}

// ServeHTTP answers in Prometheus' text format.
func (g *gauges) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for alert, wrong := range g.wrong {
		value := 0
		if wrong {
			value = 1
		}
		fmt.Fprintf(w, "wrong{alert=%q} %d\n", alert, value)
	}
}

const alertmanagerConfig = `
route:
  receiver: default
  routes:
    - matchers: ['nis2_reportable="true"']
      receiver: nis2
      group_by: ['...']
      group_wait: 0s
      group_interval: 5s
      repeat_interval: 1h
receivers:
  - name: default
  - name: nis2
    webhook_configs:
      - url: '%s/webhook/alertmanager'
        send_resolved: true
        http_config:
          authorization: {credentials_file: '%s'}
`

// startAlertmanager starts a real Alertmanager that notifies the service.
func startAlertmanager(t *testing.T, program, service, tokenFile string) *process {
	t.Helper()
	dir := t.TempDir()
	cfg := filepath.Join(dir, "alertmanager.yml")
	write(t, cfg, fmt.Sprintf(alertmanagerConfig, service, tokenFile))
	return startReal(t, program,
		"--config.file="+cfg, "--storage.path="+dir, "--web.listen-address=127.0.0.1:0",
		"--cluster.listen-address=", // empty, or it gossips on every interface
	)
}

// startsAt is when the alert began, by Alertmanager.
func startsAt(ctx context.Context, alertmanager *process, alert string) (time.Time, error) {
	raw, err := fetch(ctx, alertmanager.url+"/api/v2/alerts?filter=alertname%3D"+alert)
	if err != nil {
		return time.Time{}, err
	}
	var out []struct {
		StartsAt time.Time `json:"startsAt"`
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return time.Time{}, err
	}
	if len(out) != 1 {
		return time.Time{}, fmt.Errorf("Alertmanager has %d alerts called %s", len(out), alert)
	}
	return out[0].StartsAt, nil
}

var givenUp = regexp.MustCompile(`(?m)^alertmanager_notifications_failed_total\{integration="webhook"[^}]*\} ([1-9]\d*)$`)

// gaveUp reports whether Alertmanager has tried to tell of something and given
// up on it.
func gaveUp(ctx context.Context, alertmanager *process) (bool, error) {
	raw, err := fetch(ctx, alertmanager.url+"/metrics")
	return givenUp.Match(raw), err
}

// firesInPrometheus reports whether the alert fires there.
func firesInPrometheus(ctx context.Context, prometheus *process, alert string) (bool, error) {
	raw, err := fetch(ctx, prometheus.url+"/api/v1/alerts")
	return strings.Contains(string(raw), `"alertname":"`+alert+`"`), err
}

// requests counts Alertmanager's webhook requests, those that failed among them.
var requests = regexp.MustCompile(`(?m)^alertmanager_notification_requests_(failed_)?total\{integration="webhook"[^}]*\} (\d+)$`)

// webhooks is how many webhook requests Alertmanager has made, and how many of
// them failed.
func webhooks(ctx context.Context, alertmanager *process) (all, failed int, err error) {
	raw, err := fetch(ctx, alertmanager.url+"/metrics")
	if err != nil {
		return 0, 0, err
	}
	for _, m := range requests.FindAllSubmatch(raw, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return 0, 0, err
		}
		if len(m[1]) > 0 {
			failed += n
		} else {
			all += n
		}
	}
	return all, failed, nil
}

// failedWebhooks is how many webhook requests of Alertmanager's failed.
func failedWebhooks(ctx context.Context, alertmanager *process) (int, error) {
	_, failed, err := webhooks(ctx, alertmanager)
	return failed, err
}

// takenWebhooks is how many of them were answered well.
func takenWebhooks(ctx context.Context, alertmanager *process) (int, error) {
	all, failed, err := webhooks(ctx, alertmanager)
	return all - failed, err
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return raw, nil
}

const prometheusConfig = `
global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {cluster: e2e}}
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
rule_files: [rules.yml]
scrape_configs:
  - job_name: test
    static_configs: [{targets: ['%s']}]
`

// rules has one alert for each name, with the name of what is wrong.
func rules(alerts ...string) string {
	var b strings.Builder
	b.WriteString("groups:\n  - name: nis2\n    rules:\n")
	for _, name := range alerts {
		fmt.Fprintf(&b, `
      - alert: %s
        expr: wrong{alert=%q} == 1
        labels: {nis2_reportable: "true", severity: critical}
        annotations: {summary: "%s fires"}
`, name, name, name)
	}
	return b.String()
}

// startPrometheus starts a real Prometheus that scrapes the target and tells
// Alertmanager of the alerts. It repeats itself every five seconds because it
// drops what fires before it has found its Alertmanager; faster than that, its
// alerts would lapse in between.
func startPrometheus(t *testing.T, program, target, alertmanager string, alerts ...string) *process {
	t.Helper()
	dir := t.TempDir()
	cfg := filepath.Join(dir, "prometheus.yml")
	write(t, cfg, fmt.Sprintf(prometheusConfig, strings.TrimPrefix(alertmanager, "http://"), strings.TrimPrefix(target, "http://")))
	write(t, filepath.Join(dir, "rules.yml"), rules(alerts...))
	return startReal(t, program,
		"--config.file="+cfg, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0",
		"--rules.alert.resend-delay=5s",
	)
}

// startReal starts a server of somebody else and kills it when the test ends.
func startReal(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p, err := launch(exec.Command(program, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.output())
		}
	})
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
