package regime

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Years outside these are slips of the pen. The last leaves room for a period to end in four digits.
const firstYear, lastYear = 2000, 2999

// Sample is an instant as it should be written.
const Sample = "2026-11-10T12:17:00+01:00"

// The forms of RFC 3339. Package time alone would take a comma and an hour of one digit too.
var (
	instantForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)
	dayForm     = regexp.MustCompile(`^\d{4}-\d\d-\d\d`)
)

// ParseInstant reads an RFC 3339 date and time with its offset from UTC. Without the offset it is refused: a wall-clock
// time alone is not an instant.
func ParseInstant(s string) (time.Time, error) {
	if instantForm.MatchString(s) {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t, checkYear(s, t)
		}
	}
	if day := dayForm.FindString(s); day != "" {
		if _, err := ParseDay(day); err != nil {
			return time.Time{}, err
		}
	}
	switch {
	case fits(s, time.DateOnly):
		return time.Time{}, fmt.Errorf("%q is a day without a time: write such as %s", s, Sample)
	case fits(s, "2006-01-02T15:04:05"):
		return time.Time{}, fmt.Errorf("%q has no offset from UTC: add it, as in %s+01:00, or Z for UTC", s, s)
	case fits(s, "2006-01-02T15:04Z07:00"), fits(s, "2006-01-02T15:04"):
		return time.Time{}, fmt.Errorf("%q has no seconds or no offset: write such as %s", s, Sample)
	}
	return time.Time{}, fmt.Errorf("%q is not a time with offset, such as %s", s, Sample)
}

// ParseDay reads a calendar day, YYYY-MM-DD.
func ParseDay(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err == nil {
		return DateOf(t), checkYear(s, t)
	}
	if e, ok := err.(*time.ParseError); ok && strings.HasSuffix(e.Message, "out of range") {
		return Date{}, fmt.Errorf("there is no day %s in the calendar: check month and day", s)
	}
	return Date{}, fmt.Errorf("%q is not a day: write YYYY-MM-DD", s)
}

// ParseZone reads an IANA zone name. The host's own zone, which Go calls "Local", has no place here.
func ParseZone(s string) (*time.Location, error) {
	if s != "" && s != "Local" {
		if zone, err := time.LoadLocation(s); err == nil {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("unknown zone %q: want an IANA name such as Europe/Vienna", s)
}

func checkYear(s string, t time.Time) error {
	if t.Year() < firstYear || t.Year() > lastYear {
		return fmt.Errorf("%s lies outside the years %d to %d: check the year", s, firstYear, lastYear)
	}
	return nil
}

func fits(s, layout string) bool {
	_, err := time.Parse(layout, s)
	return err == nil
}
