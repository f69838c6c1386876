package regime

import (
	"fmt"
	"regexp"
	"time"
)

// Rule says how long a report may take at most, and from when.
type Rule struct {
	ClockName string // what the calculator calls a clock under this rule, e.g. "final_after_handling"
	Period    Period
	Anchor    Anchor

	// ConservativeAnchor is a second event that the conservative reading counts from where it came first, for a text
	// that leaves open which is meant; the zero value is none. The outer reading never does.
	ConservativeAnchor Anchor

	// NoLaterThan ends the period earlier, unless it has passed before the period began; nil is none. Delegated Regulation
	// (EU) 2025/301 Art. 5(1)(a), (2): 4 hours from classification, but no later than 24 hours from awareness.
	NoLaterThan *Limit

	// Relief is the time of day of the next working day, since midnight, until which the outer reading lets a report be sent
	// that falls due on a Saturday, Sunday or holiday; 0 is none. Delegated Regulation (EU) 2025/301 Art. 5(4).
	Relief time.Duration

	// ExactHours says that national law counts hours from minute to minute, so that the outer reading drops no clock hour
	// (regulation 2.3).
	ExactHours bool

	Source     string // act, article, paragraph and point
	Confidence Confidence
}

// count computes the three instants of a rule; earlier are the clocks of the stages before it.
func (r Rule) count(f Facts, p counting, earlier []Clock) Clock {
	c := Clock{Name: r.ClockName, Source: r.Source, Confidence: r.Confidence}
	if r.Period.Unit == AsRequested {
		var asked Request
		if len(f.Requests) > 0 {
			asked = f.Requests[0]
		}
		c.Basis, c.StartedAt = FromRequest, asked.At.UTC()
		at := asked.DueAt.UTC()
		c.TargetAt, c.DueAt, c.OuterReadingAt = at, at, at
		const how = "the date that the authority's request sets"
		c.How = How{how, how, how}
		return c
	}

	detection, detectedAt := f.since(FromDetection)
	var how string
	c.TargetAt, how = r.Period.conservative(detectedAt, p)
	if p.explain {
		c.How.Target = p.say("from %s at %s: %s", detection, p.show(detectedAt), how)
	}

	s := r.start(f, earlier)
	if s.conservative.IsZero() {
		c.Projected, c.Awaits = true, r.Anchor
		c.Basis, c.StartedAt = detection, detectedAt.UTC()
		c.DueAt = c.TargetAt
		if p.explain {
			c.How.Due = p.say("projected, the target stands in: no %s yet", words(r.Anchor))
		}
		return c
	}
	c.Basis, c.StartedAt = s.event, s.conservative.UTC()
	c.DueAt, how = r.Period.conservative(s.conservative, p)
	if p.explain {
		c.How.Due = p.say("from %s at %s: %s", s.words, p.show(s.conservative), how)
	}
	if s.outer.IsZero() {
		c.How.Outer = p.say("none: no %s yet", words(r.Anchor))
		return c
	}
	outer := r.outer(r.Period, s.outer, p)
	if p.explain {
		outer.how = p.say("from %s at %s: %s", s.outerWords, p.show(s.outer), outer.how)
	}
	if r.NoLaterThan != nil {
		outer = r.limit(&c, outer, f, p, earlier)
	}
	c.OuterReadingAt, c.How.Outer = r.relieve(outer, p)
	return c
}

// limit ends the conservative reading of the clock at [Rule.NoLaterThan] where that is the earlier, and returns where the outer reading
// ends. A limit that had passed when the period began no longer applies; the conservative reading of it decides that for both.
func (r Rule) limit(c *Clock, outer ending, f Facts, p counting, earlier []Clock) ending {
	l := *r.NoLaterThan
	s := l.Anchor.start(f, earlier)
	if s.conservative.IsZero() {
		return outer
	}
	due, how := l.Period.conservative(s.conservative, p)
	if Late(due, c.StartedAt) {
		c.How.Due += p.say("; %s had passed by then", l)
		return outer
	}
	if due.Before(c.DueAt) {
		c.Basis, c.StartedAt, c.DueAt = s.event, s.conservative.UTC(), due
		c.How.Due = p.say("no later than from %s at %s: %s", s.words, p.show(s.conservative), how)
	}
	if end := r.outer(l.Period, s.outer, p); end.at.Before(outer.at) {
		end.how = p.say("no later than from %s at %s: %s", s.outerWords, p.show(s.outer), end.how)
		return end
	}
	return outer
}

