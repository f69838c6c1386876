package regime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Period is how long a report may take at most. How it is counted depends on its unit: Regulation 1182/71
// treats hours differently from all else.
type Period struct {
	N    int // from 1 to maxPeriod; 0 for AsRequested
	Unit Unit
}

// Unit is the unit in which the law expresses a period.
type Unit string

const (
	Hours       Unit = "hour"
	Days        Unit = "day"
	WorkingDays Unit = "working day"
	Months      Unit = "month"
	AsRequested Unit = "as requested" // until the date that the authority's request sets
)

// maxPeriod keeps a slip of the pen, and an overflow, out of the data.
const maxPeriod = 9999

// String is the form that the data files use, e.g. "72 hours", "30 working days" or "1 month".
func (p Period) String() string {
	switch {
	case p.Unit == AsRequested:
		return string(AsRequested)
	case p.N == 1:
		return fmt.Sprintf("1 %s", p.Unit)
	}
	return fmt.Sprintf("%d %ss", p.N, p.Unit)
}

func parsePeriod(s string) (Period, error) {
	if s == string(AsRequested) {
		return Period{Unit: AsRequested}, nil
	}
	number, unit, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(number)
	p := Period{N: n, Unit: Unit(strings.TrimSuffix(unit, "s"))}
	known := p.Unit == Hours || p.Unit == Days || p.Unit == WorkingDays || p.Unit == Months
	if err != nil || n < 1 || n > maxPeriod || !known || p.String() != s {
		return Period{}, fmt.Errorf(`bad period %q: want such as "72 hours", "14 days", "30 working days" or "1 month", at most %d`, s, maxPeriod)
	}
	return p, nil
}

// parseAgain reads the period after which a report is owed again.
func parseAgain(s string) (Period, error) {
	p, err := parsePeriod(s)
	if err == nil && p.Unit == AsRequested {
		return Period{}, fmt.Errorf("bad period %q: want such as \"1 month\"", s)
	}
	return p, err
}

// lastDay is the day on which a period of days or months ends that is counted from an event on day d, which
// itself is not counted: Regulation 1182/71 Art. 3(1), 3(2)(b) and (c).
func (p Period) lastDay(d Date, place counting) Date {
	switch p.Unit {
	case Months:
		return d.monthsLater(p.N)
	case WorkingDays:
		for range p.N {
			d = place.nextWorking(d.Add(1))
		}
		return d
	}
	return d.Add(p.N)
}

// conservative ends the period by the stricter reading (regulation 2.3), and says how.
//
// Hours are elapsed time from the event itself. All else ends at the same wall-clock time of the last day: days and
// working days after the day of the event are counted, months end on the day with the same number, or on the last
// day of a month that lacks it. None moves for weekends or holidays, beyond the working days that are counted.
func (p Period) conservative(from time.Time, place counting) (time.Time, string) {
	if p.Unit == Hours {
		end := from.Add(time.Duration(p.N) * time.Hour).UTC()
		if !place.explain {
			return end, ""
		}
		return end, p.String() + " of elapsed time"
	}
	local := from.In(place.zone())
	day := p.lastDay(DateOf(local), place)
	shown := time.Date(day.Year, day.Month, day.Day,
		local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
	end := place.at(shown)
	if !place.explain {
		return end.UTC(), ""
	}
	to := "to the same wall-clock time"
	switch {
	case p.Unit == Months && day.Day != local.Day():
		to = place.say("to the last day of a month without a day %d", local.Day())
	case p.Unit == Months:
		to = "to the same day number and wall-clock time"
	}
	how := place.say("%s %s, %s", p, to, place.show(end))
	if face(end.In(place.zone())) != shown {
		how += place.say(", when the clocks skip %s", shown.Format(time.TimeOnly))
	}
	return end.UTC(), how
}

// outer ends the period by Regulation 1182/71 applied throughout (regulation 2.3), and says how.
//
// Hours: the clock hour in which the event falls is not counted, Art. 3(1), so that an event on the full hour
// starts the period one hour later. Weekends and holidays are ignored; Art. 3(4) does not concern hours, and
// Art. 3(5) is never used. All else: the period ends with the last hour of the last day, Art. 3(2)(b), (c), and if that
// is a holiday, Saturday or Sunday with the last hour of the next working day, Art. 3(4).
func (p Period) outer(from time.Time, place counting) (time.Time, string) {
	local := from.In(place.zone())
	if p.Unit == Hours {
		sinceFullHour := time.Duration(local.Minute())*time.Minute +
			time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
		start := from.Add(time.Hour - sinceFullHour)
		end := start.Add(time.Duration(p.N) * time.Hour).UTC()
		if !place.explain {
			return end, ""
		}
		return end, place.say(
			"%s of elapsed time from %s, the clock hour of the event not counted, Reg. 1182/71 Art. 3(1)", p, place.show(start))
	}
	point := "(b)"
	if p.Unit == Months {
		point = "(c)"
	}
	last := p.lastDay(DateOf(local), place)
	working := place.nextWorking(last)
	if !place.explain {
		return place.endOf(working).UTC(), ""
	}
	how := place.say("%s to the end of %s (24:00 %s), Reg. 1182/71 Art. 3(2)%s", p, working, place.zone(), point)
	if working != last {
		how = place.say("%s to %s, no working day, so to the end of %s (24:00 %s), Reg. 1182/71 Art. 3(2)%s, 3(4)",
			p, last, working, place.zone(), point)
	}
	return place.endOf(working).UTC(), how
}

// counting is a place and whether to say in words how something is counted there.
type counting struct {
	Place
	explain bool
}

// show writes an instant as the people at the place read it.
func (p counting) show(t time.Time) string {
	if !p.explain {
		return ""
	}
	return t.In(p.zone()).Format("2006-01-02 15:04:05.999999999 -07:00")
}

// say words how something was counted, where somebody asked for that.
func (p counting) say(format string, args ...any) string {
	if !p.explain {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
