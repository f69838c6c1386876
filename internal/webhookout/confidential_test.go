package webhookout

import (
	"testing"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/dispatch/dispatchtest"
	"nis2clock/internal/incident"
)

// The webhook keeps to what its label allows, whatever field of an incident
// somebody adds later, and no text in it can be opened.
func TestConfidential(t *testing.T) {
	dispatchtest.Confidential(t, dispatch.Program, []incident.Role{incident.Page, incident.Reminder, incident.Escalate, incident.Triage}, func(n dispatch.Notice) string {
		said, err := body(n)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	})
}
