package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
	"nis2clock/internal/report/field"
)

// wanted is a lacking field, with the verb that records it where that is not
// the one for fields.
func wanted(id string) string {
	if d, ok := field.Lookup(id); ok && !d.Editable() {
		return id + " (" + d.From + ")"
	}
	return id
}

// Lacks says what a report that goes out now lacks, as ids of its required
// fields; nothing when it is complete.
type Lacks func(i *Incident, stage ClockID, now time.Time) []string

// listed is how many of the lacking fields a refusal names.
const listed = 12

// lacking is what the reports of a submission lack. One that lacks required
// fields is recorded only with a reason: the record would otherwise say that
// they had been given. An early warning is always recorded, because it may
// leave before anybody knows more.
func (c *Submit) lacking(r *Rules, i *Incident, now time.Time) ([]string, error) {
	if r.Lacks == nil {
		return nil, nil
	}
	var all, refusing []string
	for _, stage := range c.Stages {
		for _, id := range r.Lacks(i, ClockID{Entity: c.Entity, Regime: regime.ID(c.Regime), Stage: regime.StageID(stage)}, now) {
			all = append(all, stage+": "+id)
			if stage != "early_warning" && !slices.Contains(refusing, wanted(id)) {
				refusing = append(refusing, wanted(id))
			}
		}
	}
	if len(refusing) == 0 || strings.TrimSpace(c.IncompleteReason) != "" {
		return all, nil
	}
	more := ""
	if len(refusing) > listed {
		refusing, more = refusing[:listed], fmt.Sprintf(" and %d more", len(refusing)-listed)
	}
	return nil, refused("the report as recorded here lacks %s%s: answer with nis2clock incident field %s NAME=VALUE (unknown is an answer), or record it as it went out with --incomplete-reason", strings.Join(refusing, ", "), more, i.ID)
}
