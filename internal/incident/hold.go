package incident

import (
	"strings"
	"time"
)

// Hold puts an incident under legal hold: nothing of it is erased, by
// retention or by request, until [Release]. Holding one that is held changes
// nothing.
type Hold struct {
	Person
	ID     ID
	Reason string
}

func (c Hold) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.Held != nil {
		return c.ID, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("why is %s held? the reason is kept with the hold", i.ID)
	}
	d.emit(Held{Meta: c.metaFor(c.ID), Reason: c.Reason})
	return c.ID, nil
}

// Held puts the incident under legal hold.
type Held struct {
	Meta
	Reason string `json:"reason"`
}

// Kind implements [Event].
func (Held) Kind() string { return "incident.held/v1" }

// Describe implements [Event].
func (e Held) Describe() string { return "put under legal hold: " + e.Reason }

func (e Held) applyTo(_ *State, i *Incident, at Entry) {
	i.Held = &LegalHold{Stamp: Stamp{By: e.By, At: at.At}, Reason: e.Reason}
}

// LegalHold is who keeps an incident from being erased, since when and why.
type LegalHold struct {
	Stamp
	Reason string
}

// Release ends the legal hold of an incident.
type Release struct {
	Person
	ID     ID
	Reason string
}

func (c Release) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if i.Held == nil {
		return nil, refused("%s is not under legal hold", i.ID)
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("why is %s released? the reason is kept in the journal", i.ID)
	}
	d.emit(Released{Meta: c.metaFor(c.ID), Reason: c.Reason})
	return c.ID, nil
}

// Released ends the incident's legal hold.
type Released struct {
	Meta
	Reason string `json:"reason"`
}

// Kind implements [Event].
func (Released) Kind() string { return "incident.released/v1" }

// Describe implements [Event].
func (e Released) Describe() string { return "released from legal hold: " + e.Reason }

func (Released) applyTo(_ *State, i *Incident, _ Entry) { i.Held = nil }

// HoldView is a legal hold as the API shows it.
type HoldView struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}
