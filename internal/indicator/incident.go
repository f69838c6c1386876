package indicator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"nis2clock/internal/incident"
	"nis2clock/internal/report/field"
)

// ErrNone: nobody has recorded indicators of compromise.
var ErrNone = errors.New("no indicators of compromise are recorded")

// fieldID is the field of the reports that holds them.
const fieldID = "indicators_of_compromise"

// Of is the source of an incident's bundle; entities are the legal names, by the
// name that clocks bear, and the first that owes a report speaks. It is
// [ErrNone] where the field was not answered, or with unknown or no.
func Of(v incident.View, entities map[string]string) (Source, error) {
	said := v.ReportFields[fieldID]
	if len(said.Values) == 0 || slices.Contains([]string{field.Unknown, "no"}, said.Values[0]) {
		return Source{}, fmt.Errorf("%w for %s: answer the field %s first", ErrNone, v.ID, fieldID)
	}
	var entity string
	if len(v.Clocks) > 0 {
		entity = cmp.Or(entities[v.Clocks[0].Entity], v.Clocks[0].Entity)
	}
	return Source{
		Incident: string(v.ID), Title: v.Title, Entity: entity, TLP: v.TLP, Seen: v.DetectedAt, Recorded: said.At,
		Exercise: v.Exercise, Lines: said.Values,
	}, nil
}
