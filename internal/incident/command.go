package incident

// TakeCommand makes the sender the incident commander, whoever it was offered
// to.
type TakeCommand struct {
	Person
	ID ID
}

func (c TakeCommand) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err == nil && !done && (i.Commander == nil || i.Commander.By != c.By || i.Offered != nil) {
		d.emit(CommandTaken{c.metaFor(c.ID)})
	}
	return c.ID, err
}

// CommandTaken makes a person the incident commander.
type CommandTaken struct{ Meta }

func (CommandTaken) Kind() string { return "incident.command_taken/v1" }

func (CommandTaken) Describe() string { return "took command" }

func (ev CommandTaken) applyTo(_ *State, i *Incident, e Entry) {
	i.Commander, i.Offered = &Stamp{By: ev.By, At: e.At}, nil
}
