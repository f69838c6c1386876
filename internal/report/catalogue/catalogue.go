// Package catalogue holds the words of the reports in each language, and how
// that language writes dates and numbers. A language is one YAML file under
// languages; every file has the same keys.
//
// A file tells apart the law's terms that were seen in an official text
// (terms), those that were not (unconfirmed), and the program's own words
// (phrases), which nobody has certified. National terms that a Member State's
// act uses instead stand in national.yaml.
package catalogue

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
)

// Default is the language without which none is complete.
const Default = "en"

// Language is the words of one language. It is read-only.
type Language struct {
	Tag  string // BCP 47
	Name string // in the language itself

	date, time, decimal, group, percent string
	months                              []string
	text                                map[string]string
	unconfirmed                         map[string]bool
}

// file is a language's file. Date and Time are Go layouts with January for the
// month in a date.
type file struct {
	Tag, Name, Date, Time, Decimal, Group, Percent string
	Months                                         []string
	Terms, Unconfirmed, Phrases                    map[string]string
}

//go:embed languages national.yaml
var data embed.FS

var load = sync.OnceValue(func() map[string]*Language {
	all, err := Load(data)
	if err != nil {
		panic(fmt.Sprintf("report languages in this binary: %v", err)) // a test loads them: never in a released binary
	}
	return all
})

// Tags are the languages there are, the default first.
func Tags() []string {
	tags := slices.Sorted(maps.Keys(load()))
	slices.SortStableFunc(tags, func(a, b string) int {
		switch {
		case a == Default:
			return -1
		case b == Default:
			return 1
		}
		return 0
	})
	return tags
}

// In returns the language of that tag; a region, as in de-AT, is looked past.
func In(tag string) (*Language, error) {
	if tag == "" {
		tag = Default
	}
	if parsed, err := language.Parse(tag); err == nil {
		base, _ := parsed.Base()
		if l, ok := load()[base.String()]; ok {
			return l, nil
		}
	}
	return nil, fmt.Errorf("there is no report in %q: want %s", tag, strings.Join(Tags(), ", "))
}

// Load reads every language below fsys and holds them against the default one.
func Load(fsys fs.FS) (map[string]*Language, error) {
	names, err := fs.Glob(fsys, "languages/*.yaml")
	if err != nil {
		return nil, err
	}
	all := map[string]*Language{}
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		l, err := parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if path.Base(name) != l.Tag+".yaml" {
			return nil, fmt.Errorf("%s: its tag is %s", name, l.Tag)
		}
		all[l.Tag] = l
	}
	want := all[Default]
	if want == nil {
		return nil, fmt.Errorf("there is no languages/%s.yaml", Default)
	}
	for tag, l := range all {
		for key, text := range want.text {
			mine, ok := l.text[key]
			switch {
			case !ok || strings.TrimSpace(mine) == "":
				return nil, fmt.Errorf("languages/%s.yaml: %s is missing", tag, key)
			case !slices.Equal(blanks(mine), blanks(text)):
				return nil, fmt.Errorf("languages/%s.yaml: %s has the blanks %v, want %v", tag, key, blanks(mine), blanks(text))
			}
		}
		for key := range l.text {
			if _, ok := want.text[key]; !ok {
				return nil, fmt.Errorf("languages/%s.yaml: %s is in no other language", tag, key)
			}
		}
	}
	return all, nil
}

// blanks are the names in braces, sorted.
func blanks(text string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(text, "{")
		if !ok {
			slices.Sort(names)
			return names
		}
		name, after, _ := strings.Cut(rest, "}")
		names, text = append(names, name), after
	}
}

func parse(raw []byte) (*Language, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(raw, &f, yaml.Strict()); err != nil {
		return nil, err
	}
	l := &Language{Tag: f.Tag, Name: f.Name, date: f.Date, time: f.Time, decimal: f.Decimal, group: f.Group, percent: f.Percent, months: f.Months, text: map[string]string{}, unconfirmed: map[string]bool{}}
	if len(l.months) != 12 || f.Date == "" || f.Time == "" || f.Decimal == "" || f.Group == "" || !strings.Contains(f.Percent, "{n}") {
		return nil, fmt.Errorf("date, time, decimal, group, percent and twelve months are needed")
	}
	for _, section := range []map[string]string{f.Terms, f.Unconfirmed, f.Phrases} {
		for key, text := range section {
			if _, twice := l.text[key]; twice {
				return nil, fmt.Errorf("%s stands there twice", key)
			}
			l.text[key] = text
		}
	}
	for key := range f.Unconfirmed {
		l.unconfirmed[key] = true
	}
	return l, nil
}

