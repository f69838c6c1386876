package report

import (
	"slices"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// A packet holds what the incident asks for: no withdrawal of what was never
// reported, no review of what still goes on, nobody else's notices.
func TestReportsThatAnIncidentAsksFor(t *testing.T) {
	clock := func(entity, reg, stage, state string, sent bool) incident.ClockView {
		c := incident.ClockView{ClockID: incident.ClockID{Entity: entity, Regime: regime.ID(reg), Stage: regime.StageID(stage)}, State: state}
		if sent {
			c.SubmittedAt = &at0
		}
		return c
	}
	contract := clock("a", "gdpr_processor", "controller_notice", incident.ClockRunning, false)
	contract.Counterparty = "c-south"
	for name, tt := range map[string]struct {
		clocks        []incident.ClockView
		reportability string
		handled       *time.Time
		want          []string
	}{
		"nothing runs": {nil, incident.Undecided, nil, nil},
		"running, each of whom it concerns": {[]incident.ClockView{
			clock("a", "nis2", "early_warning", incident.ClockOverdue, false), clock("b", "nis2", "early_warning", incident.ClockRunning, false),
			clock("a", "gdpr", "notification", incident.ClockProjected, false), contract,
		}, incident.Mandatory, nil, []string{"early_warning a", "early_warning b", "gdpr/notification a"}},
		"asked twice": {[]incident.ClockView{
			clock("a", "nis2", "intermediate_report", incident.ClockSubmitted, true), clock("a", "nis2", "intermediate_report", incident.ClockRunning, false),
		}, incident.Mandatory, nil, []string{"intermediate_report a"}},
		"never sent, not reportable": {[]incident.ClockView{clock("a", "nis2", "early_warning", incident.ClockStopped, false)}, incident.ReportNotReportable, nil, nil},
		"sent, then not reportable": {[]incident.ClockView{
			clock("a", "nis2", "early_warning", incident.ClockSubmitted, true), clock("a", "nis2", "notification", incident.ClockStopped, false),
		}, incident.ReportNotReportable, nil, []string{"early_warning a", "withdrawal "}},
		"handled": {[]incident.ClockView{clock("a", "nis2", "final_report", incident.ClockSubmitted, true)}, incident.Mandatory, &at0, []string{"final_report a", "post_incident_review "}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range Asked(incident.View{Clocks: tt.clocks, Reportability: tt.reportability, HandledAt: tt.handled}) {
				got = append(got, r.Stage+" "+r.Entity)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
