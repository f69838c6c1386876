package pagerduty

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"short", "a b", 10, "a b"},
		{"at the limit", "abcdefghij", 10, "abcdefghij"},
		{"over the limit", "abcdefghijk", 10, "abcdefg…"},
		{"cut inside a character", "ααααα", 8, "αα…"},
		{"lines", "a\r\n\tb", 10, "a b"},
		{"direction override", "a\u202eb", 10, "ab"},
		{"not UTF-8", "a\xffb", 10, "a\ufffdb"},
		{"grows by repair", strings.Repeat("\xff", 10), 10, "\ufffd\ufffd…"},
		{"huge and blank", strings.Repeat(" ", 1000) + "x", 10, "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := words(tt.in, tt.limit)
			if got != tt.want || len(got) > tt.limit || !utf8.ValidString(got) {
				t.Errorf("got %q, want %q within %d bytes", got, tt.want, tt.limit)
			}
		})
	}
}

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
		if got := when(tt.at, tt.zone); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
