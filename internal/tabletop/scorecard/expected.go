package scorecard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/tabletop/scenario"
)

// fits reports whether the action is the expected one.
func (c *card) fits(x scenario.Expected, a Action) bool {
	regime := cmp.Or(x.Regime, "nis2")
	switch {
	case a.Do != x.Do:
	case len(x.By) > 0 && !slices.Contains(x.By, a.Seat):
	case x.Entity != "" && a.Entity != "" && a.Entity != x.Entity:
	case x.Stage != "" && (a.Regime != regime || !slices.Contains(a.Stages, x.Stage)):
	case x.Stage == "" && x.Regime != "" && a.Regime != x.Regime:
	case x.Decision != "" && a.Decision != x.Decision:
	case x.Kind != "" && a.Kind != x.Kind:
	case x.Fact != "" && !slices.Contains(a.Facts, x.Fact):
	case x.Runbook != "" && a.Runbook != x.Runbook:
	case x.Point != "" && a.Point != x.Point:
	default:
		return true
	}
	return false
}

// since is what an expected action's time counts from; false while its inject
// has not come.
func (c *card) since(x scenario.Expected) (Moment, bool) {
	if x.After == "" {
		return c.Exercise.Started, true
	}
	for _, d := range c.Exercise.Injects {
		if d.ID == x.After && !d.At.IsZero() {
			return d.At, true
		}
	}
	return Moment{}, false
}

func (c *card) result(x scenario.Expected) Result {
	r := Result{ID: x.ID, What: describe(x), Why: x.Why, Weight: x.Weight}
	since, came := c.since(x)
	r.Since = since
	a, done := c.first(func(a Action) bool { return c.fits(x, a) })
	if done {
		r.At, r.By, r.Took = a.At, c.who(a), c.elapsed(since, a.At)
		r.Hinted = c.hinted(x.ID, a.At)
	}
	switch {
	case x.Before != scenario.NoDeadline:
		r.Target = c.deadline(x)
	case x.Within > 0 && came:
		r.Target = since.Scenario.Add(x.Within)
	}
	ended := c.Exercise.Ended.Scenario
	switch {
	case x.Never && done:
		r.Outcome = Violated
	case x.Never:
		r.Outcome = Avoided
	case done && (r.Target.IsZero() || c.instant(x, a).Before(r.Target)):
		r.Outcome = Met
	case done:
		r.Outcome = Late
	case !came, !r.Target.IsZero() && ended.Before(r.Target), r.Target.IsZero() && !c.Exercise.Complete:
		r.Outcome = NotCounted
	default:
		r.Outcome = Missed
	}
	return r
}

// instant is when the action counts as done: a submission when the report went
// out, as the law sees it.
func (c *card) instant(x scenario.Expected, a Action) time.Time {
	if x.Before != scenario.NoDeadline && !a.Of.IsZero() {
		return a.Of
	}
	return a.At.Scenario
}

// deadline is that of the clock an expected report has, the earliest of several;
// zero where none runs.
func (c *card) deadline(x scenario.Expected) time.Time {
	var at time.Time
	for _, v := range c.Incidents {
		for _, cl := range v.Clocks {
			if string(cl.Stage) != x.Stage || cl.Regime != cmp.Or(x.Regime, "nis2") || x.Entity != "" && cl.Entity != x.Entity {
				continue
			}
			due := cl.DueAt
			if x.Before == scenario.TargetAt || due.IsZero() {
				due = cl.TargetAt
			}
			if at.IsZero() || due.Before(at) {
				at = due
			}
		}
	}
	return at
}

// hinted reports whether a hint for the action was given before it.
func (c *card) hinted(id string, before Moment) bool {
	return slices.ContainsFunc(c.Exercise.Hints, func(h HintGiven) bool {
		n := slices.IndexFunc(c.Scenario.Hints, func(s scenario.Hint) bool { return s.ID == h.Hint })
		return n >= 0 && c.Scenario.Hints[n].For == id && h.At.Scenario.Before(before.Scenario)
	})
}

// stated are the questions of [scenario.StatedFacts] in words.
var stated = map[string]string{
	"summary": "what happened", "malicious": "whether malicious acts are suspected", "cross_border": "whether there is a cross-border impact",
	"affects_trust_service": "whether trust services are affected", "ongoing": "whether it will be ongoing when the final report is due",
}

// describe is the expected action in words.
func describe(x scenario.Expected) string {
	what := x.Do.String()
	switch {
	case x.Stage != "":
		what = strings.Fields(what)[0] + " the " + words(x.Stage)
		if x.Regime != "" && x.Regime != "nis2" {
			what += " under " + strings.ToUpper(string(x.Regime))
		}
	case x.Decision != "":
		what = "decide: " + words(x.Decision)
	case x.Fact != "":
		what = "say " + stated[x.Fact]
	case x.Kind != "" && x.Do == scenario.RecordMessage:
		what = "record the authority's " + words(x.Kind)
	case x.Kind != "":
		what = "send the " + words(x.Kind)
	case x.Runbook != "":
		what = "follow the runbook " + strings.ReplaceAll(x.Runbook, "-", " ")
	case x.Point != "":
		what = fmt.Sprintf("decide the point %q", words(x.Point))
	}
	if x.Entity != "" {
		what += " for " + x.Entity
	}
	if x.Never {
		what = "do not " + what
	}
	return what
}
