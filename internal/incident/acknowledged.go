package incident

// Acknowledge records that somebody has seen the incident. A repeat, by
// anyone, changes nothing, unless people were woken again since: then it
// answers that.
type Acknowledge struct {
	Person
	ID ID
}

func (c Acknowledge) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err == nil && !done && (i.Acknowledged == nil || i.unanswered()) {
		d.emit(Acknowledged{c.metaFor(c.ID)})
	}
	return c.ID, err
}

// Acknowledged is a person's sign of having seen the incident, and what woke
// people about it until then. The first is kept.
type Acknowledged struct{ Meta }

func (Acknowledged) Kind() string { return "incident.acknowledged/v1" }

func (Acknowledged) Describe() string { return "acknowledged; this stops no clock" }

func (ev Acknowledged) applyTo(_ *State, i *Incident, e Entry) {
	if i.Acknowledged == nil {
		i.Acknowledged = &Stamp{By: ev.By, At: e.At}
	}
	i.AnsweredAt = e.At
}
