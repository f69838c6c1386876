package significance

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Value is what is known of a fact, in the canonical form of its kind: "yes",
// "12000", "1200+3400", "499999.50", "1h30m0s". [Parse] makes it.
type Value string

// Origins of a fact.
const (
	FromPerson   = "person"   // said in an assessment
	FromIncident = "incident" // what the incident's record says elsewhere
	FromRecord   = "record"   // counted over other incidents
	FromConfig   = "config"   // the entity's configuration
)

// Fact is one known fact. There is no Fact for what is unknown.
type Fact struct {
	Value     Value  `json:"value"`
	Estimated bool   `json:"estimated,omitzero"`
	Origin    string `json:"origin"`
}

// Facts is what is known; a fact that is absent is unknown.
type Facts map[FactID]Fact

// bounds of a value, so that shares are computed without overflow.
const (
	maxNumber = 1_000_000_000_000 // users, names
	maxEuros  = 10_000_000_000_000
)

// Parse reads what a person says of a fact. known is false for "unknown", "?"
// and nothing. An error says what form is wanted.
func Parse(id FactID, text string) (f Fact, known bool, err error) {
	q, ok := byID[id]
	if !ok {
		return Fact{}, false, fmt.Errorf("there is no fact %q", id)
	}
	s := strings.TrimSpace(text)
	if s == "" || s == "?" || strings.EqualFold(s, "unknown") {
		return Fact{}, false, nil
	}
	s, f.Estimated = strings.CutPrefix(s, "~")
	f.Origin = FromPerson
	if f.Value, err = q.Kind.parse(strings.TrimSpace(s)); err != nil {
		return Fact{}, false, fmt.Errorf("%s is %q: want %s, or unknown: %w", id, text, q.Kind.Form(), err)
	}
	return f, true, nil
}

func (k Kind) parse(s string) (Value, error) {
	switch k {
	case YesNo:
		return oneOf(s, "yes", "no")
	case Effect:
		return oneOf(s, "yes", "possible", "no")
	case Number:
		n, err := count(s)
		return Value(strconv.FormatInt(n, 10)), err
	case Users:
		return users(s)
	case Euros:
		cents, err := decimal(s, 100, maxEuros)
		return Value(euroValue(cents)), err
	case Length:
		d, err := length(s)
		return Value(d.String()), err
	case Periods:
		_, err := periods(s)
		return Value(s), err
	}
	const most = 500
	if len([]rune(s)) > most {
		return "", fmt.Errorf("it is longer than %d characters", most)
	}
	return Value(s), nil
}

func oneOf(s string, words ...string) (Value, error) {
	lower := strings.ToLower(s)
	for _, w := range words {
		if lower == w || lower == w[:1] {
			return Value(w), nil
		}
	}
	if lower == "true" {
		return "yes", nil
	}
	if lower == "false" {
		return "no", nil
	}
	return "", errors.New("it is none of these words")
}

func count(s string) (int64, error) { return decimal(s, 1, maxNumber) }

// users reads a number, or customers and associated persons as a sum
// (Impl. Reg. Art. 3(3)).
func users(s string) (Value, error) {
	var terms []string
	for term := range strings.SplitSeq(s, "+") {
		n, err := count(term)
		if err != nil {
			return "", err
		}
		terms = append(terms, strconv.FormatInt(n, 10))
	}
	if len(terms) > 2 {
		return "", errors.New("a sum has two numbers: customers, and persons associated with business customers")
	}
	return Value(strings.Join(terms, "+")), nil
}

// decimal reads a number in units of 1/scale; k and M stand for thousands and
// millions.
func decimal(s string, scale, most int64) (int64, error) {
	s = strings.NewReplacer(" ", "", "_", "", "’", "", "'", "", "\u00a0", "", "\u202f", "").Replace(s)
	unit := scale
	if t, ok := strings.CutSuffix(s, "k"); ok {
		s, unit = t, scale*1_000
	} else if t, ok := strings.CutSuffix(s, "M"); ok {
		s, unit = t, scale*1_000_000
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" || strings.HasSuffix(s, ".") {
		return 0, errors.New("it is not a number")
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > most*scale/unit {
		return 0, fmt.Errorf("it is more than %s", group(most))
	}
	n *= unit
	for _, digit := range fraction {
		if unit%10 != 0 {
			return 0, errors.New("it has too many digits after the point")
		}
		unit /= 10
		n += int64(digit-'0') * unit
	}
	if n > most*scale {
		return 0, fmt.Errorf("it is more than %s", group(most))
	}
	return n, nil
}

// euroValue writes cents as euros, without decimals where there are none.
func euroValue(cents int64) string {
	if cents%100 == 0 {
		return strconv.FormatInt(cents/100, 10)
	}
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}

// lengthWords are the longer spellings of units, longest first.
var lengthWords = strings.NewReplacer(" ", "", "minutes", "m", "minute", "m", "mins", "m", "min", "m", "hours", "h", "hour", "h", "hrs", "h", "hr", "h",
	"seconds", "s", "second", "s", "secs", "s", "sec", "s")

func length(s string) (time.Duration, error) {
	plain := lengthWords.Replace(strings.ToLower(s))
	if days, rest, ok := strings.Cut(strings.NewReplacer("days", "d", "day", "d").Replace(plain), "d"); ok {
		n, err := strconv.ParseInt(days, 10, 16)
		if err != nil || n < 0 {
			return 0, errors.New("its days cannot be read")
		}
		d := time.Duration(n) * 24 * time.Hour
		if rest == "" {
			return d, nil
		}
		more, err := length(rest)
		return d + more, err
	}
	d, err := time.ParseDuration(plain)
	if err != nil || d < 0 || d > 100*365*24*time.Hour {
		return 0, errors.New("it is not a length of time with its unit")
	}
	return d, nil
}

// Period is a time during which a service was unavailable: from Start, and up
// to End.
type Period struct{ Start, End time.Time }

func periods(s string) ([]Period, error) {
	var out []Period
	for part := range strings.SplitSeq(s, ",") {
		from, to, _ := strings.Cut(strings.TrimSpace(part), "/")
		start, err := time.Parse(time.RFC3339Nano, from)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time with offset", from)
		}
		end, err := time.Parse(time.RFC3339Nano, to)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time with offset", to)
		}
		if end.Before(start) {
			return nil, fmt.Errorf("%s lies before %s", to, from)
		}
		out = append(out, Period{start, end})
	}
	return out, nil
}

