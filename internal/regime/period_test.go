package regime

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestPeriod(t *testing.T) {
	hours := func(n int) Period { return Period{n, Hours} }
	months := func(n int) Period { return Period{n, Months} }
	tests := []struct {
		name                string
		period              Period
		zone                string
		from                string
		conservative, outer string
	}{
		{"hours", hours(24), "Europe/Brussels", "2026-11-10T12:17:00+01:00", "2026-11-11T11:17:00Z", "2026-11-11T12:00:00Z"},
		{"one nanosecond before the full hour", hours(24), "Europe/Brussels", "2026-11-10T12:59:59.999999999+01:00", "2026-11-11T11:59:59.999999999Z", "2026-11-11T12:00:00Z"},
		{"on the full hour", hours(24), "Europe/Brussels", "2026-11-10T13:00:00+01:00", "2026-11-11T12:00:00Z", "2026-11-11T13:00:00Z"},
		{"one nanosecond after the full hour", hours(24), "Europe/Brussels", "2026-11-10T13:00:00.000000001+01:00", "2026-11-11T12:00:00.000000001Z", "2026-11-11T13:00:00Z"},
		{"the clock hour is that of the zone", hours(1), "Asia/Kolkata", "2026-11-10T13:10:00+05:30", "2026-11-10T08:40:00Z", "2026-11-10T09:30:00Z"},
		{"hours over a weekend", hours(72), "Europe/Brussels", "2026-11-13T18:00:00+01:00", "2026-11-16T17:00:00Z", "2026-11-16T18:00:00Z"},
		{"hours over the change to summer time", hours(24), "Europe/Rome", "2027-03-28T01:40:00+01:00", "2027-03-29T00:40:00Z", "2027-03-29T01:00:00Z"},
		{"hours over the change to winter time", hours(24), "Europe/Paris", "2026-10-24T14:30:00+02:00", "2026-10-25T12:30:00Z", "2026-10-25T13:00:00Z"},
		{"hours from the repeated hour, first time", hours(1), "Europe/Paris", "2026-10-25T02:30:00+02:00", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"},
		{"hours from the repeated hour, second time", hours(1), "Europe/Paris", "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00Z", "2026-10-25T03:00:00Z"},

		{"a month, to a Saturday", months(1), "Europe/Berlin", "2026-09-17T16:05:30+02:00", "2026-10-17T14:05:30Z", "2026-10-19T22:00:00Z"},
		{"31 January, to Sunday the 28th", months(1), "Europe/Vienna", "2027-01-31T09:12:00+01:00", "2027-02-28T08:12:00Z", "2027-03-01T23:00:00Z"},
		{"31 January of a leap year", months(1), "Europe/Vienna", "2028-01-31T09:12:00+01:00", "2028-02-29T08:12:00Z", "2028-02-29T23:00:00Z"},
		{"29 February", months(1), "Europe/Vienna", "2028-02-29T09:12:00+01:00", "2028-03-29T07:12:00Z", "2028-03-29T22:00:00Z"},
		{"29 February and twelve months", months(12), "Europe/Vienna", "2028-02-29T09:12:00+01:00", "2029-02-28T08:12:00Z", "2029-02-28T23:00:00Z"},
		{"over the year's end", months(2), "Europe/Vienna", "2026-12-31T09:12:00+01:00", "2027-02-28T08:12:00Z", "2027-03-01T23:00:00Z"},
		{"the day is that of the zone", months(1), "Europe/Paris", "2026-09-01T01:30:00+04:00", "2026-09-30T21:30:00Z", "2026-09-30T22:00:00Z"},
		{"to a wall-clock time that is skipped", months(1), "Europe/Berlin", "2027-02-28T02:30:00+01:00", "2027-03-28T01:00:00Z", "2027-03-29T22:00:00Z"},
		{"to the first instant that is skipped", months(1), "Europe/Berlin", "2027-02-28T02:00:00+01:00", "2027-03-28T01:00:00Z", "2027-03-29T22:00:00Z"},
		{"to the last instant before the skip", months(1), "Europe/Berlin", "2027-02-28T01:59:59+01:00", "2027-03-28T00:59:59Z", "2027-03-29T22:00:00Z"},
		{"to the first instant after the skip", months(1), "Europe/Berlin", "2027-02-28T03:00:00+01:00", "2027-03-28T01:00:00Z", "2027-03-29T22:00:00Z"},
		{"to a wall-clock time that occurs twice", months(1), "Europe/Berlin", "2026-09-25T02:30:00+02:00", "2026-10-25T00:30:00Z", "2026-10-26T23:00:00Z"},
		{"to the first instant that occurs twice", months(1), "Europe/Berlin", "2026-09-25T02:00:00+02:00", "2026-10-25T00:00:00Z", "2026-10-26T23:00:00Z"},
		{"to the first instant after the repetition", months(1), "Europe/Berlin", "2026-09-25T03:00:00+02:00", "2026-10-25T02:00:00Z", "2026-10-26T23:00:00Z"},
		{"skipped, west of Greenwich", months(1), "America/New_York", "2027-02-14T02:30:00-05:00", "2027-03-14T07:00:00Z", "2027-03-16T04:00:00Z"},
		{"twice, west of Greenwich", months(1), "America/New_York", "2026-10-01T01:30:00-04:00", "2026-11-01T05:30:00Z", "2026-11-03T05:00:00Z"},
		{"twice at midnight: the day ends the first time", months(1), "Atlantic/Azores", "2025-09-26T00:30:00+00:00", "2025-10-26T00:30:00Z", "2025-10-28T01:00:00Z"},
		{"a skipped midnight ends the day before", months(1), "Africa/Cairo", "2026-03-23T12:00:00+02:00", "2026-04-23T10:00:00Z", "2026-04-23T22:00:00Z"},
		{"a skipped day", months(1), "Pacific/Apia", "2011-11-30T12:00:00-10:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"no zone is UTC", months(1), "", "2026-09-17T16:05:30+02:00", "2026-10-17T14:05:30Z", "2026-10-20T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var place Place
			if tt.zone != "" {
				place.Zone = zone(t, tt.zone)
			}
			got, how := tt.period.conservative(instant(t, tt.from), counting{place, true})
			if s := got.Format(time.RFC3339Nano); s != tt.conservative {
				t.Errorf("conservative: got %s, want %s (%s)", s, tt.conservative, how)
			}
			got, how = tt.period.outer(instant(t, tt.from), counting{place, true})
			if s := got.Format(time.RFC3339Nano); s != tt.outer {
				t.Errorf("outer reading: got %s, want %s (%s)", s, tt.outer, how)
			}
		})
	}
}

