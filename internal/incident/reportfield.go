package incident

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/report/field"
)

// SetReportFields records what a person says for reports, field by field; see
// [field.Def]. A field without values takes back what was said of it.
type SetReportFields struct {
	Person
	ID     ID
	Fields map[string][]string
}

func (c SetReportFields) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if len(c.Fields) == 0 {
		return nil, invalid("say at least one field, such as severity_assessment=high")
	}
	ev := ReportFieldsSet{Meta: c.metaFor(c.ID)}
	var mistakes []string
	for _, id := range slices.Sorted(maps.Keys(c.Fields)) {
		def, ok := field.Lookup(id)
		if !ok {
			mistakes = append(mistakes, fmt.Sprintf("there is no field %q%s", id, near(id)))
			continue
		}
		values, err := def.Check(c.Fields[id])
		if err != nil {
			mistakes = append(mistakes, err.Error())
			continue
		}
		if said := i.ReportFields[id]; !slices.Equal(said.Values, values) {
			ev.Fields = append(ev.Fields, FieldSet{ID: id, Values: values})
		}
	}
	if len(mistakes) > 0 {
		return nil, invalid("%s", strings.Join(mistakes, "; "))
	}
	if len(ev.Fields) > 0 {
		d.emit(ev)
	}
	return c.ID, nil
}

// near names fields that the id may have been meant for.
func near(id string) string {
	var like []string
	for _, d := range field.All() {
		for part := range strings.SplitSeq(id, "_") {
			if len(part) > 3 && strings.Contains(d.ID, part) && !slices.Contains(like, d.ID) {
				like = append(like, d.ID)
			}
		}
	}
	if len(like) == 0 || len(like) > 6 {
		return ": nis2clock incident field --list names them"
	}
	return ": is it " + strings.Join(like, ", ")
}

// ReportFieldsSet records what a person says for reports.
type ReportFieldsSet struct {
	Meta
	Fields []FieldSet `json:"fields"`
}

// FieldSet is what was said of one field; no values take it back.
type FieldSet struct {
	ID     string   `json:"id"`
	Values []string `json:"values"`
}

func (ReportFieldsSet) Kind() string { return "report.field_set/v1" }

func (e ReportFieldsSet) Describe() string {
	var parts []string
	for _, f := range e.Fields {
		if len(f.Values) == 0 {
			parts = append(parts, f.ID+" taken back")
			continue
		}
		parts = append(parts, f.ID+": "+strings.Join(f.Values, ", "))
	}
	return "for reports: " + strings.Join(parts, "; ")
}

// ReportField is what a person said of a field, and when.
type ReportField struct {
	Values []string
	Record Stamp
}

func (ev ReportFieldsSet) applyTo(_ *State, i *Incident, e Entry) {
	i.ReportFields = maps.Clone(i.ReportFields) // what was handed out does not change
	if i.ReportFields == nil {
		i.ReportFields = map[string]ReportField{}
	}
	for _, f := range ev.Fields {
		if len(f.Values) == 0 {
			delete(i.ReportFields, f.ID)
			continue
		}
		i.ReportFields[f.ID] = ReportField{Values: f.Values, Record: Stamp{By: ev.By, At: e.At}}
		switch f.ID { // these stand in the incident too
		case "summary":
			i.Summary = f.Values[0]
		case "suspected_unlawful_or_malicious":
			i.Malicious, i.MaliciousSaid = classify.Answer(f.Values[0]), true
		case "cross_border_possible":
			i.CrossBorder, i.CrossBorderSaid = classify.Answer(f.Values[0]), true
		}
	}
}

// ReportFieldView is what a person said of a field.
type ReportFieldView struct {
	Values []string  `json:"values"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

func (i *Incident) reportFields() map[string]ReportFieldView {
	out := make(map[string]ReportFieldView, len(i.ReportFields))
	for id, f := range i.ReportFields {
		out[id] = ReportFieldView{Values: slices.Clone(f.Values), By: f.Record.By.String(), At: f.Record.At}
	}
	return out
}
