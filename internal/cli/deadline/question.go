// Package deadline is the deadline calculator: it reads what is known of an incident, from flags or from a file of
// vectors, has package regime count the clocks, and writes them as a table for a person or as JSON.
//
// It reads no clock and no environment. It never guesses: a time without an offset, a date that does not exist, an
// unknown key, zone, State or stage, and a question that needs law which is not built in are refused, the last
// with an [UnsupportedError].
//
// Comments that say "regulation 2.3" cite the project's regulation reference.
package deadline

import (
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// Question is what one calculation is asked about.
type Question struct {
	ID          string // of a vector; empty for flags
	Exercise    bool   // everything shown is marked so
	MemberState string // ISO 3166-1 alpha-2; a label, it changes no rule
	Regimes     []regime.Regime
	Facts       regime.Facts // with detection, awareness or both
	Place       regime.Place // with a zone
	Warnings    []string     // what the person who asked must know, a sentence each
}

// Answer is a question with the clocks that run on its facts, regime by regime in the order of their stages.
type Answer struct {
	Question
	Clocks []regime.Clock
}

// Answer counts the clocks, and adds warnings about facts that look mistaken.
func (q Question) Answer() Answer {
	a := Answer{Question: q}
	a.Warnings = append([]string(nil), q.Warnings...)
	for _, r := range q.Regimes {
		clocks := r.Clocks(q.Facts, q.Place)
		a.Clocks = append(a.Clocks, clocks...)
		a.Warnings = append(a.Warnings, q.doubts(r, clocks)...)
	}
	return a
}

// doubts names facts which the count accepts, but which a slip of the pen would explain.
func (q Question) doubts(r regime.Regime, clocks []regime.Clock) []string {
	began := q.Facts.DetectedAt
	if aware := q.Facts.AwareAt; began.IsZero() || (!aware.IsZero() && aware.Before(began)) {
		began = aware
	}
	owed := map[regime.StageID]bool{}
	for _, c := range clocks {
		owed[c.Stage] = true
	}
	var doubts []string
	for _, s := range r.Stages {
		at := q.Facts.Submitted[s.ID].LastAt()
		if at.IsZero() {
			continue
		}
		if at.Before(began) {
			doubts = append(doubts, fmt.Sprintf("the %s was submitted before the incident was detected: check the times", words(s.ID)))
		}
		if !owed[s.ID] {
			doubts = append(doubts, fmt.Sprintf("a %s was submitted, but on these facts none is owed", words(s.ID)))
		}
	}
	if at := q.Facts.HandledAt; !at.IsZero() && at.Before(began) {
		doubts = append(doubts, "the handling ended before the incident was detected: check the times")
	}
	return doubts
}

// title is what the regime calls the report that a clock is for.
func (a Answer) title(c regime.Clock) string {
	for _, r := range a.Regimes {
		if s, ok := r.Stage(c.Stage); ok && r.ID == c.Regime {
			return s.Title
		}
	}
	return c.Name
}

// submittedAt is the instant on which the lateness of a clock's report is judged, zero if it was not submitted.
func (a Answer) submittedAt(c regime.Clock) time.Time { return a.Facts.Submitted[c.Stage].LastAt() }

func words(id regime.StageID) string { return strings.ReplaceAll(string(id), "_", " ") }

// UnsupportedError says that a question is well formed, but needs law that is not built in: a Member State's
// overlay or another regime. It is returned by [Flags.Question] and [Unsupported].
type UnsupportedError struct {
	What  string // the flag, or the vectors and what they need
	Known []regime.ID
}

func (e *UnsupportedError) Error() string {
	known := make([]string, len(e.Known))
	for i, id := range e.Known {
		known[i] = string(id)
	}
	return fmt.Sprintf("%s: this version knows only %s without a Member State's overlay", e.What, strings.Join(known, ", "))
}

func unsupported(law *regime.Set, format string, args ...any) *UnsupportedError {
	e := &UnsupportedError{What: fmt.Sprintf(format, args...)}
	for _, r := range law.Regimes() {
		e.Known = append(e.Known, r.ID)
	}
	return e
}
