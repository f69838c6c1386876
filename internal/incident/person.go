package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
)

// Person is who sends a command, and under which key. A command that comes
// again under its key within [KeyLife] changes nothing and is answered as the
// incident now stands; another command under the same key is [ErrKeyReused].
// The key already names the actor and the route.
type Person struct {
	By     Actor
	Key    string
	Digest string // of the command's content
}

// KeyLife is how long a command's key is remembered.
const KeyLife = 30 * 24 * time.Hour

func (p Person) metaFor(id ID) Meta { return Meta{ID: id, By: p.By, Key: p.Key, Digest: p.Digest} }

// repeated reports whether the command was applied before, and to which incident.
func (p Person) repeated(d *decision) (ID, bool, error) {
	was, ok := d.s.commands[p.Key]
	if p.Key == "" || !ok || d.now.Sub(was.at) > KeyLife {
		return "", false, nil
	}
	if was.digest != p.Digest {
		return "", false, fmt.Errorf("%w: send this request under a new Idempotency-Key", ErrKeyReused)
	}
	return was.id, true, nil
}

// onIncident finds the incident of a person's command. done is true when the
// command was applied before.
func (p Person) onIncident(d *decision, id ID) (i *Incident, done bool, err error) {
	i, ok := d.s.incidents[id]
	if !ok {
		return nil, false, fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	_, done, err = p.repeated(d)
	return i, done, err
}

// Declare opens an incident by hand.
type Declare struct {
	Person
	Title      string
	Summary    string
	DetectedAt time.Time
	Severity   string
	Regimes    []string
}

func (c Declare) decide(r *Rules, d *decision) (any, error) {
	if id, done, err := c.repeated(d); err != nil || done {
		return id, err
	}
	if strings.TrimSpace(c.Title) == "" {
		return nil, invalid("a declared incident needs a title")
	}
	detected := c.DetectedAt.UTC()
	switch {
	case c.DetectedAt.IsZero():
		return nil, invalid("a declared incident needs detected_at: when it was first noticed, as RFC 3339 with offset")
	case detected.After(d.now):
		return nil, invalid("detected_at %s lies in the future", utc(detected))
	}
	id := d.s.nextID(r.Exercise, d.now)
	ev := Opened{
		Meta: c.metaFor(id), Title: cleanTitle(c.Title), Summary: c.Summary, Exercise: r.Exercise,
		DetectedAt: detected, ReceivedAt: d.now, Severity: c.Severity, Regimes: c.Regimes,
		Malicious: "unknown", CrossBorder: "unknown", Reason: "declared by " + c.By.String(),
	}
	ev.Clocks, ev.Law = r.clocks(&Incident{DetectedAt: detected, Regimes: c.Regimes})
	d.emit(ev)
	return id, nil
}

// Acknowledge records that somebody has seen the incident. A repeat, by
// anyone, changes nothing.
type Acknowledge struct {
	Person
	ID ID
}

func (c Acknowledge) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err == nil && !done && i.Acknowledged == nil {
		d.emit(Acknowledged{c.metaFor(c.ID)})
	}
	return c.ID, err
}

// TakeCommand makes the sender the incident commander.
type TakeCommand struct {
	Person
	ID ID
}

func (c TakeCommand) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err == nil && !done && (i.Commander == nil || i.Commander.By != c.By) {
		d.emit(CommandTaken{c.metaFor(c.ID)})
	}
	return c.ID, err
}

// AddNote adds a line to the timeline.
type AddNote struct {
	Person
	ID   ID
	Text string
}

func (c AddNote) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if strings.TrimSpace(c.Text) == "" {
		return nil, invalid("a note needs text")
	}
	d.emit(Noted{Meta: c.metaFor(c.ID), Text: c.Text})
	return c.ID, nil
}

// SetFacts records what a person says of the incident: what happened, and the
// two questions of Art. 23(4)(a). What is nil stays as it was.
type SetFacts struct {
	Person
	ID          ID
	Summary     *string
	Malicious   *classify.Answer
	CrossBorder *classify.Answer
}

