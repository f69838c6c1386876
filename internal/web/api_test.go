package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/regime"
	"nis2clock/internal/web"
)

// Every path that changes state is tried, so that a new one cannot be
// forgotten: it must leave an entry that names who did it, through which
// route. What changes an incident answers with it as it now stands.
func TestEveryChangeIsRecorded(t *testing.T) {
	s := start(t, func(c *config.Config) {
		c.Retention.Incidents = 1
		c.Entities[0].Regimes = []regime.ID{"nis2", "dora", "cra_vulnerability"}
	})
	now := time.Now().UTC().Add(-time.Second).Format(time.RFC3339)
	bodies := map[string]string{
		"POST /api/v1/incidents":                                         `{"title":"by hand","detected_at":"` + now + `"}`,
		"POST /api/v1/incidents/{id}/acknowledge":                        ``,
		"POST /api/v1/incidents/{id}/command":                            `{}`,
		"POST /api/v1/incidents/{id}/facts":                              `{"summary":"Two hosts encrypted.","malicious":"yes"}`,
		"POST /api/v1/incidents/{id}/aware":                              `{"aware_at":"` + now + `","reason":"ransom note"}`,
		"POST /api/v1/incidents/{id}/report-fields":                      `{"fields":{"users_affected":1200,"ransom_demand":false,"cia_impact":["availability"],"title":null}}`,
		"POST /api/v1/incidents/{id}/detected":                           `{"detected_at":"2025-12-31T00:00:00Z","reason":"the log says so"}`,
		"POST /api/v1/incidents/{id}/impact-ended":                       `{}`,
		"POST /api/v1/incidents/{id}/recovered":                          `{"recovered_at":"` + now + `","by":"ops"}`,
		"POST /api/v1/incidents/{id}/classified":                         `{"classified_at":"` + now + `"}`,
		"POST /api/v1/incidents/{id}/fix-available":                      `{"fix_available_at":"` + now + `"}`,
		"POST /api/v1/incidents/{id}/authority-messages":                 `{"direction":"in","kind":"order","text":"Tell the public.","entity":"default"}`,
		"POST /api/v1/incidents/{id}/authority-messages/{number}/settle": `{"reason":"withdrawn by telephone"}`,
		"POST /api/v1/incidents/{id}/hand-over":                          `{"to":"ben","reason":"end of shift"}`,
		"POST /api/v1/incidents/{id}/notes":                              `{"text":"hello"}`,
		"POST /api/v1/incidents/{id}/submissions":                        `{"stages":["early_warning"],"authority":"BSI","reference":"4711"}`,
		"POST /api/v1/incidents/{id}/approvals":                          `{"stage":"early_warning","reason":"read twice"}`,
		"POST /api/v1/incidents/{id}/handled":                            `{}`,
		"POST /api/v1/incidents/{id}/not-reportable":                     `{"reason":"below every threshold"}`,
		"POST /api/v1/incidents/{id}/assess":                             `{"facts":{"damage_to_others":"no"}}`,
		"POST /api/v1/incidents/{id}/reopen":                             `{"reason":"more hosts"}`,
		"POST /api/v1/incidents/{id}/close":                              ``,
		"POST /api/v1/incidents/{id}/runbooks/{name}/steps/{step}":       `{"done":true,"note":"at last"}`,
		"POST /api/v1/incidents/{id}/communications":                     `{"kind":"recipients_notice","audience":"all customers","channel":"status page","text":"Sorry."}`,
		"POST /api/v1/tokens":                                            `{"name":"ana","role":"responder"}`,
		"DELETE /api/v1/tokens/{name}":                                   ``,
		"POST /-/reload":                                                 ``,
		"POST /api/v1/incidents/{id}/reportability":                      `{"reportability":"voluntary","reason":"others may be hit"}`,
		"POST /api/v1/incidents/{id}/breach":                             `{"data_sets":[{"name":"tickets","role":"processor"}],"subjects":{"number":12,"estimate":true}}`,
		"POST /api/v1/events":                                            `{"what":"odd log-ins","reporter":{"kind":"staff"}}`,
		"POST /api/v1/events/{id}/assess":                                `{"outcome":"near_miss","reason":"the gateway refused it"}`,
		"POST /api/v1/events/{id}/notes":                                 `{"text":"hello"}`,
		"POST /api/v1/incidents/{id}/hold":                               `{"reason":"claim 7"}`,
		"POST /api/v1/incidents/{id}/release":                            `{"reason":"settled"}`,
		"POST /api/v1/retention":                                         `{"dry_run":false}`,
		"POST /api/v1/erasures":                                          `{"incidents":["{id}"],"reason":"Art. 17 GDPR"}`,
		"POST /api/v1/incidents/{id}/evidence":                           `any bytes`,

		"POST /api/v1/incidents/{id}/links": `{"incident":"{other}","reason":"one root cause"}`,
		"POST /api/v1/incidents/{id}/tlp":   `{"tlp":"RED"}`,
		"POST /api/v1/exercises": `{"exercise":"drill-1","scenario":"drill","title":"A drill","ended_at":"2026-01-02T03:04:05Z","people":2,"sha256":"` + strings.Repeat("a", 64) + `",
			"remediation":[{"id":"R-1","gap":"g","action":"a","owner":"ana","due":"2026-02-01T00:00:00Z"}]}`,
		"POST /api/v1/remediation/{item}/close":                  `{"outcome":"done"}`,
		"POST /api/v1/incidents/{id}/out-of-band":                `{"on":true,"reason":"they read our mail"}`,
		"POST /api/v1/incidents/{id}/restricted":                 `{"on":true,"reason":"one of us"}`,
		"POST /api/v1/incidents/{id}/access":                     `{"name":"ben","allow":true,"reason":"counsel"}`,
		"POST /api/v1/incidents/{id}/proposals/{number}/confirm": ``,
		"POST /api/v1/incidents/{id}/proposals/{number}/reject":  `{"reason":"not sent yet"}`,
	}
	other := s.alert("Other", "x")
	queries := map[string]string{"POST /api/v1/incidents/{id}/evidence": "?name=auth.log"}
	for _, r := range web.Routes() {
		route := r.Pattern
		method, path, _ := strings.Cut(route, " ")
		if method == "GET" || strings.HasPrefix(path, "/api/v1/exercise/") { // the real service refuses an exercise's
			continue
		}
		t.Run(route, func(t *testing.T) {
			body, ok := bodies[route]
			if !ok {
				t.Fatal("this path changes state and is not tried here: add it")
			}
			id := s.alert("A "+route, "x")
			erases := strings.HasSuffix(path, "/erasures") || strings.HasSuffix(path, "/retention")
			field := "clocks"
			if strings.HasPrefix(path, "/api/v1/events") {
				id, field = s.event("customer"), "triage_by"
			}
			switch path[strings.LastIndexByte(path, '/'):] {
			case "/close", "/reopen", "/reportability", "/erasures", "/retention": // only what owes nothing can be closed, re-opened or be voluntary
				s.api("POST", "/incidents/"+id+"/not-reportable", `{"reason":"x"}`)
			}
			want := 1
			switch path[strings.LastIndexByte(path, '/'):] {
			case "/fix-available": // the CRA applies to what the entity became aware of since then
				s.api("POST", "/incidents/"+id+"/aware", `{"aware_at":"`+now+`"}`)
			case "/settle":
				s.api("POST", "/incidents/"+id+"/authority-messages", `{"direction":"in","kind":"request","respond_by":"2999-01-01T00:00:00Z"}`)
			case "/erasures", "/retention": // only what is closed
				s.api("POST", "/incidents/"+id+"/close", ``)
			case "/links":
				want = 2 // one on each of the two
			case "/access":
				s.api("POST", "/incidents/"+id+"/restricted", `{"on":true,"reason":"x"}`)
			case "/release":
				s.api("POST", "/incidents/"+id+"/hold", `{"reason":"x"}`)
			}
			if strings.Contains(path, "/remediation/") {
				s.api("POST", "/exercises", strings.NewReplacer("R-1", id, "drill-1", "drill-2", "aa", "bb").Replace(bodies["POST /api/v1/exercises"]))
			}
			if strings.Contains(path, "/proposals/") {
				s.propose(id)
				if strings.HasSuffix(path, "/confirm") {
					want = 2 // that it was confirmed, and what was proposed
				}
			}
			s.next.Clocks.OverdueEvery += time.Minute // for a reload to take over
			s.token(access.Auditor, "t"+id)
			before := entries(t, s)
			a := s.send(method, strings.NewReplacer("{id}", id, "{item}", id, "runbooks/{name}/steps/{step}", "runbooks/first-hour/steps/scribe", "{name}", "t"+id, "{number}", "1").Replace(path)+queries[route], s.admin, strings.NewReplacer("{id}", id, "{other}", other).Replace(body), "X-Nis2clock-Via", "cli")
			if a.StatusCode/100 != 2 {
				t.Fatalf("%s %s", a.Status, a.body)
			}
			ofIncident := strings.HasPrefix(path, "/api/v1/incidents")
			if ofIncident || field != "clocks" {
				if v := a.decode(t); v["id"] == nil || v[field] == nil {
					t.Errorf("the answer is not what was changed: %s", a.body)
				}
			}
			after := entries(t, s)
			if erases { // the journal's own entry names what was erased
				if own := after[len(after)-1]; own["kind"] != "journal.erased/v1" {
					t.Errorf("the last entry is %v", own)
				}
				after = after[:len(after)-1]
			}
			if len(after) != len(before)+want {
				t.Fatalf("%d entries were written, want %d", len(after)-len(before), want)
			}
			last := after[len(after)-1]
			if last["actor"] != "admin" || last["via"] != "cli" || ofIncident && last["incident"] == nil {
				t.Errorf("the entry does not say who: %v", last)
			}
		})
	}
}

