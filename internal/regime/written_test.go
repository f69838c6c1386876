package regime

import (
	"strings"
	"testing"
	"time"
)

func TestParseInstant(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026-11-10T12:17:00+01:00":      time.Date(2026, 11, 10, 11, 17, 0, 0, time.UTC),
		"2026-11-10T11:17:00Z":           time.Date(2026, 11, 10, 11, 17, 0, 0, time.UTC),
		"2026-11-10T11:17:00.5Z":         time.Date(2026, 11, 10, 11, 17, 0, 5e8, time.UTC),
		"2028-02-29T00:00:00Z":           time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC),
		"2000-01-01T00:00:00Z":           time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		"2999-12-31T23:59:59.999999999Z": time.Date(2999, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		if got, err := ParseInstant(s); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"":                          `"" is not a time`,
		"now":                       "is not a time with offset, such as 2026-11-10T12:17:00+01:00",
		"2026-11-10T12:17:00":       "has no offset from UTC: add it, as in 2026-11-10T12:17:00+01:00, or Z",
		"2026-11-10T12:17":          "has no seconds or no offset",
		"2026-11-10T12:17+01:00":    "has no seconds or no offset",
		"2026-11-10":                "is a day without a time",
		"2026-02-30":                "there is no day 2026-02-30",
		"2026-02-30T12:00:00Z":      "there is no day 2026-02-30",
		"2026-02-30T12:00:00":       "there is no day 2026-02-30",
		"2027-02-29T12:00:00Z":      "there is no day 2027-02-29",
		"2026-13-01T12:00:00Z":      "there is no day 2026-13-01",
		"2026-11-10T24:00:00Z":      "is not a time",
		"2026-11-10T23:59:60Z":      "is not a time",
		"2026-11-10 12:17:00+01:00": "is not a time",
		"2026-11-10T12:17:00 CET":   "is not a time",
		"2026-11-10T9:17:00Z":       "is not a time",
		"2026-11-10T12:17:00,5Z":    "is not a time",
		"2026-11-10T12:17:00+25:00": "is not a time",
		"0001-01-01T00:00:00Z":      "outside the years 2000 to 2999",
		"1999-12-31T23:59:59Z":      "outside the years 2000 to 2999",
		"3000-01-01T00:00:00Z":      "outside the years 2000 to 2999",
	} {
		if got, err := ParseInstant(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, error %v, want %q in it", s, got, err, want)
		}
	}
}

func TestParseLocal(t *testing.T) {
	vienna, err := ParseZone("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	lordHowe, err := ParseZone("Australia/Lord_Howe") // half an hour of summer time
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		s    string
		zone *time.Location
		want string // instant in UTC, or what the error says
	}{
		{"2026-11-10 12:17", vienna, "2026-11-10T11:17:00Z"},
		{"2026-07-10 12:17", vienna, "2026-07-10T10:17:00Z"},
		{"2026-11-10 12:17:05", vienna, "2026-11-10T11:17:05Z"},
		{"2026-11-10T12:17", vienna, "2026-11-10T11:17:00Z"},
		{"2026-11-10T12:17:05", vienna, "2026-11-10T11:17:05Z"},
		{"2026-11-10 12:17", nil, "2026-11-10T12:17:00Z"},
		{"2026-11-10T12:17:00+03:00", vienna, "2026-11-10T09:17:00Z"},
		{"2026-11-10T12:17:00Z", vienna, "2026-11-10T12:17:00Z"},
		{"2026-03-29 01:59:59", vienna, "2026-03-29T00:59:59Z"},
		{"2026-03-29 02:00", vienna, "skipped"},
		{"2026-03-29 02:59:59", vienna, "skipped"},
		{"2026-03-29 03:00", vienna, "2026-03-29T01:00:00Z"},
		{"2026-10-25 01:59:59", vienna, "2026-10-24T23:59:59Z"},
		{"2026-10-25 02:00", vienna, "twice: write which, 2026-10-25T02:00:00+02:00 or 2026-10-25T02:00:00+01:00"},
		{"2026-10-25 02:59:59", vienna, "twice"},
		{"2026-10-25 03:00", vienna, "2026-10-25T02:00:00Z"},
		{"2026-10-25T02:30:00+01:00", vienna, "2026-10-25T01:30:00Z"},
		{"2026-04-05 01:29", lordHowe, "2026-04-04T14:29:00Z"},
		{"2026-04-05 01:30", lordHowe, "twice"},
		{"2026-04-05 02:00", lordHowe, "2026-04-04T15:30:00Z"},
		{"", vienna, `"" is not a time: write such as 2026-11-10 12:17, or with an offset`},
		{"12:17", vienna, "is not a time"},
		{"2026-11-10", vienna, "is not a time"},
		{"10.11.2026 12:17", vienna, "is not a time"},
		{"2026-11-10 25:00", vienna, "is not a time"},
		{"2026-02-30 12:00", vienna, "there is no day 2026-02-30"},
		{"1999-12-31 12:00", vienna, "outside the years 2000 to 2999"},
		{"0026-11-10T12:17:00Z", vienna, "outside the years 2000 to 2999"},
	} {
		got := ""
		if at, err := ParseLocal(tt.s, tt.zone); err != nil {
			got = err.Error()
		} else {
			got = at.UTC().Format(time.RFC3339)
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%q in %v: got %s, want %s", tt.s, tt.zone, got, tt.want)
		}
	}
}

func TestParseDay(t *testing.T) {
	for _, s := range []string{"2026-12-25", "2028-02-29"} {
		if got, err := ParseDay(s); err != nil || got.String() != s {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{
		"":                     "is not a day: write YYYY-MM-DD",
		"25.12.2026":           "is not a day",
		"2026-12-5":            "is not a day",
		"2026-12-25T00:00:00Z": "is not a day",
		"2027-02-29":           "there is no day 2027-02-29",
		"2026-04-31":           "there is no day 2026-04-31",
		"1026-12-25":           "outside the years",
	} {
		if got, err := ParseDay(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, error %v, want %q in it", s, got, err, want)
		}
	}
}

func TestParseZone(t *testing.T) {
	for _, s := range []string{"Europe/Vienna", "Asia/Nicosia", "UTC"} {
		if got, err := ParseZone(s); err != nil || got.String() != s {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "Local", "Europe/Viena", "+01:00", "../etc/passwd"} {
		if got, err := ParseZone(s); err == nil || !strings.Contains(err.Error(), "want an IANA name") {
			t.Errorf("%q: got %v, error %v, want one that says what is wanted", s, got, err)
		}
	}
}
