package scorecard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
)

// Input is what a scorecard is computed from.
type Input struct {
	Scenario *scenario.Scenario
	Exercise Exercise
	// Incidents are those of the exercise as of its end.
	Incidents []incident.View
	// Last is the scorecard of the exercise before; nil for none. A rehearsal is
	// none.
	Last *Scorecard
}

// Scorecard is how an exercise went.
type Scorecard struct {
	Exercise string `json:"exercise"` // its id
	Scenario string `json:"scenario"`
	Auto     bool   `json:"auto"`
	EndedAt  Moment `json:"ended"`
	// Points are the weights of the actions that were met in time, Late of those
	// that came late, Of that of all counted. Percent counts the late ones half.
	Points  int `json:"points"`
	Late    int `json:"late"`
	Of      int `json:"of"`
	Percent int `json:"percent"`

	Times     []Time     `json:"times"`
	Reports   []Report   `json:"reports"`
	Results   []Result   `json:"results"` // of expected actions, in the scenario's order
	Decisions []Answered `json:"decisions"`
	Known     []Known    `json:"known"`
	Gaps      []Gap      `json:"gaps"` // computed ones first
	// Absent are required seats that nobody took; Management is true when somebody
	// of the management body took part; Unconfirmed are people who have not said
	// that they were there.
	Absent      []string `json:"absent"`
	Management  bool     `json:"management"`
	Unconfirmed []string `json:"unconfirmed"`
	// Apart is true when facilitator and evaluator took no seat and are not the
	// same person.
	Apart bool `json:"apart"`
	// Compared is nil for the first exercise.
	Compared *Comparison `json:"compared"`
}

// Elapsed is how long something took on both clocks. Real is zero in a rehearsal
// whose waits were jumped.
type Elapsed struct {
	Scenario incident.Span `json:"scenario"`
	Real     incident.Span `json:"real"`
}

// Time is how long people took for one of the first steps.
type Time struct {
	What string `json:"what"` // acknowledge, command, assess, aware
	// Since is the opening of the incident, At when it was done: zero for never.
	Since Moment  `json:"since"`
	At    Moment  `json:"at,omitzero"`
	Took  Elapsed `json:"took"`
	By    string  `json:"by,omitzero"`
}

// Report is one report against its deadline. Scenario time.
type Report struct {
	Incident    string     `json:"incident"`
	Entity      string     `json:"entity"`
	Regime      string     `json:"regime"`
	Stage       string     `json:"stage"`
	Title       string     `json:"title"`
	Source      string     `json:"source"`
	State       string     `json:"state"` // as the incident has it
	TargetAt    time.Time  `json:"target_at"`
	DueAt       time.Time  `json:"due_at,omitzero"`
	SubmittedAt *time.Time `json:"submitted_at"`
	// RealAt is when it was recorded in the room.
	RealAt time.Time `json:"real_at,omitzero"`
	Late   bool      `json:"late"`
	// Margin is how long before the deadline it went out, negative after it.
	Margin incident.Span `json:"margin"`
}

// Outcome of an expected action.
type Outcome string

// Outcomes.
const (
	Met        Outcome = "met"
	Late       Outcome = "late"
	Missed     Outcome = "missed"
	Avoided    Outcome = "avoided"     // what must not happen did not
	Violated   Outcome = "violated"    // it did
	NotCounted Outcome = "not_counted" // it was not yet due, or its inject never came
)

// Result is what became of one expected action.
type Result struct {
	ID      string  `json:"id"`
	What    string  `json:"what"`
	Why     string  `json:"why,omitzero"`
	Weight  int     `json:"weight"`
	Outcome Outcome `json:"outcome"`
	// Since is what its time counts from, Target the instant by which it was
	// expected (scenario time; zero for none), At when it was done.
	Since  Moment    `json:"since"`
	Target time.Time `json:"target,omitzero"`
	At     Moment    `json:"at,omitzero"`
	Took   Elapsed   `json:"took"`
	By     string    `json:"by,omitzero"`
	Hinted bool      `json:"hinted"` // a hint came first
}

// Answered is a decision point and what was decided, if anything.
type Answered struct {
	Point    string  `json:"decision_point"`
	Question string  `json:"question"`
	Choice   string  `json:"choice,omitzero"`
	Reason   string  `json:"reason,omitzero"`
	By       string  `json:"by,omitzero"`
	At       Moment  `json:"at,omitzero"`
	Took     Elapsed `json:"took"`
}

// Known is what an inject let people know, and when their actions showed it.
type Known struct {
	Inject string `json:"inject"`
	What   string `json:"what"`
	At     Moment `json:"at"`
	// Shown is when the first of the actions that show it was done; zero for
	// never. ShownBy is that action's id.
	Shown   Moment  `json:"shown,omitzero"`
	ShownBy string  `json:"shown_by,omitzero"`
	Lag     Elapsed `json:"lag"` // zero where they knew before
}

