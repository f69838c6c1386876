package incident

// Acknowledge records that somebody has seen the incident. A repeat, by
// anyone, changes nothing.
type Acknowledge struct {
	Person
	ID ID
}

func (c Acknowledge) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err == nil && !done && i.Acknowledged == nil {
		d.emit(Acknowledged{c.metaFor(c.ID)})
	}
	return c.ID, err
}

// Acknowledged is a person's first sign of having seen the incident.
type Acknowledged struct{ Meta }

func (Acknowledged) Kind() string { return "incident.acknowledged/v1" }

func (Acknowledged) Describe() string { return "acknowledged; this stops no clock" }

func (ev Acknowledged) applyTo(_ *State, i *Incident, e Entry) {
	if i.Acknowledged == nil {
		i.Acknowledged = &Stamp{By: ev.By, At: e.At}
	}
}
