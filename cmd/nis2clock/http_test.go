package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"nis2clock/internal/access"

	"github.com/go-json-experiment/json"
)

// What the service is asked wrongly it refuses with the right status and in
// one readable text, and never with a redirect or as its own fault.
func TestRequestsAreAnsweredInKind(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := serve(t, built.build(t), "--data", dir)
	tokens := map[string]string{"": ""}
	for role, name := range map[string]string{"admin": access.AdminFile, "intake": access.IntakeFile} {
		token, err := access.Read(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		tokens[role] = token
	}
	alert, err := newAlert("Slashed")
	if err != nil {
		t.Fatal(err)
	}
	const webhook, api = "/webhook/alertmanager", "/api/v1"
	large := strings.Repeat(" ", 2<<20)
	for _, c := range []struct {
		name, token, method, path, body string
		status                          int
		says                            string
	}{
		{"a webhook", "intake", "POST", webhook, string(alert.body), 200, `"opened_alerts":1`},
		{"a webhook with a trailing slash", "intake", "POST", webhook + "/", string(alert.body), 200, `"duplicate":1`},
		{"a webhook with a slash too many", "intake", "POST", "/" + webhook, string(alert.body), 200, `"duplicate":1`},
		{"a webhook with one inside", "intake", "POST", "/webhook//alertmanager", string(alert.body), 200, `"duplicate":1`},
		{"a webhook of nobody", "intake", "POST", "/webhook//nobody", string(alert.body), 404, "no path /webhook/nobody"},
		{"a webhook without a token", "", "POST", webhook, string(alert.body), 401, "no valid credentials"},
		{"a webhook with the wrong token", "admin", "POST", webhook, string(alert.body), 403, "use the intake token"},
		{"a webhook read", "intake", "GET", webhook, "", 405, "POST"},
		{"a webhook without a body", "intake", "POST", webhook, "", 400, "empty"},
		{"a webhook of something else", "intake", "POST", webhook, `{"alert":[]}`, 400, "no alerts"},

		{"the API without a token", "", "GET", api + "/incidents", "", 401, "Authorization"},
		{"the API with the intake's token", "intake", "GET", api + "/incidents", "", 403, "intake only"},
		{"no such path", "admin", "GET", api + "/nothing", "", 404, api + "/nothing"},
		{"no such incident", "admin", "GET", api + "/incidents/INC-1999-0001", "", 404, "INC-1999-0001"},
		{"no such incident to act on", "admin", "POST", api + "/incidents/INC-1999-0001/acknowledge", "", 404, "INC-1999-0001"},
		{"no such action", "admin", "POST", api + "/incidents/INC-1999-0001/explode", "", 404, "explode"},
		{"a wrong method", "admin", "DELETE", api + "/incidents", "", 405, "GET and POST, not DELETE"},
		{"a wrong method on an action", "admin", "PUT", api + "/incidents/INC-1999-0001/notes", "", 405, "takes POST, not PUT"},
		{"a body that is no JSON", "admin", "POST", api + "/incidents", "title=x", 400, ""},
		{"a body that is no object", "admin", "POST", api + "/incidents", "[]", 400, "the body is not an object"},
		{"an unknown member", "admin", "POST", api + "/incidents", `{"titel":"x"}`, 400, "/titel"},
		{"a member twice", "admin", "POST", api + "/incidents", `{"title":"x","title":"y"}`, 400, "title"},
		{"a member of the wrong type", "admin", "POST", api + "/incidents", `{"title":1}`, 400, "/title"},
		{"a body that is too large", "admin", "POST", api + "/incidents", large, 413, "1048576 bytes"},
		{"an incident of the future", "admin", "POST", api + "/incidents", `{"title":"x","detected_at":"2999-01-01T00:00:00Z"}`, 400, "future"},
		{"no limit", "admin", "GET", api + "/incidents?limit=0", "", 400, "limit"},
		{"a cursor of nobody", "admin", "GET", api + "/incidents?cursor=x", "", 400, "cursor"},
		{"a cursor past the end", "admin", "GET", api + "/journal?cursor=1000000", "", 400, "cursor"},
		{"a cursor that is no number", "admin", "GET", api + "/journal?cursor=-1", "", 400, "cursor"},
		{"a time without offset", "admin", "GET", api + "/journal?from=2026-01-01", "", 400, "from"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, p.url+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.token != "" {
				req.Header.Set("Authorization", "Bearer "+tokens[c.token])
			}
			resp, err := http.DefaultTransport.RoundTrip(req) // a redirect is an answer here
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || !bytes.Contains(raw, []byte(c.says)) {
				t.Errorf("answered %d %s, want %d with %q", resp.StatusCode, raw, c.status, c.says)
			}
			if c.status >= 300 {
				checkProblem(t, resp, raw)
			}
			if n := bytes.Count(bytes.TrimSpace(raw), []byte("\n")); n > 0 {
				t.Errorf("the answer has %d lines: Alertmanager logs it whole", n+1)
			}
		})
	}
}

// checkProblem looks whether an error is told as RFC 9457 says.
func checkProblem(t *testing.T, resp *http.Response, raw []byte) {
	t.Helper()
	var problem struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}
	if err := json.Unmarshal(raw, &problem); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("the problem comes as %s", got)
	}
	if problem.Status != resp.StatusCode || problem.Detail == "" || problem.Title == "" || problem.Type == "" {
		t.Errorf("the problem says %+v", problem)
	}
}
