package app

import (
	"strings"
	"testing"

	"nis2clock/internal/incident"
)

// With the setting each incident gets its channel, and what Slack refuses shows
// where people look.
func TestIncidentChannels(t *testing.T) {
	fake := startFake(t)
	cfg := withSlack(t, fake)
	cfg.Slack.Rooms = true
	a := startWith(t, cfg)
	declare := func(title string) incident.ID {
		t.Helper()
		reply, err := a.Desk().Do(t.Context(), incident.Declare{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}, Title: title, DetectedAt: a.Desk().Now()})
		if err != nil {
			t.Fatal(err)
		}
		return reply.(incident.ID)
	}
	id := declare("A drill")
	ask(t, a, "/metrics", `nis2clock_dispatch_deliveries_total{channel="slack_rooms",role="open_room"} 1`)
	if all := fake.Rooms(); len(all) != 1 || all[0].Name != strings.ToLower(string(id)) {
		t.Errorf("%s has the rooms %+v", id, all)
	}
	fake.SetScopes("chat:write", "channels:history", "commands", "reactions:read")
	declare("Another")
	ask(t, a, "/metrics", `nis2clock_dispatch_failures_total{channel="slack_rooms",reason="auth_error"}`)
	ask(t, a, "/-/ready", "missing_scope")
}
