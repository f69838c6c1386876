package dispatch_test

import (
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// A day in which Europe's clocks change, and one in which the date differs.
func TestWhen(t *testing.T) {
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		at   time.Time
		zone *time.Location
		want string
	}{
		{time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC), brussels, "2026-03-29 00:59 UTC (01:59 CET)"},
		{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), brussels, "2026-03-29 01:00 UTC (03:00 CEST)"},
		{time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), brussels, "2026-10-25 01:00 UTC (02:00 CET)"},
		{time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), brussels, "2026-12-31 23:30 UTC (2027-01-01 00:30 CET)"},
		{time.Date(2026, 3, 29, 3, 0, 0, 0, brussels), nil, "2026-03-29 01:00 UTC"},
	} {
		if got := dispatch.When(tt.at, tt.zone); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestStanding(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	sent, stopped := at, "not reportable"
	for _, tt := range []struct {
		clock incident.ClockView
		after time.Duration
		want  string
	}{
		{incident.ClockView{TargetAt: at, DueAt: at}, -2 * time.Hour, "due in 2 h"},
		{incident.ClockView{TargetAt: at, DueAt: at.Add(3 * time.Hour)}, -2 * time.Hour, "due in 2 h"},
		{incident.ClockView{TargetAt: at, DueAt: at.Add(3 * time.Hour)}, time.Hour, "target missed by 1 h, legally due in 2 h"},
		{incident.ClockView{TargetAt: at, DueAt: at, Late: true}, 30 * time.Minute, "OVERDUE by 30 min"},
		{incident.ClockView{TargetAt: at}, time.Hour, "owed without undue delay"},
		{incident.ClockView{TargetAt: at, DueAt: at, Late: true, SubmittedAt: &sent}, time.Hour, "submitted"},
		{incident.ClockView{TargetAt: at, DueAt: at, Stopped: &stopped}, time.Hour, "stopped"},
	} {
		if got := dispatch.Standing(&tt.clock, at.Add(tt.after)); got != tt.want {
			t.Errorf("%+v after %s: %q, want %q", tt.clock, tt.after, got, tt.want)
		}
	}
}

// The message that opens an incident begins with the most urgent of the open
// clocks that have passed something, and counts the others.
func TestHeadlineOpenedLate(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	v := incident.View{ID: "INC-2026-0001", Title: "It broke"}
	var covers []incident.ClockPassed
	add := func(c incident.ClockView) {
		c.ClockID.Stage = regime.StageID(c.Title)
		v.Clocks = append(v.Clocks, c)
		covers = append(covers, incident.ClockPassed{Clock: c.ClockID, Thresholds: []incident.Passed{{Name: "75%", At: at}}})
	}
	for _, tt := range []struct {
		add  incident.ClockView
		want string
	}{
		{incident.ClockView{Title: "Later", TargetAt: at.Add(2 * time.Hour), DueAt: at.Add(2 * time.Hour)}, "INC-2026-0001: Later due in 2 h. It broke"},
		{incident.ClockView{Title: "Sooner", TargetAt: at.Add(time.Hour), DueAt: at.Add(time.Hour)}, "INC-2026-0001: Sooner due in 1 h, and 1 more clock has passed reminders. It broke"},
		{incident.ClockView{Title: "Over", TargetAt: at.Add(-time.Hour), DueAt: at.Add(-time.Hour), Late: true}, "INC-2026-0001: Over OVERDUE by 1 h, and 2 more clocks have passed reminders. It broke"},
		{incident.ClockView{Title: "Sent", TargetAt: at, DueAt: at, SubmittedAt: &at}, "INC-2026-0001: Over OVERDUE by 1 h, and 2 more clocks have passed reminders. It broke"},
	} {
		add(tt.add)
		n := dispatch.Notice{Item: agenda.Item{Effect: incident.Effect{Role: incident.Post, Covers: covers}}, Incident: v, Now: at}
		if got := dispatch.Headline(n); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
