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

// wallForms are a date and time of day as people write them.
var wallForms = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// ParseLocal reads what [ParseInstant] does and, without an offset, a date and time of day as the clocks of the zone show
// it, to the minute or the second. One that they skip in spring, or show twice in autumn, needs its offset. A nil zone
// is UTC.
func ParseLocal(s string, zone *time.Location) (time.Time, error) {
	zone = Place{Zone: zone}.zone()
	for _, form := range wallForms {
		wall, err := time.Parse(form, s)
		if err != nil {
			continue
		}
		switch at := shown(wall, zone); len(at) {
		case 0:
			return time.Time{}, fmt.Errorf("the clocks of %s skipped %q: check the hour, or write it with its offset from UTC, such as %s", zone, s, Sample)
		case 1:
			return at[0], checkYear(s, at[0])
		default:
			return time.Time{}, fmt.Errorf("the clocks of %s showed %q twice: write which, %s or %s", zone, s, at[0].Format(time.RFC3339), at[1].Format(time.RFC3339))
		}
	}
	at, err := ParseInstant(s)
	if day := dayForm.FindString(s); err != nil && (day == "" || fits(day, time.DateOnly)) && !fits(s, time.RFC3339) {
		err = fmt.Errorf("%q is not a time: write such as 2026-11-10 12:17, or with an offset from UTC, such as %s", s, Sample)
	}
	return at, err
}

// shown are the instants, the earlier first, at which the clocks of a zone show the date and time of day that wall
// shows in UTC.
func shown(wall time.Time, zone *time.Location) (at []time.Time) {
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} { // no zone changes twice in that
		_, offset := wall.Add(near).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if t.Format(time.DateTime) == wall.Format(time.DateTime) && !(len(at) > 0 && at[0].Equal(t)) {
			at = append(at, t)
		}
	}
	return at
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
