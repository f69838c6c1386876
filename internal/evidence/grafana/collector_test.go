package grafana_test

import (
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
	"nis2clock/internal/evidence/grafana"
	"nis2clock/internal/evidence/grafana/grafanafake"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestPanel(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	panel := grafana.PanelConfig{Dashboard: "abc", Panel: 4, Variables: map[string]string{"job": "{{ .Labels.job }}"}}
	for _, tt := range []struct {
		name string
		fake *grafanafake.Server
		cfg  grafana.Config
		want string // in the error
	}{
		{"a picture", &grafanafake.Server{}, grafana.Config{}, ""},
		{"with a token", &grafanafake.Server{Token: "s3cret"}, grafana.Config{Endpoint: evidence.Endpoint{BearerFile: token}}, ""},
		{"a sign-in page", &grafanafake.Server{Token: "s3cret"}, grafana.Config{}, "HTML page"},
		{"no renderer", &grafanafake.Server{NoRenderer: true}, grafana.Config{}, "install its image renderer"},
		{"no such panel", &grafanafake.Server{Panel: 5}, grafana.Config{}, "answered 404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.fake.Dashboard = "abc"
			if tt.fake.Panel == 0 {
				tt.fake.Panel = 4
			}
			srv := httptest.NewServer(tt.fake)
			defer srv.Close()
			tt.cfg.Name, tt.cfg.URL, tt.cfg.Panels, tt.cfg.Width = "dash", srv.URL, []grafana.PanelConfig{panel}, 640
			sink := evidencetest.NewSink(t)
			hostile := `x&var-job=*&panelId=1`
			got := evidencetest.One(t, evidencetest.Collect(t, sink, tt.cfg, evidencetest.Request(now, map[string]string{"job": hostile})), grafana.Panel)
			if !strings.Contains(got.Error, tt.want) || (got.Error == "") != (tt.want == "") || got.Retry {
				t.Fatalf("got %+v, want the error %q", got, tt.want)
			}
			if tt.want != "" {
				return
			}
			img, err := png.Decode(strings.NewReader(sink.Content(t, got)))
			if err != nil || img.Bounds().Dx() != 640 || got.Counts["width"] != 640 || got.ServerVersion != "12.3.0" {
				t.Errorf("got %+v (%v)", got, err)
			}
			if q := tt.fake.Asked(); q.Get("var-job") != hostile || len(q["panelId"]) != 1 || q.Get("from") != "1795343400000" || q.Get("to") != "1795347000000" {
				t.Errorf("asked for %v", q)
			}
		})
	}
}
