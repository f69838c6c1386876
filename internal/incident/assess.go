package incident

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nis2clock/internal/classify"
	"nis2clock/internal/significance"
)

// Decisions on significance.
const (
	DecidedSignificant    = "significant"
	DecidedNotSignificant = "not_significant"
)

// Assess records facts about an incident for the assessment of one entity, and
// the decision that a person takes on it. The criteria advise, they decide
// nothing.
type Assess struct {
	Person `json:"-"`
	ID     ID     `json:"id"`
	Entity string `json:"entity"` // the incident's only one when empty
	// Facts are what is said now, by name, as [significance.Parse] reads it;
	// "unknown" takes back what was said. They are merged over earlier ones.
	Facts map[significance.FactID]string `json:"facts"`
	// Decision is significant, not_significant or undecided; empty leaves it
	// as it is.
	Decision string `json:"decision"`
	Reason   string `json:"reason"` // for the decision
	// Seen is the [Assessment.Version] that the sender went by: what has changed
	// since is not written over. Empty where it does not matter.
	Seen string `json:"seen,omitzero"`
}

func (c Assess) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	t, err := r.trackOf(i, c.Entity)
	if err != nil {
		return nil, err
	}
	if err := r.unchanged(d.s, i, t, c.Seen); err != nil {
		return nil, err
	}
	said, names, err := merge(i.judgement(t.Entity).Facts, c.Facts)
	if err != nil {
		return nil, err
	}
	p := pending{Person: c.Person, incident: i, scope: i.scope(t.Entity), decision: c.Decision, reason: c.Reason}
	if c.Decision != "" {
		if err := p.check(r); err != nil {
			return nil, err
		}
	}
	ev := Assessed{Meta: c.metaFor(c.ID), Entity: t.Entity, Said: names, Table: significance.Digest()}
	ev.Facts, ev.Criteria, ev.Advice = r.compare(d.s, i, t, said)
	d.emit(ev)
	if c.Decision != "" {
		p.settle(r, d)
	} else {
		r.reconsider(d, i, c.By, "new facts", nil)
	}
	return c.ID, nil
}

// merge lays what is said now over what persons said before, and names what
// was said.
func merge(before significance.Facts, now map[significance.FactID]string) (said significance.Facts, names []significance.FactID, err error) {
	said = significance.Facts{}
	for id, f := range before {
		if f.Origin == significance.FromPerson {
			said[id] = f
		}
	}
	names = slices.Sorted(maps.Keys(now))
	var errs []string
	for _, id := range names {
		f, known, err := significance.Parse(id, now[id])
		switch {
		case err != nil:
			errs = append(errs, err.Error())
		case known:
			said[id] = f
		default:
			delete(said, id)
		}
	}
	if len(errs) > 0 {
		return nil, nil, invalid("%s", strings.Join(errs, "; "))
	}
	return said, names, nil
}

// compare adds to what persons said what is known besides, and holds it all
// against the criteria.
func (r *Rules) compare(s *State, i *Incident, t Track, said significance.Facts) (significance.Facts, []significance.Result, significance.Advice) {
	facts := significance.Facts{}
	maps.Copy(facts, t.Known)
	if i.Malicious == classify.Yes { // a label that says no rules nothing out
		facts[significance.MaliciousSuspected] = significance.Fact{Value: "yes", Origin: significance.FromIncident}
	}
	p := t.profile()
	if p.Relevant() {
		maps.Copy(facts, significance.RecurringFacts(p, i.occurrence(t.Entity, said), s.occurrencesOf(t.Entity, i.Exercise)))
	}
	maps.Copy(facts, said)
	results := significance.Evaluate(p, facts)
	return facts, results, significance.Advise(p, results)
}

func (t Track) profile() significance.Profile {
	return significance.Profile{Types: t.Types, Zone: t.Place.Zone}
}

// trackOf is the entity an assessment is for. One that is not configured any
// more is judged by the Directive alone.
func (r *Rules) trackOf(i *Incident, entity string) (Track, error) {
	names := i.entities()
	switch {
	case entity == "" && len(names) > 1:
		return Track{}, invalid("say which entity is assessed: %s", strings.Join(names, ", "))
	case entity == "" && len(names) == 1:
		entity = names[0]
	case entity != "" && !slices.Contains(names, entity):
		return Track{}, invalid("%s does not concern an entity %q: it has %s", i.ID, entity, strings.Join(names, ", "))
	}
	for _, t := range r.Tracks {
		if t.Entity == entity {
			return t, nil
		}
	}
	return Track{Entity: entity}, nil
}

// entities are those whose clocks the incident has, in their order.
func (i *Incident) entities() []string {
	var names []string
	for _, c := range i.Clocks {
		if !slices.Contains(names, c.Entity) {
			names = append(names, c.Entity)
		}
	}
	return names
}

// Assessed records facts and what the criteria made of them then.
type Assessed struct {
	Meta
	Entity string `json:"entity"`
	// Said are the facts named in this assessment; Facts all that were known.
	Said     []significance.FactID `json:"said"`
	Facts    significance.Facts    `json:"facts"`
	Criteria []significance.Result `json:"criteria"`
	Advice   significance.Advice   `json:"advice"`
	// Table is the digest of the criteria.
	Table string `json:"table"`
}

func (Assessed) Kind() string { return "incident.assessed/v1" }

func (e Assessed) Describe() string {
	s := "assessed"
	if e.Entity != "default" && e.Entity != "" {
		s += " for " + e.Entity
	}
	var said []string
	for _, id := range e.Said {
		said = append(said, string(id)+" "+e.Facts.Show(id))
	}
	if len(said) > 0 {
		s += ": " + strings.Join(said, ", ")
	}
	return s + "; the criteria say " + strings.ReplaceAll(string(e.Advice.Verdict), "_", " ") + ". " + e.Advice.Because
}

