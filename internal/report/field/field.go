// Package field holds what a report may say, as data: each field with its
// type, the values it allows, who asks for it, and what each stage of each
// regime makes of it. It knows no incident; values are checked here and kept
// elsewhere.
//
// Three answers are three things: a field that nobody has answered, one that
// was answered with [Unknown], and one that was answered with no.
package field

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

// Unknown answers any field: somebody looked, and it is not known.
const Unknown = "unknown"

// Type is the form of a field's value.
type Type string

// Types. A value of a list has one or more items, of any other type one.
const (
	Text    Type = "text"
	List    Type = "list"
	Answer  Type = "answer"  // yes or no
	Choice  Type = "choice"  // one of Values
	Choices Type = "choices" // some of Values
	Instant Type = "instant" // RFC 3339 with offset
	Number  Type = "number"  // whole, not negative
	Percent Type = "percent" // 0 to 100
	Minutes Type = "minutes" // whole, not negative
	Money   Type = "money"   // in EUR, at most two decimals
)

// Rule is what a stage makes of a field.
type Rule byte

// Rules.
const (
	NotAsked Rule = '-'
	Required Rule = 'R' // before the report is recorded as sent
	Wanted   Rule = 'r' // asked for; the report may leave without it
	Update   Rule = 'U' // of what an earlier report said
	Optional Rule = 'O' // if known
)

// String is the rule in a word, as JSON has it.
func (r Rule) String() string {
	switch r {
	case Required:
		return "required"
	case Wanted:
		return "wanted"
	case Update:
		return "update"
	case Optional:
		return "optional"
	}
	return "not_asked"
}

// Def is one field. It is read-only.
type Def struct {
	ID     string
	Group  string // the section of a report
	Type   Type
	Values []string // of a choice, in order
	// From is what gives the value when no person states it as a field: the
	// command that records it, "config", "evidence", "stage" or "incident";
	// empty where only a person can.
	From  string
	Law   bool   // Art. 23(4) of Directive (EU) 2022/2555 itself asks for it
	Basis string // who asks for it

	rules map[Form]Rule
}

// Form is a set of rules: several stages share one.
type Form string

// Forms.
const (
	EarlyWarning     Form = "nis2/0"
	Notification     Form = "nis2/1"
	Intermediate     Form = "nis2/2" // and the progress report
	Final            Form = "nis2/3" // and the post-incident review
	Withdrawal       Form = "withdrawal/0"
	Correction       Form = "correction/0"
	Notice           Form = "notice/0" // to the recipients of the services
	GDPR             Form = "gdpr/0"
	DORAInitial      Form = "dora/0"
	DORAIntermediate Form = "dora/1"
	DORAFinal        Form = "dora/2"
	CRAEarlyWarning  Form = "cra/0"
	CRANotification  Form = "cra/1"
	CRAFinal         Form = "cra/2"
)

// Rule is what the form makes of the field.
func (d *Def) Rule(f Form) Rule {
	if r, ok := d.rules[f]; ok {
		return r
	}
	return NotAsked
}

//go:embed fields.yaml
var data []byte

type row struct {
	ID, Group, Type, From, Basis                          string
	Values                                                []string
	Law                                                   bool
	NIS2, DORA, CRA, GDPR, Withdrawal, Correction, Notice string
}

var load = sync.OnceValue(func() []*Def {
	defs, err := parse(data)
	if err != nil {
		panic(fmt.Sprintf("report fields in this binary: %v", err)) // a test loads them: never in a released binary
	}
	return defs
})

// All are the fields in the order reports print them.
func All() []*Def { return load() }

// Lookup finds a field.
func Lookup(id string) (*Def, bool) {
	n := slices.IndexFunc(All(), func(d *Def) bool { return d.ID == id })
	if n < 0 {
		return nil, false
	}
	return All()[n], true
}

var types = []Type{Text, List, Answer, Choice, Choices, Instant, Number, Percent, Minutes, Money}

func parse(data []byte) ([]*Def, error) {
	var rows []row
	if err := yaml.UnmarshalWithOptions(data, &rows, yaml.Strict()); err != nil {
		return nil, err
	}
	var defs []*Def
	seen := map[string]bool{}
	for _, r := range rows {
		d := &Def{ID: r.ID, Group: r.Group, Type: Type(r.Type), Values: r.Values, From: r.From, Law: r.Law, Basis: r.Basis, rules: map[Form]Rule{}}
		choice := d.Type == Choice || d.Type == Choices
		switch {
		case r.ID == "" || r.Group == "" || r.Basis == "":
			return nil, fmt.Errorf("field %q: id, group and basis are needed", r.ID)
		case seen[r.ID]:
			return nil, fmt.Errorf("field %s stands there twice", r.ID)
		case !slices.Contains(types, d.Type):
			return nil, fmt.Errorf("field %s: no type %q", r.ID, r.Type)
		case choice != (len(r.Values) > 0):
			return nil, fmt.Errorf("field %s: a choice has values, nothing else does", r.ID)
		}
		seen[r.ID] = true
		for name, rules := range map[string]string{"nis2": r.NIS2, "dora": r.DORA, "cra": r.CRA, "gdpr": r.GDPR, "withdrawal": r.Withdrawal, "correction": r.Correction, "notice": r.Notice} {
			stages := map[string]int{"nis2": 4, "dora": 3, "cra": 3}[name]
			if rules != "" && len(rules) != max(stages, 1) || strings.Trim(rules, "RrUO-") != "" {
				return nil, fmt.Errorf("field %s: %s: %q is not a rule for each stage", r.ID, name, rules)
			}
			for n, rule := range []byte(rules) {
				d.rules[Form(fmt.Sprintf("%s/%d", name, n))] = Rule(rule)
			}
		}
		if len(d.rules) == 0 {
			return nil, fmt.Errorf("field %s: no report has it", r.ID)
		}
		defs = append(defs, d)
	}
	return defs, nil
}
