package incident

import "time"

// Acknowledge records that somebody has seen the incident. A repeat, by
// anyone, changes nothing, unless people were woken again since: then it
// answers that.
type Acknowledge struct {
	Person
	ID ID
}

func (c Acknowledge) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err == nil && !done && (i.Acknowledged == nil || i.Unanswered(d.now)) {
		d.emit(Acknowledged{Meta: c.metaFor(c.ID)})
	}
	return c.ID, err
}

// Acknowledged is a person's sign of having seen the incident, and what woke
// people about it until then. The first is kept.
type Acknowledged struct {
	Meta
	// At is when it was done, where word of it came later; zero for the entry's
	// time.
	At time.Time `json:"at,omitzero"`
}

func (Acknowledged) Kind() string { return "incident.acknowledged/v1" }

func (Acknowledged) Describe() string { return "acknowledged; this stops no clock" }

func (ev Acknowledged) applyTo(_ *State, i *Incident, e Entry) {
	at := e.At
	if !ev.At.IsZero() {
		at = ev.At
	}
	if i.Acknowledged == nil {
		i.Acknowledged = &Stamp{By: ev.By, At: at}
	}
	if at.After(i.AnsweredAt) {
		i.AnsweredAt = at
	}
}
