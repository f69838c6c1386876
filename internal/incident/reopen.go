package incident

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/significance"
)

// Reopen takes back that an incident is not reportable, or closed. The clocks
// that were stopped run again with the instants they had.
type Reopen struct {
	Person
	ID     ID
	Reason string
}

func (c Reopen) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("why is %s re-opened? the reason is kept", i.ID)
	}
	not := slices.ContainsFunc(i.entities(), func(e string) bool { return i.judgement(e).Decision == DecidedNotSignificant })
	if i.Status != StatusClosed && !not && len(i.Proposals) == 0 {
		return nil, refused("%s is %s, not closed, and nobody has decided that it is not significant", i.ID, i.Status)
	}
	d.emit(Reopened{Meta: c.metaFor(c.ID), Reason: c.Reason, Runs: i.stopped("")})
	return c.ID, nil
}

// reconsider re-opens what was decided not to be significant when a criterion
// is met that was not met then. Suppose is what is claimed besides; what a
// person said stays on the record as it is.
func (r *Rules) reconsider(d *decision, i *Incident, by Actor, why string, suppose significance.Facts) {
	for _, entity := range i.entities() {
		j, proposed := i.judgement(entity), i.Proposals[i.scope(entity)]
		if j.Decision != DecidedNotSignificant && proposed == nil {
			continue
		}
		overruled := j.Overruled
		if proposed != nil {
			overruled = append(slices.Clone(overruled), proposed.Overruled...)
		}
		t, err := r.trackOf(i, entity)
		if err != nil {
			continue // it is one of the incident's own
		}
		said, _, err := merge(j.Facts, nil)
		if err != nil {
			continue // nothing new is read
		}
		for id, f := range suppose {
			said[id] = f
		}
		_, results, advice := r.compare(d.s, i, t, said)
		var met []significance.Result
		for _, c := range results {
			claimed := suppose != nil && slices.Contains(j.Claimed, c.ID)
			if slices.Contains(advice.Met, c.ID) && !slices.Contains(overruled, c.ID) && !claimed {
				met = append(met, c)
			}
		}
		if len(met) == 0 {
			continue
		}
		scope := i.scope(entity)
		d.emit(Reopened{Meta: Meta{ID: i.ID, By: by}, Entity: scope, Reason: why + ": " + met[0].Source + " is met. " + met[0].Because, Criteria: met, Claimed: suppose != nil, Runs: i.stopped(scope)})
	}
}

// proves re-opens the incident when an alert that fires says more than was
// known when it was decided not to be significant: that malice is suspected.
func (r *Rules) proves(d *decision, i *Incident, by Actor, a *Alert, malicious bool) {
	if a.Status != Firing || !malicious {
		return
	}
	r.reconsider(d, i, by, "alert "+name(a.Labels)+" says that malicious action is suspected", significance.Facts{
		significance.MaliciousSuspected: {Value: "yes", Origin: significance.FromIncident},
	})
}

// Reopened takes back that the incident, or an entity's part in it, is not
// reportable or closed.
type Reopened struct {
	Meta
	Entity string `json:"entity,omitzero"` // empty for the whole incident
	Reason string `json:"reason"`
	// Criteria are those newly met, where that is why; Claimed: if it is as an
	// alert says.
	Criteria []significance.Result `json:"criteria,omitempty"`
	Claimed  bool                  `json:"claimed,omitzero"`
	Runs     []Due                 `json:"runs,omitempty"`
}

func (Reopened) Kind() string { return "incident.reopened/v1" }

func (e Reopened) Describe() string {
	s := "re-opened"
	if e.Entity != "" {
		s += " for " + e.Entity
	}
	return s + ": " + strings.TrimSuffix(e.Reason, ".") + describeRuns(e.Runs)
}

func (ev Reopened) applyTo(_ *State, i *Incident, e Entry) {
	for _, entity := range i.judged(ev.Entity) {
		j := i.judge(entity)
		if j.Decision == DecidedNotSignificant {
			j.Decision, j.Reason, j.Decided, j.Overruled = Undecided, "", Stamp{}, nil
		}
		for _, c := range ev.Criteria {
			if ev.Claimed && !slices.Contains(j.Claimed, c.ID) {
				j.Claimed = append(j.Claimed, c.ID)
			}
		}
		delete(i.Proposals, entity)
	}
	delete(i.Proposals, ev.Entity)
	i.runAgain(ev.Runs)
	i.unclose()
	i.weigh()
}

// unclose takes a closed incident back to the state of work it was in.
func (i *Incident) unclose() {
	if i.Status != StatusClosed {
		return
	}
	i.Status, i.ClosedAt = Open, time.Time{}
	if _, handled := i.date(HandledAt, "", ""); handled {
		i.Status = StatusHandled
	}
}
