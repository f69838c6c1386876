// Package portal holds what the authorities' forms ask, as data: the fields in
// the portal's order, its codes and its limits, and which field of ours answers
// each. Where a form was not seen, that is said, and nothing is invented.
package portal

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"nis2clock/internal/report/field"
)

// How much of a form was seen.
const (
	All  = "all"
	Part = "part"
	None = "none"
)

// Portal is one form. It is read-only.
type Portal struct {
	State     string   `yaml:"state"`     // ISO 3166-1 alpha-2; empty where the form is the Union's
	Regime    string   `yaml:"regime"`    // or its part before "_"
	Name      string   `yaml:"name"`      // as it stands before the word portal
	Authority string   `yaml:"authority"` // who receives it
	Address   string   `yaml:"address"`
	Languages []string `yaml:"languages"` // of the form, ISO 639-1

	SignIn   string `yaml:"sign_in"`
	Fallback string `yaml:"fallback"` // when the portal is down
	Receipt  string `yaml:"receipt"`

	Seen       string   `yaml:"seen"` // all, part or none
	Source     string   `yaml:"source"`
	Confidence string   `yaml:"confidence"` // verified or secondary
	Reviewed   string   `yaml:"reviewed"`   // YYYY-MM-DD
	Notes      []string `yaml:"notes"`
	Fields     []Field  `yaml:"fields"` // none: the report's own fields stand in
}

// Field is one question of the form.
type Field struct {
	No    string            `yaml:"no"`
	Asks  string            `yaml:"asks"`
	From  []string          `yaml:"from"`  // fields of ours that answer it; none: by hand
	Need  string            `yaml:"need"`  // R required, O optional, C conditional, A if available
	Max   int               `yaml:"max"`   // characters it takes; 0 for no known limit
	Codes map[string]string `yaml:"codes"` // the portal's code for a value of ours
	Note  string            `yaml:"note"`
}

//go:embed portals
var data embed.FS

var load = sync.OnceValue(func() []Portal {
	all, err := read(data)
	if err != nil {
		panic(fmt.Sprintf("portals in this binary: %v", err)) // a test reads them: never in a released binary
	}
	return all
})

// Portals are all forms.
func Portals() []Portal { return load() }

// For is the form for reports of a regime in a Member State.
func For(state, regime string) (Portal, bool) {
	law, _, _ := strings.Cut(regime, "_")
	n := slices.IndexFunc(load(), func(p Portal) bool { return p.Regime == law && (p.State == state || p.State == "") })
	if n < 0 {
		return Portal{}, false
	}
	return load()[n], true
}

func read(fsys fs.FS) ([]Portal, error) {
	names, err := fs.Glob(fsys, "portals/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Portal
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		var p Portal
		if err := yaml.UnmarshalWithOptions(raw, &p, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (p Portal) check() error {
	switch {
	case p.Regime == "" || p.Authority == "" || p.Source == "" || p.Reviewed == "":
		return fmt.Errorf("regime, authority, source and reviewed are needed")
	case !slices.Contains([]string{All, Part, None}, p.Seen):
		return fmt.Errorf("seen is %q: want all, part or none", p.Seen)
	case !slices.Contains([]string{"verified", "secondary"}, p.Confidence):
		return fmt.Errorf("confidence is %q: want verified or secondary", p.Confidence)
	case p.Seen != None && len(p.Fields) == 0:
		return fmt.Errorf("a form that was seen has fields")
	}
	for _, f := range p.Fields {
		if f.No == "" || f.Asks == "" || !slices.Contains([]string{"R", "O", "C", "A"}, f.Need) || f.Max < 0 {
			return fmt.Errorf("field %q: no, asks and need (R, O, C or A) are needed", f.Asks)
		}
		for _, id := range f.From {
			def, ok := field.Lookup(id)
			if !ok {
				return fmt.Errorf("field %s: there is no field %s", f.No, id)
			}
			for value := range f.Codes {
				if len(f.From) == 1 && len(def.Values) > 0 && value != field.Unknown && !slices.Contains(def.Values, value) {
					return fmt.Errorf("field %s: %s is never %s", f.No, id, value)
				}
			}
		}
	}
	return nil
}
