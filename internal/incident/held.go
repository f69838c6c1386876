package incident

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// HeldExercise is a tabletop exercise that people held, as the real service
// knows it: from the write-up that somebody handed in.
type HeldExercise struct {
	Exercise string `json:"exercise"` // its id
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	// EndedAt is real time. People took part, confirmed by themselves.
	EndedAt time.Time `json:"ended_at"`
	People  int       `json:"people"`
	// SHA256 is of the write-up's JSON, in hex.
	SHA256      string   `json:"sha256"`
	Remediation []Remedy `json:"remediation"`
}

// Remedy is a line of an exercise's remediation register.
type Remedy struct {
	ID     string `json:"id"` // unique in the house, such as R-2026-0003
	Gap    string `json:"gap"`
	Action string `json:"action"`
	Owner  string `json:"owner"`
	// Due is a day, midnight UTC.
	Due      time.Time `json:"due"`
	ClosedAt time.Time `json:"closed_at,omitzero"` // zero while it is open
	Outcome  string    `json:"outcome,omitzero"`
}

// Open reports whether it is still to be done.
func (r Remedy) Open() bool { return r.ClosedAt.IsZero() }

// RecordHeldExercise takes over an exercise's result from its write-up. One that
// was recorded before, by its SHA256, changes nothing.
type RecordHeldExercise struct {
	Person
	Held HeldExercise
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c RecordHeldExercise) decide(r *Rules, d *decision) (any, error) {
	h := c.Held
	switch {
	case r.Exercise:
		return nil, refused("this is an exercise's journal: record it with the real service")
	case h.Exercise == "" || h.EndedAt.IsZero() || !sha256Hex.MatchString(h.SHA256):
		return nil, invalid("this is no write-up of an exercise that ended")
	case h.People == 0:
		return nil, refused("nobody confirmed to have taken part in %s: a rehearsal is no exercise, and resets no date", h.Exercise)
	case h.EndedAt.After(d.now):
		return nil, invalid("%s ended at %s, which lies in the future", h.Exercise, utc(h.EndedAt))
	}
	if _, done, err := c.repeated(d); err != nil || done {
		return nil, err
	}
	for _, was := range d.s.held {
		switch {
		case was.SHA256 == h.SHA256:
			return nil, nil
		case was.Exercise == h.Exercise:
			return nil, refused("%s is recorded with another write-up, of SHA-256 %s", h.Exercise, was.SHA256)
		}
	}
	h.EndedAt, h.Remediation = h.EndedAt.UTC(), slices.DeleteFunc(slices.Clone(h.Remediation), func(m Remedy) bool { return d.s.remedy(m.ID) != nil })
	d.emit(ExerciseHeld{Meta: c.metaFor(""), Held: h})
	return nil, nil
}

// ExerciseHeld says that a tabletop exercise was held.
type ExerciseHeld struct {
	Meta
	Held HeldExercise `json:"held"`
}

func (ExerciseHeld) Kind() string { return "exercise.held/v1" }

func (ExerciseHeld) lasting() string { return "that an exercise was held" }

func (e ExerciseHeld) Describe() string {
	return "recorded the tabletop exercise " + e.Held.Exercise + " (" + e.Held.Title + "), ended " + utc(e.Held.EndedAt) + ", write-up SHA-256 " + e.Held.SHA256
}

func (ev ExerciseHeld) apply(s *State, _ Entry) {
	h := ev.Held
	h.Remediation = slices.Clone(h.Remediation) // closing one changes it
	s.held = append(s.held, h)
}

// CloseRemedy ends a line of the remediation register.
type CloseRemedy struct {
	Person
	Remedy, Outcome string
}

func (c CloseRemedy) decide(_ *Rules, d *decision) (any, error) {
	if _, done, err := c.repeated(d); err != nil || done {
		return nil, err
	}
	m := d.s.remedy(c.Remedy)
	switch {
	case m == nil:
		return nil, refused("there is no remediation item %s: nis2clock tabletop register lists them", c.Remedy)
	case !m.Open():
		return nil, refused("%s was closed on %s: %s", m.ID, utc(m.ClosedAt), m.Outcome)
	case strings.TrimSpace(c.Outcome) == "":
		return nil, invalid("a remediation item is closed with its outcome: say what was done")
	}
	d.emit(RemedyClosed{Meta: c.metaFor(""), Remedy: c.Remedy, Outcome: c.Outcome})
	return nil, nil
}

// RemedyClosed says that a line of the remediation register is done.
type RemedyClosed struct {
	Meta
	Remedy  string `json:"remedy"`
	Outcome string `json:"outcome"`
}

func (RemedyClosed) Kind() string { return "exercise.remedy_closed/v1" }

func (RemedyClosed) lasting() string { return "what was done about what an exercise showed" }

func (e RemedyClosed) Describe() string {
	return "closed remediation item " + e.Remedy + ": " + e.Outcome
}

func (ev RemedyClosed) apply(s *State, e Entry) {
	if m := s.remedy(ev.Remedy); m != nil {
		m.ClosedAt, m.Outcome = e.At, ev.Outcome
	}
}

// remedy finds a line of the register; nil for none.
func (s *State) remedy(id string) *Remedy {
	for n := range s.held {
		for k := range s.held[n].Remediation {
			if m := &s.held[n].Remediation[k]; m.ID == id {
				return m
			}
		}
	}
	return nil
}

// HeldExercises are those that were recorded, in the order of their end.
func (s *State) HeldExercises() []HeldExercise {
	out := slices.Clone(s.held)
	for n := range out {
		out[n].Remediation = slices.Clone(out[n].Remediation)
	}
	slices.SortStableFunc(out, func(a, b HeldExercise) int { return a.EndedAt.Compare(b.EndedAt) })
	return out
}

// ExerciseDue is when the next exercise should have been held, period after the
// last or, without one, after the journal began; zero while there is no entry.
func (s *State) ExerciseDue(period time.Duration) (due time.Time, last *HeldExercise) {
	held := s.HeldExercises()
	switch {
	case len(held) > 0:
		last = &held[len(held)-1]
		return last.EndedAt.Add(period), last
	case s.Size > 0:
		return s.catalog.time(0).Add(period), nil
	}
	return time.Time{}, nil
}
