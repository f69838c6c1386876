// Package deadline is the deadline calculator: it reads what is known of an incident, from flags or from a file of
// vectors, has package regime count the clocks, and writes them as a table for a person or as JSON.
//
// It reads no clock and no environment. It never guesses: a time without an offset, a date that does not exist, an
// unknown key, zone, State or stage, and a question that needs law which is not known are refused, the last
// with an [UnsupportedError].
//
// Comments that say "regulation 2.3" cite the project's regulation reference.
package deadline

import (
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/holidays"
	"nis2clock/internal/regime"
)

// Question is what one calculation is asked about.
type Question struct {
	ID          string // of a vector; empty for flags
	Exercise    bool   // everything shown is marked so
	MemberState string // ISO 3166-1 alpha-2; of a vector it is a label, and changes no rule

	// State is the Member State whose overlay Regimes hold and whose holidays are in Place; nil if there is none.
	State *regime.State
	// Calendar is where those holidays come from; nil if there is none.
	Calendar *holidays.Calendar

	Regimes []regime.Regime
	Facts   regime.Facts // with detection or awareness, and no submissions: they are in Submitted

	// AwareFor is when the entity became aware of what one regime is about, where that is not Facts.AwareAt: of the breach
	// of personal data, for one.
	AwareFor  map[regime.ID]time.Time
	Submitted map[regime.ID]map[regime.StageID]regime.Submission

	Place    regime.Place  // with a zone
	Given    []regime.Date // those holidays of Place that the person who asks has named
	Warnings []string      // what the person who asked must know, a sentence each
}

// facts is what one regime sees of the incident.
func (q Question) facts(id regime.ID) regime.Facts {
	f := q.Facts
	f.Submitted = q.Submitted[id]
	if aware, ok := q.AwareFor[id]; ok {
		if f.DetectedAt.IsZero() {
			f.DetectedAt = f.AwareAt // the incident itself was known by then
		}
		f.AwareAt = aware
	}
	return f
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
		facts := q.facts(r.ID)
		if !r.Applies(facts, q.Place) {
			a.Warnings = append(a.Warnings, fmt.Sprintf("%s applies since %s, and this incident is older: no clock of it runs", r.Title, r.AppliesFrom))
		}
		clocks := r.Explained(facts, q.Place)
		a.Clocks = append(a.Clocks, clocks...)
		a.Warnings = append(a.Warnings, q.displaced(r)...)
		a.Warnings = append(a.Warnings, q.doubts(r, clocks)...)
	}
	return a
}

// displaced names the regimes asked for that do not bind an entity which r binds.
func (q Question) displaced(r regime.Regime) []string {
	var warnings []string
	for _, d := range r.Displaces {
		for _, other := range q.Regimes {
			if other.ID == d.Regime {
				warnings = append(warnings, fmt.Sprintf("an entity that reports under %s does not report under %s, %s: check which of "+
					"the two binds it, or ask for each entity of a group alone", r.Title, other.Title, d.Source))
			}
		}
	}
	return warnings
}

// doubts names facts which the count accepts, but which a slip of the pen would explain, and days on which a period ends although the
// authority may be closed.
func (q Question) doubts(r regime.Regime, clocks []regime.Clock) []string {
	facts := q.facts(r.ID)
	began := facts.DetectedAt
	if aware := facts.AwareAt; began.IsZero() || (!aware.IsZero() && aware.Before(began)) {
		began = aware
	}
	owed := map[regime.StageID]bool{}
	for _, c := range clocks {
		owed[c.Stage] = true
	}
	var doubts []string
	for _, s := range r.Stages {
		at := facts.Submitted[s.ID].LastAt()
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
	for _, fact := range []struct {
		what string
		at   time.Time
	}{
		{"the handling ended", facts.HandledAt},
		{"the impact ended", facts.ImpactEndedAt},
		{"the incident was classified", facts.ClassifiedAt},
	} {
		if !fact.at.IsZero() && fact.at.Before(began) {
			doubts = append(doubts, fact.what+" before the incident was detected: check the times")
		}
	}
	return append(doubts, q.closed(clocks)...)
}

// closed names days that are no public holidays, but on which the authority may be closed when a period of days or months ends.
func (q Question) closed(clocks []regime.Clock) []string {
	if q.Calendar == nil {
		return nil
	}
	var warnings []string
	seen := map[regime.Date]bool{}
	for _, c := range clocks {
		if c.OuterReadingAt.IsZero() {
			continue
		}
		local := c.OuterReadingAt.In(q.Place.Zone)
		last := regime.DateOf(local.Add(-time.Nanosecond)) // it is exclusive
		if regime.DateOf(local) != last && !seen[last] {   // it ends a day, as hours do by chance only
			warnings = append(warnings, q.Calendar.On(last)...)
		}
		seen[last] = true
	}
	return warnings
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
func (a Answer) submittedAt(c regime.Clock) time.Time { return a.Submitted[c.Regime][c.Stage].LastAt() }

func words(id regime.StageID) string { return strings.ReplaceAll(string(id), "_", " ") }

// sameNames returns an error if two of the regimes call different clocks by one name, so that one answer could not hold both.
func sameNames(regimes []regime.Regime) error {
	of := map[string]regime.ID{}
	for _, r := range regimes {
		for _, s := range r.Stages {
			if other, ok := of[s.ClockName]; ok && other != r.ID {
				return fmt.Errorf("%s and %s both have a clock called %s: ask for one of them at a time", other, r.ID, s.ClockName)
			}
			of[s.ClockName] = r.ID
		}
	}
	return nil
}

// UnsupportedError says that a question is well formed, but needs a regime that is not known.
// It is returned by [Flags.Question] and [Unsupported].
type UnsupportedError struct {
	What  string // the flag, or the vectors and what they need
	Known []regime.ID
}

func (e *UnsupportedError) Error() string {
	known := make([]string, len(e.Known))
	for i, id := range e.Known {
		known[i] = string(id)
	}
	return fmt.Sprintf("%s: the regimes known are %s", e.What, strings.Join(known, ", "))
}

func unsupported(law *regime.Set, format string, args ...any) *UnsupportedError {
	e := &UnsupportedError{What: fmt.Sprintf(format, args...)}
	for _, r := range law.Regimes() {
		e.Known = append(e.Known, r.ID)
	}
	return e
}