// Saturdays, Sundays and holidays in a row are all passed over, by the outer reading alone.
func TestRollOverHolidays(t *testing.T) {
	place := Place{Zone: zone(t, "Europe/Berlin"), Holidays: Holidays{
		{2026, time.December, 25}: "Christmas Day",
		{2026, time.December, 26}: "Boxing Day",
		{2026, time.December, 28}: "a Monday",
	}}
	from := instant(t, "2026-11-25T14:00:00+01:00")
	if got, _ := (Period{1, Months}).conservative(from, counting{place, true}); got.Format(time.RFC3339) != "2026-12-25T13:00:00Z" {
		t.Errorf("conservative: got %v", got)
	}
	if got, _ := (Period{1, Months}).outer(from, counting{place, true}); got.Format(time.RFC3339) != "2026-12-29T23:00:00Z" {
		t.Errorf("outer reading: got %v", got)
	}
}

// The law's own consequences, over random instants around both changes of the clocks, month ends and leap days.
func TestPeriodProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(2022, 2555))
	start := instant(t, "2026-01-01T00:00:00Z")
	var zones []*time.Location
	for _, name := range []string{"Europe/Vienna", "Europe/Lisbon", "Europe/Helsinki", "Atlantic/Azores", "Europe/Dublin"} {
		zones = append(zones, zone(t, name))
	}
	inverted := 0
	for range 20_000 {
		place := Place{Zone: zones[random.IntN(len(zones))]}
		a := start.Add(time.Duration(random.Int64N(int64(3 * 366 * 24 * time.Hour)))).Truncate(time.Duration(1 + random.IntN(int(time.Hour))))
		b := a.Add(time.Duration(random.Int64N(int64(3 * 24 * time.Hour))))

		h := Period{1 + random.IntN(100), Hours}
		dueA, _ := h.conservative(a, counting{place, true})
		dueB, _ := h.conservative(b, counting{place, true})
		outerA, _ := h.outer(a, counting{place, true})
		outerB, _ := h.outer(b, counting{place, true})
		if dueB.Before(dueA) || outerB.Before(outerA) {
			t.Fatalf("%v: from %v to %v and %v, from the later %v to %v and %v", h, a, dueA, outerA, b, dueB, outerB)
		}
		if d := outerA.Sub(dueA); d <= 0 || d > time.Hour {
			t.Fatalf("%v from %v: the outer reading ends %v after the conservative", h, a, d)
		}
		full := a.Truncate(time.Hour)
		dueFull, _ := h.conservative(full, counting{place, true})
		if outer, _ := h.outer(full, counting{place, true}); outer.Sub(dueFull) != time.Hour {
			t.Fatalf("%v from the full hour %v: the outer reading ends %v after the conservative", h, full, outer.Sub(dueFull))
		}

		m := Period{1 + random.IntN(3), Months}
		dueA, _ = m.conservative(a, counting{place, true})
		dueB, _ = m.conservative(b, counting{place, true})
		outerA, _ = m.outer(a, counting{place, true})
		outerB, _ = m.outer(b, counting{place, true})
		if !dueA.Before(outerA) {
			t.Fatalf("%v from %v: conservative %v, outer reading %v", m, a, dueA, outerA)
		}
		if outerB.Before(outerA) {
			t.Fatalf("%v: outer reading from %v is %v, from the later %v only %v", m, a, outerA, b, outerB)
		}
		if dueB.Before(dueA) {
			// A later event may end earlier in the day only where several days end on the last of a shorter
			// month, or where the event fell into an hour that the clocks showed twice.
			localA, localB, end := a.In(place.Zone), b.In(place.Zone), dueB.In(place.Zone)
			clamped := DateOf(end) == DateOf(dueA.In(place.Zone)) && DateOf(localA) != DateOf(localB)
			repeated := face(localB).Before(face(localA))
			if !clamped && !repeated {
				t.Fatalf("%v: from %v to %v, from the later %v to %v", m, localA, dueA, localB, end)
			}
			inverted++
		}

		// The zone in which an instant is written does not matter.
		other := zones[random.IntN(len(zones))]
		if due, _ := m.conservative(a.In(other), counting{place, true}); due != dueA {
			t.Fatalf("%v from %v: got %v, and from the same instant in %v %v", m, a, dueA, other, due)
		}
		if outer, _ := m.outer(a.In(other), counting{place, true}); outer != outerA {
			t.Fatalf("%v from %v: outer reading %v, and from the same instant in %v %v", m, a, outerA, other, outer)
		}
	}
	if inverted == 0 {
		t.Error("no case of a clamped day among the random instants: the test does not reach it")
	}
}

func TestPeriodText(t *testing.T) {
	for _, s := range []string{"1 hour", "24 hours", "1 month", "2 months", "9999 hours", "1 day", "14 days", "1 working day", "30 working days", "as requested"} {
		p, err := parsePeriod(s)
		if err != nil || p.String() != s {
			t.Errorf("%q: got %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", " ", "24", "24h", "24  hours", "24 hour", "1 hours", "01 hour", "+1 hour", "1 monthss", "1 Month", "24 hours ", "30 workingdays", "30 working", "2 as requested"} {
		if p, err := parsePeriod(s); err == nil {
			t.Errorf("%q: got %v, want it refused", s, p)
		}
	}
}

func TestAnchorText(t *testing.T) {
	for _, s := range []string{"detection", "awareness", "handling", "impact_end", "request", "classification", "fix_available", "submission of notification", "actual submission of initial"} {
		a, err := parseAnchor(s)
		if err != nil || a.String() != s {
			t.Errorf("%q: got %v, %v", s, a, err)
		}
	}
}
