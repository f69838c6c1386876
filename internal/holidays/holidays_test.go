package holidays

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every host

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/regime"
)

func TestCases(t *testing.T) {
	data, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		State, Date, Why string
		Holiday          bool
	}
	if err := yaml.UnmarshalWithOptions(data, &cases, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range cases {
		calendar, ok := Builtin().Calendar(c.State)
		if !ok {
			t.Fatalf("no calendar of %s", c.State)
		}
		seen[c.State] = true
		d := day(t, c.Date)
		name, got := calendar.Holidays(d.Year, d.Year)[d]
		if got != c.Holiday {
			t.Errorf("%s %s: holiday is %v (%s), want %v: %s", c.State, c.Date, got, name, c.Holiday, c.Why)
		}
	}
	if len(cases) < 120 || len(seen) != 27 {
		t.Errorf("got %d cases of %d States, want 120 or more of 27", len(cases), len(seen))
	}
}

func TestStates(t *testing.T) {
	if diff := cmp.Diff(regime.MemberStates(), Builtin().States()); diff != "" {
		t.Errorf("States (-of the Union +with a calendar):\n%s", diff)
	}
	for _, state := range Builtin().States() {
		c, _ := Builtin().Calendar(state)
		if zone, _ := regime.ZoneOf(state); c.Zone != zone || c.State != state {
			t.Errorf("%s: got zone %s of %s, want %s", state, c.Zone, c.State, zone)
		}
	}
	if _, ok := Builtin().Calendar("EL"); ok {
		t.Error("got a calendar of EL")
	}
}

// A span of years holds what its years hold, whichever way it is asked for.
func TestSpanIsTheSumOfItsYears(t *testing.T) {
	for _, state := range Builtin().States() {
		c, _ := Builtin().Calendar(state)
		span := c.Holidays(2022, 2036)
		years := regime.Holidays{}
		for year := 2022; year <= 2036; year++ {
			before := regime.Date{}
			for _, d := range c.Days(year) {
				if d.Date.Year != year || d.Date.Compare(before) <= 0 || d.Name == "" {
					t.Errorf("%s %d: got %s %q after %s", state, year, d.Date, d.Name, before)
				}
				before = d.Date
				years[d.Date] = d.Name
			}
		}
		if diff := cmp.Diff(years, span); diff != "" {
			t.Errorf("%s (-years +span):\n%s", state, diff)
		}
	}
}

func TestChecked(t *testing.T) {
	c, _ := Builtin().Calendar("AT")
	got := c.Checked()
	for d, want := range map[string]bool{"2023-12-25": false, "2024-01-01": true, "2036-12-26": true, "2037-01-01": false} {
		if _, ok := got[day(t, d)]; ok != want {
			t.Errorf("%s: among the checked holidays is %v, want %v", d, ok, want)
		}
	}
}

func TestRegion(t *testing.T) {
	germany, _ := Builtin().Calendar("DE")
	bonn, ok := germany.In("DE-NW")
	if !ok {
		t.Fatal("no region DE-NW")
	}
	corpusChristi, epiphany := day(t, "2027-05-27"), day(t, "2027-01-06")
	if _, ok := bonn.Holidays(2027, 2027)[corpusChristi]; !ok {
		t.Error("Corpus Christi is no holiday in DE-NW")
	}
	if _, ok := bonn.Holidays(2027, 2027)[epiphany]; ok {
		t.Error("Epiphany is a holiday in DE-NW")
	}
	if _, ok := germany.Holidays(2027, 2027)[corpusChristi]; ok {
		t.Error("asking for a region changed the State")
	}
	if _, ok := germany.In("AT-1"); ok {
		t.Error("got a region AT-1 of DE")
	}
}

