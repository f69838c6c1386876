package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/holidays"
	"nis2clock/internal/regime"
)

// holidaysCmd lists the public holidays that roll a deadline in a Member State.
type holidaysCmd struct {
	State  string  `arg:"" help:"Member State, as in AT."`
	Year   *int    `help:"Year; default: the current one." placeholder:"Y"`
	Region *string `help:"Part of the State where the authority lies, as in DE-NW: its own holidays count too." placeholder:"CODE"`
	JSON   bool    `name:"json" help:"Print JSON."`
}

// The years for which a list is given; others are slips of the pen.
const firstHolidayYear, lastHolidayYear = 2000, 2999

// holidaysJSON is the answer as JSON.
type holidaysJSON struct {
	State    string        `json:"state"`
	Region   string        `json:"region,omitzero"`
	Year     int           `json:"year"`
	Holidays []holidayJSON `json:"holidays"`
	Warnings []string      `json:"warnings"`
}

type holidayJSON struct {
	Date string `json:"date"` // YYYY-MM-DD
	Name string `json:"name"`
}

// Run implements the verb.
func (c *holidaysCmd) Run(env *Env) error {
	now := env.Now()
	calendar, err := c.calendar()
	if err != nil {
		return err
	}
	year := now.Year()
	if c.Year != nil {
		year = *c.Year
	}
	if year < firstHolidayYear || year > lastHolidayYear {
		return usage("--year: %d lies outside the years %d to %d: check the year", year, firstHolidayYear, lastHolidayYear)
	}
	answer := holidaysJSON{
		State: calendar.State, Year: year,
		Warnings: calendar.Warnings(year, regime.DateOf(now)),
	}
	if c.Region != nil {
		answer.Region = strings.ToUpper(*c.Region)
	}
	for _, d := range calendar.Days(year) {
		answer.Holidays = append(answer.Holidays, holidayJSON{d.Date.String(), d.Name})
	}
	if c.JSON {
		text, err := json.Marshal(answer, jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.Stdout, string(text))
		return err
	}
	return answer.write(env, calendar)
}

func (c *holidaysCmd) calendar() (holidays.Calendar, error) {
	all := holidays.Builtin()
	calendar, ok := all.Calendar(strings.ToUpper(c.State))
	if !ok {
		return calendar, usage("unknown State %q: want one of %s", c.State, strings.Join(all.States(), " "))
	}
	if c.Region == nil {
		return calendar, nil
	}
	region, ok := calendar.In(strings.ToUpper(*c.Region))
	if ok {
		return region, nil
	}
	if regions := calendar.Regions(); len(regions) > 0 {
		return region, usage("--region: no holidays of %q are known: want one of %s", *c.Region, strings.Join(regions, " "))
	}
	return region, usage("--region: no part of %s with holidays of its own is known: leave it out", calendar.Name)
}

// write is the answer for a person: a line for each holiday, then what to know about them.
func (a holidaysJSON) write(env *Env, c holidays.Calendar) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Public holidays of %s (%s), %d: a period in days or longer that would end on one ends later\n\n",
		c.Name, strings.Join(append([]string{a.State}, strings.Fields(a.Region)...), ", "), a.Year)
	for _, h := range a.Holidays {
		day, err := time.Parse(time.DateOnly, h.Date)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s  %s\n", day.Format("Mon 2006-01-02"), h.Name)
	}
	for i, w := range a.Warnings {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "NOTE: %s\n", w)
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}
