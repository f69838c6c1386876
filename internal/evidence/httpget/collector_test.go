package httpget_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
	"nis2clock/internal/evidence/httpget"
)

func TestGet(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.EscapedPath() {
		case "/status/a%2Fb":
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, r.URL.Query().Get("q"))
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>status</html>")
		case "/empty":
			w.Header().Set("Content-Type", "text/plain")
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	for _, tt := range []struct {
		path, mediaType string
		job             string
		want, content   string
		empty           bool
	}{
		{"/status/{{ .Labels.job }}?q={{ .Labels.job }}", "", "a/b", "", "a/b", false},
		{"/page", "", "", "HTML page", "<html>status</html>", false},
		{"/page", "text/html", "", "", "<html>status</html>", false},
		{"/empty", "", "", "", "", true},
		{"/status/{{ .Labels.job }}", "", "../page", "leave its place", "", false},
		{"/nothing", "", "", "404", "404 page not found\n", false},
	} {
		cfg := httpget.Config{Source: evidence.Source{Name: "get"}, Endpoint: evidence.Endpoint{URL: srv.URL}, Path: tt.path, MediaType: tt.mediaType}
		sink := evidencetest.NewSink(t)
		got := evidencetest.One(t, evidencetest.Collect(t, sink, cfg, evidencetest.Request(time.Now(), map[string]string{"job": tt.job})), httpget.Answer)
		if !strings.Contains(got.Error, tt.want) || (got.Error == "") != (tt.want == "") || got.Empty != tt.empty {
			t.Errorf("%s: got %+v, want the error %q", tt.path, got, tt.want)
		}
		if tt.content != "" && sink.Content(t, got) != tt.content {
			t.Errorf("%s: kept %q, want %q", tt.path, sink.Content(t, got), tt.content)
		}
	}
}
