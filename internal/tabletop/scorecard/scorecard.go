package scorecard

import (
	"slices"
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
