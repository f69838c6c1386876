package holidays

import (
	"fmt"
	"slices"
	"strings"

	"nis2clock/internal/regime"
)

// Warnings says what a person must know before relying on the holidays of a year: days on which the authority may be
// closed although they are none, days that are not yet law, and how sure and how old the data is. Today may
// be the zero Date, then its age is not judged.
func (c Calendar) Warnings(year int, today regime.Date) []string {
	var warnings []string
	for _, d := range c.doubtful(year) {
		warnings = append(warnings, d.text)
	}
	return append(warnings, c.About(year, today)...)
}

// On is the part of [Calendar.Warnings] that is about one day.
func (c Calendar) On(d regime.Date) []string {
	var warnings []string
	for _, doubt := range c.doubtful(d.Year) {
		if doubt.date == d {
			warnings = append(warnings, doubt.text)
		}
	}
	return warnings
}

// doubt is a day that is no holiday, but may be taken for one.
type doubt struct {
	date regime.Date
	text string
}

// doubtful is the doubts of a year, by date.
func (c Calendar) doubtful(year int) []doubt {
	var days []doubt
	holidays := c.Holidays(year, year)
	collect := func(rules []rule, what func(rule) string) {
		for _, r := range rules {
			for _, d := range r.dates(year) {
				if _, counted := holidays[d]; d.Year != year || counted {
					continue
				}
				text := fmt.Sprintf("%s %s: %s", d, r.name, what(r))
				if r.note != "" {
					text += " (" + r.note + ")"
				}
				days = append(days, doubt{d, text})
			}
		}
	}
	collect(c.equated, func(rule) string {
		return "not counted as a public holiday, but the State's own law on time limits rolls over it"
	})
	collect(c.contested, func(r rule) string {
		if r.pending {
			return "not counted: announced or expected, but no law when the data was reviewed"
		}
		return fmt.Sprintf("not counted: %s; the authority may be closed", strings.ReplaceAll(r.kind, "-", " "))
	})
	collect(c.regional, func(r rule) string {
		return "not counted: a holiday of " + strings.Join(r.regions, ", ") + " only; it counts if the authority lies there"
	})
	slices.SortStableFunc(days, func(a, b doubt) int { return a.date.Compare(b.date) })

	return days
}

// About is the part of [Calendar.Warnings] that is about the data as a whole and not about single days.
func (c Calendar) About(year int, today regime.Date) []string {
	var doubts []string
	if year < c.from || year > c.to {
		doubts = append(doubts, fmt.Sprintf("the holidays were checked for the years %d to %d only", c.from, c.to))
	}
	if c.Confidence != "high" {
		doubts = append(doubts, fmt.Sprintf("confidence in the holidays of %s is %s", c.Name, c.Confidence))
	}
	for _, w := range c.watch {
		doubts = append(doubts, "may change: "+w)
	}
	stale := c.reviewed
	stale.Year++
	if (today != regime.Date{}) && today.Compare(stale) > 0 {
		doubts = append(doubts, fmt.Sprintf("the holidays were last reviewed on %s, more than a year ago", c.reviewed))
	}
	return doubts
}
