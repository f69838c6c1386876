package significance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Occurrence is one incident of an entity as Art. 4 of the Regulation looks at
// it.
type Occurrence struct {
	ID         string
	RootCause  string // empty: not known
	DetectedAt time.Time
	Facts      Facts // for its loss
	// Significant: it was decided to be significant by itself, and so is not
	// counted here.
	Significant bool
}

// Set is a group of incidents that may together be one significant incident:
// it is proposed, never decided.
type Set struct {
	Incidents []string  `json:"incidents"`
	RootCause string    `json:"root_cause"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	// LossEUR is what is known of their loss together, such as "12000.50".
	LossEUR Value   `json:"loss_eur"`
	Result  Outcome `json:"result"`
	Because string  `json:"because"`
	// WithoutLoss are the incidents whose loss nobody has given.
	WithoutLoss []string `json:"without_loss"`
	Source      string   `json:"source"`
	Estimated   bool     `json:"estimated,omitzero"`
}

// Recurring proposes the sets among the entity's incidents: at least two
// within six months, the same apparent root cause, none significant by itself,
// and together above the financial test of Art. 3(1)(a), the only one that
// counts for them. A set whose losses are not all known is proposed while it
// may still be above; one that cannot be is not.
//
// The months run from the day of one detection to the end of the same day of
// the sixth month after it, in the authority's zone; where that month has no
// such day, to its last.
func Recurring(p Profile, turnover Facts, all []Occurrence) []Set {
	out := []Set{}
	if !p.Relevant() {
		return out
	}
	for _, group := range groups(p, all) {
		if s := newSet(group, turnover); s.Result != NotMet {
			out = append(out, s)
		}
	}
	return out
}

// groups are the largest runs of incidents of one root cause that fit in the
// time, ordered by their first detection. Runs may overlap.
func groups(p Profile, all []Occurrence) [][]Occurrence {
	rule := builtin().recurring
	causes := map[string][]Occurrence{}
	for _, o := range all {
		if cause := causeOf(o.RootCause); cause != "" && !o.Significant {
			causes[cause] = append(causes[cause], o)
		}
	}
	var out [][]Occurrence
	for _, same := range causes {
		slices.SortFunc(same, func(a, b Occurrence) int {
			return cmp.Or(a.DetectedAt.Compare(b.DetectedAt), strings.Compare(a.ID, b.ID))
		})
		end := 0
		for start := range same {
			limit := monthsOn(same[start].DetectedAt.In(p.zone()), rule.Months)
			n := start
			for n < len(same) && same[n].DetectedAt.Before(limit) {
				n++
			}
			if n > end && n-start >= rule.AtLeast {
				out = append(out, same[start:n])
			}
			end = max(end, n)
		}
	}
	slices.SortFunc(out, func(a, b []Occurrence) int {
		return cmp.Or(a[0].DetectedAt.Compare(b[0].DetectedAt), strings.Compare(a[0].ID, b[0].ID))
	})
	return out
}

// causeOf makes two spellings of a root cause one.
func causeOf(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// monthsOn is the end, exclusive, of the day that lies that many months after t.
func monthsOn(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last))
}

// loss is the larger of what an incident cost and what it could cost.
func (o Occurrence) loss() (cents int64, known, estimated bool) {
	for _, id := range []FactID{FinancialLoss, PotentialLoss} {
		if n, ok := o.Facts.Euros(id); ok && (!known || n > cents) {
			cents, known, estimated = n, true, o.Facts[id].Estimated
		}
	}
	return cents, known, estimated
}

func newSet(group []Occurrence, turnover Facts) Set {
	rule := builtin().recurring
	s := Set{
		Incidents: []string{}, RootCause: group[0].RootCause, From: group[0].DetectedAt, To: group[len(group)-1].DetectedAt,
		WithoutLoss: []string{}, Source: rule.Source,
	}
	var sum int64
	for _, o := range group {
		s.Incidents = append(s.Incidents, o.ID)
		cents, known, estimated := o.loss()
		if !known {
			s.WithoutLoss = append(s.WithoutLoss, o.ID)
		}
		s.Estimated = s.Estimated || estimated
		sum = min(sum+cents, maxEuros*100)
	}
	s.LossEUR = Value(euroValue(sum))
	facts := Facts{rule.loss.Fact: {Value: s.LossEUR, Estimated: s.Estimated}}
	if t, ok := turnover[rule.loss.Of]; ok {
		facts[rule.loss.Of] = t
	}
	found := rule.loss.compare(facts)
	s.Result = found.Outcome
	if s.Result == NotMet && len(s.WithoutLoss) > 0 {
		s.Result = Unknown
	}
	s.Because = fmt.Sprintf("%d incidents with the same apparent root cause within %d months; together: %s", len(group), rule.Months, strings.Join(found.parts, "; "))
	if n := len(s.WithoutLoss); n > 0 {
		s.Because += fmt.Sprintf("; the loss is not known for %s", strings.Join(s.WithoutLoss, ", "))
	}
	s.Because += "."
	return s
}

// RecurringFacts are the two facts of Art. 4 for the incident, counted over
// the entity's others: those within six months of each other that this one
// belongs to. Nothing is known while its root cause is not, unless there is no
// other incident to recur with.
func RecurringFacts(p Profile, this Occurrence, others []Occurrence) Facts {
	rule := builtin().recurring
	others = slices.DeleteFunc(slices.Clone(others), func(o Occurrence) bool { return o.ID == this.ID || o.Significant })
	this.Significant = false // the question is what it would be together with them
	near := func(o Occurrence) bool {
		first, last := o.DetectedAt, this.DetectedAt
		if last.Before(first) {
			first, last = last, first
		}
		return last.Before(monthsOn(first.In(p.zone()), rule.Months))
	}
	number := func(n int) Facts {
		return Facts{RecurringIncidents: {Value: Value(fmt.Sprint(n)), Origin: FromRecord}}
	}
	if !slices.ContainsFunc(others, near) {
		return number(1)
	}
	if causeOf(this.RootCause) == "" {
		return Facts{}
	}
	var best []Occurrence
	var most int64 = -1
	for _, group := range groups(p, append(others, this)) {
		if !slices.ContainsFunc(group, func(o Occurrence) bool { return o.ID == this.ID }) {
			continue
		}
		if sum := newSet(group, nil); best == nil || lossOf(sum) > most {
			best, most = group, lossOf(sum)
		}
	}
	if best == nil {
		return number(1)
	}
	f := number(len(best))
	if s := newSet(best, nil); len(s.WithoutLoss) == 0 {
		f[RecurringLoss] = Fact{Value: s.LossEUR, Estimated: s.Estimated, Origin: FromRecord}
	}
	return f
}

func lossOf(s Set) int64 {
	cents, _ := Facts{FinancialLoss: {Value: s.LossEUR}}.Euros(FinancialLoss)
	return cents
}
