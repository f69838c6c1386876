package slack

import (
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// A notice for which no figure is agreed comes first, is owed at once and
// never called overdue; no year 1 is shown.
func TestNoticeWithoutAFigure(t *testing.T) {
	now := detected.Add(3 * time.Hour)
	v := freshView(now)
	id := incident.ClockID{Entity: "saas", Regime: incident.GDPRProcessor, Stage: incident.ControllerNotice, Counterparty: "c-west"}
	v.Clocks = append(v.Clocks, incident.ClockView{ClockID: id, Title: "Notice to West Bank", State: incident.ClockRunning, Basis: "detection", StartedAt: detected, TargetAt: detected})
	if first := byUrgency(v.Clocks)[0]; first.ClockID != id {
		t.Errorf("%s comes first", first.ClockID)
	}
	n := reminder(now, v, incident.Passed{Name: "0s", At: detected})
	n.Effect.Clock = id
	want := "Notice to West Bank (gdpr_processor, saas)"
	for name, text := range map[string]string{
		"row": clockRow(v.Clocks[len(v.Clocks)-1], v, now, nil), "line": clockLine(v.Clocks[len(v.Clocks)-1], now, nil), "reminder": render(n, nil).text,
	} {
		if !strings.Contains(text, want) || !strings.Contains(text, "owed without undue delay, detected 3 h ago") {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(text, "0001-01-01") || strings.Contains(text, "OVERDUE") {
			t.Errorf("%s: %s", name, text)
		}
	}
}