// Has reports whether there is a text under the key.
func (l *Language) Has(key string) bool { _, ok := l.text[key]; return ok }

// Unconfirmed are the keys of legal terms that were not seen in an official
// text, sorted.
func (l *Language) Unconfirmed() []string { return slices.Sorted(maps.Keys(l.unconfirmed)) }

// Text returns the text of the key with the names in braces filled in, given
// as name and value in turn.
func (l *Language) Text(key string, blanks ...string) (string, error) {
	text, ok := l.text[key]
	if !ok {
		return "", fmt.Errorf("the catalogue has no text %q", key)
	}
	if len(blanks)%2 != 0 {
		return "", fmt.Errorf("text %q: a blank without a value", key)
	}
	if len(blanks) == 0 {
		return text, nil
	}
	pairs := slices.Clone(blanks)
	for n := 0; n < len(pairs); n += 2 {
		pairs[n] = "{" + pairs[n] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text), nil
}

// Say is [Language.Text] for keys that are constants of the program.
func (l *Language) Say(key string, blanks ...string) string {
	text, err := l.Text(key, blanks...)
	if err != nil {
		panic(err) // a test names every key
	}
	return text
}

// National returns the language with the terms that the act of a Member State
// uses instead of the Directive's.
func (l *Language) National(state string) *Language {
	terms := national()[state][l.Tag]
	if len(terms) == 0 {
		return l
	}
	there := *l
	there.text = maps.Clone(l.text)
	maps.Copy(there.text, terms)
	return &there
}

var national = sync.OnceValue(func() map[string]map[string]map[string]string {
	all, err := readNational(data, load())
	if err != nil {
		panic(fmt.Sprintf("national terms in this binary: %v", err)) // a test reads them: never in a released binary
	}
	return all
})

func readNational(fsys fs.FS, languages map[string]*Language) (map[string]map[string]map[string]string, error) {
	raw, err := fs.ReadFile(fsys, "national.yaml")
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]map[string]string
	if err := yaml.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	for state, tags := range all {
		for tag, terms := range tags {
			for key := range terms {
				if l := languages[tag]; l == nil || !l.Has(key) {
					return nil, fmt.Errorf("national.yaml: %s: %s has no text %s", state, tag, key)
				}
			}
		}
	}
	return all, nil
}

// Long writes the local date and time of t in words, with its offset from UTC.
func (l *Language) Long(t time.Time) string {
	date := strings.Replace(t.Format(strings.Replace(l.date, "January", "\x00", 1)), "\x00", l.months[t.Month()-1], 1)
	return date + ", " + t.Format(withSeconds(l.time)) + " (" + Offset(t) + ")"
}

// withSeconds adds seconds to a layout of hours and minutes, where the
// language writes them with one mark.
func withSeconds(layout string) string {
	switch {
	case strings.Contains(layout, "15:04"):
		return strings.Replace(layout, "15:04", "15:04:05", 1)
	case strings.Contains(layout, "15.04"):
		return strings.Replace(layout, "15.04", "15.04.05", 1)
	}
	return strings.Replace(layout, "15 h 04", "15 h 04 min 05 s", 1)
}

// Short writes t for a table: the same in every language, with its offset.
func (l *Language) Short(t time.Time) string {
	return t.Format("2006-01-02 15:04:05 ") + Offset(t)
}

// Offset is the distance of t from UTC, such as UTC+01:00.
func Offset(t time.Time) string {
	if _, seconds := t.Zone(); seconds == 0 {
		return "UTC"
	}
	return "UTC" + t.Format("-07:00")
}

// Number writes a decimal number, given with a point, in the reader's way. What
// is no number stays as it is.
func (l *Language) Number(s string) string {
	whole, frac, _ := strings.Cut(s, ".")
	if _, err := strconv.ParseUint(whole, 10, 64); err != nil {
		return s
	}
	var b strings.Builder
	for n, digit := range whole {
		if n > 0 && (len(whole)-n)%3 == 0 {
			b.WriteString(l.group)
		}
		b.WriteRune(digit)
	}
	if frac != "" {
		b.WriteString(l.decimal + frac)
	}
	return b.String()
}

// Percent writes a share.
func (l *Language) Percent(s string) string {
	return strings.Replace(l.percent, "{n}", l.Number(s), 1)
}