// entries are all journal entries but those about deliveries.
func entries(t *testing.T, s *service) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, e := range s.api("GET", "/journal?limit=1000", "").decode(t)["entries"].([]any) {
		out = append(out, e.(map[string]any))
	}
	return out
}

func TestRefusalsAreProblemDetails(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	future := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	tests := []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"unknown incident", "GET", "/incidents/INC-1999-0001", "", 404, "INC-1999-0001"},
		{"unknown action", "POST", "/incidents/" + id + "/explode", "", 404, ""},
		{"not JSON", "POST", "/incidents/" + id + "/notes", "{", 400, "not what this path takes"},
		{"unknown field", "POST", "/incidents/" + id + "/notes", `{"txt":"x"}`, 400, "txt"},
		{"wrong type", "POST", "/incidents/" + id + "/notes", `{"text":7}`, 400, "/text"},
		{"time without offset", "POST", "/incidents/" + id + "/aware", `{"aware_at":"2026-01-02T03:04:05"}`, 400, "/aware_at"},
		{"awareness in the future", "POST", "/incidents/" + id + "/aware", `{"aware_at":"` + future + `"}`, 400, "future"},
		{"unknown stage", "POST", "/incidents/" + id + "/submissions", `{"stage":"early"}`, 400, "early_warning"},
		{"unknown report field", "POST", "/incidents/" + id + "/report-fields", `{"fields":{"users_afected":"1"}}`, 400, "is it users_affected"},
		{"report field of a wrong value", "POST", "/incidents/" + id + "/report-fields", `{"fields":{"severity_assessment":"red"}}`, 400, "none, low, medium, high"},
		{"report field of a wrong type", "POST", "/incidents/" + id + "/report-fields", `{"fields":{"summary":{"a":1}}}`, 400, "summary"},
		{"unknown language", "GET", "/incidents/" + id + "/reports/early_warning.pdf?lang=sv", "", 404, "de"},
		{"timeline in another form", "GET", "/incidents/" + id + "/timeline?format=xls", "", 400, "csv"},
		{"final report too early", "POST", "/incidents/" + id + "/submissions", `{"stage":"final_report"}`, 409, "earlier report"},
		{"close with clocks open", "POST", "/incidents/" + id + "/close", "", 409, "still owes"},
		{"limit too large", "GET", "/incidents?limit=1001", "", 400, "limit"},
		{"limit no number", "GET", "/incidents?limit=x", "", 400, "limit"},
		{"a regime that binds nobody", "POST", "/incidents", `{"title":"x","detected_at":"2026-01-02T03:04:05Z","regimes":["nis2","gdpr"]}`, 400, `"gdpr\", which binds no entity`},
		{"a status there is not", "GET", "/incidents?status=opne", "", 400, "open, handled, closed"},
		{"from without offset", "GET", "/journal?from=2026-01-01", "", 400, "from"},
		{"cursor of another list", "GET", "/incidents?cursor=INC-1", "", 400, "cursor"},
		{"a report there is no template for", "GET", "/incidents/" + id + "/reports/novel.pdf", "", 404, "early_warning"},
		{"a report in another form", "GET", "/incidents/" + id + "/reports/early_warning.docx", "", 400, "PDF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.api(tt.method, tt.path, tt.body)
			if a.StatusCode != tt.status || !strings.Contains(strings.ToLower(string(a.body)), strings.ToLower(tt.says)) {
				t.Errorf("got %s %s, want %d and %q", a.Status, a.body, tt.status, tt.says)
			}
			if tt.says != "" && a.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %s", a.Header.Get("Content-Type"))
			}
		})
	}
}

