package incident

import (
	"slices"
	"time"

	"nis2clock/internal/significance"
)

// Significance is the decision of Art. 23(3) as the outside sees it. With
// several entities it is that of the one that weighs most: significant before
// undecided before not significant.
type Significance struct {
	EntitySignificance
	// Entities are the decisions for each, where there are several.
	Entities []EntitySignificance `json:"entities,omitempty"`
}

// EntitySignificance is what was decided for one entity, and what the criteria
// said when it was last assessed.
type EntitySignificance struct {
	Entity   string                `json:"entity"`
	Decision string                `json:"decision"` // undecided, significant or not_significant
	Criteria []significance.Result `json:"criteria"` // empty until it is assessed
	By       *string               `json:"by"`
	At       *time.Time            `json:"at"`
	Reason   string                `json:"reason"`
	// Advice is null until it is assessed; it decides nothing.
	Advice     *significance.Advice `json:"advice"`
	AssessedBy *string              `json:"assessed_by"`
	AssessedAt *time.Time           `json:"assessed_at"`
	// Facts are what was known when it was last assessed.
	Facts significance.Facts `json:"facts"`
	// Proposed waits for a second person; the clocks run meanwhile.
	Proposed *ProposalView `json:"proposed"`
}

// ProposalView is a decision that waits for a second person.
type ProposalView struct {
	Decision string    `json:"decision"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Reason   string    `json:"reason"`
}

func (i *Incident) significance() Significance {
	weight := map[string]int{DecidedSignificant: 2, Undecided: 1}
	var out Significance
	names := i.entities()
	if len(names) == 0 {
		names = []string{""}
	}
	for n, name := range names {
		e := i.entitySignificance(name)
		if n == 0 || weight[e.Decision] > weight[out.Decision] {
			out.EntitySignificance = e
		}
		if len(names) > 1 {
			out.Entities = append(out.Entities, e)
		}
	}
	return out
}

func (i *Incident) entitySignificance(entity string) EntitySignificance {
	j := i.judgement(entity)
	out := EntitySignificance{
		Entity: entity, Decision: j.Decision, Criteria: append([]significance.Result{}, j.Criteria...), Reason: j.Reason,
		By: some(j.Decided.By.Name), At: some(j.Decided.At), AssessedBy: some(j.Assessed.By.Name), AssessedAt: some(j.Assessed.At), Facts: significance.Facts{},
	}
	for id, f := range j.Facts {
		out.Facts[id] = f
	}
	if !j.Assessed.At.IsZero() {
		a := j.Advice
		a.Met, a.Missing = slices.Clone(a.Met), slices.Clone(a.Missing)
		out.Advice = &a
	}
	proposed := i.Proposals[entity]
	if proposed == nil {
		proposed = i.Proposals[""]
	}
	if proposed != nil {
		out.Proposed = &ProposalView{Decision: proposed.Decision, By: proposed.By.Name, At: proposed.At, Reason: proposed.Reason}
	}
	return out
}