// ending is where a period ends by the outer reading, before any relief.
type ending struct {
	at   time.Time
	last Date // the day on which it ends, before it moves for weekends and holidays
	how  string
}

// outer ends a period of the rule by the outer reading.
func (r Rule) outer(period Period, from time.Time, p counting) ending {
	var e ending
	switch {
	case period.Unit != Hours:
		e.at, e.how = period.outer(from, p)
		e.last = period.lastDay(DateOf(from.In(p.zone())), p)
		return e
	case r.ExactHours:
		e.at, e.how = period.conservative(from, p)
		if p.explain {
			e.how += ", as national law counts hours from minute to minute"
		}
	default:
		e.at, e.how = period.outer(from, p)
	}
	// The end is exclusive, so that a period that ends at midnight ends on the day that is over then.
	e.last = DateOf(e.at.Add(-time.Nanosecond).In(p.zone()))
	return e
}

// relieve moves an end on a Saturday, Sunday or holiday as [Rule.Relief] says, and says how.
func (r Rule) relieve(e ending, p counting) (time.Time, string) {
	if r.Relief == 0 {
		return e.at, e.how
	}
	working := p.nextWorking(e.last)
	if working == e.last {
		return e.at, e.how
	}
	until := p.at(time.Date(working.Year, working.Month, working.Day, 0, 0, 0, 0, time.UTC).Add(r.Relief))
	return until.UTC(), p.say("%s; but %s is no working day, so until %s, the relief for weekends and holidays", e.how, e.last, p.show(until))
}

// start is where a period begins by each reading; zero instants if it has not begun.
type start struct {
	event               Event
	conservative, outer time.Time
	words, outerWords   string
}

// start finds the event that the rule is counted from.
func (r Rule) start(f Facts, earlier []Clock) start {
	s := r.Anchor.start(f, earlier)
	if r.ConservativeAnchor == (Anchor{}) {
		return s
	}
	if c := r.ConservativeAnchor.start(f, earlier); earliest(s.conservative, c.conservative).Equal(c.conservative) && !c.conservative.IsZero() {
		s.event, s.conservative, s.words = c.event, c.conservative, c.words
	}
	return s
}

// start finds when the event happened.
//
// From a submission, the conservative reading takes the earliest of the two records of it and, unless the actual
// submission counts, of the due instant of the submitted report itself; the outer reading takes the submission as
// it was completed (regulation 2.3).
func (a Anchor) start(f Facts, earlier []Clock) start {
	if a.Event != FromSubmission {
		event, at := f.since(a.Event)
		name := words(Anchor{Event: event})
		return start{event, at, at, name, name}
	}
	sent := f.Submitted[a.Stage]
	name := words(Anchor{Event: FromSubmission, Stage: a.Stage})
	s := start{FromSubmission, sent.FirstAt(), sent.LastAt(), name, name}
	if s.conservative.IsZero() || a.Actual {
		return s
	}
	for _, c := range earlier {
		if c.Stage == a.Stage && !c.Projected && Late(c.DueAt, s.conservative) {
			s.conservative = c.DueAt
			s.words = fmt.Sprintf("the due instant of the late %s", spaced(string(c.Stage)))
		}
	}
	return s
}

var reliefForm = regexp.MustCompile(`^(\d\d:\d\d) of the next working day$`)

// parseRelief reads such as "12:00 of the next working day".
func parseRelief(s string) (time.Duration, error) {
	if m := reliefForm.FindStringSubmatch(s); m != nil {
		if t, err := time.Parse("15:04", m[1]); err == nil {
			since := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
			if since > 0 {
				return since, nil
			}
		}
	}
	return 0, fmt.Errorf(`bad relief %q: want such as "12:00 of the next working day"`, s)
}
