package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Recount is what the clocks are after a fact changed.
type Recount struct {
	Clocks []Clock `json:"clocks"`
	Law    Law     `json:"law"`
	// Moved are the clocks that were shown otherwise before, with both sets of instants.
	Moved []Moved `json:"moved,omitempty"`
}

// Moved is a clock whose instants changed.
type Moved struct {
	ClockID
	Was Instants `json:"was,omitzero"` // zero: it did not run
	Now Instants `json:"now,omitzero"` // zero: the report is no longer owed
}

// Instants are those of a clock.
type Instants struct {
	TargetAt       time.Time `json:"target_at"`
	DueAt          time.Time `json:"due_at"`
	OuterReadingAt time.Time `json:"outer_reading_at,omitzero"`
}

func (a Instants) equal(b Instants) bool {
	return a.TargetAt.Equal(b.TargetAt) && a.DueAt.Equal(b.DueAt) && a.OuterReadingAt.Equal(b.OuterReadingAt)
}

func (c *Clock) instants() Instants { return Instants{c.TargetAt, c.DueAt, c.OuterReadingAt} }

// recount computes the clocks anew, of an incident that was before as the facts are after.
func (r *Rules) recount(before, after *Incident) Recount {
	var re Recount
	re.Clocks, re.Law = r.clocks(after)
	for n := range re.Clocks {
		c := &re.Clocks[n]
		m := Moved{ClockID: c.ClockID, Now: c.instants()}
		if was, ok := before.Clock(c.ClockID); ok {
			m.Was = was.instants()
		}
		if !m.Was.equal(m.Now) {
			re.Moved = append(re.Moved, m)
		}
	}
	for n := range before.Clocks {
		was := &before.Clocks[n]
		if !was.Open() {
			continue // its record stays
		}
		if !slices.ContainsFunc(re.Clocks, func(c Clock) bool { return c.ClockID == was.ClockID }) {
			re.Moved = append(re.Moved, Moved{ClockID: was.ClockID, Was: was.instants()})
		}
	}
	return re
}

// recounted takes over newly computed clocks.
func (i *Incident) recounted(r Recount) {
	i.setClocks(r.Clocks)
	i.Warnings = r.Law.Warnings
}

// describe names the due instants on both sides of a changed fact.
func (r Recount) describe() string {
	if len(r.Moved) == 0 {
		return "no clock moves"
	}
	entities, regimes := map[string]bool{}, map[string]bool{}
	for _, c := range r.Clocks {
		entities[c.Entity], regimes[string(c.Regime)] = true, true
	}
	parts := make([]string, len(r.Moved))
	for n, m := range r.Moved {
		name := string(m.Stage)
		if len(regimes) > 1 {
			name = string(m.Regime) + "/" + name
		}
		if len(entities) > 1 {
			name = m.Entity + "/" + name
		}
		parts[n] = name + " " + m.describe()
	}
	return strings.Join(parts, ", ")
}

func (m Moved) describe() string {
	was, now := m.Was, m.Now
	switch {
	case now.equal(Instants{}):
		return "is no longer owed, before due " + utc(was.DueAt)
	case was.equal(Instants{}):
		return "due " + utc(now.DueAt)
	case now.DueAt.Equal(was.DueAt):
		return fmt.Sprintf("due %s as before", utc(now.DueAt))
	case now.DueAt.After(was.DueAt):
		return fmt.Sprintf("due %s, LATER than %s before", utc(now.DueAt), utc(was.DueAt))
	}
	return fmt.Sprintf("due %s, earlier than %s before", utc(now.DueAt), utc(was.DueAt))
}
