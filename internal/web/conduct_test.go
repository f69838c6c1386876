package web_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
)

const advice = "counsel thinks we should wait"

// Whoever may not decide sees that there is a privileged note, and its text
// nowhere; no report has even that.
func TestPrivilegedNotes(t *testing.T) {
	s := start(t)
	id := s.alert("A", "x")
	responder, commander, auditor := s.token(access.Responder, "rita"), s.token(access.Commander, "carl"), s.token(access.Auditor, "otto")
	a := s.send("POST", "/api/v1/incidents/"+id+"/notes", responder, `{"text":"`+advice+`","privileged":true}`)
	if a.StatusCode != 200 || strings.Contains(string(a.body), advice) {
		t.Fatalf("the writer, who may not decide, gets %s %s", a.Status, a.body)
	}
	for who, c := range map[string]struct {
		token string
		sees  bool
	}{"admin": {s.admin, true}, "commander": {commander, true}, "responder": {responder, false}, "auditor": {auditor, false}} {
		for _, path := range []string{"/incidents/" + id, "/incidents", "/incidents/" + id + "/timeline", "/journal?payload=true&incident=" + id} {
			a := s.send("GET", "/api/v1"+path, c.token, "")
			if a.StatusCode == 403 && who == "responder" {
				continue // the journal
			}
			if a.StatusCode != 200 || strings.Contains(string(a.body), advice) != c.sees || !strings.Contains(string(a.body), "privileged") {
				t.Errorf("%s, GET %s: %s; shows the text: %v, want %v", who, path, a.Status, !c.sees, c.sees)
			}
		}
		_, page := s.do(s.signIn(c.token), "GET", "/incidents/"+id)
		if strings.Contains(page, advice) != c.sees || !strings.Contains(page, "privileged note") {
			t.Errorf("%s: the page shows the text: %v, want %v", who, !c.sees, c.sees)
		}
	}
	for _, kind := range []string{"internal_update", "recipients_notice", "authority_follow_up"} {
		if a := s.api("GET", "/incidents/"+id+"/communications/"+kind, ""); a.StatusCode != 200 || strings.Contains(string(a.body), advice) {
			t.Errorf("draft of %s: %s %s", kind, a.Status, a.body)
		}
	}
}

// The boxes on the page are forms: a person without JavaScript ticks them.
func TestRunbookOnThePage(t *testing.T) {
	s := start(t)
	id := s.alert("RansomNote", "x")
	carl := s.signIn(s.token(access.Responder, "carl"))
	action := "/incidents/" + id + "/runbooks/ransomware/steps/isolate"
	_, page := s.do(carl, "GET", "/incidents/"+id)
	for _, want := range []string{`action="` + action + `"`, `aria-checked="false" aria-label="Isolate, do not switch off"`, "0 of 18 · alert RansomNote", "<em>Responder.</em>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if first, second := strings.Index(page, `<details id="ransomware" open>`), strings.Index(page, `<details id="first-hour">`); first < 0 || second < first {
		t.Errorf("the runbook that fits best is not first and open: %d, %d", first, second)
	}
	if _, page := s.do(carl, "GET", "/incidents/"+id+"?runbook=denial-of-service"); !strings.Contains(page, `<details id="denial-of-service" open>`) ||
		strings.Contains(page, `<details id="ransomware" open>`) || !strings.Contains(page, `href="?runbook=unavailable-service#unavailable-service"`) {
		t.Error("one that does not fit cannot be opened by its link, or others have no link")
	}
	press := func(done string) string {
		resp, err := carl.PostForm(s.URL()+action, url.Values{"done": {done}, "note": {"host <7>"}})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := copyAll(&b, resp); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 || resp.Request.URL.String() != s.URL()+"/incidents/"+id+"?runbook=ransomware#ransomware.isolate" {
			t.Errorf("leads to %s %s", resp.Status, resp.Request.URL)
		}
		return b.String()
	}
	page = press("true")
	for _, want := range []string{"1 of 18", "carl, 2", "host &lt;7&gt;", `aria-checked="true"`, "ticked, runbook ransomware: Isolate, do not switch off (host &lt;7&gt;)"} {
		if !strings.Contains(page, want) {
			t.Errorf("once ticked the page lacks %s", want)
		}
	}
	if page = press("false"); !strings.Contains(page, "0 of 18") {
		t.Error("the tick is not taken back")
	}
	otto := s.signIn(s.token(access.Auditor, "otto"))
	if _, page := s.do(otto, "GET", "/incidents/"+id); strings.Contains(page, "<button class=\"box\"") || !strings.Contains(page, `aria-disabled="true"`) {
		t.Error("an auditor is offered boxes")
	}
}