// A refusal has the same form outside the API, where nothing is configured and
// where there is nothing.
func TestEveryRefusalIsProblemDetails(t *testing.T) {
	s := start(t)
	tests := []struct {
		method, path, token string
		status              int
		says                string
	}{
		{"GET", "/nowhere", "", 404, "/nowhere"},
		{"GET", "/%ff", "", 404, "there is no path"},
		{"GET", "/-/reload", s.admin, 405, "takes POST"},
		{"DELETE", "/metrics", "", 405, "takes GET"},
		{"POST", "/webhook/pagerduty", "", 404, "/webhook/pagerduty"},
		{"POST", "/webhook/alertmanager", "", 401, "intake token"},
		{"POST", "/webhook/alertmanager", s.admin, 403, "intake token"},
		{"POST", "/webhook/alertmanager", s.intake, 400, "quarantine"},
		{"PUT", "/webhook/alertmanager/", s.intake, 405, "POST"},
		{"GET", "/calendar.ics", "", 401, "token"},
		{"GET", "/calendar.ics?token=" + s.admin, "", 403, "auditor"},
	}
	for _, tt := range tests {
		a := s.send(tt.method, tt.path, tt.token, "{}")
		if a.StatusCode != tt.status || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: got %s as %s, want %d", tt.method, tt.path, a.Status, a.Header.Get("Content-Type"), tt.status)
			continue
		}
		p := a.decode(t)
		if detail, ok := p["detail"].(string); p["type"] == "" || p["title"] != http.StatusText(tt.status) || p["status"] != float64(tt.status) || !ok || !strings.Contains(detail, tt.says) {
			t.Errorf("%s %s: got %v, want a detail with %q", tt.method, tt.path, p, tt.says)
		}
		if tt.status == 405 && a.Header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", tt.method, tt.path)
		}
	}
}

