package significance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Verdict is what the facts advise.
type Verdict string

// Verdicts.
const (
	Significant    Verdict = "significant"
	NotSignificant Verdict = "not_significant"
	CannotTell     Verdict = "cannot_tell"
)

// Advice is what the criteria say together. It decides nothing.
type Advice struct {
	Verdict Verdict `json:"verdict"`
	// Because is one or two sentences for the person who decides.
	Because string `json:"because"`
	// Met are the criteria that are met, by id.
	Met []string `json:"met"`
	// Missing are the facts that hold the verdict up, the cheapest to find out
	// first; empty once there is a verdict.
	Missing []Missing `json:"missing"`
}

// Advise draws the conclusion: significant as soon as one criterion is met,
// not significant only when none is and nothing is unknown.
func Advise(p Profile, results []Result) Advice {
	a := Advice{Verdict: NotSignificant, Met: []string{}, Missing: []Missing{}}
	var sources []string
	open := 0
	for _, r := range results {
		switch {
		case r.Result == Met:
			a.Met = append(a.Met, r.ID)
			sources = append(sources, r.Source)
		case r.Result == Unknown:
			open++
			for _, m := range r.Missing {
				if !slices.Contains(a.Missing, m) {
					a.Missing = append(a.Missing, m)
				}
			}
		}
	}
	slices.SortStableFunc(a.Missing, func(x, y Missing) int {
		return cmp.Or(byID[x.Fact].Kind.cost()-byID[y.Fact].Kind.cost(), place(x.Fact)-place(y.Fact))
	})
	switch {
	case len(a.Met) > 0:
		a.Verdict, a.Missing = Significant, []Missing{}
		a.Because = fmt.Sprintf("Met: %s. One criterion is enough.", strings.Join(sources, "; "))
	case open > 0:
		a.Verdict = CannotTell
		a.Because = fmt.Sprintf("None of %d criteria is met so far, and %d cannot be judged before more is known. Clocks keep running.", len(results), open)
	case p.Relevant():
		a.Because = "None of the criteria of Impl. Reg. (EU) 2024/2690 is met, and for this entity they are exhaustive (its recital 30)."
	default:
		a.Because = "None of the criteria of Directive (EU) 2022/2555 Art. 23(3) is met. National law may add criteria for this entity: check them before deciding."
	}
	return a
}

// place is where a fact stands in the law's order.
func place(id FactID) int {
	return slices.IndexFunc(catalogue, func(q Question) bool { return q.ID == id })
}

// Relevant are the questions that the criteria of the entity ask, in the law's
// order: those that can matter, and no others.
func Relevant(p Profile) []Question {
	wanted := map[FactID]bool{RootCause: true, ScheduledMaintenance: p.Relevant()}
	for _, c := range builtin().criteria {
		if !p.covers(c.For) {
			continue
		}
		for _, t := range slices.Concat(c.All, c.Any, c.Except) {
			wanted[t.Fact] = true
			wanted[t.Of] = wanted[t.Of] || t.Of != ""
		}
	}
	wanted[Outages] = wanted[WeeklyUnavailability]
	var out []Question
	for _, q := range catalogue {
		if wanted[q.ID] {
			out = append(out, q)
		}
	}
	return out
}

// Next is the question to ask a person now, in the law's order: one whose
// answer can still change a criterion. It passes over those in skip. It is
// false when none is left.
func Next(p Profile, f Facts, skip func(FactID) bool) (Question, bool) {
	missing := map[FactID]bool{}
	for _, r := range Evaluate(p, f) {
		for _, m := range r.Missing {
			missing[m.Fact] = true
		}
	}
	if _, said := f[RootCause]; missing[RecurringIncidents] && !said {
		missing[RootCause] = true // with it, the record says how many there were
	}
	if _, said := f[ScheduledMaintenance]; p.Relevant() && !said && len(missing) > 0 {
		missing[ScheduledMaintenance] = true // spares a person most of the rest
	}
	for _, q := range catalogue {
		if missing[q.ID] && !skip(q.ID) {
			return q, true
		}
	}
	return Question{}, false
}
