package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/web"
)

var allRoles = []access.Role{access.Admin, access.Commander, access.Responder, access.Auditor, access.Intake}

// everywhere is no path's real argument, so that nothing changes where a role
// is let in.
func everywhere(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.NewReplacer("{id}", "INC-1999-0001", "{name}", "nobody", "{number}", "1", "{step}", "none", "{kind}", "internal_update", "{file}", "x.pdf", "{path...}", "000", "{$}", "").Replace(path)
}

// Every path is tried with every role: it serves those who have the right it
// states, and tells the others in words why not and whom to ask.
func TestEveryRouteAsksForItsRight(t *testing.T) {
	s := start(t)
	tokens := map[access.Role]string{}
	for _, role := range allRoles {
		tokens[role] = s.token(role, "a-"+string(role))
	}
	for _, r := range web.Routes() {
		t.Run(r.Pattern, func(t *testing.T) {
			method, path := everywhere(r.Pattern)
			if a := s.send(method, path, "", ""); a.StatusCode != 401 {
				t.Errorf("nobody gets %s", a.Status)
			}
			if !access.Admin.Has(r.Needs) {
				t.Errorf("it states no right that the admin has: %v", r.Needs)
			}
			if method != "GET" && (r.Needs == access.MayRead || r.Needs == access.MayAudit) {
				t.Errorf("it changes something and asks for no more than to %v", r.Needs)
			}
			for _, role := range allRoles {
				before := len(entries(t, s))
				a := s.send(method, path, tokens[role], "")
				if role.Has(r.Needs) {
					if a.StatusCode == 401 || a.StatusCode == 403 {
						t.Errorf("the %s gets %s %s", role, a.Status, a.body)
					}
					continue
				}
				if a.StatusCode != 403 || a.Header.Get("Content-Type") != "application/problem+json" || a.decode(t)["detail"] != role.Refusal(r.Needs) {
					t.Errorf("the %s gets %s %s, want 403 with %q", role, a.Status, a.body, role.Refusal(r.Needs))
				}
				if n := len(entries(t, s)) - before; n != 0 {
					t.Errorf("a refused %s left %d entries", role, n)
				}
			}
		})
	}
}

// The decisions of whom may do what are few enough to be spelled out.
func TestWhatEachRoleMayDoToAnIncident(t *testing.T) {
	needs := map[string]access.Right{}
	for _, r := range web.Routes() {
		needs[r.Pattern] = r.Needs
	}
	for action, want := range map[string]access.Right{
		"acknowledge": access.MayAct, "command": access.MayAct, "notes": access.MayAct, "facts": access.MayAct,
		"aware": access.MayDecide, "not-reportable": access.MayDecide, "hold": access.MayDecide, "release": access.MayDecide,
		"tlp": access.MayDecide, "out-of-band": access.MayDecide,
		"proposals/{number}/confirm": access.MayDecide, "proposals/{number}/reject": access.MayDecide,
		"submissions": access.MaySubmit, "handled": access.MaySubmit, "close": access.MaySubmit,
	} {
		if got := needs["POST /api/v1/incidents/{id}/"+action]; got != want {
			t.Errorf("%s asks for the right to %v, want to %v", action, got, want)
		}
	}
	if got := needs["GET /api/v1/journal"]; got != access.MayAudit {
		t.Errorf("the journal asks for the right to %v", got)
	}
}

// open are the paths that ask for no right, and why.
var open = map[string]string{
	"/webhook/alertmanager":       "asks for the intake's credentials itself",
	"/webhook/alertmanager/{$}":   "the same with a trailing slash",
	"/webhook/slack/interactions": "checks Slack's signature itself",
	"/webhook/slack/commands":     "checks Slack's signature itself",
	"/webhook/slack/events":       "checks Slack's signature itself",
	"GET /-/healthy":              "says only that the process answers",
	"GET /-/ready":                "for orchestrators, which have no token",
	"GET /metrics":                "for Prometheus, on a network of the operator's choice",
	"GET /checkpoint":             "a log's head is for everybody: it shows nothing and proves much",
	"GET /tile/{path...}":         "hashes of salted leaves show nothing, and let anybody watch that the log only grows",
	"/":                           "answers what no path takes",
	"GET /sign-in":                "the way in",
	"POST /sign-in":               "the way in",
	"GET /calendar.ics":           "its token stands in the address and must be one that can only read",
	"GET /api/v1/openapi.json":    "says how to speak to any service of this version, and nothing of what this one holds",
	"/webhook/pagerduty":          "PagerDuty signs what it sends (PD-13)",
	"/webhook/pagerduty/{$}":      "the same, with a slash at its end",
	"POST /sign-out":              "ends the session it comes with, if any",
}

