package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/web"
)

// secretTitle stands in the incident that is restricted in these tests.
const secretTitle = "Quokka"

// restrictedService has one restricted incident, known to the admin and to ana,
// and the suspicious event it came from, and one open to everybody.
func restrictedService(t *testing.T) (s *service, id, event, other string) {
	t.Helper()
	s = start(t)
	body := fmt.Sprintf(`{"version":"4","alerts":[%s,%s]}`,
		`{"status":"firing","startsAt":"2026-01-02T03:04:05Z","labels":{"alertname":"Wombat","nis2_reportable":"true"}}`,
		`{"status":"firing","startsAt":"2026-01-02T03:04:05Z","labels":{"alertname":"`+secretTitle+`","nis2_reportable":"true"},"annotations":{"summary":"`+secretTitle+` again"}}`)
	a := s.send("POST", "/webhook/alertmanager", s.intake, body)
	opened, _ := a.decode(t)["opened"].([]any)
	if len(opened) != 2 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	other, id = opened[0].(string), opened[1].(string)
	a = s.api("POST", "/events", `{"what":"`+secretTitle+` was seen","reporter":{"kind":"staff"}}`)
	event = a.decode(t)["id"].(string)
	s.must(s.api("POST", "/events/"+event+"/assess", `{"outcome":"incident","incident":"`+id+`","reason":"the same"}`))
	s.must(s.api("POST", "/incidents/"+id+"/breach", `{"data_sets":[{"name":"tickets","role":"processor"}],"subjects":{"number":12,"estimate":true}}`))
	s.must(s.api("POST", "/incidents/"+id+"/restricted", `{"on":true,"names":["ana"],"reason":"one of us may be involved"}`))
	return s, id, event, other
}

func (s *service) must(a answer) {
	s.t.Helper()
	if a.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s", a.Status, a.body)
	}
}

// Every path that takes an id is tried with that of a restricted incident, by
// everybody who is not named: it answers as it does for an incident that there
// is not. Every path without one is looked through for it. The paths come from
// the tables, so that a new one is tried too.
func TestRestrictedIncidentsAreNotThere(t *testing.T) {
	s, id, event, _ := restrictedService(t)
	const nobody = "INC-1999-0001"
	tokens := map[access.Role]string{}
	for _, role := range []access.Role{access.Commander, access.Responder, access.Auditor} {
		tokens[role] = s.token(role, "not-named-"+string(role))
	}
	at := func(pattern, id string) (method, path string) {
		return everywhere(strings.Replace(pattern, "{id}", id, 1))
	}
	shown := map[string]bool{} // to the administrator: without that the rest shows nothing
	for _, r := range web.Routes() {
		if method, path := at(r.Pattern, ""); method == http.MethodGet && !strings.Contains(r.Pattern, "{") {
			shown[path] = strings.Contains(string(s.send(method, path, s.admin, "").body), id)
		}
	}
	before := len(entries(t, s)) // the administrator's backup is one of them
	for _, r := range web.Routes() {
		for role, token := range tokens {
			if !role.Has(r.Needs) {
				continue
			}
			t.Run(r.Pattern+" "+string(role), func(t *testing.T) {
				if !strings.Contains(r.Pattern, "{id}") {
					method, path := at(r.Pattern, "")
					if method != http.MethodGet {
						return
					}
					want := 200
					if path == "/api/v1/exercise" || strings.HasPrefix(path, "/api/v1/exercise/") {
						want = 409 // this is no exercise
					}
					for _, query := range []string{"", "?q=" + secretTitle, "?payload=true&limit=1000", "?incident=" + id, "?incident=" + event} {
						if path == "/api/v1/proof" {
							query = "?entry=0"
						}
						a := s.send(method, path+query, token, "")
						if got := string(a.body); a.StatusCode != want || strings.Contains(got, secretTitle) || strings.Contains(got, id) || strings.Contains(got, `"`+event+`"`) {
							t.Errorf("%s%s answers %s %s", path, query, a.Status, got)
						}
					}
					return
				}
				hidden, no := id, nobody
				if strings.HasPrefix(r.Pattern[strings.Index(r.Pattern, "/"):], "/api/v1/events/") {
					hidden, no = event, "EV-1999-0001"
				}
				method, path := at(r.Pattern, hidden)
				_, unknown := at(r.Pattern, no)
				got, want := s.send(method, path, token, ""), s.send(method, unknown, token, "")
				if said := strings.ReplaceAll(string(got.body), hidden, no); got.StatusCode != 404 || want.StatusCode != 404 || said != string(want.body) {
					t.Errorf("%s %s, for one that there is not %s %s", got.Status, got.body, want.Status, want.body)
				}
			})
		}
	}
	for _, path := range []string{"/api/v1/incidents", "/api/v1/journal", "/api/v1/registers/breaches", "/api/v1/events"} {
		if !shown[path] {
			t.Errorf("%s does not show it to the administrator either", path)
		}
	}
	for _, r := range web.Pages() {
		for role, token := range tokens {
			if !role.Has(r.Needs) {
				continue
			}
			method, path := at(r.Pattern, id)
			_, unknown := at(r.Pattern, nobody)
			c := s.signIn(token)
			status, page := s.do(c, method, path)
			without, said := s.do(c, method, unknown)
			if strings.Contains(r.Pattern, "{id}") && (status != 404 || without != 404 || strings.ReplaceAll(page, id, nobody) != said) {
				t.Errorf("%s for the %s: %d %s, for one that there is not %d %s", r.Pattern, role, status, page, without, said)
			}
			if strings.Contains(page, secretTitle) || status == 200 && strings.Contains(page, id) {
				t.Errorf("%s shows the %s %s", r.Pattern, role, page)
			}
		}
	}
	if a := s.send("GET", "/calendar.ics?token="+tokens[access.Auditor], "", ""); a.StatusCode != 200 || strings.Contains(string(a.body), id) {
		t.Errorf("the calendar: %s %s", a.Status, a.body)
	}
	if m := string(s.send("GET", "/metrics", "", "").body); strings.Contains(m, id) || !strings.Contains(m, `nis2clock_clock_due_timestamp_seconds{entity="default",exercise="false",incident="restricted",regime="nis2",stage="early_warning"}`) ||
		!strings.Contains(m, `nis2clock_incidents{exercise="false",status="open"} 2`) {
		t.Error("the metrics name the incident, do not count it, or lose its deadlines")
	}
	if n := len(entries(t, s)); n != before {
		t.Errorf("%d entries were written by people who were told that there is nothing", n-before)
	}
	a := s.send("POST", "/api/v1/events", tokens[access.Commander], `{"what":"x","reporter":{"kind":"staff"}}`)
	a = s.send("POST", "/api/v1/events/"+a.decode(t)["id"].(string)+"/assess", tokens[access.Commander], `{"outcome":"incident","incident":"`+id+`","reason":"x"}`)
	if a.StatusCode != 404 {
		t.Errorf("an event joined to it: %s %s", a.Status, a.body)
	}
}

