package writeup

import (
	_ "embed"
	"fmt"

	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Schema is the JSON Schema (2020-12) of a write-up's JSON.
//
//go:embed schema.json
var Schema []byte

// Format names the JSON of a write-up, and its version.
const Format = "nis2clock-exercise/1"

// Machine is a write-up for machines; see [Schema].
type Machine struct {
	Format   string   `json:"format"`
	Mark     string   `json:"mark"` // what stands on every page
	Aim      string   `json:"aim"`
	Tests    []string `json:"tests"`
	Zone     string   `json:"tz"` // in which the PDF prints times
	Entities []Entity `json:"entities"`
	// Approval is null for a draft and a rehearsal.
	Approval  *Approval           `json:"approval"`
	Exercise  scorecard.Exercise  `json:"exercise"`
	Scorecard scorecard.Scorecard `json:"scorecard"`
}

// Entity is who was exercised.
type Entity struct {
	Name        string `json:"name"`
	LegalName   string `json:"legal_name"`
	Class       string `json:"class"`
	Sector      string `json:"sector"`
	Type        string `json:"type"`
	MemberState string `json:"member_state"`
}

func (src Source) json() ([]byte, error) {
	m := Machine{
		Format: Format, Mark: src.mark(), Aim: src.Scenario.Aim, Tests: src.Scenario.Tests, Zone: src.Scenario.Zone.String(), Entities: entities(src.Scenario),
		Approval: src.Approval, Exercise: src.Exercise, Scorecard: src.Scorecard,
	}
	out, err := json.Marshal(m, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("write up %s: %w", src.Exercise.ID, err)
	}
	return append(out, '\n'), nil
}

func entities(s *scenario.Scenario) []Entity {
	var out []Entity
	for _, e := range s.Entities {
		out = append(out, Entity{Name: e.Name, LegalName: e.LegalName, Class: e.Class, Sector: e.Sector, Type: e.Type, MemberState: e.MemberState})
	}
	return out
}

// Read reads a write-up's JSON: the exercise before, for the comparison and for
// what is still open.
func Read(data []byte) (Machine, error) {
	var m Machine
	if err := json.Unmarshal(data, &m); err != nil {
		return Machine{}, fmt.Errorf("read a write-up: %w", err)
	}
	if m.Format != Format {
		return Machine{}, fmt.Errorf("read a write-up: its format is %q, want %s", m.Format, Format)
	}
	return m, nil
}