// A path served past the two tables of routes would ask for no right: each that
// does so stands here with its reason.
func TestNoPathIsOpenUnseen(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "web.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "New" {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				path, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(path, "/") {
					found[path] = true
				}
			}
			return true
		})
	}
	for path := range found {
		if open[path] == "" {
			t.Errorf("%s is served without a right: put it in one of the tables, or here with the reason", path)
		}
	}
	for path := range open {
		if !found[path] {
			t.Errorf("%s is not served any more", path)
		}
	}
}

// signIn returns a browser in which that token was used to sign in.
func (s *service) signIn(secret string) *http.Client {
	s.t.Helper()
	c := browser(s.t)
	resp, err := c.PostForm(s.URL()+"/sign-in", url.Values{"secret": {secret}})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		s.t.Error(err)
	}
	if resp.StatusCode != 200 {
		s.t.Fatalf("sign in: %s", resp.Status)
	}
	return c
}

// do sends a request as the browser would and returns the status and the page.
func (s *service) do(c *http.Client, method, path string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	if _, err := copyAll(&b, resp); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

// Pages show what the signed-in person's role may press, and take no more.
func TestPagesGoByTheRole(t *testing.T) {
	s := start(t)
	for _, role := range allRoles {
		if role == access.Intake {
			continue
		}
		t.Run(string(role), func(t *testing.T) {
			id := s.alert("B "+string(role), "x")
			c := s.signIn(s.token(role, "p-"+string(role)))
			for _, r := range web.Pages() {
				method, path := everywhere(r.Pattern)
				status, page := s.do(c, method, path)
				if refused := status == 403; refused == role.Has(r.Needs) || refused && !strings.Contains(page, "your role "+string(role)+" may not ") {
					t.Errorf("%s: %d %.200s", r.Pattern, status, page)
				}
			}
			button := `action="/incidents/` + id + `/acknowledge"`
			_, page := s.do(c, "GET", "/incidents/"+id)
			if strings.Contains(page, button) != role.Has(access.MayAct) || strings.Contains(page, "may not do it") == role.Has(access.MayAct) {
				t.Errorf("the button is there: %v", strings.Contains(page, button))
			}
			s.do(c, "POST", "/incidents/"+id+"/acknowledge")
			by := s.api("GET", "/incidents/"+id, "").decode(t)["acknowledged_by"]
			if want := any("p-" + string(role)); role.Has(access.MayAct) && by != want || !role.Has(access.MayAct) && by != nil {
				t.Errorf("acknowledged by %v", by)
			}
		})
	}
}

// Whoever signed in with a token is signed out when it is revoked; others are not.
func TestRevocationEndsSessions(t *testing.T) {
	s := start(t)
	ana, ben := s.signIn(s.token(access.Responder, "ana")), s.signIn(s.token(access.Responder, "ben"))
	if a := s.api("DELETE", "/tokens/ana", ""); a.StatusCode != 200 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	if _, page := s.do(ana, "GET", "/"); !strings.Contains(page, "Sign in") {
		t.Errorf("she still sees %.200s", page)
	}
	if status, _ := s.do(ana, "GET", "/api/v1/incidents"); status != 401 {
		t.Errorf("the API answers her %d", status)
	}
	if _, page := s.do(ben, "GET", "/"); !strings.Contains(page, "Open clocks") {
		t.Errorf("he sees %.200s", page)
	}
}

func TestTokenRefusals(t *testing.T) {
	s := start(t)
	s.token(access.Responder, "ana")
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"unknown role", "POST", "/tokens", `{"name":"x","role":"king"}`, 400, "admin, commander, responder, auditor, intake"},
		{"no role", "POST", "/tokens", `{"name":"x"}`, 400, "commander"},
		{"no name", "POST", "/tokens", `{"role":"auditor"}`, 400, "name"},
		{"the admin file's name", "POST", "/tokens", `{"name":"admin","role":"auditor"}`, 400, "token file"},
		{"the intake's name", "POST", "/tokens", `{"name":"alertmanager","role":"intake"}`, 400, "token file"},
		{"a name in use", "POST", "/tokens", `{"name":"ana","role":"auditor"}`, 409, "revoke it first"},
		{"expired", "POST", "/tokens", `{"name":"x","role":"auditor","expires_at":"2026-01-02T03:04:05Z"}`, 400, "over"},
		{"a token of one's own choice", "POST", "/tokens", `{"name":"x","role":"auditor","token":"n2c_1"}`, 400, "/token"},
		{"revoke nobody", "DELETE", "/tokens/ben", ``, 404, "no such token: ben"},
		{"revoke a file's token", "DELETE", "/tokens/admin", ``, 404, "no such token: admin"},
		{"wrong method", "PUT", "/tokens/ana", ``, 405, "takes DELETE"},
	} {
		if a := s.api(tt.method, tt.path, tt.body); a.StatusCode != tt.status || !strings.Contains(a.decode(t)["detail"].(string), tt.says) {
			t.Errorf("%s: %s %s, want %d with %q", tt.name, a.Status, a.body, tt.status, tt.says)
		}
	}
	once := func() answer {
		return s.api("POST", "/tokens", `{"name":"ci","role":"auditor"}`, "Idempotency-Key", "k1")
	}
	if first, again := once(), once(); first.StatusCode != 201 || again.StatusCode != 409 || !strings.Contains(string(again.body), "kept nowhere") {
		t.Errorf("the same request twice: %s, then %s %s", first.Status, again.Status, again.body)
	}
}

