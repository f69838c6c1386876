package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
	"nis2clock/internal/significance"
)

// Judgement is what was assessed and decided about the significance of an
// incident for one entity. Values reached through a [State] must not be changed.
type Judgement struct {
	Facts    significance.Facts
	Criteria []significance.Result
	Advice   significance.Advice
	Assessed Stamp // zero: not assessed

	Decision string // [Undecided] until somebody decides
	Reason   string
	Decided  Stamp
	// Overruled are the criteria that were met when it was decided not to be
	// significant, and still are: they do not re-open it. Claimed are those an
	// alert re-opened it for: another alert does not do so again.
	Overruled, Claimed []string
}

// Proposal is a decision that waits for a second person.
type Proposal struct {
	Stamp
	Decision string
	Reason   string
	// Overruled are the criteria that were met when it was proposed.
	Overruled []string
}

var undecided = &Judgement{Decision: Undecided}

// judgement is what is judged for the entity so far.
func (i *Incident) judgement(entity string) *Judgement {
	if j := i.Judgements[entity]; j != nil {
		return j
	}
	return undecided
}

// judge is [Incident.judgement] to be filled in.
func (i *Incident) judge(entity string) *Judgement {
	if i.Judgements == nil {
		i.Judgements = map[string]*Judgement{}
	}
	if i.Judgements[entity] == nil {
		i.Judgements[entity] = &Judgement{Decision: Undecided}
	}
	return i.Judgements[entity]
}

// nis2 is the regime whose criteria of significance are assessed. What other
// regimes ask, such as a personal data breach, is not decided with it.
const nis2 regime.ID = "nis2"

// scope is what a decision for the entity reaches: its clocks under NIS2 or,
// written as "", the whole incident where it has no others.
func (i *Incident) scope(entity string) string {
	for _, c := range i.Clocks {
		if c.Entity != entity || c.Regime != nis2 {
			return entity
		}
	}
	return ""
}

func within(scope string, c *Clock) bool {
	return scope == "" || c.Entity == scope && c.Regime == nis2
}

// judged are the entities a decision of that scope is for.
func (i *Incident) judged(scope string) []string {
	if scope != "" {
		return []string{scope}
	}
	return i.entities()
}

// stoppedBy begins the reason of a clock that such a decision stopped.
const stoppedBy = "not reportable: "

// Due names a clock and its instant.
type Due struct {
	ClockID
	DueAt time.Time `json:"due_at"`
}

// stopped are the clocks in scope that a decision stopped, which run again
// with their instants as they are: those a later fact moved, moved meanwhile.
func (i *Incident) stopped(scope string) []Due {
	var out []Due
	for n := range i.Clocks {
		if c := &i.Clocks[n]; within(scope, c) && strings.HasPrefix(c.Stopped, stoppedBy) {
			out = append(out, Due{c.ClockID, c.DueAt})
		}
	}
	return out
}

func (i *Incident) runAgain(clocks []Due) {
	for _, due := range clocks {
		if c, ok := i.Clock(due.ClockID); ok {
			c.StoppedAt, c.Stopped = time.Time{}, ""
		}
	}
}

func describeRuns(clocks []Due) string {
	if len(clocks) == 0 {
		return ""
	}
	parts := make([]string, len(clocks))
	for n, c := range clocks {
		parts[n] = fmt.Sprintf("%s due %s", c.Stage, utc(c.DueAt))
	}
	return "; its clocks run again with the instants they had: " + strings.Join(parts, ", ")
}

// pending is a decision about to be taken.
type pending struct {
	Person
	incident *Incident
	scope    string
	decision string
	reason   string
	// standing are reports that an authority has to be told of first.
	unasked []Retraction
}

// check says why the decision cannot be taken, and fills in the reason of one
// that confirms another's.
func (p *pending) check(r *Rules) error {
	i := p.incident
	proposed := i.Proposals[p.scope]
	if p.decision == DecidedNotSignificant && r.SecondPerson && proposed != nil {
		if proposed.By.Name == p.By.Name {
			return refused("%s proposed this at %s: by policy another person must confirm it, and until then the clocks run", p.By.Name, utc(proposed.At))
		}
		p.reason = cmp.Or(strings.TrimSpace(p.reason), proposed.Reason)
	}
	switch p.decision {
	case DecidedSignificant, DecidedNotSignificant, Undecided:
	default:
		return invalid("decision is %q: want significant, not_significant or undecided", p.decision)
	}
	if strings.TrimSpace(p.reason) == "" {
		if p.decision == DecidedNotSignificant {
			return invalid("why is %s not reportable? the reason is kept with the decision", i.ID)
		}
		return invalid("why is %s %s? the reason is kept with the decision", i.ID, p.decision)
	}
	if p.decision != DecidedNotSignificant {
		return nil
	}
	standing := i.standing(p.scope)
	p.unasked = i.unasked(standing)
	if len(standing) > 0 && len(p.unasked) == 0 {
		return refused("%s", i.withdrawalWarning())
	}
	return nil
}

