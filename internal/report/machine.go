package report

import (
	_ "embed"
	"fmt"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/report/pdf"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Schema is the JSON Schema (2020-12) of what [Renderer.JSON] writes.
//
//go:embed schema.json
var Schema []byte

// Format names the JSON of a report, and its version.
const Format = "nis2clock-report/1"

// machine is a report for machines.
type machine struct {
	Format     string              `json:"format"`
	Incident   incident.ID         `json:"incident"`
	Entity     string              `json:"entity"`
	Regime     string              `json:"regime"`
	Stage      string              `json:"stage"`
	Title      string              `json:"title"`
	Act        string              `json:"act"`
	Lang       string              `json:"lang"`
	Exercise   bool                `json:"exercise"`
	Draft      bool                `json:"draft"`
	Approval   *Approval           `json:"approval"` // nil for a draft
	TLP        string              `json:"tlp"`
	AsOf       time.Time           `json:"as_of"`
	Authority  string              `json:"authority"`
	Prepared   string              `json:"prepared"`
	Clock      *incident.ClockView `json:"clock"`
	Fields     []machineField      `json:"fields"`
	Missing    []string            `json:"missing"`
	Changes    []machineChange     `json:"changes"`
	Timeline   []machineLine       `json:"timeline"`
	Record     machineRecord       `json:"record"`
	Worksheet  *machineWorksheet   `json:"worksheet"`
	Unverified []string            `json:"unconfirmed_terms"`
}

type machineField struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Group string `json:"group"`
	Type  string `json:"type"`
	Rule  string `json:"rule"`
	// State is value, no, unknown or not_asked.
	State string `json:"state"`
	// Values are as they are kept: codes, RFC 3339, plain numbers.
	Values []string `json:"values"`
	Origin *Origin  `json:"origin"`
	Law    bool     `json:"law"`
	Basis  string   `json:"basis"`
}

type machineChange struct {
	Field  string   `json:"field"`
	Before []string `json:"before"`
	After  []string `json:"after"`
}

type machineLine struct {
	Seq  uint64    `json:"seq"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Who  string    `json:"who"`
	What string    `json:"what"`
}

type machineRecord struct {
	Size uint64 `json:"size"`
	Root string `json:"root"`
	Key  string `json:"key"`
}

type machineWorksheet struct {
	Portal     string       `json:"portal"`
	Authority  string       `json:"authority"`
	Address    string       `json:"address"`
	Seen       string       `json:"seen"`
	Confidence string       `json:"confidence"`
	Reviewed   string       `json:"reviewed"`
	Rows       []machineRow `json:"rows"`
}

type machineRow struct {
	No      string          `json:"no"`
	Asks    string          `json:"asks"`
	Need    string          `json:"need"`
	ByHand  bool            `json:"by_hand"`
	Answers []machineAnswer `json:"answers"`
}

type machineAnswer struct {
	Field   string `json:"field"`
	Text    string `json:"text"`
	Open    bool   `json:"open"`
	Max     int    `json:"max"` // characters; 0 for no known limit
	Length  int    `json:"length"`
	TooLong bool   `json:"too_long"`
}

// JSON renders one report for machines; see [Schema]. Its errors are those of
// [Renderer.PDF].
func (r *Renderer) JSON(req Request, src Source) ([]byte, error) {
	d, err := r.draft(req, src)
	if err != nil {
		return nil, err
	}
	return d.json()
}

func (d *draft) json() ([]byte, error) {
	src := d.src
	m := machine{
		Format: Format, Incident: src.Incident.ID, Entity: d.entity.Name, Regime: d.stage.Regime, Stage: d.stage.Name, Title: d.heading(), Act: d.Act,
		Lang: d.lang.Tag, Exercise: d.Exercise, Draft: d.Draft, Approval: src.Approval, TLP: src.Incident.TLP, AsOf: src.Incident.UpdatedAt,
		Authority: d.Authority, Prepared: d.Prepared, Clock: d.clock, Unverified: d.lang.Unconfirmed(),
		Record: machineRecord{d.Journal.Size, d.Journal.Root, d.Journal.Key},
	}
	for _, v := range d.filled {
		f := machineField{
			ID: v.Def.ID, Label: d.lang.Say("f_" + v.Def.ID), Group: v.Def.Group, Type: string(v.Def.Type), Rule: v.Rule.String(),
			State: v.State, Values: v.Items, Law: v.Def.Law, Basis: v.Def.Basis,
		}
		if v.State != notAnswered {
			f.Origin = &v.Origin
		}
		m.Fields = append(m.Fields, f)
	}
	for _, v := range missing(d.filled) {
		m.Missing = append(m.Missing, v.Def.ID)
	}
	changes, _, _ := d.changes(d.filled)
	for _, c := range changes {
		m.Changes = append(m.Changes, machineChange{c.After.Def.ID, c.Before.Items, c.After.Items})
	}
	for _, e := range src.Entries {
		l := machineLine{Seq: e.Seq, At: e.At, Kind: e.Kind}
		if e.Event != nil {
			l.Who, l.What = e.Event.Actor().String(), e.Event.Describe()
		}
		m.Timeline = append(m.Timeline, l)
	}
	if w := d.Worksheet; w != nil {
		m.Worksheet = &machineWorksheet{Portal: w.Portal, Authority: w.Authority, Address: w.Address, Seen: w.Seen, Confidence: w.Confidence, Reviewed: w.Reviewed}
		for _, row := range w.Rows {
			out := machineRow{No: row.No, Asks: row.Asks, Need: row.Need, ByHand: row.ByHand}
			for _, a := range row.Answers {
				out.Answers = append(out.Answers, machineAnswer{a.Field, a.Text, a.Open, a.Max, a.Length, a.TooLong})
			}
			m.Worksheet.Rows = append(m.Worksheet.Rows, out)
		}
	}
	return marshal(m, string(src.Incident.ID))
}

func marshal(v any, id string) ([]byte, error) {
	out, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("write the record of %s: %w", id, err)
	}
	return append(out, '\n'), nil
}

// attachments are the report and the incident for machines. A notice to
// customers carries neither.
func (d *draft) attachments() ([]pdf.Attachment, error) {
	if d.stage.ID == "recipients_notice" {
		return nil, nil
	}
	report, err := d.json()
	if err != nil {
		return nil, err
	}
	incident, err := marshal(d.src.Incident, d.Incident)
	if err != nil {
		return nil, err
	}
	return []pdf.Attachment{
		{Name: d.Incident + "-" + d.stage.file() + ".json", Description: "This report for machines: every field with its origin", Data: report},
		{Name: d.Incident + ".json", Description: "The incident as recorded, for machines", Data: incident},
	}, nil
}
