package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/incident"
)

// event reports a suspicious event and returns its id.
func (s *service) event(kind string) string {
	s.t.Helper()
	a := s.api("POST", "/events", `{"what":"odd log-ins","reporter":{"kind":"`+kind+`","name":"J. Doe","contact":"j@example.eu"}}`)
	if a.StatusCode != 201 {
		s.t.Fatalf("report an event: %s %s", a.Status, a.body)
	}
	return a.decode(s.t)["id"].(string)
}

// An assessment answers with the event; the incident it opened names it, and
// both have their own timeline.
func TestEventBecomesAnIncident(t *testing.T) {
	s := start(t)
	id := s.event("customer")
	a := s.api("POST", "/events/"+id+"/assess", `{"outcome":"incident","reason":"two mailboxes were read"}`)
	opened, ok := a.decode(t)["incident"].(string)
	if a.StatusCode != 200 || !ok {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	if v := s.api("GET", "/incidents/"+opened, "").decode(t); fmt.Sprint(v["events"]) != "["+id+"]" || v["reportability"] != "undecided" {
		t.Errorf("incident %v: events %v, %v", v["id"], v["events"], v["reportability"])
	}
	for path, want := range map[string]string{"/events/" + id: "event.reported/v1 event.assessed/v1", "/incidents/" + opened: "incident.opened/v1 incident.event_joined/v1"} {
		var kinds []string
		for _, e := range s.api("GET", path+"/timeline", "").decode(t)["entries"].([]any) {
			kinds = append(kinds, e.(map[string]any)["kind"].(string))
		}
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("timeline of %s: %s, want %s", path, got, want)
		}
	}
	if got := s.api("GET", "/journal?incident="+id, "").decode(t)["entries"].([]any); len(got) != 2 {
		t.Errorf("the journal tells %d entries of %s, want 2", len(got), id)
	}
}

func TestEventFilters(t *testing.T) {
	s := start(t)
	customer, supplier, third := s.event("customer"), s.event("supplier"), s.event("customer")
	if a := s.api("POST", "/events/"+third+"/assess", `{"outcome":"event","reason":"a drill"}`); a.StatusCode != 200 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	for query, want := range map[string][]string{
		"":                         {third, supplier, customer},
		"status=untriaged":         {supplier, customer},
		"status=assessed":          {third},
		"status=overdue":           {},
		"kind=supplier":            {supplier},
		"outcome=event":            {third},
		"q=J.%20doe&kind=customer": {third, customer},
		"limit=1":                  {third},
		"cursor=" + supplier:       {customer},
		"to=2020-01-01T00:00:00Z":  {},
	} {
		got := []string{}
		for _, e := range s.api("GET", "/events?"+query, "").decode(t)["events"].([]any) {
			got = append(got, e.(map[string]any)["id"].(string))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("?%s: %v, want %v", query, got, want)
		}
	}
	for path, status := range map[string]int{"/events?status=odd": 400, "/events?cursor=EVT-1": 400, "/events/EVT-1999-0001": 404, "/events/" + s.alert("B", "x"): 404} {
		if a := s.api("GET", path, ""); a.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, a.Status, status)
		}
	}
	if a := s.api("GET", "/incidents/"+customer+"/reports/early_warning.pdf", ""); a.StatusCode != 404 {
		t.Errorf("a report of an event: %s", a.Status)
	}
}

// An event nobody assesses is counted, and once its time is up it is marked.
func TestUntriagedIsVisible(t *testing.T) {
	s := start(t)
	received := time.Now().Add(-5 * time.Hour).UTC().Format(time.RFC3339)
	s.event("staff")
	id := s.api("POST", "/events", `{"what":"odd","reporter":{"kind":"csirt"},"received_at":"`+received+`"}`).decode(t)["id"].(string)
	if v := s.api("GET", "/events/"+id, "").decode(t); v["overdue"] != true || v["status"] != "untriaged" {
		t.Errorf("%v", v)
	}
	m := string(s.send("GET", "/metrics", "", "").body)
	for _, want := range []string{"nis2clock_events_untriaged 2", "nis2clock_events_triage_overdue 1"} {
		if !strings.Contains(m, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// Notices to two controllers are two series; the others keep their labels.
func TestNoticeGauges(t *testing.T) {
	s := start(t, func(c *config.Config) {
		c.Entities[0].Contracts = []incident.Contract{{Name: "north", Controller: "N", NotifyWithin: 24 * time.Hour}, {Name: "south", Controller: "S", NotifyWithin: 24 * time.Hour}, {Name: "west", Controller: "W"}}
	})
	id := s.alert("B", "x")
	a := s.api("POST", "/incidents/"+id+"/breach", `{"data_sets":[{"name":"tickets","role":"processor"}]}`)
	if a.StatusCode != 200 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	for _, c := range a.decode(t)["clocks"].([]any) {
		c := c.(map[string]any)
		if _, due := c["due_at"]; due != (c["counterparty"] != "west") {
			t.Errorf("%v has a due instant: %v", c["counterparty"], due)
		}
	}
	m := string(s.send("GET", "/metrics", "", "").body)
	const due, target = "nis2clock_clock_due_timestamp_seconds", "nis2clock_clock_target_timestamp_seconds"
	for _, party := range []string{"north", "south", "west"} {
		series := `{counterparty="` + party + `",entity="default",exercise="false",incident="` + id + `",regime="gdpr_processor",stage="controller_notice"}`
		if strings.Contains(m, due+series) != (party != "west") || !strings.Contains(m, target+series) {
			t.Errorf("gauges of %s: due %v, target %v", party, strings.Contains(m, due+series), strings.Contains(m, target+series))
		}
	}
	if !strings.Contains(m, due+`{entity="default",exercise="false",incident="`+id+`",regime="nis2",stage="early_warning"}`) {
		t.Error("the labels of a report to the authority changed")
	}
	reg := s.api("GET", "/registers/breaches", "").decode(t)["breaches"].([]any)
	if len(reg) != 1 || reg[0].(map[string]any)["incident"] != id {
		t.Errorf("register %v", reg)
	}
}
