package evidence

import (
	"fmt"
	"slices"
	"time"
)

// Schedule is when an incident's evidence is captured.
type Schedule struct {
	// Offsets count from when the incident was opened; 0 is at once.
	Offsets []time.Duration
	// BeforeReport is how long before a report is due it is captured again; 0
	// for not.
	BeforeReport time.Duration
	// Before and After are the time of interest around detection.
	Before, After time.Duration
}

// DefaultSchedule is at once, when late lines have arrived (LK-10), and before
// each report.
func DefaultSchedule() Schedule {
	return Schedule{Offsets: []time.Duration{0, 15 * time.Minute}, BeforeReport: time.Hour, Before: 30 * time.Minute, After: time.Hour}
}

// Window is the time of interest for an incident detected then, as far as it
// has passed by now.
func (s Schedule) Window(detected, now time.Time) (from, to time.Time) {
	from, to = detected.Add(-s.Before), detected.Add(s.After)
	if to.After(now) {
		to = now
	}
	if !from.Before(to) { // a clock that runs behind: the least that can be asked
		from = to.Add(-time.Second)
	}
	return from, to
}

// State is what the record says of one incident's evidence.
type State struct {
	OpenedAt time.Time
	// Over is true when nothing more is captured: the incident is closed or not
	// reportable.
	Over    bool
	Reports []Report
	// Runs are in the order in which they were recorded.
	Runs []Run
}

// Report is one that is still owed.
type Report struct {
	Clock string    // unique in the incident, such as default/nis2/early_warning
	DueAt time.Time // may move
}

// Run is one run of one collector that was recorded.
type Run struct {
	Collector string
	Rounds    []string // that it stood for
	At        time.Time
	Retry     bool // it failed, and another try can help
}

// Task is a run that is due.
type Task struct {
	Collector string
	// Rounds are all that have passed since the last run: one run is for all of
	// them, so that a long absence is not made up for one by one.
	Rounds []string
	// Since is when it ought to have run.
	Since time.Time
	// Try counts from 1.
	Try int
}

// retries are the pauses before a collector is tried again that failed in a
// way that may pass. After the last it waits for the next round.
var retries = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}

// Due is which collectors ought to run now: those for which a round has passed
// that no run stood for, and those whose last run may be repeated. The result
// depends on the arguments alone. What is running is not recorded yet: the
// caller must not start it twice.
func Due(s Schedule, collectors []string, st State, now time.Time) []Task {
	var tasks []Task
	for _, name := range collectors {
		if t, at, ok := next(s, name, st, now); ok && !at.After(now) {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// Next is when [Due] will say something it does not say now; zero for never,
// as far as is known.
func Next(s Schedule, collectors []string, st State, now time.Time) time.Time {
	var soonest time.Time
	earlier := func(at time.Time) {
		if at.After(now) && (soonest.IsZero() || at.Before(soonest)) {
			soonest = at
		}
	}
	if st.Over {
		return soonest
	}
	for _, r := range s.rounds(st) {
		for _, name := range collectors {
			if !stood(st, name, r.name) {
				earlier(r.at)
			}
		}
	}
	for _, name := range collectors {
		if _, at, ok := next(s, name, st, now); ok {
			earlier(at)
		}
	}
	return soonest
}

// round is one time to capture everything.
type round struct {
	name string
	at   time.Time
}

// rounds are all of an incident, whenever they are.
func (s Schedule) rounds(st State) []round {
	var all []round
	for _, o := range s.Offsets {
		all = append(all, round{"+" + o.String(), st.OpenedAt.Add(o)})
	}
	if s.BeforeReport > 0 {
		for _, r := range st.Reports {
			at := r.DueAt.Add(-s.BeforeReport)
			if at.Before(st.OpenedAt) { // as good as at once
				at = st.OpenedAt
			}
			all = append(all, round{fmt.Sprintf("before %s", r.Clock), at})
		}
	}
	return all
}

// stood reports whether a run of the collector stood for the round.
func stood(st State, collector, name string) bool {
	return slices.ContainsFunc(st.Runs, func(r Run) bool { return r.Collector == collector && slices.Contains(r.Rounds, name) })
}

// next is the collector's task as it stands, and when it may begin: a round
// that has passed goes before another try.
func next(s Schedule, collector string, st State, now time.Time) (t Task, at time.Time, ok bool) {
	if st.Over {
		return t, at, false
	}
	t = Task{Collector: collector, Try: 1}
	for _, r := range s.rounds(st) {
		if r.at.After(now) || stood(st, collector, r.name) {
			continue
		}
		t.Rounds = append(t.Rounds, r.name)
		if t.Since.IsZero() || r.at.Before(t.Since) {
			t.Since = r.at
		}
	}
	if len(t.Rounds) > 0 {
		return t, t.Since, true
	}
	var last Run
	tries := 0 // of the last rounds
	for _, r := range st.Runs {
		switch {
		case r.Collector != collector:
		case tries > 0 && slices.Equal(r.Rounds, last.Rounds):
			last, tries = r, tries+1
		default:
			last, tries = r, 1
		}
	}
	if !last.Retry || tries == 0 || tries > len(retries) {
		return t, at, false
	}
	t.Rounds, t.Try = last.Rounds, tries+1
	t.Since = last.At.Add(retries[tries-1])
	return t, t.Since, true
}
