package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"nis2clock/internal/access"
)

// browser keeps cookies and follows redirects, as a person's does.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func TestSignInLinkWorksOnce(t *testing.T) {
	s := start(t)
	s.alert("B", "x")
	link, err := url.Parse(s.SignInLink())
	if err != nil {
		t.Fatal(err)
	}
	code := link.Fragment
	link.Fragment = ""
	if strings.Contains(link.String(), code) || code == "" {
		t.Fatalf("the code must stand in the fragment alone, which is never sent: %s", link)
	}
	// A link preview fetches the address; that spends nothing.
	if a := s.send("GET", link.Path, "", ""); a.StatusCode != 200 {
		t.Fatalf("preview: %s", a.Status)
	}
	enter := func(c *http.Client, secret string) (int, string) {
		t.Helper()
		resp, err := c.PostForm(s.URL()+"/sign-in", url.Values{"secret": {secret}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body := make([]byte, 1<<16)
		n, _ := resp.Body.Read(body)
		return resp.StatusCode, string(body[:n])
	}
	if status, page := enter(browser(t), code); status != 200 || !strings.Contains(page, "Open clocks") || !strings.Contains(page, "INC-") {
		t.Errorf("first use: %d %.200s", status, page)
	}
	if status, _ := enter(browser(t), code); status != 401 {
		t.Errorf("second use: %d, want 401", status)
	}
	if status, _ := enter(browser(t), s.intake); status != 401 {
		t.Errorf("the intake token: %d, want 401", status)
	}
	if status, page := enter(browser(t), s.admin); status != 200 || !strings.Contains(page, "Open clocks") {
		t.Errorf("the admin token: %d", status)
	}
}

func TestPagesShowHostileLabelsAsText(t *testing.T) {
	s := start(t)
	id := s.alert(`<script>alert(1)</script>`, `"><img src=x onerror=alert(2)>`)
	c := browser(t)
	resp, err := c.PostForm(s.URL()+"/sign-in", url.Values{"secret": {s.admin}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, path := range []string{"/", "/incidents/" + id} {
		resp, err := c.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := copyAll(&b, resp); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img") {
			t.Errorf("%s: a label became markup", path)
		}
		if !strings.Contains(page, "&lt;script&gt;alert(1)") {
			t.Errorf("%s does not show the label", path)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
}

// Another site's page must not act with a signed-in person's cookie.
func TestCrossSitePostsAreRefused(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	c := browser(t)
	resp, err := c.PostForm(s.URL()+"/sign-in", url.Values{"secret": {s.admin}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, path := range []string{"/incidents/" + id + "/acknowledge", "/api/v1/incidents/" + id + "/acknowledge"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Origin", "https://evil.example")
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s, want 403", path, resp.Status)
		}
	}
	if v := s.api("GET", "/incidents/"+id, "").decode(t); v["acknowledged_by"] != nil {
		t.Error("the other site acknowledged it")
	}
	resp, err = c.PostForm(s.URL()+"/incidents/"+id+"/acknowledge", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if v := s.api("GET", "/incidents/"+id, "").decode(t); v["acknowledged_by"] != "admin" {
		t.Errorf("the person's own press: acknowledged by %v", v["acknowledged_by"])
	}
}

// What a person does on a telephone is recorded as theirs, and the page stays
// one that a telephone can show however long the incident lasts.
func TestPageTakesCommandAndNotes(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	c := s.signIn(s.token(access.Responder, "ana"))
	post := func(path string, form url.Values) string {
		t.Helper()
		resp, err := c.PostForm(s.URL()+"/incidents/"+id+path, form)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := copyAll(&b, resp); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s", path, resp.Status, b.String())
		}
		return b.String()
	}
	if page := post("/command", nil); !strings.Contains(page, "Incident commander: ana") || strings.Contains(page, "<button>Take command") {
		t.Errorf("command was not taken, or is to be taken again: %s", page)
	}
	_, page := s.do(c, "GET", "/incidents/"+id)
	key := regexp.MustCompile(`/notes"><input type="hidden" name="key" value="([^"]+)"`).FindStringSubmatch(page)
	if key == nil {
		t.Fatalf("the form for notes has no key: %s", page)
	}
	for range 2 { // a double press
		page = post("/notes", url.Values{"key": key[1:], "text": {"Switched it off."}})
	}
	if n := strings.Count(page, "note: Switched it off."); n != 1 {
		t.Errorf("the note stands there %d times", n)
	}
	if v := s.api("GET", "/incidents/"+id, "").decode(t); v["commander"] != "ana" || !strings.Contains(page, "note: Switched it off.") || !strings.Contains(page, "ana via page") {
		t.Errorf("commander %v; %s", v["commander"], page)
	}
	links := regexp.MustCompile(`href="(/api/v1/incidents/[^"]*\.pdf[^"]*)"`).FindAllStringSubmatch(page, -1)
	for _, link := range links {
		if status, body := s.do(c, "GET", html.UnescapeString(link[1])); status != 200 || !strings.HasPrefix(body, "%PDF") {
			t.Errorf("%s: %d %.100s", link[1], status, body)
		}
	}
	if clocks := s.api("GET", "/incidents/"+id, "").decode(t)["clocks"].([]any); len(links) != len(clocks) {
		t.Errorf("the page leads to %d reports, want that of each of %d clocks", len(links), len(clocks))
	}
	var more []string
	for n := range 100 {
		more = append(more, fmt.Sprintf(`{"status":"firing","startsAt":"2026-01-02T03:04:05Z","labels":{"alertname":"B","nis2_reportable":"true","instance":"host-%d"}}`, n))
	}
	if a := s.send("POST", "/webhook/alertmanager", s.intake, `{"version":"4","alerts":[`+strings.Join(more, ",")+`]}`); a.decode(t)["attached"] != 100. {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	_, page = s.do(c, "GET", "/incidents/"+id)
	timeline := page[strings.Index(page, "<h2>Timeline"):]
	if rows := strings.Count(timeline, "<tr>") - 1; rows != 100 || !strings.Contains(timeline, "The newest 100 entries; 3 came before them.") || strings.Contains(timeline, "took command") {
		t.Errorf("the timeline is not its newest hundred, %d rows: %s", rows, timeline)
	}
}

// Whoever opens the link of a page or a message and has to sign in first lands
// on the incident, and nobody is sent elsewhere.
func TestSigningInLeadsOnToTheIncident(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	asked := s.send("GET", "/incidents/"+id, "", "").Header.Get("Location")
	for from, want := range map[string]string{
		asked:                                   "/incidents/" + id,
		"/sign-in":                              "/",
		"/sign-in?next=https://evil.example":    "/",
		"/sign-in?next=//evil.example":          "/",
		"/sign-in?next=/%5Cevil.example":        "/",
		"/sign-in?next=/incidents/..//evil.org": "/",
		"/sign-in?next=/sign-out":               "/",
	} {
		a := s.send("POST", from, "", url.Values{"secret": {s.admin}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%s: %s to %q, want %q", from, a.Status, got, want)
		}
	}
	if asked != "/sign-in?next=%2Fincidents%2F"+id {
		t.Errorf("the incident's page asks to sign in at %q", asked)
	}
}
