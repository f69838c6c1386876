package calendar_test

import (
	"bytes"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"nis2clock/internal/calendar"
	"nis2clock/internal/incident"
)

func TestClocks(t *testing.T) {
	due := time.Date(2026, 3, 29, 9, 0, 0, 0, time.UTC)
	clock := func(stage, title string, target time.Time) incident.ClockView {
		return incident.ClockView{
			ClockID: incident.ClockID{Entity: "acme", Regime: "nis2", Stage: "early_warning"}, Title: title, Source: "Art. 23(4)(a)",
			TargetAt: target, DueAt: due,
		}
	}
	sent, stopped := clock("notification", "sent", due), clock("x", "stopped", due)
	sent.SubmittedAt, stopped.Stopped = new(due), new("because")
	v := incident.View{
		ID: "EX-2026-0001", Title: "what happened is nobody's business", Exercise: true, UpdatedAt: due.Add(-time.Hour), Revision: 7,
		Clocks: []incident.ClockView{clock("early_warning", "Early warning", due.Add(-2*time.Hour)), sent, stopped},
	}
	page := func(id incident.ID) string { return "https://clock.example/incidents/" + string(id) }
	out := calendar.Clocks([]incident.View{v}, page)
	if again := calendar.Clocks([]incident.View{v}, page); !bytes.Equal(out, again) {
		t.Error("the same incident gives two calendars")
	}
	if bytes.Contains(out, []byte("nobody's business")) {
		t.Error("the calendar tells what happened")
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(cal.Events()); n != 1 {
		t.Fatalf("%d entries, want that of the one clock that runs:\n%s", n, out)
	}
	e := cal.Events()[0]
	if end, err := e.GetEndAt(); err != nil || !end.Equal(due.Add(-2*time.Hour)) {
		t.Errorf("ends at %s (%v), want the target", end, err)
	}
	if got, want := e.GetProperty(ics.ComponentPropertySummary).Value, "[EXERCISE] EX-2026-0001: Early warning (NIS2, acme)"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	if got := e.GetProperty(ics.ComponentPropertyDescription).Value; got != "Target at 2026-03-29T07:00:00Z, exclusive. Art. 23(4)(a). Legally due at 2026-03-29T09:00:00Z." {
		t.Errorf("description %q", got)
	}
	if len(calendar.Clocks(nil, page)) == 0 {
		t.Error("with no incident there is no calendar")
	}
}