func TestTokensOpenOnlyTheirDoor(t *testing.T) {
	s := start(t)
	tests := []struct {
		method, path, token string
		want                int
	}{
		{"GET", "/api/v1/incidents", "", 401},
		{"GET", "/api/v1/incidents", "wrong", 401},
		{"GET", "/api/v1/incidents", s.intake, 403},
		{"POST", "/-/reload", s.intake, 403},
		{"POST", "/-/reload", "", 401},
		{"POST", "/-/reload", s.admin, 200},
		{"POST", "/webhook/alertmanager", s.admin, 403},
		{"POST", "/webhook/alertmanager/", "", 401},
		{"GET", "/webhook/alertmanager", s.intake, 405},
		{"GET", "/metrics", "", 200},
		{"GET", "/-/healthy", "", 200},
		{"GET", "/checkpoint", "", 200},
		{"GET", "/", "", 303},
		{"GET", "/", s.intake, 403},
		{"GET", "/incidents/INC-2026-0001", s.intake, 403},
		{"GET", "/", "wrong", 303},
		{"GET", "/incidents/INC-2026-0001", "", 303},
		{"GET", "/nowhere", "", 404},
	}
	for _, tt := range tests {
		a := s.send(tt.method, tt.path, tt.token, "")
		if a.StatusCode != tt.want {
			t.Errorf("%s %s: got %s, want %d", tt.method, tt.path, a.Status, tt.want)
		}
		for _, secret := range []string{s.admin, s.intake} {
			if strings.Contains(string(a.body), secret) {
				t.Errorf("%s %s shows a token", tt.method, tt.path)
			}
		}
	}
}

