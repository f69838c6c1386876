package incident

import (
	"cmp"
	"fmt"
	"nis2clock/internal/regime"
	"slices"
	"strings"
	"time"
)

// Submit records that a report went to an authority, or a processor's notice to
// a controller. One submission may close several stages.
type Submit struct {
	Person `json:"-"`
	ID     ID       `json:"id"`
	Entity string   `json:"entity,omitzero"` // the incident's only one when empty
	Regime string   `json:"regime,omitzero"` // nis2 when empty
	Stages []string `json:"stages"`
	// Controller is whom a processor told, by name or by contract: then Regime
	// and Stages may be left out.
	Controller string     `json:"controller,omitzero"`
	Submission Submission `json:"submission"`
	// IncompleteReason is why the report went out without required fields.
	IncompleteReason string `json:"incomplete_reason,omitzero"`
}

func (c Submit) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	contracts, err := c.address(r, i)
	if err != nil {
		return nil, err
	}
	if err := c.check(r, i, d.now); err != nil {
		return nil, err
	}
	ev := Submitted{
		Meta: c.metaFor(c.ID), Entity: c.Entity, Regime: c.Regime, Stages: c.Stages, Contracts: contracts, Submission: c.Submission,
		Lacking: c.lacking(r, i, d.now), IncompleteReason: c.IncompleteReason,
	}
	after := *i
	after.Clocks = slices.Clone(i.Clocks)
	for n := range after.Clocks {
		if cl := &after.Clocks[n]; ev.closes(cl) {
			cl.Submitted = &c.Submission
		}
	}
	ev.Recount = r.recount(i, &after)
	d.emit(ev)
	return c.ID, nil
}

// address fills in which entity reports under which regime, and the contracts
// under which a controller was told.
func (c *Submit) address(r *Rules, i *Incident) (contracts []string, err error) {
	id := regime.ID(c.Regime)
	switch {
	case c.Controller != "":
		if c.Entity, _, err = i.duty(c.Entity, GDPRProcessor); err == nil {
			contracts, err = c.told(i)
		}
		return contracts, err
	case i.Reportability == Voluntary && !slices.ContainsFunc(i.Clocks, func(cl Clock) bool { return cl.Regime == id }):
		var t Track
		t, err = r.entity(c.Entity)
		c.Entity, c.Regime = t.Entity, cmp.Or(c.Regime, string(nis2))
		return nil, err
	}
	c.Entity, id, err = i.duty(c.Entity, id)
	c.Regime = string(id)
	return nil, err
}

// open is the report that a person means by the name of its stage: of those that are owed more than once, the first still owed.
func (i *Incident) open(entity string, id regime.ID, stage string) (*Clock, bool) {
	exact, ok := i.Clock(ClockID{Entity: entity, Regime: id, Stage: regime.StageID(stage)})
	if ok && exact.Open() {
		return exact, true
	}
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Entity == entity && c.Regime == id && string(c.Stage.Base()) == stage && c.Open() {
			return c, true
		}
	}
	return exact, ok
}

func (c *Submit) check(r *Rules, i *Incident, now time.Time) error {
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
	if began := i.began(); sub.SentAt.Before(began) {
		return invalid("submission at %s lies before detection at %s: correct it, or record first that awareness came earlier", utc(sub.SentAt), utc(began))
	}
	if c.Controller != "" {
		return nil
	}
	c.Stages = slices.Clone(c.Stages)
	for n, stage := range c.Stages {
		if c.voluntary(r, i, stage) {
			continue
		}
		if retracts(stage) {
			if err := c.withdraws(i, stage); err != nil {
				return err
			}
			continue
		}
		if c.Regime == string(GDPRProcessor) {
			return invalid("say which controller was told%s", i.controllersOf(c.Entity))
		}
		cl, ok := i.open(c.Entity, regime.ID(c.Regime), stage)
		if !ok {
			return invalid("%s has no stage %q under %s for entity %q: it has %s", i.ID, stage, c.Regime, c.Entity, strings.Join(stagesOf(i, c.Entity, c.Regime), ", "))
		}
		if cl.Projected && !c.starts(i, cl) {
			return refused("the %s waits for %s", cl.Title, cl.waitsFor())
		}
		if cl.Basis == string(regime.FromSubmission) && sub.SentAt.Before(cl.StartedAt) {
			return invalid("submission at %s lies before the report that the %s follows, at %s: correct the time", utc(sub.SentAt), cl.Title, utc(cl.StartedAt))
		}
		c.Stages[n] = string(cl.Stage)
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

// waitsFor says what starts the period of a projected clock, and what to do.
func (c *Clock) waitsFor() string {
	if _, stage, ok := strings.Cut(c.Awaits, "submission of "); ok {
		return "an earlier report (" + stage + "): record that submission first"
	}
	return strings.ReplaceAll(c.Awaits, "_", " ") + ": record when that was first"
}

func stagesOf(i *Incident, entity, reg string) []string {
	var stages []string
	for _, c := range i.Clocks {
		if c.Entity == entity && string(c.Regime) == reg && c.Counterparty == "" {
			stages = append(stages, string(c.Stage))
		}
	}
	return stages
}

// Submitted records a report that went to an authority. It closes the stages
// named; those already closed stay as they were.
type Submitted struct {
	Meta
	Entity string   `json:"entity"`
	Regime string   `json:"regime"`
	Stages []string `json:"stages"`
	// Contracts are those under which a processor told the controller.
	Contracts  []string   `json:"contracts,omitempty"`
	Submission Submission `json:"submission"`
	// Lacking are required fields the report went out without, as "stage:
	// field"; IncompleteReason says why.
	Lacking          []string `json:"lacking,omitempty"`
	IncompleteReason string   `json:"incomplete_reason,omitzero"`
	// Recount has all clocks as they stand after it; a stage that waited for
	// this submission starts here.
	Recount
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
	if len(e.Lacking) > 0 {
		s += fmt.Sprintf(", without %s that it requires", plural(len(e.Lacking), "field"))
	}
	if e.IncompleteReason != "" {
		s += " (" + e.IncompleteReason + ")"
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

// closes reports whether the clock is one that the submission ends: of the
// stage, to the same addressee, not yet submitted.
func (e Submitted) closes(c *Clock) bool {
	if c.Entity != e.Entity || string(c.Regime) != e.Regime || !slices.Contains(e.Stages, string(c.Stage)) || c.Submitted != nil {
		return false
	}
	return c.Counterparty == "" && len(e.Contracts) == 0 || slices.Contains(e.Contracts, c.Counterparty)
}

func (ev Submitted) applyTo(_ *State, i *Incident, e Entry) {
	sub := ev.Submission
	i.Submissions = append(i.Submissions, &SentReport{
		Submission: sub, Entity: ev.Entity, Regime: ev.Regime, Stages: ev.Stages, Contracts: ev.Contracts,
		Voluntary: i.Reportability == Voluntary && !i.hasRegime(ev.Entity, ev.Regime), Lacking: ev.Lacking, Why: ev.IncompleteReason, Record: Stamp{By: ev.By, At: e.At},
	})
	i.recounted(ev.Recount)
	for n := range i.Clocks {
		if c := &i.Clocks[n]; ev.closes(c) {
			c.Submitted = &sub
		}
	}
}
