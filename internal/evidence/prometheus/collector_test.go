package prometheus

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
)

// Prometheus refuses a range whose length, divided by the step, is above
// 11 000 (PR-2).
func TestStep(t *testing.T) {
	for _, tt := range []struct{ span, wanted, want string }{
		{"1h", "15s", "15s"},
		{"1h", "1ms", "328ms"},
		{"11000s", "1s", "1s"},
		{"11000001ms", "1s", "2s"},
		{"720h", "15s", "3m56s"},
		{"0s", "15s", "15s"},
		{"1h", "1500ms", "2s"},
	} {
		span, _ := time.ParseDuration(tt.span)
		wanted, _ := time.ParseDuration(tt.wanted)
		got := step(span, wanted)
		if got.String() != tt.want || span/got > MaxPoints {
			t.Errorf("step(%s, %s) is %s with %d points, want %s", tt.span, tt.wanted, got, span/got, tt.want)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// An answer of 1 GiB is cut where the budget ends, and ends there.
func TestEndlessAnswer(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.Copy(w, io.LimitReader(endless{}, 1<<30))
	}))
	defer srv.Close()
	cfg := Config{Source: evidence.Source{Name: "m"}, Endpoint: evidence.Endpoint{URL: srv.URL}}
	got := evidencetest.Collect(t, evidencetest.NewSink(t), cfg, evidencetest.Request(time.Now(), nil))
	if a := evidencetest.One(t, got, Alerts); a.Bytes != DefaultMaxBytes || !strings.Contains(a.Error, "more than the 16 MiB") || a.Retry {
		t.Errorf("got %+v", a)
	}
}

// What an older or troubled Prometheus says is recorded as it is meant.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		status   int
		mime     string
		body     string
		want     string
		retry    bool
		warnings int
	}{
		{"partial data", 200, "application/json", `{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["a store is away"],"infos":["a name is odd"]}`, "", false, 2},
		{"timed out", 503, "application/json", `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`, "query timed out in expression evaluation", true, 0},
		{"failed", 422, "application/json", `{"status":"error","errorType":"execution","error":"multiple matches for labels"}`, "execution: multiple matches", false, 0},
		{"a sign-in page", 200, "text/html", `<html>sign in</html>`, "HTML page", false, 0},
		{"a proxy", 502, "text/html", `<html>bad gateway</html>`, "HTML page", true, 0},
		{"a scalar", 200, "application/json", `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`, "not with a matrix", false, 0},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			switch r.URL.Path {
			case "/api/v1/query_range":
				w.Header().Set("Content-Type", tt.mime)
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			case "/api/v1/rules":
				io.WriteString(w, `{"status":"success","data":{"groups":[{"name":"g","rules":[{"type":"alerting","name":"A","query":"up","health":"ok","lastEvaluation":"2026-11-22T10:00:00Z"}]}]}}`)
			case "/api/v1/alerts":
				io.WriteString(w, `{"status":"success","data":{"alerts":[]}}`)
			case "/api/v1/status/buildinfo":
				io.WriteString(w, `{"status":"success","data":{"version":"3.7.0"}}`)
			}
		}))
		cfg := Config{Source: evidence.Source{Name: "m"}, Endpoint: evidence.Endpoint{URL: srv.URL}}
		sink := evidencetest.NewSink(t)
		a := evidencetest.One(t, evidencetest.Collect(t, sink, cfg, evidencetest.Request(time.Now(), map[string]string{"alertname": "A"})), Range)
		srv.Close()
		if !strings.Contains(a.Error, tt.want) || (a.Error == "") != (tt.want == "") || a.Retry != tt.retry || len(a.Warnings) != tt.warnings || a.Query != "up" {
			t.Errorf("%s: got %+v", tt.name, a)
		}
		if got := sink.Content(t, a); got != tt.body {
			t.Errorf("%s: kept %q, which is not as received", tt.name, got)
		}
	}
}

// A label's value stays a string of the query, whatever it says; a query that would
// have another form is never sent.
func TestLabelsDoNotBreakOutOfQueries(t *testing.T) {
	for _, value := range []string{`x"} or vector(1) or {a="`, `x\`, "x\n} or vector(1)", `x" or on() {__name__=~".+"} #`, "`} or vector(1)", `{{ .Labels.other }}`} {
		var asked []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			body := `{"status":"success","data":{}}`
			if r.URL.Path == "/api/v1/query_range" {
				asked = append(asked, r.FormValue("query"))
				body = `{"status":"success","data":{"resultType":"matrix","result":[]}}`
			}
			if _, err := io.WriteString(w, body); err != nil {
				t.Error(err)
			}
		}))
		cfg := Config{Source: evidence.Source{Name: "m"}, Endpoint: evidence.Endpoint{URL: srv.URL}, Queries: []string{`up{job="{{ .Labels.job }}"} == 0`}}
		evidencetest.Collect(t, evidencetest.NewSink(t), cfg, evidencetest.Request(time.Now(), map[string]string{"alertname": "A", "job": value}))
		srv.Close()
		if len(asked) != 1 {
			t.Errorf("%q: %d queries were sent", value, len(asked))
			continue
		}
		quoted, found := strings.CutPrefix(strings.TrimSuffix(asked[0], `} == 0`), `up{job=`)
		if got, err := strconv.Unquote(quoted); !found || err != nil || got != value {
			t.Errorf("%q became %s", value, asked[0])
		}
	}
}
