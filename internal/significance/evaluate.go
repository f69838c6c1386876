package significance

import (
	"fmt"
	"slices"
	"strings"
)

// Outcome is what becomes of a criterion.
type Outcome string

// Outcomes.
const (
	Met     Outcome = "met"
	NotMet  Outcome = "not_met"
	Unknown Outcome = "unknown"
)

// Missing is a fact that is not known, as the question that asks for it.
type Missing struct {
	Fact     FactID `json:"fact"`
	Question string `json:"question"`
}

// Result is one criterion compared with the facts. It is stored as it was
// computed.
type Result struct {
	ID     string  `json:"id"`
	Source string  `json:"source"`
	Text   string  `json:"text"`
	Result Outcome `json:"result"`
	// Because says in a sentence which comparison was made, with its numbers.
	Because string `json:"because"`
	// Missing are the facts without which the result is unknown.
	Missing []Missing `json:"missing"`
	// Estimated: the result rests on an estimate.
	Estimated bool `json:"estimated,omitzero"`
}

// Evaluate compares the facts with every criterion that applies to the entity,
// in the order of the law.
func Evaluate(p Profile, f Facts) []Result {
	f = f.withWeek(p.zone())
	out := []Result{}
	for _, c := range builtin().criteria {
		if p.covers(c.For) {
			out = append(out, c.evaluate(p, f))
		}
	}
	return out
}

// finding is the outcome of one test or of several.
type finding struct {
	Outcome
	parts   []string
	missing []FactID
	guessed bool // rests on an estimate
}

func (c *criterion) evaluate(p Profile, f Facts) Result {
	found := allOf(c.All, f)
	if len(c.Any) > 0 {
		found = and(found, anyOf(c.Any, f))
	}
	if len(c.Except) > 0 && found.Outcome != NotMet {
		found = found.unless(allOf(c.Except, f))
	}
	if m := f[ScheduledMaintenance]; c.Maintenance && p.Relevant() && m.Value == "yes" && found.Outcome != NotMet {
		found = finding{Outcome: NotMet, parts: []string{"a scheduled interruption or a planned consequence of scheduled maintenance, which Art. 3(2) leaves out"}, guessed: m.Estimated}
	}
	r := Result{
		ID: c.ID, Source: c.Source, Text: c.Text, Result: found.Outcome, Missing: []Missing{}, Estimated: found.guessed,
		Because: sentence(found.parts),
	}
	if r.Result == Unknown {
		for _, id := range found.missing {
			r.Missing = append(r.Missing, Missing{Fact: id, Question: byID[id].Ask})
		}
	}
	return r
}

