package web_test

import (
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/people"
)

// A slip in a name is warned of when it is made, by name, and stays out of the
// record: it is taken, and what is shown later does not warn.
func TestNamesThatNobodyHas(t *testing.T) {
	s := start(t, func(c *config.Config) {
		var faults []*people.Fault
		c.People, faults = people.New([]people.Person{{Name: "Ana Example"}})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
	})
	s.token(access.Auditor, "aud")
	s.token(access.Auditor, "gone")
	s.must(s.api("DELETE", "/tokens/gone", ""))
	opened := s.api("POST", "/incidents", `{"title":"T","detected_at":"2026-01-02T03:04:05Z"}`)
	s.must(opened)
	path := "/incidents/" + opened.decode(t)["id"].(string)

	strangers := func(a answer) (names []string) {
		t.Helper()
		s.must(a)
		for _, w := range a.decode(t)["warnings"].([]any) {
			if rest, ok := strings.CutPrefix(w.(string), `Nobody is called "`); ok {
				name, _, _ := strings.Cut(rest, `"`)
				names = append(names, name)
			}
		}
		return names
	}
	for _, tt := range []struct{ path, body, want string }{
		{"/restricted", `{"on":true,"names":["Ana Example","aud","U024BE7LH@T061EG9R6"," aud "],"reason":"r"}`, ""},
		{"/restricted", `{"on":true,"names":["ana example","gone","aud"],"reason":"r"}`, "ana example,gone"},
		{"/access", `{"name":"audd","allow":true,"reason":"r"}`, "audd"},
		{"/access", `{"name":"audd","allow":false,"reason":"r"}`, ""},
		{"/access", `{"name":"T061EG9R6","allow":true,"reason":"r"}`, "T061EG9R6"},
		{"/hand-over", `{"to":"aud"}`, ""},
		{"/hand-over", `{"to":"T061EG9R6"}`, "T061EG9R6"},
	} {
		if got := strings.Join(strangers(s.api("POST", path+tt.path, tt.body)), ","); got != tt.want {
			t.Errorf("%s %s: warned of %q, want %q", tt.path, tt.body, got, tt.want)
		}
	}
	if got := strangers(s.api("GET", path, "")); got != nil {
		t.Errorf("the incident itself warns of %q", got)
	}
}
