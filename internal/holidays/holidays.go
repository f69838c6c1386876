// Package holidays knows the public holidays of the Member States, as rules that it expands for a year.
//
// Public holidays are the days so designated in the Member State where an act is done, Regulation (EEC, Euratom)
// No 1182/71 Art. 2(1); a period expressed otherwise than in hours that would end on one ends later, Art. 3(4).
// A day wrongly taken for a holiday makes an answer late and a holiday missed only makes it early, so that what is
// doubtful makes no holiday: [Calendar.Holidays] holds the nation-wide days by law, and [Calendar.Warnings] names
// the rest. The package reads no clock and does no I/O.
//
// # Data
//
// The data is one YAML file:
//
//	schema: 1
//	reviewed: "2026-11-22"        # when a person last checked it
//	valid: {from: 2024, to: 2036} # the years it was checked for
//	states:
//	  BG:                         # ISO 3166-1 alpha-2
//	    name: Bulgaria
//	    zones: […]                # IANA names
//	    authority_zone: Europe/Sofia
//	    confidence: high          # high, medium or low
//	    substitution: {since: 2017, weekdays: [sat, sun], to: next-working-day, basis: …}
//	    rules: […]                # nation-wide public holidays: these alone count
//	    equated: […]              # not holidays, but the State's own law on time limits rolls over them
//	    contested: […]            # bank closing, half days, practice, or not yet decided
//	    regional: […]             # holidays of a part of the State
//	    watch: […]                # what may change
//	    sources: […]
//
// A rule gives its date in one of these ways: date (MM-DD), easter or orthodox (days from Easter Sunday), nth
// ({month, weekday, week}, week 1 the first, -1 the last), first_from ({date, weekday}), once (single dates). It may be
// bounded by from, to and not_in (years). With move, a date on one of its weekdays shifts by so many days and is
// then no holiday. With substitute the State's substitution applies: a date on one of its weekdays stays a holiday, and the
// next day that is no Saturday, Sunday, holiday or substitute already given is one as well. An unknown key, a missing one or
// a value outside these is refused with file, line and reason.
package holidays

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"sync"

	"nis2clock/internal/regime"
)

// Set is the calendars loaded together. It is immutable and safe for concurrent use.
type Set struct {
	reviewed  regime.Date
	from, to  int // the years checked
	calendars map[string]Calendar
}

// Calendar returns the calendar of a Member State, an upper-case ISO 3166-1 alpha-2 code.
func (s *Set) Calendar(state string) (Calendar, bool) {
	c, ok := s.calendars[state]
	return c, ok
}

// States returns the codes of the States that have a calendar, sorted.
func (s *Set) States() []string { return slices.Sorted(maps.Keys(s.calendars)) }

// Reviewed is the day on which a person last checked the data.
func (s *Set) Reviewed() regime.Date { return s.reviewed }

//go:embed holidays.yaml
var embedded []byte

// Builtin returns the calendars in this binary: those of the 27 Member States.
func Builtin() *Set { return builtin() }

var builtin = sync.OnceValue(func() *Set {
	set, err := Load("holidays.yaml", embedded)
	if err != nil {
		panic(fmt.Sprintf("holiday data in this binary: %v", err)) // a test loads it: never in a released binary
	}
	return set
})

// Day is one public holiday.
type Day struct {
	Date regime.Date
	Name string // of several holidays on one day, all names
}

// Calendar is the holidays of one State.
type Calendar struct {
	State string // ISO 3166-1 alpha-2
	Name  string
	Zone  string // IANA zone of the State's national authorities
	// Confidence says how sure the data is: high, medium or low.
	Confidence string

	rules, equated, contested, regional []rule

	substitution substitution
	watch        []string
	reviewed     regime.Date
	from, to     int
}

// Regions returns the ISO 3166-2 codes of the parts of the State that have holidays of their own, sorted.
func (c Calendar) Regions() []string {
	regions := map[string]bool{}
	for _, r := range c.regional {
		for _, region := range r.regions {
			regions[region] = true
		}
	}
	return slices.Sorted(maps.Keys(regions))
}

// In returns the calendar of an authority in a part of the State, by its ISO 3166-2 code: the holidays of that part
// count too. Without such a part ok is false.
func (c Calendar) In(region string) (_ Calendar, ok bool) {
	if !slices.Contains(c.Regions(), region) {
		return c, false
	}
	c.rules = slices.Clone(c.rules)
	var others []rule
	for _, r := range c.regional {
		if slices.Contains(r.regions, region) {
			c.rules = append(c.rules, r)
		} else {
			others = append(others, r)
		}
	}
	c.regional = others
	return c, true
}

// Days returns the public holidays of a year, by date.
func (c Calendar) Days(year int) []Day {
	var days []Day
	for date, name := range c.Holidays(year, year) {
		days = append(days, Day{date, name})
	}
	slices.SortFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return days
}

// Checked returns the public holidays of all the years for which the data was checked, with their names: for who cannot
// say in which year a period will end.
func (c Calendar) Checked() regime.Holidays { return c.Holidays(c.from, c.to) }
