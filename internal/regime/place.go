package regime

import (
	"cmp"
	"fmt"
	"time"
)

// Place is where the report is owed. The zone is that of the Member State whose authority receives the report, not
// of the server, the user or the incident; the holidays are those of the State where the act has to be done,
// Regulation 1182/71 Art. 2(1).
type Place struct {
	Zone     *time.Location // IANA zone; nil is UTC
	Holidays Holidays       // nil: none but Saturdays and Sundays
}

// Holidays are the public holidays of a State, by date, each with its name (which may be empty). They must cover
// the days on which a period may end.
type Holidays map[Date]string

// Date is a calendar day, without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day of an instant, in the instant's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String is YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Add returns the day n days after d, or before it if n is negative. A Date that no calendar has, such as 30 February, counts on into
// the next month.
func (d Date) Add(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Compare returns -1 if d lies before other, 1 if after, else 0.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// monthsLater is the day with the same number n months later or, if that month lacks it, the last day of that
// month: Regulation 1182/71 Art. 3(2)(c).
func (d Date) monthsLater(n int) Date {
	last := DateOf(time.Date(d.Year, d.Month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC))
	last.Day = min(d.Day, last.Day)
	return last
}

func (p Place) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// working reports whether d is neither a Saturday, a Sunday nor a public holiday: Regulation 1182/71 Art. 2(2).
func (p Place) working(d Date) bool {
	_, holiday := p.Holidays[d]
	weekday := d.Weekday()
	return !holiday && weekday != time.Saturday && weekday != time.Sunday
}

// nextWorking returns d, or the first working day after it if d is none.
func (p Place) nextWorking(d Date) Date {
	for !p.working(d) {
		d = d.Add(1)
	}
	return d
}

// endOf returns the instant at which d expires: midnight to the next day.
func (p Place) endOf(d Date) time.Time {
	d = d.Add(1)
	return p.at(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC))
}

// at returns the instant when the clocks of the place show what the given UTC time shows. A time that they skip
// is the instant of the change, and of a time that they show twice it is the first (regulation 2.3).
func (p Place) at(shown time.Time) time.Time {
	y, m, d := shown.Date()
	t := time.Date(y, m, d, shown.Hour(), shown.Minute(), shown.Second(), shown.Nanosecond(), p.zone())
	// time.Date picks either side of a change; look at the period without a change that it picked.
	from, until := t.ZoneBounds()
	switch got := face(t); {
	case got.After(shown): // skipped, and read with the offset before the change
		return from
	case got.Before(shown): // skipped, and read with the offset after the change
		return until
	}
	if !from.IsZero() {
		_, before := from.Add(-time.Nanosecond).Zone()
		if first := shown.Add(-time.Duration(before) * time.Second); first.Before(from) {
			return first
		}
	}
	return t
}

// face returns what the clocks show at t, as the same reading in UTC.
func face(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}
