package regime

import (
	"fmt"
	"strings"
	"time"
)

// Clock is a stage running for one incident. Instants are in UTC and zero where there is none; the due
// instants are exclusive (see [Late]).
type Clock struct {
	Regime ID
	Stage  StageID
	Name   string // what the calculator calls it: the stage, but e.g. "final_after_handling" for a final report so counted

	Basis     Event     // what DueAt is counted from
	StartedAt time.Time // when that was; for a late notification, when it was due (regulation 2.3)

	// Projected says that the event which starts the period has not happened: DueAt is the target and
	// there is no outer reading.
	Projected bool

	TargetAt       time.Time // the regime's own period from detection: the house rule
	DueAt          time.Time // the conservative reading of the law
	OuterReadingAt time.Time // the outermost, contested reading: Regulation 1182/71 throughout

	Source     string // act, article, paragraph and point
	Confidence Confidence
	How        How
}

// How says in one sentence each how the instants of a clock were counted, for the person who checks them.
// Outer is empty where there is no outer reading.
type How struct{ Target, Due, Outer string }

// AlarmAt is the instant that reminders go by: the earlier of the target and the due instant.
func (c Clock) AlarmAt() time.Time { return earliest(c.TargetAt, c.DueAt) }

// Late reports whether something that happened at that instant was late. Due instants are exclusive: at the due
// instant it is late (regulation 2.3). Nothing is late where there is no due instant. Judge a submission
// by [Submission.LastAt]; a zero instant, nothing submitted, is not late.
func Late(dueAt, at time.Time) bool { return !dueAt.IsZero() && !at.Before(dueAt) }

// Overdue reports whether a report not yet submitted is overdue: whether it would be late if submitted now.
func Overdue(dueAt, now time.Time) bool { return Late(dueAt, now) }

// Clocks returns the clocks that the regime runs on these facts, in the order of its stages. Without detection and
// awareness there are none. A clock whose starting event is missing is projected.
func (r Regime) Clocks(f Facts, p Place) []Clock {
	if _, at := f.since(FromDetection); at.IsZero() {
		return nil
	}
	var clocks []Clock
	for _, s := range r.Stages {
		c := s.Rule.count(f, p, clocks)
		if s.OnlyIf != "" && !s.OnlyIf.holds(f, c) {
			continue
		}
		for _, e := range s.Except {
			if e.If.holds(f, c) {
				c = e.Rule.count(f, p, clocks)
				break
			}
		}
		c.Regime, c.Stage = r.ID, s.ID
		clocks = append(clocks, c)
	}
	return clocks
}

// count computes the three instants of a rule; earlier are the clocks of the stages before it.
func (r Rule) count(f Facts, p Place, earlier []Clock) Clock {
	c := Clock{Name: r.ClockName, Source: r.Source, Confidence: r.Confidence}

	detection, detectedAt := f.since(FromDetection)
	var how string
	c.TargetAt, how = r.Period.conservative(detectedAt, p)
	c.How.Target = fmt.Sprintf("from %s at %s: %s", detection, p.show(detectedAt), how)

	s := r.start(f, earlier)
	if s.conservative.IsZero() {
		c.Projected = true
		c.Basis, c.StartedAt = detection, detectedAt.UTC()
		c.DueAt = c.TargetAt
		c.How.Due = fmt.Sprintf("projected, the target stands in: no %s yet", words(r.Anchor))
		return c
	}
	c.Basis, c.StartedAt = s.event, s.conservative.UTC()
	c.DueAt, how = r.Period.conservative(s.conservative, p)
	c.How.Due = fmt.Sprintf("from %s at %s: %s", s.words, p.show(s.conservative), how)
	c.OuterReadingAt, how = r.Period.outer(s.outer, p)
	c.How.Outer = fmt.Sprintf("from %s at %s: %s", s.outerWords, p.show(s.outer), how)
	return c
}

// start is where a period begins by each reading; zero instants if it has not begun.
type start struct {
	event               Event
	conservative, outer time.Time
	words, outerWords   string
}

// start finds the event that the rule is counted from.
//
// From a submission, the conservative reading takes the earliest of the two records of it and, so that
// lateness earns no time, of the due instant of the submitted report itself; the outer reading takes the
// submission as it was completed (regulation 2.3).
func (r Rule) start(f Facts, earlier []Clock) start {
	if r.Anchor.Event != FromSubmission {
		event, at := f.since(r.Anchor.Event)
		return start{event, at, at, string(event), string(event)}
	}
	sent := f.Submitted[r.Anchor.Stage]
	s := start{FromSubmission, sent.FirstAt(), sent.LastAt(), words(r.Anchor), words(r.Anchor)}
	if s.conservative.IsZero() {
		return s
	}
	for _, c := range earlier {
		if c.Stage == r.Anchor.Stage && !c.Projected && Late(c.DueAt, s.conservative) {
			s.conservative = c.DueAt
			s.words = fmt.Sprintf("the due instant of the late %s", strings.ReplaceAll(string(c.Stage), "_", " "))
		}
	}
	return s
}

// words is an anchor in a sentence.
func words(a Anchor) string { return strings.ReplaceAll(a.String(), "_", " ") }
