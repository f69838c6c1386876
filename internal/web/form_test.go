package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
)

// desk is a person at an incident's page.
type desk struct {
	*service
	browser *http.Client
	id      string
}

func (s *service) at(role access.Role, name, id string) *desk {
	s.t.Helper()
	return &desk{s, s.signIn(s.token(role, name)), id}
}

// page is the incident's as the person sees it.
func (d *desk) page() string {
	d.t.Helper()
	status, page := d.do(d.browser, "GET", "/incidents/"+d.id)
	if status != 200 {
		d.t.Fatalf("page: %d %s", status, page)
	}
	return page
}

// form is what the form at that fragment of the page holds unseen.
func (d *desk) form(page, fragment string) url.Values {
	d.t.Helper()
	_, rest, ok := strings.Cut(page, `<details class="form" id="`+fragment+`"`)
	if !ok {
		d.t.Fatalf("the page has no form %s: %s", fragment, page)
	}
	rest, _, _ = strings.Cut(rest, "</details>")
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`).FindAllStringSubmatch(rest, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	if out.Get("key") == "" {
		d.t.Fatalf("the form %s has no key", fragment)
	}
	return out
}

// send sends a form and returns where it led and the page that came.
func (d *desk) send(act string, hidden url.Values, said ...string) (status int, landed, page string) {
	d.t.Helper()
	all := url.Values{}
	for k, v := range hidden {
		all[k] = v
	}
	for n := 0; n < len(said); n += 2 {
		all.Add(said[n], said[n+1])
	}
	resp, err := d.browser.PostForm(d.URL()+"/incidents/"+d.id+"/"+act, all)
	if err != nil {
		d.t.Fatal(err)
	}
	var b strings.Builder
	if _, err := copyAll(&b, resp); err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Request.URL.RequestURI() + "#" + resp.Request.URL.Fragment, b.String()
}

func (d *desk) view() map[string]any {
	d.t.Helper()
	return d.api("GET", "/incidents/"+d.id, "").decode(d.t)
}

// kinds counts the incident's entries of a kind.
func (d *desk) kinds(kind string) (n int) {
	d.t.Helper()
	return strings.Count(string(d.api("GET", "/incidents/"+d.id+"/timeline", "").body), `"`+kind+`"`)
}

func inVienna(t *testing.T) func(*config.Config) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	return func(c *config.Config) { c.Entities[0].Place.Zone = zone }
}

// A commander without Slack records awareness on the telephone: in the time the
// clock on the wall shows, once however often the button is pressed.
func TestPageRecordsAwareness(t *testing.T) {
	s := start(t, inVienna(t))
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	page := d.page()
	if !strings.Contains(page, "in the time of Europe/Vienna") || !strings.Contains(page, "not recorded yet") {
		t.Errorf("the form does not name its zone, or shows awareness: %s", page)
	}
	hidden := d.form(page, "aware")
	for range 2 {
		status, landed, page := d.send("aware", hidden, "at", "2026-01-02 05:04", "by", "Carl <CISO>", "reason", "the customers called")
		if status != 200 || landed != "/incidents/"+d.id+"#clocks" || !strings.Contains(page, "aware 2026-01-02 04:04:00 UTC") {
			t.Fatalf("%d at %s: %s", status, landed, page)
		}
	}
	v := d.view()
	if v["aware_at"] != "2026-01-02T04:04:00Z" || v["aware_by"] != "Carl <CISO>" || d.kinds("incident.dated/v1") != 1 {
		t.Errorf("aware at %v by %v, recorded %d times", v["aware_at"], v["aware_by"], d.kinds("incident.dated/v1"))
	}
	for _, c := range v["clocks"].([]any) {
		if c := c.(map[string]any); c["stage"] == "early_warning" && c["due_at"] != "2026-01-03T04:04:00Z" {
			t.Errorf("the early warning is due at %v", c["due_at"])
		}
	}
	// The second time it is a change: what was typed stays, and the key with it.
	hidden = d.form(d.page(), "aware")
	status, landed, page := d.send("aware", hidden, "at", "2026-01-02T06:04:00+01:00", "by", `"D"`)
	if status != 400 || !strings.Contains(page, "changing it needs a reason") || !strings.Contains(page, `value="2026-01-02T06:04:00&#43;01:00"`) || !strings.Contains(page, `value="&#34;D&#34;"`) ||
		!strings.Contains(page, `id="aware" open`) || d.form(page, "aware").Get("key") != hidden.Get("key") {
		t.Errorf("%d at %s, without why or what was typed: %s", status, landed, page)
	}
	if status, _, page := d.send("aware", d.form(page, "aware"), "at", "2026-01-02T06:04:00+01:00", "reason", "the log shows it"); status != 200 || d.view()["aware_at"] != "2026-01-02T05:04:00Z" || d.view()["aware_by"] != "ana" {
		t.Errorf("mended: %d %s", status, page)
	}
	// Back in the browser, other answers under the same key: not taken for the same, not lost either.
	status, _, page = d.send("aware", hidden, "at", "2026-01-02 07:04", "reason", "another log")
	if status != 422 || !strings.Contains(page, "sent before with other answers") || d.form(page, "aware").Get("key") == hidden.Get("key") {
		t.Errorf("other answers under the same key: %d %s", status, page)
	}
}

// What is wrong with a time stands beside it.
func TestPageSaysWhatIsWrongWithATime(t *testing.T) {
	s := start(t, inVienna(t))
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	for said, want := range map[string]string{
		"yesterday":        "&#34;yesterday&#34; is not a time",
		"2026-03-29 02:30": "the clocks of Europe/Vienna skipped",
		"2026-10-25 02:30": "2026-10-25T02:30:00&#43;02:00 or 2026-10-25T02:30:00&#43;01:00",
		"2998-01-01 00:00": "lies in the future",
	} {
		status, _, page := d.send("aware", d.form(d.page(), "aware"), "at", said, "by", "Carl")
		if status != 400 || !strings.Contains(page, want) || !strings.Contains(page, `value="`+said+`"`) || !strings.Contains(page, `value="Carl"`) || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%s: %d, want %q beside it: %s", said, status, want, page)
		}
	}
	if d.view()["aware_at"] != nil {
		t.Error("a wrong time was recorded")
	}
	before := time.Now()
	if status, _, page := d.send("aware", d.form(d.page(), "aware"), "at", " "); status != 200 {
		t.Fatalf("without a time: %d %s", status, page)
	}
	if at, err := time.Parse(time.RFC3339, fmt.Sprint(d.view()["aware_at"])); err != nil || at.Before(before.Add(-time.Second)) || at.After(time.Now()) {
		t.Errorf("without a time it was recorded as %v, %v", at, err)
	}
}

// Awareness may differ by entity and law where an incident has several.
func TestPageRecordsAwarenessOfOneEntity(t *testing.T) {
	s := start(t, func(c *config.Config) {
		other := c.Entities[0]
		other.Name = "second"
		c.Entities = append(c.Entities, other)
	})
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	if status, _, page := d.send("aware", d.form(d.page(), "aware"), "of", "third/", "at", "2026-01-02 05:04"); status != 400 || !strings.Contains(page, "no longer one of the choices") {
		t.Errorf("an entity that there is not: %d %s", status, page)
	}
	if status, _, page := d.send("aware", d.form(d.page(), "aware"), "of", "second/", "at", "2026-01-02 05:04"); status != 200 || !strings.Contains(page, "2026-01-02 05:04:00 UTC, ana (second)") {
		t.Errorf("%d %s", status, page)
	}
	dates := fmt.Sprint(d.view()["dates"])
	if !strings.Contains(dates, "entity:second") {
		t.Errorf("recorded as %s", dates)
	}
}

// Forms stand only where the person may send them, and another site cannot.
func TestFormsGoByTheRight(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	for role, acts := range map[access.Role]string{access.Commander: "aware submissions assess", access.Responder: "assess", access.Auditor: ""} {
		d := s.at(role, "r-"+string(role), id)
		page := d.page()
		var got []string
		for _, m := range regexp.MustCompile(`<details class="form" id="(\w+)`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		if strings.Join(got, " ") != acts {
			t.Errorf("the %s sees the forms %v, want %s", role, got, acts)
		}
		for _, act := range []string{"aware", "submissions", "assess"} {
			if status, _, page := d.send(act, nil); (status == 403) == strings.Contains(acts, act) {
				t.Errorf("the %s gets %d for %s: %s", role, status, act, page)
			}
		}
	}
	c := s.signIn(s.admin)
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/incidents/"+id+"/aware", strings.NewReader("at="))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: %s", resp.Status)
	}
}