// A token is in the answer that makes it and nowhere else.
func TestATokenIsShownOnce(t *testing.T) {
	s := start(t)
	zelda := s.token(access.Admin, "zelda")
	for _, path := range []string{"/tokens", "/journal?payload=true"} {
		if a := s.send("GET", "/api/v1"+path, zelda, ""); a.StatusCode != 200 || !strings.Contains(string(a.body), "zelda") || strings.Contains(string(a.body), zelda) {
			t.Errorf("%s answers %s %s", path, a.Status, a.body)
		}
	}
	m := string(s.send("GET", "/metrics", "", "").body)
	if !strings.Contains(m, `nis2clock_auth_failures_total{where="api"} 0`) || strings.Contains(m, "zelda") {
		t.Error("the metrics do not count failures, or name who has a token")
	}
}

// Deleting the admin token's file and reloading takes the token out of use, with
// the sessions it opened, and makes a new one; the intake's, which no person
// watches, stays.
func TestReloadReplacesADeletedAdminToken(t *testing.T) {
	s := start(t)
	c := s.signIn(s.admin)
	for _, name := range []string{access.AdminFile, access.IntakeFile} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	a := s.send("POST", "/-/reload", s.admin, "")
	if a.StatusCode != 400 || !strings.Contains(string(a.body), access.IntakeFile) {
		t.Errorf("with the intake's file gone it answers %s %s", a.Status, a.body)
	}
	if a := s.api("GET", "/tokens", ""); a.StatusCode != 401 {
		t.Errorf("the old token gets %s", a.Status)
	}
	if _, page := s.do(c, "GET", "/"); !strings.Contains(page, "Sign in") {
		t.Errorf("who signed in with it sees %.200s", page)
	}
	next, err := access.Read(filepath.Join(s.dir, access.AdminFile))
	if err != nil {
		t.Fatal(err)
	}
	if a := s.send("GET", "/api/v1/tokens", next, ""); a.StatusCode != 200 {
		t.Errorf("the new token gets %s %s", a.Status, a.body)
	}
	s.alert("B", "the intake's token still opens the intake")
}
