package writeup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

var steps = map[string]string{
	"acknowledge": "acknowledgement", "command": "command taken", "assess": "first assessment", "aware": "awareness recorded", "decide": "decision on significance",
}

func (p *page) times() []Step {
	var out []Step
	for _, t := range p.c.Times {
		row := Step{What: steps[t.What], By: t.By, Scenario: "never", Real: "never", Before: "–"}
		if c := p.c.Compared; c != nil {
			if n := slices.IndexFunc(c.Rows, func(r scorecard.Row) bool { return r.What == scorecard.TimeTo+t.What }); n >= 0 {
				row.Before = c.Rows[n].Before + better(c.Rows[n].Better)
			}
		}
		if !t.At.IsZero() {
			row.Scenario, row.Real = scorecard.Short(t.Took.Scenario), scorecard.Short(t.Took.Real)
		}
		out = append(out, row)
	}
	return out
}

func (p *page) reports() []Report {
	var out []Report
	for _, r := range p.c.Reports {
		row := Report{Title: r.Title, Of: source(r.Source), Due: p.instant(r.DueAt), Sent: "not sent"}
		if len(p.s.Entities) > 1 {
			row.Of = r.Entity + ": " + row.Of
		}
		if r.DueAt.IsZero() {
			row.Due = "without undue delay"
		}
		if r.SubmittedAt != nil {
			row.Sent = p.instant(*r.SubmittedAt)
			if !r.RealAt.IsZero() {
				row.Sent += "\n" + p.clock(r.RealAt) + " in the room"
			}
		}
		switch {
		case r.SubmittedAt != nil && r.Late:
			row.Result, row.Bad = "LATE by "+scorecard.Short(-r.Margin), true
		case r.SubmittedAt != nil && r.Margin > 0:
			row.Result = "in time, " + scorecard.Short(r.Margin) + " before"
		case r.SubmittedAt != nil:
			row.Result = "sent"
		case r.State == incident.ClockOverdue:
			row.Result, row.Bad = "OVERDUE", true
		default:
			row.Result = "not yet due"
		}
		out = append(out, row)
	}
	return out
}

// source is the Union act of a citation that names the national one before it,
// by its short name.
func source(cited string) string {
	if _, union, ok := strings.Cut(cited, "; for "); ok {
		cited = union
	}
	return strings.NewReplacer("Directive (EU) 2022/2555", "NIS2 Directive", "Regulation (EU) 2016/679", "GDPR", "Regulation (EU) No 910/2014", "eIDAS").Replace(cited)
}

// notOwed is why no report was owed, if somebody decided so.
func (p *page) notOwed() string {
	for _, a := range p.e.Actions {
		if a.Do == scenario.Decide && a.Decision == incident.DecidedNotSignificant && !a.Undone {
			return "it was decided that the incident is not significant."
		}
	}
	return ""
}

var outcomes = map[scorecard.Outcome]string{
	scorecard.Met: "met", scorecard.Late: "LATE", scorecard.Missed: "MISSED", scorecard.Avoided: "avoided", scorecard.Violated: "DONE", scorecard.NotCounted: "not counted",
}

func (p *page) results() []Result {
	var out []Result
	for _, r := range p.c.Results {
		row := Result{What: upper(r.What), Weight: strconv.Itoa(r.Weight), Within: p.within(r), Scenario: "–", Real: "–", Result: outcomes[r.Outcome]}
		row.Bad = r.Outcome == scorecard.Late || r.Outcome == scorecard.Missed || r.Outcome == scorecard.Violated
		if !r.At.IsZero() {
			row.Scenario, row.Real = scorecard.Short(r.Took.Scenario), scorecard.Short(r.Took.Real)
			if r.At.Scenario.Before(r.Since.Scenario) {
				row.Scenario, row.Real = "before", "before"
			}
		}
		if r.Hinted {
			row.Result += ", after a hint"
		}
		out = append(out, row)
	}
	return out
}

func (p *page) within(r scorecard.Result) string {
	x, _ := p.s.Expect(r.ID)
	switch {
	case x.Never:
		return "never"
	case x.Before == scenario.DueAt:
		return "its deadline"
	case x.Before == scenario.TargetAt:
		return "the house's target"
	case x.Within > 0:
		return span(x.Within)
	}
	return "the end"
}

func (p *page) score() string {
	c := p.c
	return fmt.Sprintf("By weight, %d of %d were met in time and %d late, which counts half: %d\u00a0%%. Times run from the inject that calls for the action.", c.Points, c.Of, c.Late, c.Percent)
}

func (p *page) decisions() []Decision {
	var out []Decision
	for _, d := range p.c.Decisions {
		row := Decision{Question: d.Question, Choice: upper(d.Choice), Reason: d.Reason}
		if d.Choice != "" {
			row.By = fmt.Sprintf("%s, %s after the question in scenario time", d.By, scorecard.Short(d.Took.Scenario))
			if !p.e.Auto {
				row.By += ", " + scorecard.Short(d.Took.Real) + " in real time"
			}
		}
		out = append(out, row)
	}
	return out
}

func (p *page) gaps() []string {
	var out []string
	for _, g := range p.c.Gaps {
		s := g.Text
		if g.By != "" {
			s += " (" + g.By + ")"
		}
		out = append(out, s)
	}
	return out
}

func (p *page) remedies() []Remedy {
	now := p.dated()
	var out []Remedy
	for _, r := range p.e.Remediation {
		row := Remedy{ID: r.ID, Gap: r.Gap, Action: r.Action, Owner: r.Owner, Due: r.Due.Format("2 Jan 2006"), State: "open"}
		switch {
		case !r.Open():
			row.State = "closed " + r.Closed.Format("2 Jan 2006")
			if r.Outcome != "" {
				row.State += ": " + r.Outcome
			}
		case r.Overdue(now):
			row.State, row.Bad = "OVERDUE", true
		}
		if r.Exercise != p.e.ID {
			row.Gap += " (from " + r.Exercise + ")"
		}
		out = append(out, row)
	}
	return out
}

// compared sets the figures beside those of the exercise before.
func (p *page) compared() string {
	c := p.c.Compared
	if c == nil {
		return ""
	}
	when := c.EndedAt.Real
	if when.IsZero() {
		when = c.EndedAt.Scenario
	}
	out := fmt.Sprintf("The exercise before, %s of %s, played the same scenario.", c.Exercise, p.day(when))
	if !c.Same {
		out = fmt.Sprintf("The exercise before, %s of %s, played another scenario (%s): figures compare only roughly.", c.Exercise, p.day(when), c.Scenario)
	}
	for _, r := range c.Rows {
		if !strings.HasPrefix(r.What, scorecard.TimeTo) {
			out += fmt.Sprintf(" %s: %s then, %s now%s.", r.What, r.Before, r.Now, better(r.Better))
		}
	}
	return out
}

func better(n int) string {
	switch {
	case n > 0:
		return " (now better)"
	case n < 0:
		return " (now worse)"
	}
	return ""
}

func (p *page) answers() (given []Answer, none string) {
	var open []string
	for _, q := range p.s.Questions {
		a := Answer{Ask: q.Ask, About: q.About}
		for _, said := range p.e.Answers {
			if said.Question == q.ID {
				a.Said = append(a.Said, said.Text+" ("+said.By+")")
			}
		}
		if len(a.Said) == 0 {
			open = append(open, q.Ask)
			continue
		}
		given = append(given, a)
	}
	return given, strings.Join(open, " ")
}
