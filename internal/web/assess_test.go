package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/significance"
)

// cloud is a service whose entity is a cloud provider.
func cloud(t *testing.T) *service {
	return start(t, func(c *config.Config) {
		c.Entities[0].Type = "cloud_computing_service_provider"
		c.Entities[0].Known = significance.Facts{significance.UsersInUnion: {Value: "200000", Origin: significance.FromConfig}}
	})
}

func decodeAs[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if a.StatusCode != 200 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

func TestAssessReadsFactsInEveryForm(t *testing.T) {
	s := cloud(t)
	id := s.alert("B", "x")
	a := s.api("POST", "/incidents/"+id+"/assess", `{"facts":{"users_limited":{"value":10001,"estimated":true},"limited_availability":"61m",
		"data_compromised":true,"malicious_suspected":false,"financial_loss_eur":12.5,"death":"no","health_damage":null}}`)
	v := decodeAs[incident.View](t, a)
	sig := v.Significance
	if sig.Decision != "undecided" || sig.Advice.Verdict != significance.Significant || len(sig.Criteria) != 10 {
		t.Errorf("%s", a.body)
	}
	for id, want := range map[significance.FactID]significance.Value{"users_limited": "10001", "data_compromised": "yes", "malicious_suspected": "no", "financial_loss_eur": "12.50"} {
		if got := sig.Facts[id]; got.Value != want || got.Estimated != (id == "users_limited") {
			t.Errorf("%s is %+v, want %s", id, got, want)
		}
	}
	if _, known := sig.Facts["health_damage"]; known {
		t.Error("null is known")
	}
	for body, says := range map[string]string{
		`{"facts":{"users":1}}`:                          `no fact`,
		`{"facts":{"death":[1]}}`:                        "a fact is a text",
		`{"facts":{"death":{"value":"no","sure":1}}}`:    "sure",
		`{"facts":{"users_limited":"few"}}`:              "want a number",
		`{"decision":"not_significant"}`:                 "why",
		`{"decision":"perhaps","reason":"x"}`:            "significant, not_significant or undecided",
		`{"entity":"acme","facts":{"death":"no"}}`:       "acme",
		`{"facts":{"death":"no"},"facts":{"death":"y"}}`: "",
	} {
		if a := s.api("POST", "/incidents/"+id+"/assess", body); a.StatusCode != 400 || !strings.Contains(string(a.body), says) {
			t.Errorf("%s: %s %s, want 400 and %q", body, a.Status, a.body, says)
		}
	}
}

func TestAssessmentSupposesWithoutRecording(t *testing.T) {
	s := cloud(t)
	id := s.alert("B", "x")
	before := len(entries(t, s))
	a := decodeAs[incident.Assessment](t, s.api("GET", "/incidents/"+id+"/assess?fact=complete_unavailability=31m&fact=scheduled_maintenance=no&skip=financial_loss_eur", ""))
	if a.Advice.Verdict != significance.Significant || a.Next == nil || a.Next.Fact != significance.PotentialLoss || a.Types[0] != "cloud_computing_service_provider" {
		t.Errorf("%+v", a)
	}
	if len(entries(t, s)) != before || decodeAs[incident.View](t, s.api("GET", "/incidents/"+id, "")).Significance.Advice != nil {
		t.Error("asking was recorded")
	}
	for path, status := range map[string]int{
		"/incidents/INC-1999-0001/assess": 404, "/incidents/" + id + "/assess?fact=death": 400, "/incidents/" + id + "/assess?fact=death=perhaps": 400,
		"/incidents/" + id + "/assess?entity=acme": 400, "/recurring?entity=acme": 400, "/recurring": 200,
	} {
		if a := s.api("GET", path, ""); a.StatusCode != status {
			t.Errorf("%s: %s %s, want %d", path, a.Status, a.body, status)
		}
	}
}

func TestSecondPersonByPolicy(t *testing.T) {
	s := start(t, func(c *config.Config) { c.Decisions.SecondPerson = true })
	id := s.alert("B", "x")
	v := decodeAs[incident.View](t, s.api("POST", "/incidents/"+id+"/not-reportable", `{"reason":"a drill"}`))
	if p := v.Significance.Proposed; p == nil || p.By != "admin" || v.Reportability != "undecided" || v.Clocks[0].Stopped != nil {
		t.Errorf("%+v", v.Significance)
	}
	if a := s.api("POST", "/incidents/"+id+"/not-reportable", `{"reason":"a drill"}`); a.StatusCode != 409 || !strings.Contains(string(a.body), "another person") {
		t.Errorf("the same person twice: %s %s", a.Status, a.body)
	}
}
