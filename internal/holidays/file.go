package holidays

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/regime"
	"nis2clock/internal/yamlfile"
)

// The shape of the file; the package comment explains the keys.
type (
	fileYAML struct {
		Schema   on[int]
		Reviewed on[string]
		Valid    on[struct{ From, To on[int] }]
		Lists    on[map[string]string] // words for a reader
		RuleKeys on[map[string]string] `yaml:"rule_keys"` // likewise
		Sources  on[map[string]string] // likewise
		States   on[map[string]on[stateYAML]]
	}
	stateYAML struct {
		Name          on[string]
		EUCode        on[string] `yaml:"eu_code"` // the Union's own code where it is another
		Zones         on[[]string]
		AuthorityZone on[string] `yaml:"authority_zone"`
		Confidence    on[string]
		Substitution  on[substitutionYAML]
		Rules         []on[ruleYAML]
		Equated       []on[ruleYAML]
		Contested     []on[ruleYAML]
		Regional      []on[ruleYAML]
		RegionalNote  on[string] `yaml:"regional_note"`
		Watch         on[[]string]
		Note          on[string]
		Differences   on[string]
		Sources       on[[]string]
	}
	substitutionYAML struct {
		Since    on[int]
		Weekdays on[[]string]
		To       on[string]
		Basis    on[string]
	}
	ruleYAML struct {
		ID, Name, Kind on[string]

		Date      on[string]
		Easter    on[int]
		Orthodox  on[int]
		Nth       on[nthYAML]
		FirstFrom on[firstFromYAML] `yaml:"first_from"`
		Once      on[[]string]

		Move       on[map[string]int]
		Substitute on[bool]
		From, To   on[int]
		NotIn      on[[]int] `yaml:"not_in"`
		Listed     on[bool]
		Pending    on[bool]
		Region     on[[]string]
		Note       on[string]
	}
	nthYAML struct {
		Month   on[int]
		Weekday on[string]
		Week    on[int]
	}
	firstFromYAML struct {
		Date    on[string]
		Weekday on[string]
	}
)

// on is a value and the line it stands on.
type on[T any] = yamlfile.On[T]

// The years a file may name.
const firstYear, lastYear = 2000, 2999

