package incident

import (
	"fmt"
	"strings"
	"time"
)

// BecomeAware records when the entity became aware that the incident is
// significant. It may lie before the alert; it never lies in the future.
type BecomeAware struct {
	Person
	ID     ID
	At     time.Time
	Who    string // the person who became aware; the sender when empty
	Reason string
}

func (c BecomeAware) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	at := c.At.UTC()
	switch {
	case c.At.IsZero():
		return nil, invalid("aware_at is missing: when was it clear that the incident is significant, as RFC 3339 with offset")
	case at.After(d.now):
		return nil, invalid("aware_at %s lies in the future", utc(at))
	case i.Aware != nil && i.Aware.At.Equal(at):
		return c.ID, nil
	case i.Aware != nil && strings.TrimSpace(c.Reason) == "":
		return nil, invalid("awareness is already recorded as %s: changing it needs a reason", utc(i.Aware.At))
	}
	who := c.Who
	if who == "" {
		who = c.By.Name
	}
	ev := Aware{Meta: c.metaFor(c.ID), Person: who, Reason: c.Reason, DetectedAt: i.DetectedAt, Redated: Redated{Now: at}}
	if i.Aware != nil {
		ev.Redated.Was = i.Aware.At
	}
	moved := *i
	moved.Aware = &Awareness{At: at}
	ev.Redated.Clocks, ev.Redated.Law = r.clocks(&moved)
	d.emit(ev)
	return c.ID, nil
}

// Aware records when the entity became aware that the incident is significant.
type Aware struct {
	Meta
	Person     string    `json:"person"`
	Reason     string    `json:"reason,omitzero"`
	Redated    Redated   `json:"redated"`
	DetectedAt time.Time `json:"detected_at"`
}

func (Aware) Kind() string { return "incident.aware/v1" }

func (e Aware) Describe() string {
	s := fmt.Sprintf("awareness recorded: %s became aware at %s", e.Person, utc(e.Redated.Now))
	if !e.Redated.Was.IsZero() {
		s += ", before recorded as " + utc(e.Redated.Was)
	}
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	return s + "; " + dues(e.Redated.Clocks)
}

// Awareness is when the entity became aware, as a person recorded it.
type Awareness struct {
	At     time.Time
	Person string
	Reason string
	Record Stamp
}

func (ev Aware) applyTo(_ *State, i *Incident, e Entry) {
	i.Aware = &Awareness{At: ev.Redated.Now, Person: ev.Person, Reason: ev.Reason, Record: Stamp{By: ev.By, At: e.At}}
	i.setClocks(ev.Redated.Clocks)
}
