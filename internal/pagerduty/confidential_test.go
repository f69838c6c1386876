package pagerduty_test

import (
	"testing"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/dispatch/dispatchtest"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
)

// A page keeps to what its label allows, and names no address that can be
// opened but that of the incident's page.
func TestConfidential(t *testing.T) {
	dispatchtest.Confidential(t, dispatch.Vendor, []incident.Role{incident.Page, incident.Reminder, incident.Escalate, incident.Triage}, func(n dispatch.Notice) string {
		e := pagerduty.Render(n, config(t))
		if n.Confine(dispatch.Vendor).Extent == dispatch.Call && e.Payload.Severity != "critical" {
			t.Errorf("severity %q tells something, or wakes nobody", e.Payload.Severity)
		}
		return string(encode(t, e))
	})
}
