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
	Authority   string // the competent authority or CSIRT that receives the reports
	Regimes     []regime.ID
	Place       regime.Place // its zone is nil when neither a zone nor a State was given; its holidays are those written
	Contact     Contact

	DataSets  []incident.DataSet  // personal data it holds; names are unique
	Contracts []incident.Contract // under which it processes some; names are unique
}

// Contact is the person an authority may ask.
type Contact struct {
	Name, Role, Email, Phone string
}

// place is where the entity reports: to the holidays written come those of the
// State itself.
func (e Entity) place() regime.Place {
	p := e.Place
	calendar, ok := holidays.Builtin().Calendar(e.MemberState)
	if !ok {
		return p
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
	if e.Type == string(regime.TrustServiceProvider) {
		return regime.TrustServiceProvider
	}
	return ""
}

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
		e := readEntity(sub)
		if other, taken := first[e.Name]; taken {
			sub.refuse(sub.lineOf("name"), sub.at("name"), "%s is the name of %s too: give each entity its own", quote(e.Name), other)
		} else {
			first[e.Name] = item.key
		}
		c.Entities = append(c.Entities, e)
	}
}

func readEntity(s *section) Entity {
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
	var state memberState
	if scalar(s, "member_state", &state, parseState) {
		e.MemberState, e.Place.Zone = state.code, state.zone
	}
	scalar(s, "tz", &e.Place.Zone, parseZone)
	scalar(s, "authority", &e.Authority, parseText)
	if list(s, "regimes", &e.Regimes, parseRegime) && len(e.Regimes) == 0 {
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

// parseEntityType takes free text, but no misspelling of the one type that the
// law counts differently.
func parseEntityType(s string) (string, error) {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	if strings.Contains(plain, "trustservice") && s != string(regime.TrustServiceProvider) {
		return "", fmt.Errorf("%s would not be counted as a trust service provider (Art. 23(4), last subparagraph): write %s", quote(s), regime.TrustServiceProvider)
	}
	return parseText(s)
}

func parseRegime(s string) (regime.ID, error) {
	law := regime.Builtin()
	if _, ok := law.Regime(regime.ID(s)); ok {
		return regime.ID(s), nil
	}
	var known []string
	for _, r := range law.Regimes() {
		known = append(known, string(r.ID))
	}
	return "", fmt.Errorf("there is no regime %s: want %s", quote(s), either(known))
}

// memberState is a Member State and where its capital's clocks are.
type memberState struct {
	code string
	zone *time.Location
}

// parseState reads a Member State's code. EL is how the Union writes Greece.
func parseState(s string) (memberState, error) {
	code := s
	if code == "EL" {
		code = "GR"
	}
	name, ok := regime.ZoneOf(code)
	if !ok {
		return memberState{}, fmt.Errorf("%s is not a Member State: want two capital letters such as DE", quote(s))
	}
	zone, err := parseZone(name)
	return memberState{code, zone}, err
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
