package opsgenie_test

import (
	"encoding/json"
	"testing"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/dispatch/dispatchtest"
	"nis2clock/internal/incident"
)

// An alert keeps to what its label allows, and names no address that can be
// opened but that of the incident's page.
func TestConfidential(t *testing.T) {
	dispatchtest.Confidential(t, dispatch.Vendor, []incident.Role{incident.Page, incident.Reminder, incident.Escalate, incident.Triage}, func(n dispatch.Notice) string {
		c, fake := setup(t)
		send(t, c, n)
		all := fake.Requests()
		if len(all) != 1 {
			t.Fatalf("%d requests", len(all))
		}
		said, err := json.Marshal(all[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	})
}
