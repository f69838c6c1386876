package desk

import (
	"nis2clock/internal/incident"
	"nis2clock/internal/significance"
)

// Assessment is what the criteria of significance ask and say of an incident
// as of the last commit; see [incident.Rules.Assessment].
func (d *Desk) Assessment(id incident.ID, entity string, suppose map[significance.FactID]string, skip []significance.FactID) (a incident.Assessment, err error) {
	d.View(func(s *incident.State) { a, err = d.rules.Assessment(s, id, entity, suppose, skip) })
	return a, err
}

// Recurring proposes sets of recurring incidents; see [incident.Rules.Recurring].
func (d *Desk) Recurring(entity string) (sets []incident.RecurringSet, err error) {
	d.View(func(s *incident.State) { sets, err = d.rules.Recurring(s, entity) })
	return sets, err
}
