package holidays

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"nis2clock/internal/regime"
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

// on is a value and the line it stands on; a key that is absent has line 0.
type on[T any] struct {
	value T
	line  int
}

// UnmarshalYAML notes the line and decodes the value. The decoder does not hand its strictness down, so it is
// asked for again.
func (o *on[T]) UnmarshalYAML(node ast.Node) error {
	o.line = lineOf(node.GetToken())
	return yaml.NodeToValue(node, &o.value, yaml.Strict())
}

// The years a file may name.
const firstYear, lastYear = 2000, 2999

// Load reads a file of calendars; name stands in errors. Mistakes are reported together, each as "NAME:LINE: reason"; there is no
// partial set.
func Load(name string, data []byte) (*Set, error) {
	r := &reader{file: name}
	var f fileYAML
	if line, err := decode(data, &f); err != nil {
		r.refuse(line, "%w", err)
		return nil, errors.Join(r.mistakes...)
	}
	s := &Set{
		from:      r.year(1, "valid: from", f.Valid.value.From),
		to:        r.year(1, "valid: to", f.Valid.value.To),
		calendars: map[string]Calendar{},
	}
	if f.Schema.value != 1 {
		r.refuse(max(1, f.Schema.line), "schema %d: want 1", f.Schema.value)
	}
	if s.to < s.from {
		r.refuse(max(1, f.Valid.line), "valid: ends in %d before it begins in %d", s.to, s.from)
	}
	reviewed, err := time.Parse(time.DateOnly, f.Reviewed.value)
	if err != nil {
		r.refuse(max(1, f.Reviewed.line), "reviewed: bad date %q: want YYYY-MM-DD", f.Reviewed.value)
	}
	s.reviewed = regime.DateOf(reviewed)
	for _, code := range slices.Sorted(maps.Keys(f.States.value)) {
		state := f.States.value[code]
		if !stateForm.MatchString(code) {
			r.refuse(state.line, "state %q: want two capital letters, as in DE", code)
		}
		c := r.state(state)
		c.State, c.reviewed, c.from, c.to = code, s.reviewed, s.from, s.to
		s.calendars[code] = c
	}
	if len(s.calendars) == 0 {
		r.refuse(max(1, f.States.line), "states are missing: want at least one")
	}
	if len(r.mistakes) > 0 {
		return nil, errors.Join(r.mistakes...)
	}
	return s, nil
}

// decode reads the one document of a file. With the error comes the line it concerns.
func decode(data []byte, into *fileYAML) (line int, err error) {
	docs, err := parser.ParseBytes(data, 0)
	if err == nil {
		switch {
		case len(docs.Docs) == 0 || docs.Docs[0].Body == nil:
			return 1, errors.New("the file is empty")
		case len(docs.Docs) > 1:
			return lineOf(docs.Docs[1].Start), errors.New("a second document: want all States in one")
		}
		body := docs.Docs[0].Body
		for _, n := range ast.Filter(ast.NullType, body) {
			return lineOf(n.GetToken()), errors.New("a key without a value: give it one or leave it out")
		}
		for _, n := range ast.Filter(ast.AliasType, body) {
			return lineOf(n.GetToken()), errors.New("an alias: write each rule out")
		}
		err = yaml.NodeToValue(body, into, yaml.Strict())
	}
	if located, ok := errors.AsType[yaml.Error](err); ok {
		return lineOf(located.GetToken()), errors.New(located.GetMessage())
	}
	return 1, err
}

// reader turns a file into calendars and gathers its mistakes.
type reader struct {
	file     string
	mistakes []error
}

func (r *reader) refuse(line int, format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Errorf("%s:%d: %w", r.file, line, fmt.Errorf(format, args...)))
}

var (
	stateForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	regionForm = regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)
	dayForm    = regexp.MustCompile(`^\d\d-\d\d$`)
)