// settle emits the decision, which was checked before, or the task that has to
// be done before it.
func (p *pending) settle(r *Rules, d *decision) {
	if len(p.unasked) > 0 {
		d.emit(WithdrawalOpened{Meta: p.metaFor(p.incident.ID), Of: p.unasked, Reason: p.reason})
		return
	}
	ev := Decided{Meta: p.metaFor(p.incident.ID), Entity: p.scope, Decision: p.decision, Reason: p.reason}
	proposed := p.incident.Proposals[p.scope]
	switch {
	case p.decision != DecidedNotSignificant:
		ev.Runs = p.incident.stopped(p.scope)
	case p.Proposer.Name != "": // two people agree already
	case r.SecondPerson && proposed == nil && !p.inForce():
		ev.Proposed = true
	case proposed != nil:
		ev.ProposedBy = proposed.By
	}
	d.emit(ev)
}

// inForce reports whether it is decided already, so that it is only given
// another reason.
func (p *pending) inForce() bool {
	return !slices.ContainsFunc(p.incident.judged(p.scope), func(e string) bool { return p.incident.judgement(e).Decision != p.decision })
}

// Decided records a person's decision on significance, or the proposal of one.
// Not significant stops the clocks in its scope with the reason; any other
// decision lets those run again that it stopped.
type Decided struct {
	Meta
	// Entity is whose clocks under NIS2 it is about; empty for the whole
	// incident, under every regime.
	Entity   string `json:"entity,omitzero"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	// Proposed: it takes effect once a second person confirms it. Meta then
	// names the first one.
	Proposed bool  `json:"proposed,omitzero"`
	Runs     []Due `json:"runs,omitempty"`
}

func (Decided) Kind() string { return "incident.decided/v1" }

func (e Decided) Describe() string {
	verdict := strings.ReplaceAll(e.Decision, "_", " ")
	if e.Entity == "" && e.Decision == DecidedNotSignificant {
		verdict = "not reportable"
	}
	s := "decided " + verdict
	if e.Proposed {
		s = "proposed " + verdict + ", to be confirmed by a second person; the clocks run"
	}
	if e.Entity != "" {
		s += " for " + e.Entity
	}
	s += ": " + e.Reason
	if e.ProposedBy.Name != "" {
		s += " (proposed by " + e.ProposedBy.Name + ")"
	}
	return s + describeRuns(e.Runs)
}

func (ev Decided) applyTo(_ *State, i *Incident, e Entry) {
	stamp := Stamp{By: ev.By, At: e.At}
	if ev.Proposed {
		if i.Proposals == nil {
			i.Proposals = map[string]*Proposal{}
		}
		p := &Proposal{Stamp: stamp, Decision: ev.Decision, Reason: ev.Reason}
		for _, entity := range i.judged(ev.Entity) {
			p.Overruled = append(p.Overruled, i.judgement(entity).Advice.Met...)
		}
		i.Proposals[ev.Entity] = p
		return
	}
	if len(ev.Runs) > 0 { // what owes a report again is not closed
		i.unclose()
	}
	i.runAgain(ev.Runs)
	if ev.Decision != DecidedNotSignificant {
		i.keepReports(ev.Entity)
	}
	i.decided(ev.Entity, ev.Decision, ev.Reason, stamp)
}

// decided takes over a decision.
func (i *Incident) decided(scope, what, reason string, stamp Stamp) {
	for _, entity := range i.judged(scope) {
		j := i.judge(entity)
		j.Decision, j.Reason, j.Decided, j.Overruled = what, reason, stamp, nil
		if what == DecidedNotSignificant {
			j.Overruled = slices.Clone(j.Advice.Met)
		}
		delete(i.Proposals, entity)
	}
	delete(i.Proposals, i.scope(scope))
	delete(i.Proposals, scope)
	if what == DecidedNotSignificant {
		for n := range i.Clocks {
			if c := &i.Clocks[n]; within(scope, c) && c.Open() && !i.byBreach(c) {
				c.StoppedAt, c.Stopped = stamp.At, stoppedBy+reason
			}
		}
	}
	i.weigh()
}

// weigh draws the reportability of the whole from the decisions: mandatory as
// soon as it is significant for one entity, not reportable once it is not
// significant for any, no clock runs and no report stands.
func (i *Incident) weigh() {
	significant, not := 0, 0
	names := i.entities()
	for _, name := range names {
		switch i.judgement(name).Decision {
		case DecidedSignificant:
			significant++
		case DecidedNotSignificant:
			not++
		}
	}
	running := len(i.standing("")) > 0 || slices.ContainsFunc(i.Clocks, func(c Clock) bool { return c.Open() && !i.byBreach(&c) })
	switch {
	case i.Reportability == Voluntary && significant == 0:
	case significant > 0:
		i.Reportability = Mandatory
	case not == len(names) && !running:
		i.Reportability = ReportNotReportable
	case i.Reportability == Mandatory || i.Reportability == ReportNotReportable:
		i.Reportability = Undecided
	}
}
