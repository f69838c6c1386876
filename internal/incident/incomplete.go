package incident

import (
	"time"

	"nis2clock/internal/regime"
)

// Lacks says what a report that goes out now lacks, as ids of its required
// fields; nothing when it is complete.
type Lacks func(i *Incident, stage ClockID, now time.Time) []string

// lacking is what the reports of a submission lack. It refuses nothing: that
// the report went out is a fact, and the record must take it at any hour. What
// was lacking stands in the record, with the reason where one was given.
func (c *Submit) lacking(r *Rules, i *Incident, now time.Time) []string {
	if r.Lacks == nil {
		return nil
	}
	var all []string
	for _, stage := range c.Stages {
		for _, id := range r.Lacks(i, ClockID{Entity: c.Entity, Regime: regime.ID(c.Regime), Stage: regime.StageID(stage)}, now) {
			all = append(all, stage+": "+id)
		}
	}
	return all
}