func (r *reader) state(s on[stateYAML]) Calendar {
	y := s.value
	c := Calendar{
		Name:       r.text(s.line, "name", y.Name),
		Zone:       r.text(s.line, "authority_zone", y.AuthorityZone),
		Confidence: r.text(s.line, "confidence", y.Confidence),
		watch:      y.Watch.value,
	}
	if c.Zone == "Local" {
		r.refuse(y.AuthorityZone.line, "authority_zone: want an IANA name such as Europe/Vienna")
	} else if _, err := time.LoadLocation(c.Zone); err != nil {
		r.refuse(y.AuthorityZone.line, "authority_zone: unknown zone %q: want an IANA name such as Europe/Vienna", c.Zone)
	}
	if !slices.Contains([]string{"", "high", "medium", "low"}, c.Confidence) {
		r.refuse(y.Confidence.line, "confidence: unknown %q: want high, medium or low", c.Confidence)
	}
	if y.Substitution.line != 0 {
		c.substitution = r.substitution(y.Substitution)
	}
	if len(y.Rules) == 0 {
		r.refuse(s.line, "rules are missing: a State needs at least one")
	}
	c.rules = r.rules(y.Rules, "rules", c.substitution)
	c.equated = r.rules(y.Equated, "equated", c.substitution)
	c.contested = r.rules(y.Contested, "contested", c.substitution)
	c.regional = r.rules(y.Regional, "regional", c.substitution)
	return c
}

func (r *reader) substitution(y on[substitutionYAML]) substitution {
	s := substitution{since: r.year(y.line, "since", y.value.Since)}
	for _, name := range y.value.Weekdays.value {
		s.weekdays = append(s.weekdays, r.weekday(y.value.Weekdays.line, name))
	}
	if len(s.weekdays) == 0 {
		r.refuse(y.line, "weekdays are missing from the substitution")
	}
	if to := r.text(y.line, "to", y.value.To); to != "" && to != "next-working-day" {
		r.refuse(y.value.To.line, "to: unknown %q: want next-working-day", to)
	}
	r.text(y.line, "basis", y.value.Basis)
	return s
}

func (r *reader) rules(list []on[ruleYAML], where string, s substitution) []rule {
	lines := map[string]int{}
	var rules []rule
	for _, y := range list {
		rule := r.rule(y)
		if other, twice := lines[rule.id]; twice {
			r.refuse(y.line, "id %q stands on line %d already", rule.id, other)
		}
		lines[rule.id] = y.line
		switch {
		case rule.pending && where == "rules":
			r.refuse(y.value.Pending.line, "pending: what is not law yet makes no holiday: list it under contested")
		case rule.substitute && s.since == 0:
			r.refuse(y.value.Substitute.line, "substitute: the State has no substitution")
		case (len(rule.regions) > 0) != (where == "regional"):
			r.refuse(y.line, "region: rules under regional, and no others, name the parts of the State that they hold in")
		}
		rules = append(rules, rule)
	}
	return rules
}

func (r *reader) rule(y on[ruleYAML]) rule {
	v := y.value
	rule := rule{
		id:         r.text(y.line, "id", v.ID),
		name:       r.text(y.line, "name", v.Name),
		kind:       r.text(y.line, "kind", v.Kind),
		note:       v.Note.value,
		substitute: v.Substitute.value,
		pending:    v.Pending.value,
		notIn:      v.NotIn.value,
		regions:    v.Region.value,
		on:         r.dates(y),
		move:       map[time.Weekday]int{},
	}
	if v.From.line != 0 {
		rule.from = r.year(y.line, "from", v.From)
	}
	if v.To.line != 0 {
		rule.to = r.year(y.line, "to", v.To)
	}
	if rule.from != 0 && rule.to != 0 && rule.to < rule.from {
		r.refuse(v.To.line, "to: %d lies before from: %d", rule.to, rule.from)
	}
	for _, year := range rule.notIn {
		r.year(v.NotIn.line, "not_in", on[int]{year, v.NotIn.line})
	}
	for name, days := range v.Move.value {
		rule.move[r.weekday(v.Move.line, name)] = days
		if days == 0 || days < -maxOffset || days > maxOffset {
			r.refuse(v.Move.line, "move: by %d days: want up to %d", days, maxOffset)
		}
	}
	for _, region := range rule.regions {
		if !regionForm.MatchString(region) {
			r.refuse(v.Region.line, "region %q: want an ISO 3166-2 code such as DE-NW", region)
		}
	}
	return rule
}

// maxOffset keeps a slip of the pen out: no holiday lies farther from Easter, in days.
const maxOffset = 100

