package incident

import "strings"

// RecordRefusal keeps that somebody was not let do something. Without it nobody
// could tell a button that does nothing from one that nobody pressed.
type RecordRefusal struct {
	Person
	ID     ID // may be empty, or name no incident
	What   string
	Reason string
}

func (c RecordRefusal) decide(_ *Rules, d *decision) (any, error) {
	if _, done, err := c.repeated(d); err != nil || done {
		return nil, err
	}
	if _, ok := d.s.incidents[c.ID]; !ok {
		c.ID = ""
	}
	d.emit(ActionRefused{Meta: c.metaFor(c.ID), What: c.What, Reason: c.Reason})
	return nil, nil
}

// refusals is what the entries about refused actions are called. One that
// belongs to an incident goes with the incident.
const refusals = "actions that were refused"

// ActionRefused says that somebody was not let do something. It changes nothing
// else.
type ActionRefused struct {
	Meta
	What   string `json:"what"`
	Reason string `json:"reason"`
}

func (ActionRefused) Kind() string { return "access.refused/v1" }

func (e ActionRefused) Describe() string {
	return "refused: " + strings.ReplaceAll(e.What, "_", " ") + ": " + e.Reason
}

func (ActionRefused) logged() string { return refusals }

func (ActionRefused) apply(*State, Entry) {}
