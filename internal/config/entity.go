package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/holidays"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"
)

// Class is how Art. 3 of Directive (EU) 2022/2555 ranks an entity. It is
// stated on reports; which clocks run is said by the regimes.
type Class string

// Classes.
const (
	Essential  Class = "essential"    // Art. 3(1)
	Important  Class = "important"    // Art. 3(2)
	NotInScope Class = "not_in_scope" // neither
)

// Entity is one legal entity that reports. Text that nobody gave is empty.
type Entity struct {
	Name        string // unique; part of the names of its clocks
	LegalName   string
	NationalID  string // in the national register
	Address     string // may have several lines
	Class       Class  // empty when not given
	Sector      string
	Type        string
	MemberState string // ISO 3166-1 alpha-2; empty when not given
	Region      string // ISO 3166-2, the part of the State whose holidays hold too; empty when not given
	Authority   string // the competent authority or CSIRT that receives the reports
	Regimes     []regime.ID
	Place       regime.Place // its zone is nil when neither a zone nor a State was given; its holidays are those written
	Contact     Contact
	// Known are facts of the entity that assessments of significance take from
	// here: users in the Union, turnover.
	Known significance.Facts

	DataSets  []incident.DataSet  // personal data it holds; names are unique
	Contracts []incident.Contract // under which it processes some; names are unique
}

// Contact is the person an authority may ask.
type Contact struct {
	Name, Role, Email, Phone string
}

// place is where the entity reports: to the holidays written come those of the
// State itself and of its part.
func (e Entity) place(law *regime.Set) regime.Place {
	p := e.Place
	state, _ := law.State(e.MemberState)
	calendar, ok := holidays.Builtin().Calendar(state.Holidays)
	if !ok {
		return p
	}
	if there, ok := calendar.In(e.Region); ok {
		calendar = there
	}
	p.Holidays = calendar.Checked()
	for d, name := range e.Place.Holidays {
		if _, known := p.Holidays[d]; !known {
			p.Holidays[d] = name
		}
	}
	return p
}

// Kind is what the law makes of the entity's type.
func (e Entity) Kind() regime.EntityKind {
	if slices.Contains(e.types(), significance.EntityType(regime.TrustServiceProvider)) {
		return regime.TrustServiceProvider
	}
	return ""
}

