package regime

import (
	"strings"
	"time"
)

// Clock is a stage running for one incident. Instants are in UTC and zero where there is none; the due
// instants are exclusive (see [Late]).
type Clock struct {
	Regime ID
	Stage  StageID // of the second report of a stage and later ones, see [StageID.Nth]
	Name   string  // what the calculator calls it: the stage, but e.g. "final_after_handling" for a final report so counted

	Basis     Event     // what DueAt is counted from
	StartedAt time.Time // when that was; for a late notification, when it was due (regulation 2.3)

	// Projected says that the event which starts the period has not happened: DueAt is the target and
	// there is no outer reading. Nor is there one where the two readings count from different events and only
	// the one of the conservative reading has happened.
	Projected bool
	Awaits    Anchor // that event, of a projected clock

	TargetAt       time.Time // the regime's own period from detection: the house rule
	DueAt          time.Time // the conservative reading of the law
	OuterReadingAt time.Time // the outermost, contested reading: Regulation 1182/71 throughout

	Source     string // act, article, paragraph and point
	Confidence Confidence
	How        How // filled in by [Regime.Explained]
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

// Explained is [Regime.Clocks] with [Clock.How] filled in. It takes three times as long, which a storm of alerts
// does not have.
func (r Regime) Explained(f Facts, p Place) []Clock {
	return r.clocks(f, counting{p, true})
}

// Clocks returns the clocks that the regime runs on these facts, in the order of its stages. Without detection and
// awareness there are none, nor where the regime does not apply yet. A clock whose starting event is missing is projected. How is empty; see [Regime.Explained].
func (r Regime) Clocks(f Facts, p Place) []Clock { return r.clocks(f, counting{p, false}) }

func (r Regime) clocks(f Facts, p counting) []Clock {
	if _, at := f.since(FromDetection); at.IsZero() || !r.Applies(f, p.Place) {
		return nil
	}
	clocks := make([]Clock, 0, len(r.Stages))
	for n := range r.Stages {
		for _, c := range r.Stages[n].owed(f, p, clocks) {
			c.Regime = r.ID
			clocks = append(clocks, c)
		}
	}
	return clocks
}

// words is an anchor in a sentence.
func words(a Anchor) string { return spaced(a.String()) }

func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }
