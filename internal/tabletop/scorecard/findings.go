package scorecard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/tabletop/scenario"
)

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