// Dates of both Easters, from the tables of the churches.
func TestEaster(t *testing.T) {
	for _, tt := range []struct{ west, east string }{
		{"2024-03-31", "2024-05-05"},
		{"2025-04-20", "2025-04-20"},
		{"2026-04-05", "2026-04-12"},
		{"2027-03-28", "2027-05-02"},
		{"2028-04-16", "2028-04-16"},
		{"2038-04-25", "2038-04-25"},
		{"2100-03-28", "2100-05-02"},
	} {
		west, east := day(t, tt.west), day(t, tt.east)
		if got := easterSunday(west.Year); got != west {
			t.Errorf("Western: got %s, want %s", got, tt.west)
		}
		if got := orthodoxEasterSunday(east.Year); got != east {
			t.Errorf("Orthodox: got %s, want %s", got, tt.east)
		}
	}
	for year := firstYear; year <= lastYear; year++ {
		west, east := easterSunday(year), orthodoxEasterSunday(year)
		if west.Weekday() != time.Sunday || east.Weekday() != time.Sunday || east.Compare(west) < 0 {
			t.Fatalf("%d: %s and %s are no Sundays, or the Orthodox is the earlier", year, west, east)
		}
		if want := gauss(year); west != want {
			t.Errorf("%d: Gauss has Easter on %s, got %s", year, want, west)
		}
	}
}

// gauss is Easter Sunday in the Western churches by Gauss's rule, with his
// exceptions: another way to the same date.
func gauss(year int) regime.Date {
	a, b, c := year%19, year%4, year%7
	k := year / 100
	m := (15 - (13+8*k)/25 + k - k/4) % 30
	n := (4 + k - k/4) % 7
	d := (19*a + m) % 30
	e := (2*b + 4*c + 6*d + n) % 7
	switch {
	case d == 29 && e == 6, d == 28 && e == 6 && (11*m+11)%30 < 19:
		e -= 7
	}
	return regime.Date{Year: year, Month: time.March, Day: 22}.Add(d + e)
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		state string
		year  int
		today string
		want  []string // parts, in order
		none  string   // in none of them
	}{
		{"AT", 2027, "", []string{"2027-03-19 St Joseph: not counted: a holiday of AT-2, AT-6", "2027-03-26 Good Friday: not counted as a public holiday, but the State's own law", "AVG s. 33(2)"}, "confidence"},
		{"DE", 2027, "", []string{"2027-05-27 Corpus Christi: not counted: a holiday of DE-BW, DE-BY, DE-HE, DE-NW"}, "Easter Monday"},
		{"GR", 2027, "", []string{"2027-05-04 Labour Day, expected move: not counted: announced or expected", "confidence in the holidays of Greece is medium", "may change: "}, ""},
		{"EE", 2026, "", []string{"2026-12-31 Working day shortened by three hours: not counted: half day"}, ""},
		{"CZ", 2040, "2027-11-23", []string{"checked for the years 2024 to 2036 only", "last reviewed on 2026-11-22, more than a year ago"}, ""},
		{"CZ", 2027, "2027-11-22", nil, ""},
	} {
		c, _ := Builtin().Calendar(tt.state)
		var today regime.Date
		if tt.today != "" {
			today = day(t, tt.today)
		}
		got := strings.Join(c.Warnings(tt.year, today), "\n")
		rest := got
		for _, want := range tt.want {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%s %d: got\n%s\nwant %q in it", tt.state, tt.year, got, want)
			}
			rest = after
		}
		if (tt.none != "" && strings.Contains(got, tt.none)) || (tt.want == nil && got != "") {
			t.Errorf("%s %d: got\n%s\nwant no %q in it", tt.state, tt.year, got, tt.none)
		}
	}
}

func TestWarningsOnOneDay(t *testing.T) {
	austria, _ := Builtin().Calendar("AT")
	if got := austria.On(day(t, "2027-03-26")); len(got) != 1 || !strings.HasPrefix(got[0], "2027-03-26 Good Friday: not counted") {
		t.Errorf("Good Friday: got %q", got)
	}
	for _, none := range []string{"2027-03-29", "2027-03-30"} { // a holiday, and a day like any other
		if got := austria.On(day(t, none)); got != nil {
			t.Errorf("%s: got %q", none, got)
		}
	}
}

func day(t testing.TB, s string) regime.Date {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return regime.DateOf(d)
}

