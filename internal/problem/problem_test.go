package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nis2clock/internal/problem"
)

// A sender reads one line of valid JSON with its status, whatever the detail
// repeats of what was sent.
func TestError(t *testing.T) {
	for _, detail := range []string{"no such incident: INC-2026-0001", "two\nlines and a \"quote\"", "no text: \xff\xfe", ""} {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "7")
		problem.Error(w, detail, http.StatusNotFound)
		if w.Code != 404 || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Content-Length") != "" {
			t.Errorf("%q: %d %v", detail, w.Code, w.Header())
		}
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || strings.Count(w.Body.String(), "\n") != 1 {
			t.Fatalf("%q: %v: %q", detail, err, w.Body)
		}
		want := strings.ToValidUTF8(detail, "\ufffd\ufffd")
		if got["type"] != "about:blank" || got["title"] != "Not Found" || got["status"] != 404.0 || got["detail"] != want {
			t.Errorf("%q: %v", detail, got)
		}
	}
}
