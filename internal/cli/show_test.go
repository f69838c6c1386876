package cli

import (
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// A due instant stands in UTC and in the reader's zone, on both sides of a
// change of the clocks.
func TestDueHere(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		due  time.Time
		here *time.Location
		want string
	}{
		{time.Date(2026, 10, 25, 0, 59, 59, 0, time.UTC), berlin, "2026-10-25 00:59:59Z (here 2026-10-25 02:59:59 +02:00)"},
		{time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), berlin, "2026-10-25 01:00:00Z (here 2026-10-25 02:00:00 +01:00)"},
		{time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), berlin, "2026-12-31 23:30:00Z (here 2027-01-01 00:30:00 +01:00)"},
		{time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), time.UTC, "2026-12-31 23:30:00Z"},
		{time.Time{}, berlin, "no figure"},
	} {
		if got := dueHere(incident.ClockView{DueAt: tt.due}, tt.here); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