func sentence(parts []string) string {
	s := strings.Join(parts, "; ")
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// allOf is not met as soon as one test fails, and says only why that is.
func allOf(tests []test, f Facts) finding {
	found := finding{Outcome: Met}
	for n := range tests {
		found = and(found, tests[n].compare(f))
	}
	return found
}

func and(a, b finding) finding {
	switch {
	case a.Outcome == NotMet:
		return a
	case b.Outcome == NotMet:
		return b
	}
	out := join(a, b)
	out.Outcome = Met
	if a.Outcome == Unknown || b.Outcome == Unknown {
		out.Outcome = Unknown
	}
	return out
}

// anyOf is met as soon as one test holds, and says only why that is.
func anyOf(tests []test, f Facts) finding {
	found := finding{Outcome: NotMet}
	for n := range tests {
		next := tests[n].compare(f)
		switch {
		case next.Outcome == Met:
			return next
		case found.Outcome == Unknown || next.Outcome == Unknown:
			found = join(found, next)
			found.Outcome = Unknown
		default:
			found = join(found, next)
			found.Outcome = NotMet
		}
	}
	return found
}

func join(a, b finding) finding {
	out := finding{parts: slices.Concat(a.parts, b.parts), missing: slices.Clone(a.missing), guessed: a.guessed || b.guessed}
	for _, id := range b.missing {
		if !slices.Contains(out.missing, id) {
			out.missing = append(out.missing, id)
		}
	}
	return out
}

// unless takes an exception away from what was found.
func (found finding) unless(except finding) finding {
	switch {
	case except.Outcome == Met:
		except.Outcome = NotMet
		except.parts = append([]string{"excepted"}, except.parts...)
		return except
	case except.Outcome == NotMet:
		out := join(found, except)
		out.Outcome = found.Outcome
		return out
	}
	out := join(found, except)
	out.Outcome = Unknown
	return out
}

// compare holds one fact against the table.
func (t *test) compare(f Facts) finding {
	q := byID[t.Fact]
	fact, known := f[t.Fact]
	if len(t.Is) > 0 {
		found := finding{Outcome: Unknown, parts: []string{q.Label + ": " + f.Show(t.Fact)}, guessed: fact.Estimated}
		switch {
		case !known:
			found.missing = []FactID{t.Fact}
		case slices.Contains(t.Is, string(fact.Value)):
			found.Outcome = Met
		default:
			found.Outcome = NotMet
		}
		return found
	}
	n, known := f.number(t.Fact)
	found := finding{Outcome: Unknown, guessed: known && fact.Estimated}
	if !known {
		found.missing = []FactID{t.Fact}
		found.parts = []string{strings.TrimSuffix(strings.TrimSuffix(q.Label, " of"), ":") + ": not known"}
		return found
	}
	label := q.Label + " " + f.Show(t.Fact)
	if t.share.den == 0 {
		found.judge(label, t.op, holds(t.op, n, t.than), q.Kind.show(t.than))
		return found
	}
	t.compareShare(&found, f, label, n)
	return found
}

// holds compares a with b.
func holds(op operator, a, b int64) bool {
	switch op {
	case moreThan:
		return a > b
	case atLeast:
		return a >= b
	case fewerThan:
		return a < b
	}
	return a <= b
}

// judge sets the outcome of a comparison and says it in words.
func (found *finding) judge(label string, op operator, ok bool, than string) {
	found.Outcome = NotMet
	not := "not "
	if ok {
		found.Outcome, not = Met, ""
	}
	found.parts = append(found.parts, fmt.Sprintf("%s, %s%s %s", label, not, op, than))
}

// compareShare compares with a share of another fact and, where the table has
// one, with a number, whichever is lower.
//
// What the share is of may be unknown. Then a value above the number is above
// whichever is lower; a value of nothing is above neither; and anything else
// is unknown.
func (t *test) compareShare(found *finding, f Facts, label string, n int64) {
	kind, base := byID[t.Fact].Kind, byID[t.Of]
	of, known := f.number(t.Of)
	both := t.OrMoreThan != ""
	if !known {
		switch {
		case both && n > t.than:
			found.judge(label, t.op, true, kind.show(t.than)+", and so more than whichever is "+t.Whichever)
		case n == 0:
			found.judge(label, t.op, t.op == atMost, t.share.text+" of whatever the "+base.Label+" are")
		default:
			found.missing = []FactID{t.Of}
			found.parts = append(found.parts, fmt.Sprintf("%s; %s: not known, so neither is %s of it", label, base.Label, t.share.text))
		}
		return
	}
	found.guessed = found.guessed || f[t.Of].Estimated
	// n op num/den·of, without division; the bounds of values keep the products in range.
	left, right := n*t.share.den, of*t.share.num
	of_ := fmt.Sprintf("%s of %s", t.share.text, f.Show(t.Of))
	share := shareText(kind, right, t.share.den)
	switch {
	case !both:
		found.judge(label, t.op, holds(t.op, left, right), share+" ("+of_+")")
	case t.than*t.share.den < right:
		found.judge(label, t.op, n > t.than, fmt.Sprintf("%s (%s than %s, %s)", kind.show(t.than), t.Whichever, share, of_))
	default:
		found.judge(label, t.op, left > right, fmt.Sprintf("%s (%s, %s than %s)", share, of_, t.Whichever, kind.show(t.than)))
	}
}

// shareText writes num/den of the kind's unit; what is no whole number of
// persons keeps its decimals.
func shareText(k Kind, num, den int64) string {
	if num%den == 0 || k == Euros {
		return k.show(num / den)
	}
	return k.show(num/den) + strings.TrimRight(fmt.Sprintf(".%03d", num%den*1000/den), "0")
}