// LongestWeek adds up the periods of each calendar week, from Monday at 00:00
// in the zone, and returns the largest sum. Periods that overlap count once.
func LongestWeek(all []Period, zone *time.Location) time.Duration {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Period) int { return a.Start.Compare(b.Start) })
	var longest, sum time.Duration
	var week, seen time.Time
	for _, p := range sorted {
		if p.Start.Before(seen) {
			p.Start = seen
		}
		for p.Start.Before(p.End) {
			monday := mondayOf(p.Start.In(zone))
			if !monday.Equal(week) {
				week, sum = monday, 0
			}
			end := p.End
			if next := monday.AddDate(0, 0, 7); next.Before(end) {
				end = next
			}
			sum += end.Sub(p.Start)
			longest = max(longest, sum)
			p.Start = end
		}
		if p.End.After(seen) {
			seen = p.End
		}
	}
	return longest
}

// mondayOf is the Monday, 00:00, on or before t in its zone.
func mondayOf(t time.Time) time.Time {
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, t.Location())
}

// number is the value in the smallest unit of its kind: users, cents,
// nanoseconds. A value of another version that cannot be read is unknown.
func (f Facts) number(id FactID) (n int64, known bool) {
	fact, ok := f[id]
	if !ok {
		return 0, false
	}
	switch byID[id].Kind {
	case Euros:
		cents, err := decimal(string(fact.Value), 100, maxEuros)
		return cents, err == nil
	case Length:
		d, err := time.ParseDuration(string(fact.Value))
		return int64(d), err == nil
	}
	for term := range strings.SplitSeq(string(fact.Value), "+") {
		c, err := count(term)
		if err != nil {
			return 0, false
		}
		n += c
	}
	return n, true
}

// Euros is what is known of an amount, in cents.
func (f Facts) Euros(id FactID) (cents int64, known bool) { return f.number(id) }

// withWeek adds up outages where nobody has given the sum.
func (f Facts) withWeek(zone *time.Location) Facts {
	outages, ok := f[Outages]
	if _, given := f[WeeklyUnavailability]; given || !ok {
		return f
	}
	all, err := periods(string(outages.Value))
	if err != nil {
		return f
	}
	out := make(Facts, len(f)+1)
	for id, fact := range f {
		out[id] = fact
	}
	sum := Value(LongestWeek(all, zone).String())
	out[WeeklyUnavailability] = Fact{Value: sum, Estimated: outages.Estimated, Origin: outages.Origin}
	return out
}

// group writes a number with a space between thousands.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// grouped is group for digits that were parsed before.
func grouped(digits string) string {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return digits
	}
	return group(n)
}

// words writes a length of time to the second.
func words(d time.Duration) string {
	if d == 0 {
		return "0 min"
	}
	var parts []string
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if n := d / u.of; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
			d %= u.of
		}
	}
	if d > 0 {
		parts = append(parts, strconv.FormatFloat(math.Round(d.Seconds()*1000)/1000, 'f', -1, 64)+" s")
	}
	return strings.Join(parts, " ")
}

// show writes a number of the kind for people.
func (k Kind) show(n int64) string {
	switch k {
	case Euros:
		if n%100 == 0 {
			return "EUR " + group(n/100)
		}
		return fmt.Sprintf("EUR %s.%02d", group(n/100), n%100)
	case Length:
		return words(time.Duration(n))
	}
	return group(n)
}

// Show writes a fact for people: 12 000 (estimated).
func (f Facts) Show(id FactID) string {
	fact, ok := f[id]
	if !ok {
		return "not known"
	}
	s := string(fact.Value)
	switch k := byID[id].Kind; k {
	case Number, Users, Euros, Length:
		n, known := f.number(id)
		if !known {
			return "not known"
		}
		s = k.show(n)
		if customers, persons, both := strings.Cut(string(fact.Value), "+"); both {
			s += " (" + grouped(customers) + " customers and " + grouped(persons) + " persons associated with business customers)"
		}
	}
	if fact.Estimated {
		s += " (estimated)"
	}
	return s
}
