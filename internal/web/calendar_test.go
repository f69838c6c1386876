package web_test

import (
	"net/http"
	"strings"
	"testing"

	"nis2clock/internal/access"
)

// A calendar is read with a token that can do nothing else, in the address.
func TestCalendar(t *testing.T) {
	s := start(t)
	id := s.alert("It broke", "x")
	auditor, responder := s.token(access.Auditor, "cal"), s.token(access.Responder, "resp")
	for _, tt := range []struct {
		name, token string
		want        int
	}{
		{"reads", auditor, http.StatusOK}, {"can do more", responder, http.StatusForbidden}, {"of an administrator", s.admin, http.StatusForbidden},
		{"nobody's", "x", http.StatusUnauthorized}, {"none", "", http.StatusUnauthorized},
	} {
		a := s.send("GET", "/calendar.ics?token="+tt.token, s.admin, "") // a header opens nothing here
		if a.StatusCode != tt.want {
			t.Errorf("%s: %s %s", tt.name, a.Status, a.body)
		}
		if shown := strings.Count(string(a.body), "BEGIN:VEVENT") == 3 && strings.Contains(string(a.body), id); shown != (tt.want == 200) {
			t.Errorf("%s: %s", tt.name, a.body)
		}
	}
}
