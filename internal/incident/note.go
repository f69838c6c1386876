package incident

import "strings"

// AddNote adds a line to the timeline.
type AddNote struct {
	Person
	ID   ID
	Text string
	// Privileged marks counsel's advice: its text stays in the record alone.
	Privileged bool
}

func (c AddNote) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if strings.TrimSpace(c.Text) == "" {
		return nil, invalid("a note needs text")
	}
	d.emit(Noted{Meta: c.metaFor(c.ID), Text: c.Text, Privileged: c.Privileged})
	return c.ID, nil
}

// Noted adds a note to the timeline.
type Noted struct {
	Meta
	Text string `json:"text"`
	// Privileged: no report, timeline or packet shows its text.
	Privileged bool `json:"privileged,omitzero"`
}

func (Noted) Kind() string { return "incident.noted/v1" }

func (e Noted) Describe() string {
	if e.Privileged {
		return "note under legal privilege"
	}
	return "note: " + e.Text
}

// Note is a line a person added.
type Note struct {
	Stamp
	Text string
}

func (ev Noted) applyTo(_ *State, i *Incident, e Entry) {
	i.Notes = append(i.Notes, Note{Stamp: Stamp{By: ev.By, At: e.At}, Text: ev.Text})
}
