package incident

import "strings"

// AddNote adds a line to the timeline.
type AddNote struct {
	Person
	ID   ID
	Text string
	// Privileged keeps the note for those who may decide; see [Noted].
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

// Noted adds a note to the timeline. A privileged one, such as counsel's
// advice, is for those who may decide and never leaves the house: Describe and
// [Incident.View] leave its text out, [Incident.Disclose] is the only way to
// it, and [View.WithoutPrivileged] and [Entry.Privileged] take even its trace
// out of what goes to an authority or an auditor.
type Noted struct {
	Meta
	Text       string `json:"text"`
	Privileged bool   `json:"privileged,omitzero"`
}

func (Noted) Kind() string { return "incident.noted/v1" }

func (e Noted) Describe() string {
	if e.Privileged {
		return "privileged note"
	}
	return "note: " + e.Text
}

func (e Noted) privileged() bool { return e.Privileged }

// Note is a line a person added.
type Note struct {
	Stamp
	Text       string
	Privileged bool
}

func (n Note) view() NoteView {
	v := NoteView{At: n.At, By: n.By.Name, Text: n.Text, Privileged: n.Privileged}
	if n.Privileged {
		v.Text = ""
	}
	return v
}

func (ev Noted) applyTo(_ *State, i *Incident, e Entry) {
	i.Notes = append(i.Notes, Note{Stamp: Stamp{By: ev.By, At: e.At}, Text: ev.Text, Privileged: ev.Privileged})
}
