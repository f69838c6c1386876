package incident

import (
	"fmt"
	"strings"
	"time"
)

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

// Quote adds to the timeline what Author wrote elsewhere, at WrittenAt.
type Quote struct {
	Person
	ID        ID
	Text      string
	Author    Actor
	WrittenAt time.Time
}

func (c Quote) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if strings.TrimSpace(c.Text) == "" {
		return nil, invalid("a quoted note needs text")
	}
	d.emit(Noted{Meta: c.metaFor(c.ID), Text: c.Text, Author: c.Author, WrittenAt: c.WrittenAt.UTC()})
	return c.ID, nil
}

// Noted adds a note to the timeline. A privileged one, such as counsel's
// advice, is for those who may decide and never leaves the house: Describe and
// [Incident.View] leave its text out, [Incident.Disclose] is the only way to
// it, and [View.WithoutPrivileged] and [Entry.Privileged] take even its trace
// out of what goes to an authority or an auditor.
type Noted struct {
	Meta
	Text       string    `json:"text"`
	Privileged bool      `json:"privileged,omitzero"`
	Author     Actor     `json:"author,omitzero"`
	WrittenAt  time.Time `json:"written_at,omitzero"`
}

func (Noted) Kind() string { return "incident.noted/v1" }

func (e Noted) Describe() string {
	if e.Privileged {
		return "privileged note"
	}
	if e.Author.Name == "" {
		return "note: " + e.Text
	}
	return fmt.Sprintf("note, written by %s at %s: %s", e.Author, utc(e.WrittenAt), e.Text)
}

func (e Noted) privileged() bool { return e.Privileged }

// Note is a line a person added.
type Note struct {
	Stamp
	Text       string
	Privileged bool
	// Author wrote it, where that is not who added it.
	Author Actor
}

func (n Note) view() NoteView {
	v := NoteView{At: n.At, By: n.By.Name, Author: n.Author.Name, Text: n.Text, Privileged: n.Privileged}
	if n.Privileged {
		v.Text = ""
	}
	return v
}

func (ev Noted) applyTo(_ *State, i *Incident, e Entry) {
	i.Notes = append(i.Notes, Note{Stamp: Stamp{By: ev.By, At: e.At}, Text: ev.Text, Privileged: ev.Privileged, Author: ev.Author})
}
