package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/app"
	"nis2clock/internal/config"
)

// service is the whole service in process, on a free port.
type service struct {
	*app.App
	t             *testing.T
	dir           string
	admin, intake string
	next          config.Config // what a reload reads
}

func start(t *testing.T, adjust ...func(*config.Config)) *service {
	t.Helper()
	return startAs(t, nil, adjust...)
}

// startAs starts an exercise's service; the real one where there is none.
func startAs(t *testing.T, exercise *app.Exercise, adjust ...func(*config.Config)) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir()}
	cfg := config.Default()
	cfg.DataDir = s.dir
	cfg.Web.Listen = "127.0.0.1:0"
	for _, f := range adjust {
		f(cfg)
	}
	s.next = *cfg
	a, err := app.Start(t.Context(), app.Options{Config: cfg, Exercise: exercise, Reload: func() (*config.Config, error) { return &s.next, nil }, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	s.App = a
	for name, into := range map[string]*string{access.AdminFile: &s.admin, access.IntakeFile: &s.intake} {
		if *into, err = access.Read(filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body []byte
}

func (a answer) decode(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("%s: not JSON: %s", a.Status, a.body)
	}
	return m
}

// send sends a request, and holds it and its answer to the description of the
// API.
func (s *service) send(method, path, token, body string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{resp, bytes.TrimSpace(raw)}
	conforms(s.t, body, a)
	return a
}

func (s *service) api(method, path, body string, header ...string) answer {
	s.t.Helper()
	return s.send(method, "/api/v1"+path, s.admin, body, header...)
}

// token makes an API token of that role and name.
func (s *service) token(role access.Role, name string) string {
	s.t.Helper()
	a := s.api("POST", "/tokens", `{"role":"`+string(role)+`","name":"`+name+`"}`)
	if a.StatusCode != 201 {
		s.t.Fatalf("make token %s: %s %s", name, a.Status, a.body)
	}
	return a.decode(s.t)["token"].(string)
}

// alert posts one reportable alert and returns the incident it opened.
func (s *service) alert(name, summary string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"version": "4", "alerts": []any{map[string]any{
		"status": "firing", "startsAt": "2026-01-02T03:04:05Z", "endsAt": "0001-01-01T00:00:00Z",
		"labels": map[string]string{"alertname": name, "nis2_reportable": "true"}, "annotations": map[string]string{"summary": summary},
	}}})
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.send("POST", "/webhook/alertmanager", s.intake, string(body))
	if a.StatusCode != 200 {
		s.t.Fatalf("webhook: %s %s", a.Status, a.body)
	}
	ids := a.decode(s.t)["opened"].([]any)
	if len(ids) != 1 {
		s.t.Fatalf("opened %v", ids)
	}
	return ids[0].(string)
}

func copyAll(w io.Writer, resp *http.Response) (int64, error) {
	defer resp.Body.Close()
	return io.Copy(w, resp.Body)
}