// A stage of another regime is named as everywhere else, regime/stage.
func TestStageNamesItsRegime(t *testing.T) {
	s := start(t, func(c *config.Config) { c.Entities[0].Regimes = []regime.ID{"nis2", "gdpr"} })
	for _, tt := range []struct {
		body   string
		status int
		want   string // the stages submitted
	}{
		{`{"stage":"gdpr/notification"}`, 200, "gdpr/notification"},
		{`{"stages":["gdpr/notification"],"regime":"gdpr"}`, 200, "gdpr/notification"},
		{`{"stages":["nis2/early_warning","nis2/notification"]}`, 200, "nis2/early_warning nis2/notification"},
		{`{"stages":["nis2/early_warning","gdpr/notification"]}`, 400, ""},
		{`{"stages":["early_warning","gdpr/notification"]}`, 400, ""},
		{`{"stage":"gdpr/notification","regime":"nis2"}`, 400, ""},
		{`{"stage":"nis3/notification"}`, 400, ""},
	} {
		id := s.alert("Stage "+tt.body, "x")
		if a := s.api("POST", "/incidents/"+id+"/submissions", tt.body); a.StatusCode != tt.status {
			t.Errorf("%s: %s %s, want %d", tt.body, a.Status, a.body, tt.status)
		}
		var got []string
		for _, c := range s.api("GET", "/incidents/"+id, "").decode(t)["clocks"].([]any) {
			if c := c.(map[string]any); c["state"] == "submitted" {
				got = append(got, c["regime"].(string)+"/"+c["stage"].(string))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: submitted %v, want %q", tt.body, got, tt.want)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	note := func(text string) answer {
		return s.api("POST", "/incidents/"+id+"/notes", `{"text":"`+text+`"}`, "Idempotency-Key", "k1")
	}
	first, again, other := note("a"), note("a"), note("b")
	if first.StatusCode != 200 || again.StatusCode != 200 || other.StatusCode != 422 {
		t.Errorf("got %s, %s, %s; want 200, 200, 422", first.Status, again.Status, other.Status)
	}
	if a := s.api("POST", "/incidents/"+s.alert("C", "x")+"/notes", `{"text":"b"}`, "Idempotency-Key", "k1"); a.StatusCode != 200 {
		t.Errorf("the same key on another path: %s %s", a.Status, a.body)
	}
	n := 0
	for _, e := range s.api("GET", "/incidents/"+id+"/timeline", "").decode(t)["entries"].([]any) {
		if e.(map[string]any)["kind"] == "incident.noted/v1" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
}

func TestListPagesThroughEverythingOnce(t *testing.T) {
	s := start(t)
	want := map[string]bool{}
	for n := range 25 {
		want[s.alert(fmt.Sprintf("A%d", n), "x")] = true
	}
	var order []string
	cursor := ""
	for range 10 {
		page := s.api("GET", "/incidents?limit=10&cursor="+cursor, "").decode(t)
		for _, i := range page["incidents"].([]any) {
			order = append(order, i.(map[string]any)["id"].(string))
		}
		if page["next"] == nil {
			break
		}
		cursor = page["next"].(string)
	}
	if len(order) != len(want) {
		t.Fatalf("%d incidents listed, want %d", len(order), len(want))
	}
	for n, id := range order {
		if !want[id] {
			t.Errorf("%s listed twice or unknown", id)
		}
		delete(want, id)
		if n > 0 && id > order[n-1] {
			t.Errorf("%s after %s: newest first", id, order[n-1])
		}
	}
	if got := s.api("GET", "/incidents?q=a24", "").decode(t)["incidents"].([]any); len(got) != 1 {
		t.Errorf("q=a24 finds %d, want 1", len(got))
	}
	if got := s.api("GET", "/incidents?status=closed", "").decode(t)["incidents"].([]any); len(got) != 0 {
		t.Errorf("status=closed finds %d, want none", len(got))
	}
}

// The clock gauges are what alerts on deadlines are written against: they are
// there while the report is owed and go away when it is not.
func TestClockGaugesComeAndGo(t *testing.T) {
	s := start(t)
	id := s.alert("B", "x")
	gauge := `nis2clock_clock_due_timestamp_seconds{entity="default",exercise="false",incident="` + id + `",regime="nis2",stage="early_warning"} 1.767409445e+09`
	if m := string(s.send("GET", "/metrics", "", "").body); !strings.Contains(m, gauge) {
		t.Errorf("no %s in the metrics", gauge)
	}
	s.api("POST", "/incidents/"+id+"/submissions", `{"stage":"early_warning"}`)
	m := string(s.send("GET", "/metrics", "", "").body)
	if strings.Contains(m, `incident="`+id+`",regime="nis2",stage="early_warning"`) {
		t.Error("the gauge of a submitted report is still there")
	}
	for _, want := range []string{`nis2clock_intake_alerts_total{outcome="opened"} 1`, "nis2clock_clocks_overdue 2", "nis2clock_journal_entries ", "nis2clock_build_info{"} {
		if !strings.Contains(m, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

func TestReadySaysWhoCannotBePaged(t *testing.T) {
	s := start(t)
	var a answer
	for range 200 { // the agenda's first look comes right after the start
		if a = s.send("GET", "/-/ready", "", ""); a.StatusCode == 200 {
			break
		}
	}
	if a.StatusCode != 200 || !strings.Contains(string(a.body), "nobody can be told") {
		t.Errorf("%s %s", a.Status, a.body)
	}
}
