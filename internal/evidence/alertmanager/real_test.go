package alertmanager_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/alertmanager"
	"nis2clock/internal/evidence/evidencetest"
)

func post(t *testing.T, address, body string) {
	t.Helper()
	resp, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s (%v)", address, resp.Status, text, err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRealAlertmanager(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte("route: {receiver: none}\nreceivers: [{name: none}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := evidencetest.Start(t, "prometheus-alertmanager", []string{"alertmanager", "prometheus-alertmanager"},
		"--config.file="+file, "--storage.path="+dir, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=")
	evidencetest.Await(t, url+"/-/ready", "OK")
	capture := func() (*evidencetest.Sink, []evidence.Artefact) {
		cfg := alertmanager.Config{Source: evidence.Source{Name: "am"}, Endpoint: evidence.Endpoint{URL: url}}
		sink := evidencetest.NewSink(t)
		return sink, evidencetest.Collect(t, sink, cfg, evidencetest.Request(time.Now(), nil))
	}
	_, got := capture()
	for _, kind := range []string{alertmanager.Alerts, alertmanager.Silences} {
		if a := evidencetest.One(t, got, kind); !a.Complete || !a.Empty || a.ServerVersion == "" {
			t.Errorf("nothing there: %+v", a)
		}
	}
	now := time.Now().UTC()
	post(t, url+"/api/v2/silences", `{"matchers":[{"name":"alertname","value":"Hidden","isRegex":false,"isEqual":true}],"startsAt":"`+now.Format(time.RFC3339)+`","endsAt":"`+now.Add(time.Hour).Format(time.RFC3339)+`","createdBy":"on call","comment":"noise"}`)
	post(t, url+"/api/v2/alerts", `[{"labels":{"alertname":"Hidden"}},{"labels":{"alertname":"Shown"}}]`)
	sink, got := capture()
	alerts := evidencetest.One(t, got, alertmanager.Alerts)
	if text := sink.Content(t, alerts); !alerts.Complete || alerts.Counts["alerts"] != 2 || !strings.Contains(text, "Hidden") || !strings.Contains(text, "silencedBy") {
		t.Errorf("got %+v: %s", alerts, text)
	}
	if a := evidencetest.One(t, got, alertmanager.Silences); !a.Complete || a.Counts["silences"] != 1 || !strings.Contains(sink.Content(t, a), "noise") {
		t.Errorf("got %+v", a)
	}
	if a := evidencetest.One(t, got, alertmanager.Status); !a.Complete || !strings.Contains(sink.Content(t, a), a.ServerVersion) {
		t.Errorf("got %+v", a)
	}
}

func TestWhatAnswersBadly(t *testing.T) {
	for _, tt := range []struct {
		name, mime, body string
		status           int
		want             string
		retry            bool
	}{
		{"a sign-in page", "text/html", "<html>sign in</html>", 200, "HTML page", false},
		{"a busy server", "application/json", `"busy"`, 503, "503", true},
		{"another program", "application/json", `{"x":1}`, 404, "404", false},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", tt.mime)
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.body)
		}))
		cfg := alertmanager.Config{Source: evidence.Source{Name: "am"}, Endpoint: evidence.Endpoint{URL: srv.URL}}
		got := evidencetest.Collect(t, evidencetest.NewSink(t), cfg, evidencetest.Request(time.Now(), nil))
		srv.Close()
		if a := evidencetest.One(t, got, alertmanager.Alerts); len(got) != 3 || !strings.Contains(a.Error, tt.want) || a.Retry != tt.retry {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}