func TestRunbooksOfAnIncident(t *testing.T) {
	s := start(t)
	id := s.alert("RansomNote", "x")
	books := s.api("GET", "/incidents/"+id, "").decode(t)["runbooks"].([]any)
	if first := books[0].(map[string]any); first["name"] != "ransomware" || first["title"] != "Ransomware" || first["done"] != 0.0 || first["total"] != 18.0 {
		t.Errorf("the first runbook is %v", first)
	}
	a := s.api("POST", "/incidents/"+id+"/runbooks/denial-of-service/steps/confirm", `{"done":true,"note":"no release today"}`)
	books = a.decode(t)["runbooks"].([]any)
	if last := books[len(books)-1].(map[string]any); last["name"] != "denial-of-service" || last["done"] != 1.0 {
		t.Errorf("one chosen by hand is %v", last)
	}
	list := s.api("GET", "/incidents/"+id+"/runbooks/denial-of-service", "").decode(t)
	step := list["steps"].([]any)[0].(map[string]any)
	if step["id"] != "confirm" || step["done"] != true || step["by"] != "admin" || step["note"] != "no release today" || list["review_overdue"] == nil {
		t.Errorf("its first step is %v", step)
	}
	for path, want := range map[string]int{"ransomware/steps/none": 404, "none/steps/isolate": 404} {
		if a := s.api("POST", "/incidents/"+id+"/runbooks/"+path, `{"done":true}`); a.StatusCode != want {
			t.Errorf("%s: %s %s", path, a.Status, a.body)
		}
	}
	if a := s.api("GET", "/incidents/"+id+"/runbooks/none", ""); a.StatusCode != 404 {
		t.Errorf("an unknown runbook: %s", a.Status)
	}
	if a := s.api("GET", "/incidents/INC-1999-0001/runbooks", ""); a.StatusCode != 404 {
		t.Errorf("an unknown incident: %s", a.Status)
	}
}

// A runbook that is broken while the service runs leaves those in force, and
// the service says so until it is mended.
func TestReloadOfABrokenRunbook(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "fire.md")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = "---\ntitle: Fire\nowner: Warden\nreviewed: 2020-01-02\nreview_every: 26w\nmatches: {every: true}\n---\n- [ ] **Leave**\n"
	write(good)
	s := start(t, func(c *config.Config) { c.RunbooksDir = dir })
	id := s.alert("A", "x")
	ready := func() string { return string(s.send("GET", "/-/ready", "", "").body) }
	if got := ready(); !strings.Contains(got, "runbook fire was last reviewed on 2020-01-02 and its review was due on 2020-07-02: Warden should") {
		t.Errorf("ready does not warn of the review: %s", got)
	}
	if _, page := s.do(s.signIn(s.admin), "GET", "/incidents/"+id+"?runbook=fire"); !strings.Contains(page, "The review of this runbook was due on 2020-07-02") {
		t.Error("the page does not warn of the review")
	}
	metric := func(line string) bool {
		return strings.Contains(string(s.send("GET", "/metrics", "", "").body), line+"\n")
	}
	overdue := regexp.MustCompile(`(?m)^nis2clock_runbooks_review_overdue [1-9]`) // the built-in ones may be so too
	if !overdue.Match(s.send("GET", "/metrics", "", "").body) || !metric("nis2clock_runbooks_refused 0") {
		t.Error("the metrics do not say that a review is overdue")
	}
	write("---\ntitle: [\n---\n")
	if a := s.send("POST", "/-/reload", s.admin, ""); a.StatusCode != http.StatusBadRequest || !strings.Contains(string(a.body), "fire.md:2: ") {
		t.Errorf("reload: %s %s", a.Status, a.body)
	}
	if got := ready(); !strings.Contains(got, "the runbooks in force stay as they were: ") || !metric("nis2clock_runbooks_refused 1") {
		t.Errorf("ready or the metrics hide it: %s", got)
	}
	if a := s.api("POST", "/incidents/"+id+"/runbooks/fire/steps/leave", `{"done":true}`); a.StatusCode != 200 {
		t.Errorf("the one in force: %s %s", a.Status, a.body)
	}
	write(strings.Replace(good, "2020-01-02", "2026-11-16", 1) + "- [ ] **Count**\n")
	if a := s.send("POST", "/-/reload", s.admin, ""); a.StatusCode != 200 || strings.Contains(ready(), "in force stay") {
		t.Errorf("after mending: %s %s", a.Status, a.body)
	}
	list := s.api("GET", "/incidents/"+id+"/runbooks/fire", "").decode(t)
	if step := list["steps"].([]any)[0].(map[string]any); list["total"] != 2.0 || step["done"] != true || step["changed"] != true {
		t.Errorf("the tick of the older version: %v", list)
	}
}

func TestCommunications(t *testing.T) {
	s := start(t)
	id := s.alert("DbHost7Down", "x")
	draft := s.api("GET", "/incidents/"+id+"/communications/recipients_notice?lang=de", "").decode(t)
	text := draft["text"].(string)
	if !strings.Contains(text, "Art. 23 Abs. 1") || strings.Contains(text, "DbHost7") || len(draft["languages"].([]any)) != 3 {
		t.Errorf("draft: %v", draft)
	}
	for path, want := range map[string]string{
		"recipients_notice?lang=xx": "it has one in de, en, fr", "press": "there is internal_update, recipients_notice, authority_follow_up",
	} {
		if a := s.api("GET", "/incidents/"+id+"/communications/"+path, ""); a.StatusCode != 404 || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %s %s", path, a.Status, a.body)
		}
	}
	body := func(kind string) string {
		return `{"kind":"` + kind + `","lang":"de","audience":"all customers","channel":"status page","text":"Wir …","sender":"Press office"}`
	}
	v := s.api("POST", "/incidents/"+id+"/communications", body("recipients_notice")).decode(t)
	sent := v["communications"].([]any)[0].(map[string]any)
	if sent["kind"] != "recipients_notice" || sent["text"] != "Wir …" || sent["sent_by"] != "Press office" || sent["sha256"] != nil {
		t.Errorf("recorded: %v", sent)
	}
	responder := s.token(access.Responder, "rita")
	for kind, want := range map[string]int{"internal_update": 200, "recipients_notice": 403, "authority_follow_up": 403} {
		if a := s.send("POST", "/api/v1/incidents/"+id+"/communications", responder, body(kind)); a.StatusCode != want {
			t.Errorf("a responder records a %s: %s %s", kind, a.Status, a.body)
		}
	}
}