// Score computes the scorecard.
func Score(in Input) Scorecard {
	c := &card{Input: in}
	e, s := &in.Exercise, in.Scenario
	out := Scorecard{Exercise: e.ID, Scenario: e.Scenario, Auto: e.Auto, EndedAt: e.Ended}
	out.Times = c.times()
	out.Reports = c.reports()
	for _, x := range s.Expected {
		r := c.result(x)
		switch r.Outcome {
		case Met, Avoided:
			out.Points += r.Weight
		case Late:
			out.Late += r.Weight
		}
		if r.Outcome != NotCounted {
			out.Of += r.Weight
		}
		out.Results = append(out.Results, r)
	}
	if out.Of > 0 {
		out.Percent = (200*out.Points + 100*out.Late) / (2 * out.Of)
	}
	out.Decisions = c.decisions()
	out.Known = c.known(out.Results)
	c.attendance(&out)
	out.Gaps = append(c.gaps(&out), e.Gaps...)
	if in.Last != nil && !e.Auto {
		out.Compared = compare(in.Last, &out)
	}
	return out
}

// card computes one scorecard.
type card struct{ Input }

// who is how a result names somebody: a rehearsal lists nobody.
func (c *card) who(a Action) string {
	if !c.Exercise.Auto {
		return a.Name
	}
	p, _ := c.Scenario.Participant(a.Seat)
	return p.Role
}

// elapsed is the time from one moment to another; real time without pauses.
func (c *card) elapsed(from, to Moment) Elapsed {
	if from.IsZero() || to.IsZero() || to.Scenario.Before(from.Scenario) {
		return Elapsed{}
	}
	out := Elapsed{Scenario: incident.Span(to.Scenario.Sub(from.Scenario))}
	if from.Real.IsZero() || to.Real.IsZero() || to.Real.Before(from.Real) {
		return out
	}
	d := to.Real.Sub(from.Real)
	for _, p := range c.Exercise.Pauses {
		end := p.To.Real
		if end.IsZero() || end.After(to.Real) {
			end = to.Real
		}
		begin := p.From.Real
		if begin.Before(from.Real) {
			begin = from.Real
		}
		if end.After(begin) {
			d -= end.Sub(begin)
		}
	}
	out.Real = incident.Span(max(0, d))
	return out
}

// first is the first action that fits, without what was undone.
func (c *card) first(fits func(Action) bool) (Action, bool) {
	for _, a := range c.Exercise.Actions {
		if !a.Undone && fits(a) {
			return a, true
		}
	}
	return Action{}, false
}

// began is the opening of the first incident: its inject's delivery or the act of
// declaring it; else the start.
func (c *card) began() Moment {
	for _, d := range c.Exercise.Injects {
		if len(d.Incidents) > 0 {
			return d.At
		}
	}
	if a, ok := c.first(func(a Action) bool { return a.Do == scenario.Declare }); ok {
		return a.At
	}
	return c.Exercise.Started
}

func (c *card) times() []Time {
	since := c.began()
	var out []Time
	for _, step := range []struct {
		what string
		do   scenario.Deed
	}{{"acknowledge", scenario.Acknowledge}, {"command", scenario.TakeCommand}, {"assess", scenario.Assess}, {"aware", scenario.Aware}, {"decide", scenario.Decide}} {
		t := Time{What: step.what, Since: since}
		if a, ok := c.first(func(a Action) bool { return a.Do == step.do }); ok {
			t.At, t.By, t.Took = a.At, c.who(a), c.elapsed(since, a.At)
		}
		out = append(out, t)
	}
	return out
}

// reports are the clocks of all incidents that ran to an end or would have: those
// that a decision stopped are left out.
func (c *card) reports() []Report {
	var out []Report
	for _, v := range c.Incidents {
		for _, cl := range v.Clocks {
			if cl.State == incident.ClockStopped {
				continue
			}
			r := Report{
				Incident: string(v.ID), Entity: cl.Entity, Regime: string(cl.Regime), Stage: string(cl.Stage), Title: cl.Title, Source: cl.Source,
				State: cl.State, TargetAt: cl.TargetAt, DueAt: cl.DueAt, SubmittedAt: cl.SubmittedAt, Late: cl.Late,
			}
			if cl.SubmittedAt != nil {
				if !cl.DueAt.IsZero() {
					r.Margin = incident.Span(cl.DueAt.Sub(*cl.SubmittedAt))
				}
				if a, ok := c.first(func(a Action) bool {
					return a.Do == scenario.Submit && a.Incident == r.Incident && a.Entity == r.Entity && string(a.Regime) == r.Regime && slices.Contains(a.Stages, r.Stage)
				}); ok {
					r.RealAt = a.At.Real
				}
			}
			out = append(out, r)
		}
	}
	return out
}

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

