package report

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"nis2clock/internal/report/field"
	"nis2clock/internal/report/portal"
)

// Worksheet is a portal's form with the answers to copy into it.
type Worksheet struct {
	For                                                   string // the stage whose answers these are
	Portal, Authority, Address, SignIn, Fallback, Receipt string
	Reviewed, Source, Confidence                          string
	Seen                                                  string // all, part or none
	Notes                                                 []string
	Rows                                                  []WorksheetRow
}

// WorksheetRow is one question of the form.
type WorksheetRow struct {
	No, Asks, Need string
	// Answers are ready to copy, each under the label of the field it is from.
	Answers []WorksheetAnswer
	// Codes are those of the form where an answer has none.
	Codes  string
	ByHand bool
}

// WorksheetAnswer is one answer.
type WorksheetAnswer struct {
	Field, Label, Text string
	Open               bool // nobody has answered
	// Max is how many characters the form takes, Length how many these are.
	Max, Length int
	TooLong     bool
	// Fits and Rest are the text before and after where the form would cut it.
	Fits, Rest string
}

// worksheet fills the form of the authority with the answers of the report.
// Where no form is known, or none was seen, the fields of the report stand in.
func (d *draft) worksheet() {
	p, known := portal.For(d.entity.MemberState, d.stage.Regime)
	w := &Worksheet{
		For: d.StageTitle, Portal: p.Name, Authority: p.Authority, Address: p.Address, SignIn: p.SignIn, Fallback: p.Fallback, Receipt: p.Receipt,
		Reviewed: p.Reviewed, Source: p.Source, Confidence: p.Confidence, Seen: p.Seen, Notes: p.Notes,
	}
	if !known {
		w.Authority, w.Seen = d.Authority, portal.None
	}
	d.Worksheet = w
	if len(p.Fields) == 0 {
		for _, v := range d.filled {
			need := "O"
			if v.Rule == field.Required {
				need = "R"
			}
			if v.State != notAnswered || v.Rule == field.Required || v.Rule == field.Wanted {
				w.Rows = append(w.Rows, WorksheetRow{No: strconv.Itoa(len(w.Rows) + 1), Asks: d.lang.Say("f_" + v.Def.ID), Need: need, Answers: []WorksheetAnswer{d.answer(v, portal.Field{})}})
			}
		}
		return
	}
	all := d.everything()
	for _, f := range p.Fields {
		row := WorksheetRow{No: f.No, Asks: f.Asks, Need: f.Need, Codes: f.Note, ByHand: len(f.From) == 0}
		for _, id := range f.From {
			n := slices.IndexFunc(all, func(v Value) bool { return v.Def.ID == id })
			row.Answers = append(row.Answers, d.answer(all[n], f))
		}
		w.Rows = append(w.Rows, row)
	}
}

// everything is what is known of every field, also of those that the report
// itself does not ask for: a portal may.
func (f *facts) everything() []Value {
	said := f.said()
	var out []Value
	for _, def := range field.All() {
		v := f.value(def, said)
		v.Def, v.Rule = def, def.Rule(f.stage.Form)
		out = append(out, v)
	}
	return out
}

// answer is a value as the form takes it: its code where it has one, instants
// as digits, text as it is, with a mark where the form would cut.
func (d *draft) answer(v Value, f portal.Field) WorksheetAnswer {
	a := WorksheetAnswer{Field: v.Def.ID, Label: d.lang.Say("f_" + v.Def.ID), Max: f.Max, Open: v.State == notAnswered}
	var lines []string
	for _, item := range v.Items {
		code, coded := f.Codes[item]
		switch {
		case coded:
			lines = append(lines, code)
		case v.Def.ID == "report_stage":
			lines = append(lines, d.StageTitle)
		case v.State == unknown, v.State == answeredNo:
			lines = append(lines, d.words(v))
		case v.Def.Type == field.Instant:
			lines = append(lines, portalTime(item, d.zone))
		case len(v.Def.Values) > 0 || v.Def.Type == field.Answer:
			lines = append(lines, v.item(item, d.lang, d.zone))
		default:
			lines = append(lines, item)
		}
	}
	a.Text = strings.Join(lines, "\n")
	a.Length = utf8.RuneCountInString(a.Text)
	a.Fits = a.Text
	if f.Max > 0 && a.Length > f.Max {
		a.TooLong = true
		runes := []rune(a.Text)
		a.Fits, a.Rest = string(runes[:f.Max]), string(runes[f.Max:])
	}
	return a
}

// portalTime is an instant as forms take it, in the authority's zone.
func portalTime(rfc3339 string, zone *time.Location) string {
	t, err := time.Parse(time.RFC3339Nano, rfc3339)
	if err != nil {
		return rfc3339
	}
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04:05 -07:00")
}