// Load reads a file of calendars; name stands in errors. Mistakes are reported together, each as "NAME:LINE: reason"; there is no
// partial set.
func Load(name string, data []byte) (*Set, error) {
	var f fileYAML
	if err := yamlfile.Decode(name, data, &f); err != nil {
		return nil, err
	}
	r := &reader{yamlfile.Mistakes{File: name}}
	s := &Set{
		from:      r.year(1, "valid: from", f.Valid.Value.From),
		to:        r.year(1, "valid: to", f.Valid.Value.To),
		calendars: map[string]Calendar{},
	}
	if f.Schema.Value != 1 {
		r.Refuse(f.Schema.Line, "schema %d: want 1", f.Schema.Value)
	}
	if s.to < s.from {
		r.Refuse(f.Valid.Line, "valid: ends in %d before it begins in %d", s.to, s.from)
	}
	reviewed, err := time.Parse(time.DateOnly, f.Reviewed.Value)
	if err != nil {
		r.Refuse(f.Reviewed.Line, "reviewed: bad date %q: want YYYY-MM-DD", f.Reviewed.Value)
	}
	s.reviewed = regime.DateOf(reviewed)
	for _, code := range slices.Sorted(maps.Keys(f.States.Value)) {
		state := f.States.Value[code]
		if !stateForm.MatchString(code) {
			r.Refuse(state.Line, "state %q: want two capital letters, as in DE", code)
		}
		c := r.state(state)
		c.State, c.reviewed, c.from, c.to = code, s.reviewed, s.from, s.to
		s.calendars[code] = c
	}
	if len(s.calendars) == 0 {
		r.Refuse(f.States.Line, "states are missing: want at least one")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// reader turns a file into calendars and gathers its mistakes.
type reader struct{ yamlfile.Mistakes }

var (
	stateForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	regionForm = regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)
	dayForm    = regexp.MustCompile(`^\d\d-\d\d$`)
)

func (r *reader) state(s on[stateYAML]) Calendar {
	y := s.Value
	c := Calendar{
		Name:       r.text(s.Line, "name", y.Name),
		Zone:       r.text(s.Line, "authority_zone", y.AuthorityZone),
		Confidence: r.text(s.Line, "confidence", y.Confidence),
		watch:      y.Watch.Value,
	}
	if c.Zone == "Local" {
		r.Refuse(y.AuthorityZone.Line, "authority_zone: want an IANA name such as Europe/Vienna")
	} else if _, err := time.LoadLocation(c.Zone); err != nil {
		r.Refuse(y.AuthorityZone.Line, "authority_zone: unknown zone %q: want an IANA name such as Europe/Vienna", c.Zone)
	}
	if !slices.Contains([]string{"", "high", "medium", "low"}, c.Confidence) {
		r.Refuse(y.Confidence.Line, "confidence: unknown %q: want high, medium or low", c.Confidence)
	}
	if y.Substitution.Line != 0 {
		c.substitution = r.substitution(y.Substitution)
	}
	if len(y.Rules) == 0 {
		r.Refuse(s.Line, "rules are missing: a State needs at least one")
	}
	c.rules = r.rules(y.Rules, "rules", c.substitution)
	c.equated = r.rules(y.Equated, "equated", c.substitution)
	c.contested = r.rules(y.Contested, "contested", c.substitution)
	c.regional = r.rules(y.Regional, "regional", c.substitution)
	return c
}

func (r *reader) substitution(y on[substitutionYAML]) substitution {
	s := substitution{since: r.year(y.Line, "since", y.Value.Since)}
	for _, name := range y.Value.Weekdays.Value {
		s.weekdays = append(s.weekdays, r.weekday(y.Value.Weekdays.Line, name))
	}
	if len(s.weekdays) == 0 {
		r.Refuse(y.Line, "weekdays are missing from the substitution")
	}
	if to := r.text(y.Line, "to", y.Value.To); to != "" && to != "next-working-day" {
		r.Refuse(y.Value.To.Line, "to: unknown %q: want next-working-day", to)
	}
	r.text(y.Line, "basis", y.Value.Basis)
	return s
}

func (r *reader) rules(list []on[ruleYAML], where string, s substitution) []rule {
	lines := map[string]int{}
	var rules []rule
	for _, y := range list {
		rule := r.rule(y)
		if other, twice := lines[rule.id]; twice {
			r.Refuse(y.Line, "id %q stands on line %d already", rule.id, other)
		}
		lines[rule.id] = y.Line
		switch {
		case rule.pending && where == "rules":
			r.Refuse(y.Value.Pending.Line, "pending: what is not law yet makes no holiday: list it under contested")
		case rule.substitute && s.since == 0:
			r.Refuse(y.Value.Substitute.Line, "substitute: the State has no substitution")
		case (len(rule.regions) > 0) != (where == "regional"):
			r.Refuse(y.Line, "region: rules under regional, and no others, name the parts of the State that they hold in")
		}
		rules = append(rules, rule)
	}
	return rules
}

func (r *reader) rule(y on[ruleYAML]) rule {
	v := y.Value
	rule := rule{
		id:         r.text(y.Line, "id", v.ID),
		name:       r.text(y.Line, "name", v.Name),
		kind:       r.text(y.Line, "kind", v.Kind),
		note:       v.Note.Value,
		substitute: v.Substitute.Value,
		pending:    v.Pending.Value,
		notIn:      v.NotIn.Value,
		regions:    v.Region.Value,
		on:         r.dates(y),
		move:       map[time.Weekday]int{},
	}
	if v.From.Line != 0 {
		rule.from = r.year(y.Line, "from", v.From)
	}
	if v.To.Line != 0 {
		rule.to = r.year(y.Line, "to", v.To)
	}
	if rule.from != 0 && rule.to != 0 && rule.to < rule.from {
		r.Refuse(v.To.Line, "to: %d lies before from: %d", rule.to, rule.from)
	}
	for _, year := range rule.notIn {
		r.year(v.NotIn.Line, "not_in", on[int]{Value: year, Line: v.NotIn.Line})
	}
	for name, days := range v.Move.Value {
		rule.move[r.weekday(v.Move.Line, name)] = days
		if days == 0 || days < -maxOffset || days > maxOffset {
			r.Refuse(v.Move.Line, "move: by %d days: want up to %d", days, maxOffset)
		}
	}
	for _, region := range rule.regions {
		if !regionForm.MatchString(region) {
			r.Refuse(v.Region.Line, "region %q: want an ISO 3166-2 code such as DE-NW", region)
		}
	}
	return rule
}

// maxOffset keeps a slip of the pen out: no holiday lies farther from Easter, in days.
const maxOffset = 100

// dates reads the one key that says on which days of a year a rule falls.
func (r *reader) dates(y on[ruleYAML]) func(year int) []regime.Date {
	v := y.Value
	one := func(day func(year int) regime.Date) func(int) []regime.Date {
		return func(year int) []regime.Date { return []regime.Date{day(year)} }
	}
	easter := func(key string, offset on[int], sunday func(int) regime.Date) func(int) []regime.Date {
		if offset.Value < -maxOffset || offset.Value > maxOffset {
			r.Refuse(offset.Line, "%s: %d days: want up to %d either way", key, offset.Value, maxOffset)
		}
		return one(func(year int) regime.Date { return sunday(year).Add(offset.Value) })
	}
	var ways []func(int) []regime.Date
	if v.Date.Line != 0 {
		month, day := r.monthDay(v.Date.Line, "date", v.Date)
		ways = append(ways, one(func(year int) regime.Date { return regime.Date{Year: year, Month: month, Day: day} }))
	}
	if v.Easter.Line != 0 {
		ways = append(ways, easter("easter", v.Easter, easterSunday))
	}
	if v.Orthodox.Line != 0 {
		ways = append(ways, easter("orthodox", v.Orthodox, orthodoxEasterSunday))
	}
	if n := v.Nth; n.Line != 0 {
		weekday := r.weekday(n.Line, n.Value.Weekday.Value)
		if m := n.Value.Month.Value; m < 1 || m > 12 {
			r.Refuse(n.Line, "nth: month %d: want 1 to 12", m)
		}
		if w := n.Value.Week.Value; w == 0 || w < -1 || w > 4 {
			r.Refuse(n.Line, "nth: week %d: want 1 to 4, or -1 for the last", w)
		}
		ways = append(ways, one(func(year int) regime.Date {
			return nth(year, time.Month(n.Value.Month.Value), weekday, n.Value.Week.Value)
		}))
	}
	if f := v.FirstFrom; f.Line != 0 {
		month, day := r.monthDay(f.Line, "first_from: date", f.Value.Date)
		weekday := r.weekday(f.Line, f.Value.Weekday.Value)
		ways = append(ways, one(func(year int) regime.Date {
			return onWeekday(regime.Date{Year: year, Month: month, Day: day}, weekday)
		}))
	}
	if v.Once.Line != 0 {
		ways = append(ways, r.once(v.Once))
	}
	if len(ways) != 1 {
		r.Refuse(y.Line, "rule %q gives its date in %d ways: want one of date, easter, orthodox, nth, first_from, once", v.ID.Value, len(ways))
		return func(int) []regime.Date { return nil }
	}
	return ways[0]
}

func (r *reader) once(y on[[]string]) func(int) []regime.Date {
	byYear := map[int][]regime.Date{}
	for _, s := range y.Value {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			r.Refuse(y.Line, "once: bad date %q: want YYYY-MM-DD", s)
			continue
		}
		byYear[t.Year()] = append(byYear[t.Year()], regime.DateOf(t))
	}
	return func(year int) []regime.Date { return slices.Clone(byYear[year]) }
}