func (c SetFacts) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	for name, a := range map[string]*classify.Answer{"malicious": c.Malicious, "cross_border": c.CrossBorder} {
		if a != nil && *a != classify.Unknown && classify.ParseAnswer(string(*a)) != *a {
			return nil, invalid("%s is %q: answer yes, no or unknown", name, *a)
		}
	}
	ev := FactsSet{Meta: c.metaFor(c.ID), Summary: news(c.Summary, i.Summary), Malicious: news(c.Malicious, i.Malicious), CrossBorder: news(c.CrossBorder, i.CrossBorder)}
	if ev.Summary != nil || ev.Malicious != nil || ev.CrossBorder != nil {
		d.emit(ev)
	}
	return c.ID, nil
}

// news is what was said, nil when it was so before.
func news[T comparable](said *T, was T) *T {
	if said == nil || *said == was {
		return nil
	}
	return said
}

// BecomeAware records when the entity became aware that the incident is
// significant. It may lie before the alert; it never lies in the future.
type BecomeAware struct {
	Person
	ID     ID
	At     time.Time
	Who    string // the person who became aware; the sender when empty
	Reason string
}

func (c BecomeAware) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	at := c.At.UTC()
	switch {
	case c.At.IsZero():
		return nil, invalid("aware_at is missing: when was it clear that the incident is significant, as RFC 3339 with offset")
	case at.After(d.now):
		return nil, invalid("aware_at %s lies in the future", utc(at))
	case i.Aware != nil && i.Aware.At.Equal(at):
		return c.ID, nil
	case i.Aware != nil && strings.TrimSpace(c.Reason) == "":
		return nil, invalid("awareness is already recorded as %s: changing it needs a reason", utc(i.Aware.At))
	}
	who := c.Who
	if who == "" {
		who = c.By.Name
	}
	ev := Aware{Meta: c.metaFor(c.ID), Person: who, Reason: c.Reason, DetectedAt: i.DetectedAt, Redated: Redated{Now: at}}
	if i.Aware != nil {
		ev.Redated.Was = i.Aware.At
	}
	moved := *i
	moved.Aware = &Awareness{At: at}
	ev.Redated.Clocks, ev.Redated.Law = r.clocks(&moved)
	d.emit(ev)
	return c.ID, nil
}

// Submit records that a report went to an authority. One submission may close
// several stages.
type Submit struct {
	Person
	ID         ID
	Entity     string // the incident's only one when empty
	Regime     string // nis2 when empty
	Stages     []string
	Submission Submission
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

// MarkHandled records that the handling of the incident ended.
type MarkHandled struct {
	Person
	ID ID
	At time.Time // now when zero
}

func (c MarkHandled) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	at := c.At.UTC()
	if c.At.IsZero() {
		at = d.now
	}
	switch {
	case !i.HandledAt.IsZero():
		return nil, refused("%s was handled at %s", i.ID, utc(i.HandledAt))
	case at.After(d.now):
		return nil, invalid("handled_at %s lies in the future", utc(at))
	case at.Before(i.DetectedAt):
		return nil, invalid("handled_at %s lies before detection at %s", utc(at), utc(i.DetectedAt))
	}
	after := *i
	after.HandledAt = at
	ev := Handled{Meta: c.metaFor(c.ID), HandledAt: at}
	ev.Clocks, ev.Law = r.clocks(&after)
	d.emit(ev)
	return c.ID, nil
}

// MarkNotReportable records the decision that the incident is not significant.
type MarkNotReportable struct {
	Person
	ID     ID
	Reason string
}

func (c MarkNotReportable) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.Reportability == ReportNotReportable {
		return c.ID, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("why is %s not reportable? the reason is kept with the decision", i.ID)
	}
	for _, cl := range i.Clocks {
		if cl.Submitted != nil {
			return nil, refused("a report (%s) has already gone to the authority: withdraw or correct it there first", cl.Title)
		}
	}
	d.emit(NotReportable{Meta: c.metaFor(c.ID), Reason: c.Reason})
	return c.ID, nil
}

// Close ends the work on an incident that owes no more reports.
type Close struct {
	Person
	ID ID
}

func (c Close) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.Status == StatusClosed {
		return c.ID, err
	}
	var open []string
	for n := range i.Clocks {
		if i.Clocks[n].Open() {
			open = append(open, string(i.Clocks[n].Stage))
		}
	}
	if len(open) > 0 {
		return nil, refused("%s still owes %s: record the submission, or decide that it is not reportable", i.ID, strings.Join(open, ", "))
	}
	d.emit(Closed{c.metaFor(c.ID)})
	return c.ID, nil
}
