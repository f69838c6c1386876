package incident

import (
	"fmt"
	"slices"
	"strings"
)

// TickStep ticks a step of a runbook, or takes the tick back. Whoever sends it
// knows the runbook and fills in its words: the record must be readable when
// the runbook is gone. To tick what is ticked changes nothing, so that two
// people may press at once; with a note it is recorded again. A closed
// incident takes ticks as it takes notes: the last steps come after closing.
type TickStep struct {
	Person
	ID   ID
	Step StepRef
	Done bool
	Note string
}

// StepRef is a step of one version of a runbook.
type StepRef struct {
	Runbook string `json:"runbook"`        // its name
	Title   string `json:"title"`          // of the runbook
	Step    string `json:"step"`           // the step's id, which outlives a change of its words
	Text    string `json:"text"`           // the step in a few words
	Version string `json:"runbook_digest"` // SHA-256 of the runbook, in hex
	Total   int    `json:"total"`          // how many steps that version has
}

func (c TickStep) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if c.Step.Runbook == "" || c.Step.Step == "" || c.Step.Version == "" || c.Step.Total < 1 {
		return nil, invalid("say which step of which version of which runbook")
	}
	c.Note = strings.TrimSpace(c.Note)
	was, known := i.tick(c.Step.Runbook, c.Step.Step)
	if c.Note == "" && c.Done == (known && was.Done) {
		return c.ID, nil
	}
	d.emit(RunbookTicked{Meta: c.metaFor(c.ID), StepRef: c.Step, Done: c.Done, Note: c.Note})
	return c.ID, nil
}

// RunbookTicked records that a step of a runbook was done, or was not after all.
type RunbookTicked struct {
	Meta
	StepRef
	Done bool   `json:"done"`
	Note string `json:"note,omitzero"`
}

func (RunbookTicked) Kind() string { return "runbook.ticked/v1" }

func (e RunbookTicked) Describe() string {
	s := "ticked"
	if !e.Done {
		s = "took back the tick"
	}
	s = fmt.Sprintf("%s, runbook %s: %s", s, e.Runbook, e.Text)
	if e.Note != "" {
		s += " (" + e.Note + ")"
	}
	return s
}

// Tick is the last that was said of a step.
type Tick struct {
	Stamp
	StepRef
	Done bool
	Note string
}

// tick is the last that was said of a step; false when nothing was.
func (i *Incident) tick(runbook, step string) (Tick, bool) {
	n := slices.IndexFunc(i.Ticks, func(t Tick) bool { return t.Runbook == runbook && t.Step == step })
	if n < 0 {
		return Tick{}, false
	}
	return i.Ticks[n], true
}

func (ev RunbookTicked) applyTo(_ *State, i *Incident, e Entry) {
	t := Tick{Stamp: Stamp{By: ev.By, At: e.At}, StepRef: ev.StepRef, Done: ev.Done, Note: ev.Note}
	n := slices.IndexFunc(i.Ticks, func(old Tick) bool { return old.Runbook == t.Runbook && old.Step == t.Step })
	if n < 0 {
		i.Ticks = append(i.Ticks, t)
		return
	}
	i.Ticks = slices.Clone(i.Ticks)
	i.Ticks[n] = t
}