// monthDay reads MM-DD, a day that every year has.
func (r *reader) monthDay(line int, key string, s on[string]) (time.Month, int) {
	const someYear = "2027-" // no leap year
	t, err := time.Parse(time.DateOnly, someYear+s.Value)
	if err != nil || !dayForm.MatchString(s.Value) {
		r.Refuse(max(line, s.Line), "%s: bad day %q: want MM-DD, a day that every year has", key, s.Value)
	}
	return t.Month(), t.Day()
}

func (r *reader) weekday(line int, s string) time.Weekday {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if s == strings.ToLower(d.String()[:3]) {
			return d
		}
	}
	r.Refuse(line, "unknown weekday %q: want mon, tue, wed, thu, fri, sat or sun", s)
	return 0
}

func (r *reader) year(line int, key string, y on[int]) int {
	switch {
	case y.Line == 0:
		r.Refuse(line, "%s is missing", key)
	case y.Value < firstYear || y.Value > lastYear:
		r.Refuse(y.Line, "%s: year %s: want %d to %d", key, strconv.Itoa(y.Value), firstYear, lastYear)
	}
	return y.Value
}

// text is the value of a key that must be there. Line is that of what lacks it.
func (r *reader) text(line int, key string, s on[string]) string {
	switch {
	case s.Line == 0:
		r.Refuse(line, "%s is missing", key)
	case s.Value == "":
		r.Refuse(s.Line, "%s: is empty", key)
	}
	return s.Value
}
