package incident

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Year is how a retention of whole years is written as a duration: 365 days.
// Such a retention counts calendar years, so that "5 years after closure" ends
// on the same day of the fifth year.
const Year = 365 * 24 * time.Hour

// What auditors and supervisors commonly ask for at least; no single EU act
// sets these figures, and a Member State may ask for more.
const (
	MinLogs    = Year     // raw logs, and suspicious events: 12 months
	MinRecords = 5 * Year // incident files, submissions, reviews and exercises, after closure
)

// RetentionPolicy is how long entries are kept, by class. Zero keeps a class
// for good.
type RetentionPolicy struct {
	// Logs is for what belongs to no incident, counted from the entry.
	Logs time.Duration
	// Events is for suspicious events that became no incident, counted from
	// their last entry: from the assessment, unless something was added to it.
	Events time.Duration
	// Incidents is for incident files with their submissions and reviews,
	// Exercises for those of exercises; both are counted from closure.
	Incidents, Exercises time.Duration
}

// DefaultRetention keeps at least what is commonly asked for.
func DefaultRetention() RetentionPolicy {
	return RetentionPolicy{Logs: 400 * 24 * time.Hour, Events: 400 * 24 * time.Hour, Incidents: MinRecords, Exercises: MinRecords}
}

// Classes of what is kept.
const (
	ClassLogs      = "logs"
	ClassIncidents = "incidents"
	ClassExercises = "exercises"
)

// Candidate is something whose retention has run out.
type Candidate struct {
	Class string
	// Incident is the incident or the suspicious event. It is empty for logs;
	// Subject then says what they are.
	Incident ID
	Subject  string
	// Entries are those that still have their payload, in order; at least one.
	Entries []uint64
	From    time.Time // of the first entry
	To      time.Time // of the last
	// ExpiredAt is when the retention ran out; for logs, that of the last entry.
	ExpiredAt time.Time
	// Kept says why it stays all the same; empty when it can go.
	Kept string
}

// expiry is when something that counts from since is not to be kept any longer.
func expiry(since time.Time, keep time.Duration) time.Time {
	if keep%Year == 0 {
		return since.UTC().AddDate(int(keep/Year), 0, 0)
	}
	return since.Add(keep)
}

// Expired lists whose retention has run out at now, incidents in the order they
// were opened, then suspicious events, and then logs by subject. Those with [Candidate.Kept] stay: a
// legal hold, a report that is owed, or an incident they share a body with.
// What is not closed is never listed. Erasing any of the others changes nothing
// in the state but them.
func Expired(s *State, p RetentionPolicy, now time.Time) []Candidate {
	var out []Candidate
	for _, id := range s.order {
		i := s.incidents[id]
		class, keep := ClassIncidents, p.Incidents
		if i.Exercise {
			class, keep = ClassExercises, p.Exercises
		}
		if i.Status != StatusClosed || keep == 0 || expiry(i.ClosedAt, keep).After(now) {
			continue
		}
		entries := s.present(i.Entries)
		if len(entries) == 0 {
			continue
		}
		c := s.candidate(class, entries)
		c.Incident, c.ExpiredAt, c.Kept = id, expiry(i.ClosedAt, keep), i.protected()
		out = append(out, c)
	}
	s.keepTogether(out)
	out = append(out, s.expiredEvents(p, now)...)
	if p.Logs > 0 {
		out = append(out, s.expiredLogs(p.Logs, now)...)
	}
	return out
}

func (s *State) candidate(class string, entries []uint64) Candidate {
	return Candidate{Class: class, Entries: entries, From: s.catalog.time(entries[0]), To: s.catalog.time(entries[len(entries)-1])}
}

// present are those of the entries that have their payload.
func (s *State) present(entries []uint64) []uint64 {
	return slices.DeleteFunc(slices.Clone(entries), s.catalog.erased)
}

// protected says why nothing of the incident may be erased; empty when it may.
func (i *Incident) protected() string {
	var why []string
	if i.Held != nil {
		why = append(why, fmt.Sprintf("legal hold by %s since %s: %s", i.Held.By.Name, utc(i.Held.At), i.Held.Reason))
	}
	var owed []string
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Open() {
			owed = append(owed, c.ClockID.String())
		}
	}
	if len(owed) > 0 {
		why = append(why, "its clocks run: it still owes "+strings.Join(owed, ", "))
	}
	if i.Status != StatusClosed {
		why = append(why, "it is not closed")
	}
	return strings.Join(why, "; ")
}

// keepTogether keeps every candidate that came in a body with an incident which
// stays: erasing one would take the other's evidence, or leave its own text
// there.
func (s *State) keepTogether(all []Candidate) {
	goes := map[ID]bool{}
	for _, c := range all {
		goes[c.Incident] = c.Kept == ""
	}
	for again := true; again; {
		again = false
		for n := range all {
			c := &all[n]
			if c.Kept != "" {
				continue
			}
			if other := s.staysBeside(c.Incident, func(id ID) bool { return goes[id] }); other != "" {
				c.Kept = "it came in the same webhook body as " + string(other) + ", which stays"
				goes[c.Incident], again = false, true
			}
		}
	}
}

// staysBeside is an incident that came in a body with this one and does not go
// with it; empty when there is none.
func (s *State) staysBeside(id ID, goes func(ID) bool) ID {
	for _, b := range s.incidents[id].bodies {
		for _, other := range b.incidents {
			if i := s.incidents[other]; !goes(other) && i != nil && !i.Erased {
				return other
			}
		}
	}
	return ""
}

// expiredLogs are the entries about the service that are older than keep, but
// for those the state rests on.
func (s *State) expiredLogs(keep time.Duration, now time.Time) []Candidate {
	c := &s.catalog
	end := uint64(sort.Search(len(c.at), func(n int) bool { return expiry(c.time(uint64(n)), keep).After(now) }))
	subjects := make([]string, len(c.kind.all)) // by kind; empty for those that stay
	for n, kind := range c.kind.all {
		if ev, ok := blank(kind).(loggedEvent); ok {
			subjects[n] = ev.logged()
		}
	}
	needed, found := s.needed(end), map[string][]uint64{}
	for seq := range end {
		subject := subjects[c.kinds[seq]]
		if subject == refusals && s.incidentOf(seq) != nil {
			continue // it goes with the incident
		}
		if subject != "" && subject != messages && !c.erased(seq) && !needed[seq] {
			found[subject] = append(found[subject], seq)
		}
	}
	for _, entries := range s.roots.messages { // others of these kinds belong to incidents
		if !needed[entries[0]] {
			found[messages] = append(found[messages], entries...)
		}
	}
	var out []Candidate
	for _, subject := range sortedKeys(found) {
		slices.Sort(found[subject])
		next := s.candidate(ClassLogs, found[subject])
		next.Subject, next.ExpiredAt = subject, expiry(next.To, keep)
		out = append(out, next)
	}
	return out
}
