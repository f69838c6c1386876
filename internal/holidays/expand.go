package holidays

import (
	"slices"
	"time"

	"nis2clock/internal/regime"
)

// rule is one holiday of every year, or of some.
type rule struct {
	id, name, kind string
	note           string
	on             func(year int) []regime.Date // before any move
	move           map[time.Weekday]int
	substitute     bool
	from, to       int // years, inclusive; 0 is none
	notIn          []int
	pending        bool
	regions        []string
}

// substitution says what happens when a holiday falls on a day that is free anyway.
type substitution struct {
	since    int // first year; 0 is never
	weekdays []time.Weekday
}

// dates are the days of the rule that fall due in a year. A move may take one into another year.
func (r rule) dates(year int) []regime.Date {
	if (r.from != 0 && year < r.from) || (r.to != 0 && year > r.to) || slices.Contains(r.notIn, year) {
		return nil
	}
	dates := r.on(year)
	for i, d := range dates {
		dates[i] = d.Add(r.move[d.Weekday()])
	}
	return dates
}

// Holidays returns the public holidays of the years from one to the other, inclusive, with their names.
func (c Calendar) Holidays(from, to int) regime.Holidays {
	all := regime.Holidays{}
	type free struct {
		date regime.Date
		name string
	}
	var substituted []free
	// Moves and substitutes may cross a year's end, so that the years before and after count as well.
	for year := from - 1; year <= to+1; year++ {
		for _, r := range c.rules {
			for _, d := range r.dates(year) {
				add(all, d, r.name)
				if s := c.substitution; r.substitute && s.since != 0 && d.Year >= s.since && slices.Contains(s.weekdays, d.Weekday()) {
					substituted = append(substituted, free{d, r.name})
				}
			}
		}
	}
	slices.SortStableFunc(substituted, func(a, b free) int { return a.date.Compare(b.date) })
	for _, s := range substituted {
		day := s.date.Add(1)
		for ; !working(all, day); day = day.Add(1) {
		}
		add(all, day, s.name+" (substitute)")
	}
	for d := range all {
		if d.Year < from || d.Year > to {
			delete(all, d)
		}
	}
	return all
}

func working(holidays regime.Holidays, d regime.Date) bool {
	_, holiday := holidays[d]
	return !holiday && d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

func add(holidays regime.Holidays, d regime.Date, name string) {
	if other, ok := holidays[d]; ok {
		name = other + "; " + name
	}
	holidays[d] = name
}

// onWeekday is the first such weekday on d or after it.
func onWeekday(d regime.Date, weekday time.Weekday) regime.Date {
	const week = 7
	return d.Add((int(weekday-d.Weekday()) + week) % week)
}

// nth is the weekday of a month, counted from 1 for the first or from -1 for the last.
func nth(year int, month time.Month, weekday time.Weekday, week int) regime.Date {
	const days = 7
	if week > 0 {
		return onWeekday(regime.Date{Year: year, Month: month, Day: 1}, weekday).Add(days * (week - 1))
	}
	last := regime.Date{Year: year, Month: month + 1, Day: 1}.Add(-days)
	return onWeekday(last, weekday).Add(days * (week + 1))
}
