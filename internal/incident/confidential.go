package incident

import (
	"fmt"
	"slices"
	"strings"
)

// TLPs are the labels of the Traffic Light Protocol 2.0 (FIRST), the widest
// circle first.
var TLPs = []string{"CLEAR", "GREEN", "AMBER", TLPStrict, TLPRed}

// TLPStrict is for the organisation alone.
const TLPStrict = "AMBER+STRICT"

// TLPRed is for the people it was told to and nobody else.
const TLPRed = "RED"

// DefaultTLP is an incident's label until somebody sets another.
const DefaultTLP = "AMBER"

// SetTLP says how far what is known of the incident may go.
type SetTLP struct {
	Person
	ID     ID
	TLP    string // one of [TLPs], in any case, with or without "TLP:"
	Reason string // may be empty
}

func (c SetTLP) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	label := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(c.TLP)), "TLP:")
	if !slices.Contains(TLPs, label) {
		return nil, invalid("tlp %q is none of %s", c.TLP, strings.Join(TLPs, ", "))
	}
	if was := i.tlp(); was != label {
		d.emit(TLPSet{Meta: c.metaFor(c.ID), Was: was, TLP: label, Reason: c.Reason})
	}
	return c.ID, nil
}

// TLPSet says how far what is known of the incident may go from here on.
type TLPSet struct {
	Meta
	Was    string `json:"was"`
	TLP    string `json:"tlp"`
	Reason string `json:"reason,omitzero"`
}

func (TLPSet) Kind() string { return "incident.tlp_set/v1" }

func (e TLPSet) Describe() string {
	return fmt.Sprintf("TLP:%s, before TLP:%s%s", e.TLP, e.Was, because(e.Reason))
}

func (ev TLPSet) applyTo(_ *State, i *Incident, _ Entry) { i.TLP = ev.TLP }

// tlp is the incident's label.
func (i *Incident) tlp() string {
	if i.TLP == "" {
		return DefaultTLP
	}
	return i.TLP
}

// SetOutOfBand switches the channels that an attacker inside the organisation
// could read, chat and mail, off for one incident, or on again.
type SetOutOfBand struct {
	Person
	ID     ID
	On     bool
	Reason string
}

func (c SetOutOfBand) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.OutOfBand == c.On {
		return c.ID, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("switching out-of-band needs a reason")
	}
	d.emit(OutOfBandSet{Meta: c.metaFor(c.ID), On: c.On, Reason: c.Reason})
	return c.ID, nil
}

// OutOfBandSet says whether the incident is kept out of chat and mail.
type OutOfBandSet struct {
	Meta
	On     bool   `json:"on"`
	Reason string `json:"reason"`
}

func (OutOfBandSet) Kind() string { return "incident.out_of_band/v1" }

func (e OutOfBandSet) Describe() string {
	if e.On {
		return "out of band: nothing more goes to chat and mail" + because(e.Reason)
	}
	return "no longer out of band: chat and mail are used again" + because(e.Reason)
}

func (ev OutOfBandSet) applyTo(_ *State, i *Incident, _ Entry) { i.OutOfBand = ev.On }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}
