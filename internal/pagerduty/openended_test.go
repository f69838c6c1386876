package pagerduty_test

import (
	"strings"
	"testing"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
)

// A notice for which no figure is agreed is owed at once and never called
// overdue; no year 1 is shown.
func TestNoticeWithoutAFigure(t *testing.T) {
	now := detected.Add(3 * time.Hour)
	id := incident.ClockID{Entity: "saas", Regime: incident.GDPRProcessor, Stage: incident.ControllerNotice, Counterparty: "c-west"}
	n := remind(now, id, detected, "0s")
	n.Incident.Clocks = append(n.Incident.Clocks, incident.ClockView{ClockID: id, Title: "Notice to West Bank", State: incident.ClockRunning, StartedAt: detected, TargetAt: detected})
	e := pagerduty.Render(n, config(t))
	if s := e.Payload.Summary; !strings.Contains(s, "Notice to West Bank (GDPR_PROCESSOR, saas) owed without undue delay, detected 3 h ago") {
		t.Errorf("summary %q", s)
	}
	if e.Payload.Component != "saas/gdpr_processor/controller_notice/c-west" {
		t.Errorf("component %q", e.Payload.Component)
	}
	if body := string(encode(t, e)); strings.Contains(body, "0001-01-01") {
		t.Errorf("the year 1 in %s", body)
	}
}

// A page about an event nobody assessed says so and nothing of an incident.
func TestTriagePage(t *testing.T) {
	n := heartbeat()
	n.Effect.Role, n.Text = incident.Triage, "Nobody has assessed EVT-2026-0001"
	n.Refused, n.Reason = []string{"slack"}, "slack: rejected: channel_not_found"
	e := pagerduty.Render(n, config(t))
	if p := e.Payload; !strings.HasPrefix(p.Summary, "Nobody has assessed EVT-2026-0001") || !strings.Contains(p.Summary, "channel_not_found") || p.Class != "triage" || p.Severity != "error" {
		t.Errorf("%+v", p)
	}
	if pagerduty.Render(n, config(t)).DedupKey == pagerduty.Render(dispatch.Notice{Item: n.Item, Key: "other", Text: n.Text}, config(t)).DedupKey {
		t.Error("two events share an alert")
	}
}
