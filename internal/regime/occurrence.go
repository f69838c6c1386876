package regime

import (
	"strconv"
	"strings"
)

// Nth names the n-th report of a stage that is owed more than once, from 1: "intermediate_report", "intermediate_report-2". The
// id of a stage in the data has no dash, so that no two are taken for one another.
func (s StageID) Nth(n int) StageID {
	if n <= 1 {
		return s
	}
	return s + StageID("-"+strconv.Itoa(n))
}

// Base is the id of the stage in the data, of which s is the first or a later report.
func (s StageID) Base() StageID {
	base, _, _ := strings.Cut(string(s), "-")
	return StageID(base)
}

// owed returns the clocks of one stage: as a rule one, or none; of one that an authority asks for, one for each request; of one that
// comes again, the next once the one before was submitted. Earlier are the clocks of the stages before it.
func (s Stage) owed(f Facts, p counting, earlier []Clock) []Clock {
	if s.Period.Unit == AsRequested {
		var clocks []Clock
		n := 0
		for _, r := range f.Requests {
			if r.Stage != "" && r.Stage != s.ID {
				continue
			}
			n++
			one := f
			one.Requests = []Request{r}
			if c, ok := s.first(one, p, earlier); ok {
				c.Stage, c.Name = s.ID.Nth(n), string(StageID(c.Name).Nth(n))
				clocks = append(clocks, c)
			}
		}
		return clocks
	}
	c, ok := s.first(f, p, earlier)
	if !ok {
		return nil
	}
	c.Stage = s.ID
	return append([]Clock{c}, s.again(c, f, p)...)
}

// first is the clock of the stage's first report; ok is false if it is not owed.
func (s Stage) first(f Facts, p counting, earlier []Clock) (_ Clock, ok bool) {
	c := s.Rule.count(f, p, earlier)
	if s.OnlyIf != "" && !s.OnlyIf.holds(f, c) {
		return Clock{}, false
	}
	for _, e := range s.Except {
		if e.If.holds(f, c) {
			c = e.Rule.count(f, p, earlier)
			break
		}
	}
	return c, !c.DueAt.IsZero()
}

// again returns the clocks of the later reports of a stage with [Stage.Again]. Each period runs from the instant at which the report
// before it was due, so that neither an early nor a late one moves those after it.
func (s Stage) again(c Clock, f Facts, p counting) []Clock {
	var clocks []Clock
	name := StageID(c.Name)
	for n := 2; s.Again.N > 0 && !c.Projected && !f.Submitted[c.Stage].LastAt().IsZero(); n++ {
		from := c.DueAt
		c.Stage, c.Name, c.StartedAt = s.ID.Nth(n), string(name.Nth(n)), from
		var how string
		c.TargetAt, c.How.Target = s.Again.conservative(c.TargetAt, p)
		c.DueAt, how = s.Again.conservative(from, p)
		c.How.Due = p.say("from the due instant of the one before at %s: %s", p.show(from), how)
		end := s.outer(s.Again, from, p)
		end.how = p.say("from the due instant of the one before at %s: %s", p.show(from), end.how)
		c.OuterReadingAt, c.How.Outer = s.relieve(end, p)
		if !f.HandledAt.IsZero() && !Late(c.DueAt, f.HandledAt) {
			break // handled before it fell due
		}
		clocks = append(clocks, c)
	}
	return clocks
}
