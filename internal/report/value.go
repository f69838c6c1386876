package report

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/report/field"
)

// States of a field's value.
const (
	answered    = "value"
	answeredNo  = "no"
	unknown     = "unknown"
	notAnswered = "not_asked" // nobody has said anything
)

// Kinds of origin.
const (
	fromAlert      = "alert"
	fromConfig     = "config"
	fromPerson     = "person"
	fromAssessment = "assessment"
	fromRecord     = "record"
)

// Origin says where a value comes from and since when it holds.
type Origin struct {
	// Kind is alert, config, person, assessment or record (the journal).
	Kind string `json:"kind"`
	// Name is the label, the person, or empty.
	Name string    `json:"name,omitzero"`
	At   time.Time `json:"at,omitzero"`
}

// Value is one field of one report.
type Value struct {
	Def    *field.Def
	Rule   field.Rule
	Items  []string // in the form that [field.Def.Check] gives
	State  string
	Origin Origin
}

// newValue is a value of those items; none is not answered.
func newValue(items []string, from Origin) Value {
	v := Value{Items: items, State: answered, Origin: from}
	switch {
	case len(items) == 0:
		return Value{State: notAnswered}
	case slices.Equal(items, []string{field.Unknown}):
		v.State = unknown
	case slices.Equal(items, []string{"no"}):
		v.State = answeredNo
	}
	return v
}

// text is the value as a reader of the language sees it. A person's own words
// stay as they are.
func (v Value) text(l *catalogue.Language, zone *time.Location, final bool) string {
	switch {
	case v.State == notAnswered:
		return ""
	case v.State == unknown && final:
		return l.Say("not_determined")
	case v.State == unknown:
		return l.Say("unknown")
	case v.State == answeredNo:
		return l.Say("v_no")
	}
	var out []string
	for _, item := range v.Items {
		out = append(out, v.item(item, l, zone))
	}
	return strings.Join(out, "\n")
}

func (v Value) item(item string, l *catalogue.Language, zone *time.Location) string {
	switch v.Def.Type {
	case field.Answer, field.Choice, field.Choices:
		if l.Has("v_" + item) {
			return l.Say("v_" + item)
		}
	case field.Number:
		return l.Number(item)
	case field.Money:
		return l.Number(item) + "\u00a0EUR"
	case field.Percent:
		return l.Percent(item)
	case field.Minutes:
		return l.Say("minutes_unit", "n", l.Number(item))
	case field.Instant:
		if t, err := time.Parse(time.RFC3339Nano, item); err == nil {
			return long(l, zone, t)
		}
	}
	return item
}

// long writes an instant in the authority's zone and, where that is another, in
// UTC on a second line.
func long(l *catalogue.Language, zone *time.Location, t time.Time) string {
	if zone == nil || zone == time.UTC {
		return l.Long(t.UTC())
	}
	return l.Long(t.In(zone)) + "\n" + l.Short(t.UTC())
}

// short writes an instant for a narrow column.
func short(l *catalogue.Language, zone *time.Location, t time.Time) string {
	if zone == nil {
		zone = time.UTC
	}
	return l.Short(t.In(zone))
}

// origin says where the value comes from, for a reader.
func (v Value) origin(l *catalogue.Language, zone *time.Location) string {
	var s string
	switch v.Origin.Kind {
	case "":
		return ""
	case fromAlert:
		s = l.Say("o_alert", "name", v.Origin.Name)
	case fromConfig:
		return l.Say("o_config")
	case fromPerson:
		s = v.Origin.Name
	case fromAssessment:
		s = l.Say("o_assessment")
		if v.Origin.Name != "" {
			s += ", " + v.Origin.Name
		}
	default:
		s = l.Say("o_record")
	}
	if !v.Origin.At.IsZero() {
		if zone == nil {
			zone = time.UTC
		}
		s += "\n" + v.Origin.At.In(zone).Format("2006-01-02 15:04 -07:00")
	}
	return s
}
