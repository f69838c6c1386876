package holidays

import (
	"time"

	"nis2clock/internal/regime"
)

// easterSunday is the Easter Sunday of the Western churches in a year: the algorithm of Meeus, Jones and Butcher
// for the Gregorian calendar.
func easterSunday(year int) regime.Date {
	a, b, c := year%19, year/100, year%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return regime.Date{Year: year, Month: time.Month(n / 31), Day: n%31 + 1}
}

// orthodoxEasterSunday is the Easter Sunday of the Orthodox churches: Meeus's algorithm for the Julian calendar,
// shown in the Gregorian.
func orthodoxEasterSunday(year int) regime.Date {
	a, b, c := year%4, year%7, year%19
	d := (19*c + 15) % 30
	e := (2*a + 4*b - d + 34) % 7
	n := d + e + 114
	julian := regime.Date{Year: year, Month: time.Month(n / 31), Day: n%31 + 1}
	return julian.Add(year/100 - year/400 - 2) // how far the calendars are apart from March on
}