// Those who are named, and an administrator, see it as any other; others see it
// once they are let in, and no longer when they are shut out.
func TestNamedAccess(t *testing.T) {
	s, id, _, _ := restrictedService(t)
	ana, ben := s.token(access.Commander, "ana"), s.token(access.Auditor, "ben")
	see := func(token string) int { return s.send("GET", "/api/v1/incidents/"+id, token, "").StatusCode }
	if a, b, c := see(s.admin), see(ana), see(ben); a != 200 || b != 200 || c != 404 {
		t.Fatalf("the admin gets %d, ana %d, ben %d", a, b, c)
	}
	a := s.send("POST", "/api/v1/incidents/"+id+"/access", ana, `{"name":"ben","allow":true,"reason":"counsel"}`)
	if r, _ := a.decode(t)["restricted"].(map[string]any); a.StatusCode != 200 || fmt.Sprint(r["names"]) != "[admin ana ben]" || see(ben) != 200 {
		t.Errorf("%s %s; ben gets %d", a.Status, a.body, see(ben))
	}
	for _, path := range []string{"/api/v1/incidents?limit=1000", "/api/v1/journal?limit=1000", "/api/v1/incidents/" + id + "/timeline"} {
		if a := s.send("GET", path, ben, ""); !strings.Contains(string(a.body), id) && !strings.Contains(string(a.body), "let ben know") {
			t.Errorf("%s does not show it to ben", path)
		}
	}
	s.must(s.send("POST", "/api/v1/incidents/"+id+"/access", ana, `{"name":"ben","allow":false,"reason":"done"}`))
	if see(ben) != 404 {
		t.Error("ben still sees it")
	}
	for name, body := range map[string]string{
		"no reason": `{"name":"eve","allow":true}`, "no name": `{"allow":true,"reason":"x"}`,
	} {
		if a := s.send("POST", "/api/v1/incidents/"+id+"/access", ana, body); a.StatusCode != 400 {
			t.Errorf("%s: %s %s", name, a.Status, a.body)
		}
	}
	s.must(s.send("POST", "/api/v1/incidents/"+id+"/restricted", ana, `{"on":false,"reason":"it is public"}`))
	if see(ben) != 200 {
		t.Error("it is open again and ben does not see it")
	}
	said := string(s.api("GET", "/incidents/"+id+"/timeline", "").body)
	for _, want := range []string{"restricted to admin, ana (one of us may be involved)", "let ben know of it (counsel)", "shut ben out (done)", "no longer restricted (it is public)"} {
		if !strings.Contains(said, want) {
			t.Errorf("the timeline does not say %q", want)
		}
	}
}

// A webhook body that brought alerts of two incidents tells of both: it is shown
// to nobody who may know of one only, and is in no packet of the other.
func TestSharedBodyTellsNothing(t *testing.T) {
	s, id, _, other := restrictedService(t)
	auditor := s.token(access.Auditor, "eve")
	for _, of := range []string{"", "&incident=" + other} {
		if a := s.send("GET", "/api/v1/journal?payload=true&limit=1000"+of, auditor, ""); a.StatusCode != 200 || strings.Contains(string(a.body), `"raw"`) {
			t.Errorf("%s %s", a.Status, a.body)
		}
	}
	if a := s.api("GET", "/journal?payload=true&limit=1000", ""); !strings.Contains(string(a.body), `"raw"`) {
		t.Error("the administrator does not see the body either")
	}
	a := s.send("GET", "/api/v1/incidents/"+other+"/packet.zip?profile=auditor", auditor, "")
	if a.StatusCode != 200 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	lines := unzipped(t, a.body, "journal/entries.jsonl")
	if strings.Contains(lines, `\"raw\"`) || strings.Contains(lines, secretTitle) || strings.Contains(lines, id) {
		t.Errorf("the packet of the other incident holds %s", lines)
	}
	if !strings.Contains(lines, "another incident, which is shown to named people only") {
		t.Error("the packet does not say what is missing, and why")
	}
}

// unzipped is one file of a packet.
func unzipped(t *testing.T, data []byte, name string) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	return string(raw)
}