// types are those of the entity's types that Implementing Regulation (EU)
// 2024/2690 names.
func (e Entity) types() []significance.EntityType {
	var types []significance.EntityType
	for part := range strings.SplitSeq(e.Type, ",") {
		if t, ok := significance.ParseEntityType(part); ok && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types
}

// NoWeekendRelief reports whether Delegated Regulation (EU) 2025/301 Art. 5(5) excludes the entity from sending reports later because of
// a weekend or holiday: credit institutions, central counterparties, operators of trading venues, and whoever is essential
// or important under Directive (EU) 2022/2555. An entity without a class that reports under the Directive is one of the two.
func (e Entity) NoWeekendRelief() bool {
	switch {
	case slices.Contains(noRelief, e.Type), e.Class == Essential, e.Class == Important:
		return true
	}
	return e.Class == "" && slices.Contains(e.Regimes, "nis2")
}

// noRelief are the types of entity that Art. 5(5) names.
var noRelief = []string{"credit_institution", "central_counterparty", "trading_venue_operator"}

func defaultEntity() Entity {
	return Entity{Name: "default", Regimes: []regime.ID{"nis2"}}
}

// entities reads the list; without one the default stays.
func (c *Config) entities(s *section) {
	f, ok := s.take("entities")
	if !ok {
		return
	}
	items, ok := f.items()
	if !ok {
		return
	}
	if len(items) == 0 {
		f.refuse("the list is empty: leave the key out for one entity named default")
		return
	}
	c.Entities = nil
	first := map[string]string{}
	for _, item := range items {
		sub, ok := item.section()
		if !ok {
			c.Entities = append(c.Entities, defaultEntity()) // so that there is a first; the file is refused
			continue
		}
		e := readEntity(sub, c.Law)
		e.warn(item, c.Law)
		if other, taken := first[e.Name]; taken {
			sub.refuse(sub.lineOf("name"), sub.at("name"), "%s is the name of %s too: give each entity its own", quote(e.Name), other)
		} else {
			first[e.Name] = item.key
		}
		c.Entities = append(c.Entities, e)
	}
}

// warn says what is doubtful in the regimes of an entity.
func (e Entity) warn(f *field, law *regime.Set) {
	warn := func(format string, args ...any) { f.reader.warn(f.line, f.key+".regimes", format, args...) }
	for _, id := range e.Regimes {
		by, ok := law.Regime(id)
		if !ok {
			continue // refused
		}
		for _, d := range by.Displaces {
			if displaced, ok := law.Regime(d.Regime); ok && slices.Contains(e.Regimes, d.Regime) {
				warn("%s", incident.Displaced(e.Name, by, displaced, d.Source))
			}
		}
		if e.Class == "" && !e.NoWeekendRelief() && slices.ContainsFunc(by.Stages, func(s regime.Stage) bool { return s.Relief != 0 }) {
			warn("%s lets some entities send later because of a weekend, and %s counts as one of them: give its class, or its type if that is %s",
				by.Title, e.Name, either(noRelief))
		}
	}
}

func readEntity(s *section, law *regime.Set) Entity {
	defer s.close()
	e := defaultEntity()
	if _, given := s.found["name"]; given {
		e.Name = s.path // a name that is refused equals no other
	}
	scalar(s, "name", &e.Name, parseName)
	scalar(s, "legal_name", &e.LegalName, parseText)
	scalar(s, "national_id", &e.NationalID, parseText)
	scalar(s, "address", &e.Address, parseText)
	scalar(s, "class", &e.Class, parseClass)
	scalar(s, "sector", &e.Sector, parseText)
	scalar(s, "type", &e.Type, parseEntityType)
	e.fact(s, "users_in_union", significance.UsersInUnion)
	e.fact(s, "annual_turnover_eur", significance.AnnualTurnover)
	var state memberState
	if scalar(s, "member_state", &state, stateOf(law)) {
		e.MemberState, e.Place.Zone = state.code, state.zone
	}
	if scalar(s, "region", &e.Region, regionOf(state.holidays)) && state.code == "" {
		s.warn(s.lineOf("region"), s.at("region"), "is left out of account without member_state, the State that it is a part of")
		e.Region = ""
	}
	scalar(s, "tz", &e.Place.Zone, parseZone)
	scalar(s, "authority", &e.Authority, parseText)
	if list(s, "regimes", &e.Regimes, regimeOf(law)) && len(e.Regimes) == 0 {
		s.refuse(s.lineOf("regimes"), s.at("regimes"), "the list is empty, so no clock would ever run: leave the key out for nis2")
	}
	if sub, ok := s.section("contact"); ok {
		defer sub.close()
		scalar(sub, "name", &e.Contact.Name, parseText)
		scalar(sub, "role", &e.Contact.Role, parseText)
		scalar(sub, "email", &e.Contact.Email, parseEmail)
		scalar(sub, "phone", &e.Contact.Phone, parseText)
	}
	var days []regime.Date
	if list(s, "holidays", &days, parseDate) {
		e.Place.Holidays = make(regime.Holidays, len(days))
		for _, d := range days {
			e.Place.Holidays[d] = ""
		}
	}
	e.personalData(s)
	return e
}

// fact takes a fact of the entity itself.
func (e *Entity) fact(s *section, key string, id significance.FactID) {
	var fact significance.Fact
	scalar(s, key, &fact, func(text string) (significance.Fact, error) {
		f, known, err := significance.Parse(id, text)
		if err == nil && !known {
			err = errors.New("leave the key out for what is not known")
		}
		f.Origin = significance.FromConfig
		return f, err
	})
	if fact.Value != "" {
		if e.Known == nil {
			e.Known = significance.Facts{}
		}
		e.Known[id] = fact
	}
}

// entityName keeps the names of clocks, entity/regime/stage, unambiguous.
var entityName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func parseName(s string) (string, error) {
	if !entityName.MatchString(s) {
		return "", fmt.Errorf("%s is not a short name: want up to 64 letters, digits, dots, dashes and underscores; legal_name holds the full one", quote(s))
	}
	return s, nil
}

func parseClass(s string) (Class, error) {
	switch c := Class(s); c {
	case Essential, Important, NotInScope:
		return c, nil
	}
	return "", fmt.Errorf("%s is not a class: want essential, important or not_in_scope", quote(s))
}

// parseEntityType takes free text, or types that Implementing Regulation (EU)
// 2024/2690 names, separated by commas; but no misspelling of the one type that
// the law counts differently.
func parseEntityType(s string) (string, error) {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	for _, known := range noRelief {
		if plain == strings.ReplaceAll(known, "_", "") && s != known {
			return "", fmt.Errorf("%s would be counted as one with a relief for weekends (Delegated Regulation (EU) 2025/301 Art. 5(5)): write %s", quote(s), known)
		}
	}
	exact := slices.ContainsFunc(strings.Split(s, ","), func(part string) bool { return strings.TrimSpace(part) == string(regime.TrustServiceProvider) })
	if strings.Contains(plain, "trustservice") && !exact {
		return "", fmt.Errorf("%s would not be counted as a trust service provider (Art. 23(4), last subparagraph): write %s", quote(s), regime.TrustServiceProvider)
	}
	return parseText(s)
}

// regimeOf reads the id of a regime of the law.
func regimeOf(law *regime.Set) func(string) (regime.ID, error) {
	return func(s string) (regime.ID, error) {
		if _, ok := law.Regime(regime.ID(s)); ok {
			return regime.ID(s), nil
		}
		var known []string
		for _, r := range law.Regimes() {
			known = append(known, string(r.ID))
		}
		return "", fmt.Errorf("there is no regime %s: want %s", quote(s), either(known))
	}
}

// regionOf reads the ISO 3166-2 code of a part of the State whose calendar that is.
func regionOf(state string) func(string) (string, error) {
	return func(s string) (string, error) {
		calendar, ok := holidays.Builtin().Calendar(state)
		switch regions := calendar.Regions(); {
		case state == "":
			return "", nil
		case !ok || len(regions) == 0:
			return "", fmt.Errorf("no part of %s with holidays of its own is known: leave it out, and list them under holidays", state)
		case !slices.Contains(regions, s):
			return "", fmt.Errorf("no holidays of %s are known: want %s, or leave it out", quote(s), either(regions))
		}
		return s, nil
	}
}

// memberState is a Member State and where its capital's clocks are.
type memberState struct {
	code     string
	zone     *time.Location
	holidays string // whose calendar holds there
}

// stateOf reads a Member State's code. EL is how the Union writes Greece.
func stateOf(law *regime.Set) func(string) (memberState, error) {
	return func(s string) (memberState, error) {
		code := s
		if code == "EL" {
			code = "GR"
		}
		state, ok := law.State(code)
		if !ok {
			return memberState{}, fmt.Errorf("%s is not a Member State: want two capital letters such as DE", quote(s))
		}
		zone, err := parseZone(state.Zone)
		return memberState{code, zone, state.Holidays}, err
	}
}

// parseZone reads an IANA zone name. Local is none: what it means depends on
// the host.
func parseZone(s string) (*time.Location, error) {
	zone, err := time.LoadLocation(s)
	if err != nil || slices.Contains([]string{"", "Local"}, s) {
		return nil, fmt.Errorf("%s is not a time zone here: want an IANA name such as Europe/Berlin", quote(s))
	}
	return zone, nil
}

func parseDate(s string) (regime.Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return regime.Date{}, fmt.Errorf("%s is not a date such as 2027-01-01", quote(s))
	}
	return regime.DateOf(t), nil
}

func parseEmail(s string) (string, error) {
	if a, err := parseAddress(s); err != nil || a != s {
		return "", errors.New("is not an e-mail address such as soc@example.eu")
	}
	return s, nil
}
