package incident

import (
	"fmt"
	"nis2clock/internal/regime"
	"slices"
	"strings"
	"time"
)

// Submit records that a report went to an authority. One submission may close
// several stages.
type Submit struct {
	Person     `json:"-"`
	ID         ID         `json:"id"`
	Entity     string     `json:"entity,omitzero"` // the incident's only one when empty
	Regime     string     `json:"regime,omitzero"` // nis2 when empty
	Stages     []string   `json:"stages"`
	Submission Submission `json:"submission"`
}

func (c Submit) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if c.Entity, err = c.entity(i); err != nil {
		return nil, err
	}
	if c.Regime == "" {
		c.Regime = "nis2"
	}
	if err := c.check(i, d.now); err != nil {
		return nil, err
	}
	after := *i
	after.Clocks = slices.Clone(i.Clocks)
	for n := range after.Clocks {
		cl := &after.Clocks[n]
		if cl.Entity == c.Entity && string(cl.Regime) == c.Regime && slices.Contains(c.Stages, string(cl.Stage)) && cl.Submitted == nil {
			cl.Submitted = &c.Submission
		}
	}
	ev := Submitted{Meta: c.metaFor(c.ID), Entity: c.Entity, Regime: c.Regime, Stages: c.Stages, Submission: c.Submission}
	ev.Clocks, ev.Law = r.clocks(&after)
	d.emit(ev)
	return c.ID, nil
}

func (c *Submit) entity(i *Incident) (string, error) {
	if c.Entity != "" {
		return c.Entity, nil
	}
	var names []string
	for _, cl := range i.Clocks {
		if !slices.Contains(names, cl.Entity) {
			names = append(names, cl.Entity)
		}
	}
	if len(names) > 1 {
		return "", invalid("say which entity submitted: %s", strings.Join(names, ", "))
	}
	return strings.Join(names, ""), nil
}

func (c *Submit) check(i *Incident, now time.Time) error {
	sub := &c.Submission
	if sub.SentAt.IsZero() {
		sub.SentAt = now
	}
	sub.SentAt, sub.ReceiptAt = sub.SentAt.UTC(), sub.ReceiptAt.UTC()
	if sub.Submitter == "" {
		sub.Submitter = c.By.Name
	}
	for _, t := range []time.Time{sub.SentAt, sub.ReceiptAt} {
		if t.After(now) {
			return invalid("submission at %s lies in the future", utc(t))
		}
	}
	if len(c.Stages) == 0 {
		return invalid("say which stage was submitted: %s", strings.Join(stagesOf(i, c.Entity, c.Regime), ", "))
	}
	for _, stage := range c.Stages {
		cl, ok := i.Clock(ClockID{Entity: c.Entity, Regime: regime.ID(c.Regime), Stage: regime.StageID(stage)})
		if !ok {
			return invalid("%s has no stage %q under %s for entity %q: it has %s", i.ID, stage, c.Regime, c.Entity, strings.Join(stagesOf(i, c.Entity, c.Regime), ", "))
		}
		if cl.Projected && !c.starts(i, cl) {
			return refused("the %s waits for an earlier report: record that submission first", cl.Title)
		}
	}
	return nil
}

// starts reports whether this same submission closes a stage before the
// projected one, as a combined report may.
func (c *Submit) starts(i *Incident, projected *Clock) bool {
	for _, stage := range c.Stages {
		cl, ok := i.Clock(ClockID{Entity: c.Entity, Regime: regime.ID(c.Regime), Stage: regime.StageID(stage)})
		if ok && cl.Stage != projected.Stage && !cl.Projected {
			return true
		}
	}
	return false
}

func stagesOf(i *Incident, entity, reg string) []string {
	var stages []string
	for _, c := range i.Clocks {
		if c.Entity == entity && string(c.Regime) == reg {
			stages = append(stages, string(c.Stage))
		}
	}
	return stages
}

// Submitted records a report that went to an authority. It closes the stages
// named; those already closed stay as they were.
type Submitted struct {
	Meta
	Entity     string     `json:"entity"`
	Regime     string     `json:"regime"`
	Stages     []string   `json:"stages"`
	Submission Submission `json:"submission"`
	// Clocks are all clocks as they stand after it; a stage that waited for
	// this submission starts here.
	Clocks []Clock `json:"clocks"`
	Law    Law     `json:"law"`
}

func (Submitted) Kind() string { return "report.submitted/v1" }

func (e Submitted) Describe() string {
	s := fmt.Sprintf("%s submitted at %s", strings.Join(e.Stages, " and "), utc(e.Submission.SentAt))
	if e.Submission.Authority != "" {
		s += " to " + e.Submission.Authority
	}
	if e.Submission.Reference != "" {
		s += ", reference " + e.Submission.Reference
	}
	return s
}

// Submission is the record that a report went to an authority. Nothing else
// stops a clock.
type Submission struct {
	// SentAt is the entity's own log of the completed transmission.
	SentAt time.Time `json:"sent_at"`
	// ReceiptAt is the authority's receipt; zero when there is none yet.
	ReceiptAt time.Time `json:"receipt_at,omitzero"`
	Authority string    `json:"authority,omitzero"`
	Channel   string    `json:"channel,omitzero"`
	Submitter string    `json:"submitter"`
	Reference string    `json:"reference,omitzero"`
	// SHA256 is the digest, in hex, of what was sent.
	SHA256 string `json:"sha256,omitzero"`
}

// instants are the two records of it as the law judges them.
func (s *Submission) instants() regime.Submission {
	return regime.Submission{LoggedAt: s.SentAt, ReceivedAt: s.ReceiptAt}
}

func (ev Submitted) applyTo(_ *State, i *Incident, _ Entry) {
	sub := ev.Submission
	i.setClocks(ev.Clocks)
	for n := range i.Clocks {
		c := &i.Clocks[n]
		if c.Entity == ev.Entity && string(c.Regime) == ev.Regime && slices.Contains(ev.Stages, string(c.Stage)) && c.Submitted == nil {
			c.Submitted = &sub
		}
	}
}
