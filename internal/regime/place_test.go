package regime

import (
	"testing"
	"time"
)

func TestDateArithmetic(t *testing.T) {
	for _, tt := range []struct {
		from string
		days int
		want string
		day  time.Weekday
	}{
		{"2028-02-28", 1, "2028-02-29", time.Tuesday},
		{"2027-02-28", 1, "2027-03-01", time.Monday},
		{"2026-12-31", 1, "2027-01-01", time.Friday},
		{"2027-01-01", -1, "2026-12-31", time.Thursday},
		{"2026-11-22", 0, "2026-11-22", time.Sunday},
	} {
		from := date(t, tt.from)
		got := from.Add(tt.days)
		if got != date(t, tt.want) || got.Weekday() != tt.day {
			t.Errorf("%s and %d days: got %s, a %s, want %s, a %s", tt.from, tt.days, got, got.Weekday(), tt.want, tt.day)
		}
		if order := got.Compare(from); order != (max(-1, min(1, tt.days))) || from.Compare(got) != -order {
			t.Errorf("%s compared with %s: got %d", got, from, order)
		}
	}
}

func date(t testing.TB, s string) Date {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return DateOf(d)
}