// dates reads the one key that says on which days of a year a rule falls.
func (r *reader) dates(y on[ruleYAML]) func(year int) []regime.Date {
	v := y.value
	one := func(day func(year int) regime.Date) func(int) []regime.Date {
		return func(year int) []regime.Date { return []regime.Date{day(year)} }
	}
	easter := func(key string, offset on[int], sunday func(int) regime.Date) func(int) []regime.Date {
		if offset.value < -maxOffset || offset.value > maxOffset {
			r.refuse(offset.line, "%s: %d days: want up to %d either way", key, offset.value, maxOffset)
		}
		return one(func(year int) regime.Date { return sunday(year).Add(offset.value) })
	}
	var ways []func(int) []regime.Date
	if v.Date.line != 0 {
		month, day := r.monthDay(v.Date.line, "date", v.Date)
		ways = append(ways, one(func(year int) regime.Date { return regime.Date{Year: year, Month: month, Day: day} }))
	}
	if v.Easter.line != 0 {
		ways = append(ways, easter("easter", v.Easter, easterSunday))
	}
	if v.Orthodox.line != 0 {
		ways = append(ways, easter("orthodox", v.Orthodox, orthodoxEasterSunday))
	}
	if n := v.Nth; n.line != 0 {
		weekday := r.weekday(n.line, n.value.Weekday.value)
		if m := n.value.Month.value; m < 1 || m > 12 {
			r.refuse(n.line, "nth: month %d: want 1 to 12", m)
		}
		if w := n.value.Week.value; w == 0 || w < -1 || w > 4 {
			r.refuse(n.line, "nth: week %d: want 1 to 4, or -1 for the last", w)
		}
		ways = append(ways, one(func(year int) regime.Date {
			return nth(year, time.Month(n.value.Month.value), weekday, n.value.Week.value)
		}))
	}
	if f := v.FirstFrom; f.line != 0 {
		month, day := r.monthDay(f.line, "first_from: date", f.value.Date)
		weekday := r.weekday(f.line, f.value.Weekday.value)
		ways = append(ways, one(func(year int) regime.Date {
			return onWeekday(regime.Date{Year: year, Month: month, Day: day}, weekday)
		}))
	}
	if v.Once.line != 0 {
		ways = append(ways, r.once(v.Once))
	}
	if len(ways) != 1 {
		r.refuse(y.line, "rule %q gives its date in %d ways: want one of date, easter, orthodox, nth, first_from, once", v.ID.value, len(ways))
		return func(int) []regime.Date { return nil }
	}
	return ways[0]
}

func (r *reader) once(y on[[]string]) func(int) []regime.Date {
	byYear := map[int][]regime.Date{}
	for _, s := range y.value {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			r.refuse(y.line, "once: bad date %q: want YYYY-MM-DD", s)
			continue
		}
		byYear[t.Year()] = append(byYear[t.Year()], regime.DateOf(t))
	}
	return func(year int) []regime.Date { return slices.Clone(byYear[year]) }
}

// monthDay reads MM-DD, a day that every year has.
func (r *reader) monthDay(line int, key string, s on[string]) (time.Month, int) {
	const someYear = "2027-" // no leap year
	t, err := time.Parse(time.DateOnly, someYear+s.value)
	if err != nil || !dayForm.MatchString(s.value) {
		r.refuse(max(line, s.line), "%s: bad day %q: want MM-DD, a day that every year has", key, s.value)
	}
	return t.Month(), t.Day()
}

func (r *reader) weekday(line int, s string) time.Weekday {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if s == strings.ToLower(d.String()[:3]) {
			return d
		}
	}
	r.refuse(line, "unknown weekday %q: want mon, tue, wed, thu, fri, sat or sun", s)
	return 0
}

func (r *reader) year(line int, key string, y on[int]) int {
	switch {
	case y.line == 0:
		r.refuse(line, "%s is missing", key)
	case y.value < firstYear || y.value > lastYear:
		r.refuse(y.line, "%s: year %s: want %d to %d", key, strconv.Itoa(y.value), firstYear, lastYear)
	}
	return y.value
}

// text is the value of a key that must be there. Line is that of what lacks it.
func (r *reader) text(line int, key string, s on[string]) string {
	switch {
	case s.line == 0:
		r.refuse(line, "%s is missing", key)
	case s.value == "":
		r.refuse(s.line, "%s: is empty", key)
	}
	return s.value
}

// lineOf returns the line of a token, or 1 if it has none.
func lineOf(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 1
	}
	return t.Position.Line
}