func (ev Assessed) applyTo(_ *State, i *Incident, e Entry) {
	j := i.judge(ev.Entity)
	j.Facts, j.Criteria, j.Advice = ev.Facts, ev.Criteria, ev.Advice
	j.Assessed = Stamp{By: ev.By, At: e.At}
	j.Overruled = slices.DeleteFunc(slices.Clone(j.Overruled), func(id string) bool { return !slices.Contains(ev.Advice.Met, id) })
}

// Assessment is what the criteria ask and say of one entity: the answer to
// what should be found out next. It is computed anew each time and changes
// nothing.
type Assessment struct {
	Incident ID                        `json:"incident"`
	Entity   string                    `json:"entity"`
	Types    []significance.EntityType `json:"types"`
	// Decision is the one in force.
	Decision string                `json:"decision"`
	Advice   significance.Advice   `json:"advice"`
	Criteria []significance.Result `json:"criteria"`
	// Questions are those that can matter for the entity, in the law's order.
	Questions []AssessmentQuestion `json:"questions"`
	// Next is the one to ask now; null when no answer can change a criterion.
	Next  *AssessmentQuestion `json:"next"`
	Table string              `json:"table"`
	// Version names what is known and decided now, without what is supposed;
	// see [Assess.Seen].
	Version string `json:"version"`
}

// AssessmentQuestion is a question with what is known.
type AssessmentQuestion struct {
	Fact     significance.FactID `json:"fact"`
	Kind     significance.Kind   `json:"kind"`
	Question string              `json:"question"`
	Form     string              `json:"form"`
	Explain  string              `json:"explain"`
	// Answer is null while the fact is unknown.
	Answer *significance.Fact `json:"answer"`
	// Shown is the answer for people; empty while it is unknown.
	Shown string `json:"shown"`
}

// Assessment compares what is known of the incident, and what is supposed
// besides, with the criteria; skipped questions are not asked next. Errors are
// those of [Assess].
func (r *Rules) Assessment(s *State, id ID, entity string, suppose map[significance.FactID]string, skip []significance.FactID) (Assessment, error) {
	i, ok := s.incidents[id]
	if !ok {
		return Assessment{}, fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	t, err := r.trackOf(i, entity)
	if err != nil {
		return Assessment{}, err
	}
	j := i.judgement(t.Entity)
	said, _, err := merge(j.Facts, suppose)
	if err != nil {
		return Assessment{}, err
	}
	a := Assessment{Incident: id, Entity: t.Entity, Types: t.Types, Decision: j.Decision, Questions: []AssessmentQuestion{}, Table: significance.Digest()}
	var facts significance.Facts
	facts, a.Criteria, a.Advice = r.compare(s, i, t, said)
	if a.Version, err = r.assessmentVersion(s, i, t); err != nil {
		return Assessment{}, err
	}
	ask := func(q significance.Question) AssessmentQuestion {
		out := AssessmentQuestion{Fact: q.ID, Kind: q.Kind, Question: q.Ask, Form: q.Kind.Form(), Explain: q.Explain}
		if f, known := facts[q.ID]; known {
			out.Answer, out.Shown = &f, facts.Show(q.ID)
		}
		return out
	}
	for _, q := range significance.Relevant(t.profile()) {
		a.Questions = append(a.Questions, ask(q))
	}
	if q, ok := significance.Next(t.profile(), facts, func(id significance.FactID) bool { return slices.Contains(skip, id) }); ok {
		a.Next = new(ask(q))
	}
	return a, nil
}

// ErrNoEntity: see [Rules.Recurring].
var ErrNoEntity = errors.New("no such entity")

// RecurringSet is a proposed set of incidents of one entity.
type RecurringSet struct {
	Entity string `json:"entity"`
	significance.Set
}

// Recurring proposes the sets of incidents that may together be one
// significant incident (Impl. Reg. (EU) 2024/2690 Art. 4), exercises apart. An
// entity that is empty stands for all; an unknown one is ErrNoEntity.
func (r *Rules) Recurring(s *State, entity string) ([]RecurringSet, error) {
	out := []RecurringSet{}
	found := entity == ""
	for _, t := range r.Tracks {
		if entity != "" && t.Entity != entity {
			continue
		}
		found = true
		for _, set := range significance.Recurring(t.profile(), t.Known, s.occurrencesOf(t.Entity, r.Exercise)) {
			out = append(out, RecurringSet{Entity: t.Entity, Set: set})
		}
	}
	if !found {
		return nil, fmt.Errorf("%w: %q", ErrNoEntity, entity)
	}
	return out, nil
}

// occurrence is the incident as the test of recurring incidents looks at it.
func (i *Incident) occurrence(entity string, said significance.Facts) significance.Occurrence {
	return significance.Occurrence{
		ID: string(i.ID), RootCause: string(said[significance.RootCause].Value), DetectedAt: i.DetectedAt,
		Facts: said, Significant: i.judgement(entity).Decision == DecidedSignificant,
	}
}

// occurrencesOf are all incidents of the entity.
func (s *State) occurrencesOf(entity string, exercise bool) []significance.Occurrence {
	var out []significance.Occurrence
	for _, id := range s.order {
		i := s.incidents[id]
		if i.Exercise == exercise && slices.Contains(i.entities(), entity) {
			out = append(out, i.occurrence(entity, i.judgement(entity).Facts))
		}
	}
	return out
}