func (c *card) decisions() []Answered {
	var out []Answered
	for _, p := range c.Scenario.Decisions {
		d := Answered{Point: p.ID, Question: p.Question}
		for _, got := range c.Exercise.Decisions {
			if got.Point == p.ID && !got.Undone {
				d.Choice, d.Reason, d.At, d.Took = got.Choice, got.Reason, got.At, c.elapsed(got.Asked, got.At)
				d.By = c.who(Action{Name: got.Name, Seat: got.Seat})
			}
		}
		out = append(out, d)
	}
	return out
}

func (c *card) known(results []Result) []Known {
	var out []Known
	for _, d := range c.Exercise.Injects {
		i, ok := c.Scenario.Inject(d.ID)
		if !ok || d.At.IsZero() {
			continue
		}
		for _, k := range i.Allows {
			known := Known{Inject: d.ID, What: k.Know, At: d.At}
			for _, r := range results {
				if slices.Contains(k.ShownBy, r.ID) && !r.At.IsZero() && (known.Shown.IsZero() || r.At.Scenario.Before(known.Shown.Scenario)) {
					known.Shown, known.ShownBy = r.At, r.ID
				}
			}
			known.Lag = c.elapsed(known.At, known.Shown)
			out = append(out, known)
		}
	}
	return out
}

func (c *card) attendance(out *Scorecard) {
	e := &c.Exercise
	present := map[string]bool{}
	parts := map[string]map[Part]bool{}
	for _, a := range e.Attendance {
		present[a.Seat] = present[a.Seat] || a.Part == Participates
		if parts[a.Name] == nil {
			parts[a.Name] = map[Part]bool{}
		}
		parts[a.Name][a.Part] = true
		p, _ := c.Scenario.Participant(a.Seat)
		out.Management = out.Management || a.Part == Participates && (a.Management || p.Management)
		if a.Confirmed.IsZero() {
			out.Unconfirmed = append(out.Unconfirmed, a.Name)
		}
	}
	for _, p := range c.Scenario.Participants {
		if p.Required && !present[p.ID] && !e.Auto {
			out.Absent = append(out.Absent, p.Role)
		}
	}
	facilitated, evaluated := false, false
	out.Apart = true
	for _, does := range parts {
		facilitated, evaluated = facilitated || does[Facilitates], evaluated || does[Evaluates]
		if (does[Facilitates] || does[Evaluates]) && len(does) > 1 {
			out.Apart = false
		}
	}
	out.Apart = out.Apart && facilitated && evaluated
}

// gaps are those that the figures show.
func (c *card) gaps(out *Scorecard) []Gap {
	var gaps []Gap
	add := func(id, expected, format string, args ...any) {
		gaps = append(gaps, Gap{ID: id, Text: fmt.Sprintf(format, args...), Expected: expected})
	}
	for _, r := range out.Results {
		switch r.Outcome {
		case Missed:
			x, _ := c.Scenario.Expect(r.ID)
			if p, ok := c.Scenario.Decision(x.Point); ok {
				add("missed-"+r.ID, r.ID, "Nobody decided: %s", p.Question)
				continue
			}
			add("missed-"+r.ID, r.ID, "Expected and not done: %s.", r.What)
		case Late:
			add("late-"+r.ID, r.ID, "Done late: %s, %s after it was expected.", r.What, short(c.lateness(r)))
		case Violated:
			add("violated-"+r.ID, r.ID, "Done although it was wrong: %s.", strings.TrimPrefix(r.What, "do not "))
		}
	}
	for _, d := range out.Decisions {
		said := slices.ContainsFunc(gaps, func(g Gap) bool {
			x, ok := c.Scenario.Expect(g.Expected)
			return ok && x.Point == d.Point
		})
		if d.Choice == "" && c.reached(d.Point) && !said {
			add("undecided-"+d.Point, "", "Nobody decided: %s", d.Question)
		}
	}
	for _, role := range out.Absent {
		add("absent-"+slug(role), "", "Nobody took the seat: %s.", role)
	}
	if !c.Exercise.Auto && !out.Management {
		add("management", "", "No member of the management body took part (Directive (EU) 2022/2555 Art. 20).")
	}
	used := slices.Clone(c.Exercise.Plan)
	for _, d := range c.Exercise.Runbooks {
		if d.Followed > 0 {
			used = append(used, d)
		}
	}
	for _, d := range used {
		if d.Overdue {
			add("review-"+d.Name, "", "%s was used past the date of its review.", d.Title)
		}
	}
	return gaps
}

func (c *card) lateness(r Result) time.Duration {
	n := slices.IndexFunc(c.Scenario.Expected, func(x scenario.Expected) bool { return x.ID == r.ID })
	x := c.Scenario.Expected[n]
	a, _ := c.first(func(a Action) bool { return c.fits(x, a) })
	return c.instant(x, a).Sub(r.Target)
}

func (c *card) reached(point string) bool {
	p, ok := c.Scenario.Decision(point)
	return ok && c.Exercise.Ended.Scenario.After(c.Scenario.At(p.At))
}
