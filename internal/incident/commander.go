package incident

import (
	"fmt"
	"strings"
	"time"
)

// CommanderProposal is who is on call for command while nobody has taken it.
type CommanderProposal struct {
	Name   string    `json:"name"`
	Source string    `json:"source"` // who says so, such as PagerDuty's schedule
	At     time.Time `json:"at"`
}

// CommandOffer is a hand-over of command that the other has not accepted yet.
type CommandOffer struct {
	To     string    `json:"to"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitzero"`
	At     time.Time `json:"at"`
}

// ProposeCommander names who is on call for command. It changes nothing when
// somebody has command, or the same person is proposed already.
type ProposeCommander struct {
	By           Actor
	ID           ID
	Name, Source string
}

func (c ProposeCommander) decide(_ *Rules, d *decision) (any, error) {
	i, ok := d.s.incidents[c.ID]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: %s", ErrUnknown, c.ID)
	case c.Name == "":
		return nil, invalid("a proposal of a commander needs a name")
	case i.Commander != nil, i.Status == StatusClosed, i.ProposedCommander != nil && i.ProposedCommander.Name == c.Name:
		return c.ID, nil
	}
	d.emit(CommanderProposed{Meta: Meta{ID: c.ID, By: c.By}, Name: c.Name, Source: c.Source})
	return c.ID, nil
}

// CommanderProposed says who is on call for command.
type CommanderProposed struct {
	Meta
	Name   string `json:"name"`
	Source string `json:"source"`
}

func (CommanderProposed) Kind() string { return "commander.proposed/v1" }

func (e CommanderProposed) Describe() string {
	return fmt.Sprintf("%s is on call for command, says %s", e.Name, e.Source)
}

func (ev CommanderProposed) applyTo(_ *State, i *Incident, e Entry) {
	i.ProposedCommander = &CommanderProposal{Name: ev.Name, Source: ev.Source, At: e.At}
}

// HandOver passes command to somebody else. They have it once they take it; or
// at once, when whoever records it says that they have accepted.
type HandOver struct {
	Person
	ID     ID
	To     string
	Reason string
	// Accepted: the other has said yes where no program listened.
	Accepted bool
}

func (c HandOver) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	c.To = strings.TrimSpace(c.To)
	switch {
	case c.To == "":
		return nil, invalid("say to whom command is handed over")
	case strings.ContainsAny(c.To, "\n\r\t") || len(c.To) > 200:
		return nil, invalid("a name has up to 200 bytes on one line")
	case i.Status == StatusClosed:
		return nil, refused("%s is closed: there is no command to hand over", i.ID)
	case i.Commander != nil && i.Commander.By.Name == c.To:
		return nil, refused("%s has command of %s already", c.To, i.ID)
	}
	if err := i.shutOut(c.To); err != nil {
		return nil, err
	}
	d.emit(CommandHandedOver{Meta: c.metaFor(c.ID), To: c.To, Reason: strings.TrimSpace(c.Reason), Accepted: c.Accepted})
	return c.ID, nil
}

// CommandHandedOver says to whom command goes.
type CommandHandedOver struct {
	Meta
	To       string `json:"to"`
	Reason   string `json:"reason,omitzero"`
	Accepted bool   `json:"accepted,omitzero"`
}

func (CommandHandedOver) Kind() string { return "command.handed_over/v1" }

func (e CommandHandedOver) Describe() string {
	s := "offered command to " + e.To
	if e.Accepted {
		s = "handed command over to " + e.To + ", who accepted"
	}
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

func (ev CommandHandedOver) applyTo(_ *State, i *Incident, e Entry) {
	if ev.Accepted {
		i.Commander, i.Offered = &Stamp{By: Actor{Name: ev.To, Via: ev.By.Via}, At: e.At}, nil
		return
	}
	i.Offered = &CommandOffer{To: ev.To, By: ev.By.Name, Reason: ev.Reason, At: e.At}
}
