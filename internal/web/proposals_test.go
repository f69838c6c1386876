package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// propose has somebody without the right ask for a decision.
func (s *service) propose(id string) {
	s.t.Helper()
	_, err := s.Desk().Do(s.t.Context(), incident.Propose{
		Person: incident.Person{By: incident.Actor{Name: "rita", Via: "slack"}}, ExpiresAt: time.Now().Add(time.Hour),
		Do: incident.MarkNotReportable{ID: incident.ID(id), Reason: "a drill"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestProposalsOverTheAPI(t *testing.T) {
	s := start(t)
	id := s.alert("A", "x")
	s.propose(id)
	path := "/api/v1/incidents/" + id + "/proposals/"
	for _, tt := range []struct {
		name, path, token string
		status            int
	}{
		{"no number", "one/confirm", s.admin, http.StatusBadRequest},
		{"no such proposal", "2/confirm", s.admin, http.StatusNotFound},
		{"a responder", "1/confirm", s.token(access.Responder, "ben"), http.StatusForbidden},
		{"who proposed it", "1/confirm", s.token(access.Commander, "rita"), http.StatusConflict},
		{"a commander", "1/confirm", s.token(access.Commander, "cara"), http.StatusOK},
		{"too late", "1/reject", s.admin, http.StatusConflict},
	} {
		if a := s.send("POST", path+tt.path, tt.token, ""); a.StatusCode != tt.status {
			t.Errorf("%s: %s %s, want %d", tt.name, a.Status, a.body, tt.status)
		}
	}
	if v := s.api("GET", "/incidents/"+id, "").decode(t); v["reportability"] != "not_reportable" {
		t.Errorf("reportability %v", v["reportability"])
	}
}

// Nobody has to be in Slack to see what waits for an answer.
func TestPageShowsWhatWaits(t *testing.T) {
	s := start(t)
	id := s.alert("A", "x")
	s.propose(id)
	s.api("POST", "/incidents/"+id+"/tlp", `{"tlp":"RED"}`)
	s.api("POST", "/incidents/"+id+"/out-of-band", `{"on":true,"reason":"they read our chat"}`)
	_, page := s.do(s.signIn(s.admin), "GET", "/incidents/"+id)
	for _, want := range []string{"TLP:RED", "out of band", "Proposal 1 by rita", "open", "a drill"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}
