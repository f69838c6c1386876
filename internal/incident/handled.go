package incident

import "time"

// MarkHandled records that the handling of the incident ended.
type MarkHandled struct {
	Person
	ID ID
	At time.Time // now when zero
}

func (c MarkHandled) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	at := c.At.UTC()
	if c.At.IsZero() {
		at = d.now
	}
	switch {
	case !i.HandledAt.IsZero():
		return nil, refused("%s was handled at %s", i.ID, utc(i.HandledAt))
	case at.After(d.now):
		return nil, invalid("handled_at %s lies in the future", utc(at))
	case at.Before(i.DetectedAt):
		return nil, invalid("handled_at %s lies before detection at %s", utc(at), utc(i.DetectedAt))
	}
	after := *i
	after.HandledAt = at
	ev := Handled{Meta: c.metaFor(c.ID), HandledAt: at}
	ev.Clocks, ev.Law = r.clocks(&after)
	d.emit(ev)
	return c.ID, nil
}

// Handled records that the work on the incident is done, and what the clocks
// are since: an incident that was still open when the final report fell due
// owes a progress report instead, and the final one after handling.
type Handled struct {
	Meta
	HandledAt time.Time `json:"handled_at"`
	Clocks    []Clock   `json:"clocks"`
	Law       Law       `json:"law"`
}

func (Handled) Kind() string { return "incident.handled/v1" }

func (e Handled) Describe() string { return "handled at " + utc(e.HandledAt) }

func (ev Handled) applyTo(_ *State, i *Incident, _ Entry) {
	i.HandledAt = ev.HandledAt
	i.setClocks(ev.Clocks)
	if i.Status == Open {
		i.Status = StatusHandled
	}
}