const good = `schema: 1
reviewed: "2026-11-22"
valid: {from: 2024, to: 2036}
states:
  XX:
    name: Somewhere
    authority_zone: Europe/Vienna
    confidence: high
    substitution: {since: 2020, weekdays: [sat, sun], to: next-working-day, basis: Act 1}
    rules:
      - {id: first, name: First, kind: national, date: "12-31", substitute: true}
      - {id: second, name: Second, kind: national, nth: {month: 5, weekday: mon, week: -1}}
      - {id: third, name: Third, kind: national, first_from: {date: "06-20", weekday: sat}, from: 2025, to: 2030}
      - {id: fourth, name: Fourth, kind: national, date: "01-01", move: {sat: -1}}
    contested:
      - {id: fifth, name: Fifth, kind: bank, once: ["2027-05-04"], pending: true}
    regional:
      - {id: sixth, name: Sixth, kind: regional, easter: 60, region: [XX-A]}
`

// Moves and substitutes cross a year's end.
func TestAcrossTheYear(t *testing.T) {
	set, err := Load("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	c, _ := set.Calendar("XX")
	var got []string
	for _, year := range []int{2021, 2022, 2023, 2028} {
		for _, d := range c.Days(year) {
			got = append(got, d.Date.String()+" "+d.Name)
		}
	}
	want := []string{
		"2021-01-01 Fourth", "2021-05-31 Second", "2021-12-31 First; Fourth", // 1 January 2022 is a Saturday
		"2022-05-30 Second", "2022-12-31 First",
		"2023-01-01 Fourth", "2023-01-02 First (substitute)", "2023-05-29 Second", "2023-12-31 First",
		"2028-05-29 Second", "2028-06-24 Third", "2028-12-31 First",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A rule holds in its first and in its last year, a substitution in the year
// since which it is law.
func TestFirstAndLastYear(t *testing.T) {
	for _, tt := range []struct {
		since string
		year  int
		want  int // days
	}{
		{"2020", 2024, 4}, {"2020", 2025, 4}, {"2020", 2030, 4}, {"2020", 2031, 3}, // third, and 2024 a substitute
		{"2022", 2023, 4}, {"2023", 2023, 3}, // the substitute of 31 December 2022
	} {
		set, err := Load("a.yaml", []byte(strings.Replace(good, "since: 2020", "since: "+tt.since, 1)))
		if err != nil {
			t.Fatal(err)
		}
		c, _ := set.Calendar("XX")
		if days := c.Days(tt.year); len(days) != tt.want {
			t.Errorf("substitution since %s: %d has %v, want %d days", tt.since, tt.year, days, tt.want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"an unknown key", "schema: 1", "schema: 1\nversion: 2", `a.yaml:2: unknown field "version"`},
		{"an unknown key of a State", "    name: Some", "    title: Some", `a.yaml:6: unknown field "title"`},
		{"an unknown key of a rule", "kind: national, date", "sort: national, date", `a.yaml:11: unknown field "sort"`},
		{"another schema", "schema: 1", "schema: 2", "a.yaml:1: schema 2: want 1"},
		{"a bad review date", "2026-11-22", "2026-11-31", `a.yaml:2: reviewed: bad date "2026-11-31"`},
		{"years the wrong way round", "to: 2036", "to: 2023", "a.yaml:3: valid: ends in 2023"},
		{"no years", "valid: {from: 2024, to: 2036}\n", "", "a.yaml:1: valid: from is missing"},
		{"a bad code", "  XX:", "  Xx:", `state "Xx": want two capital letters`},
		{"an unknown zone", "Europe/Vienna", "Europe/Viena", `a.yaml:7: authority_zone: unknown zone "Europe/Viena"`},
		{"the host's zone", "Europe/Vienna", "Local", `a.yaml:7: authority_zone: want an IANA name`},
		{"an unknown confidence", "confidence: high", "confidence: sure", `a.yaml:8: confidence: unknown "sure"`},
		{"no name", "    name: Somewhere\n", "", "name is missing"},
		{"an empty name", "Somewhere", `""`, "a.yaml:6: name: is empty"},
		{"another substitution", "next-working-day", "monday", `a.yaml:9: to: unknown "monday"`},
		{"a substitution on no day", "weekdays: [sat, sun]", "weekdays: []", "a.yaml:9: weekdays are missing"},
		{"an unknown weekday", "[sat, sun]", "[sat, son]", `a.yaml:9: unknown weekday "son"`},
		{"a substitute without substitution", `    substitution: {since: 2020, weekdays: [sat, sun], to: next-working-day, basis: Act 1}` + "\n", "", "a.yaml:10: substitute: the State has no substitution"},
		{"a day that does not exist", `"12-31"`, `"12-32"`, `a.yaml:11: date: bad day "12-32"`},
		{"a day that some years lack", `"12-31"`, `"02-29"`, `a.yaml:11: date: bad day "02-29"`},
		{"no date", `date: "12-31", `, "", `a.yaml:11: rule "first" gives its date in 0 ways`},
		{"two dates", `date: "12-31"`, `date: "12-31", easter: 0`, `a.yaml:11: rule "first" gives its date in 2 ways`},
		{"a month too many", "month: 5", "month: 13", "a.yaml:12: nth: month 13"},
		{"a week too many", "week: -1", "week: 5", "a.yaml:12: nth: week 5"},
		{"a bad year", "from: 2025", "from: 25", "a.yaml:13: from: year 25"},
		{"a span the wrong way round", "to: 2030", "to: 2024", "a.yaml:13: to: 2024 lies before"},
		{"a move nowhere", "{sat: -1}", "{sat: 0}", "a.yaml:14: move: by 0 days"},
		{"a bad single date", "2027-05-04", "2027-5-4", `a.yaml:16: once: bad date "2027-5-4"`},
		{"a rule that is not law", "kind: national, nth", "pending: true, kind: national, nth", "a.yaml:12: pending: what is not law yet"},
		{"a region among the rules", "kind: national, nth", "region: [XX-A], kind: national, nth", "a.yaml:12: region: rules under regional"},
		{"a region without region", ", region: [XX-A]", "", "a.yaml:18: region: rules under regional"},
		{"a bad region", "[XX-A]", "[somewhere]", `a.yaml:18: region "somewhere"`},
		{"far from Easter", "easter: 60", "easter: 600", "a.yaml:18: easter: 600 days"},
		{"an id twice", "id: second", "id: first", `a.yaml:12: id "first" stands on line 11 already`},
		{"a key without a value", "name: Somewhere", "name:", "a.yaml:6: a key without a value"},
		{"an alias", "name: Somewhere", "name: &a Somewhere\n    note: *a", "a.yaml:7: an alias"},
		{"no States", good[strings.Index(good, "states:"):], "states: {}", "a.yaml:4: states are missing"},
		{"an empty file", good, "", "a.yaml:1: the file is empty"},
		{"a second document", "states:", "---\nstates:", "a.yaml:4: a second document"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken := strings.Replace(good, tt.from, tt.to, 1)
			if broken == good {
				t.Fatal("the table breaks nothing")
			}
			set, err := Load("a.yaml", []byte(broken))
			if err == nil || set != nil {
				t.Fatalf("got %v, %v, want nothing and an error", set, err)
			}
			if first, _, _ := strings.Cut(err.Error(), "\n"); !strings.HasPrefix(first, "a.yaml:") || !strings.Contains(first, tt.want) {
				t.Errorf("got error\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

// Whatever the bytes, loading ends with FILE:LINE or with calendars that can be expanded in any year.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("schema: 1\nstates: {XX: {rules: [{easter: 1, date: x}]}}"))
	f.Add([]byte("states: [a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Load("a.yaml", data)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if strings.HasPrefix(line, "a.yaml:0:") {
					t.Errorf("no line in %q", line)
				}
			}
			if !strings.HasPrefix(err.Error(), "a.yaml:") {
				t.Errorf("no file in %q", err)
			}
			return
		}
		for _, state := range set.States() {
			c, _ := set.Calendar(state)
			days := c.Days(2027)
			if !slices.IsSortedFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) }) {
				t.Errorf("%s: not sorted: %v", state, days)
			}
			c.Warnings(2027, regime.Date{})
		}
	})
}
