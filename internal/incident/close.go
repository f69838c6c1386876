package incident

import (
	"fmt"
	"strings"
)

// Close ends the work on an incident that owes no more reports.
type Close struct {
	Person
	ID ID
}

func (c Close) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.Status == StatusClosed {
		return c.ID, err
	}
	var open []string
	for n := range i.Clocks {
		c := &i.Clocks[n]
		switch {
		case !c.Open():
		case c.Counterparty != "":
			open = append(open, fmt.Sprintf("%s (%s)", c.Stage, c.Counterparty))
		default:
			open = append(open, string(c.Stage))
		}
	}
	if len(open) > 0 {
		return nil, refused("%s still owes %s: record the submission, or decide that it is not reportable", i.ID, strings.Join(open, ", "))
	}
	if len(i.unretracted()) > 0 {
		return nil, refused("%s", i.withdrawalWarning())
	}
	d.emit(Closed{c.metaFor(c.ID)})
	return c.ID, nil
}

// Closed ends the work on the incident.
type Closed struct{ Meta }

func (Closed) Kind() string { return "incident.closed/v1" }

func (Closed) Describe() string { return "closed" }

func (ev Closed) applyTo(_ *State, i *Incident, e Entry) {
	i.Status, i.ClosedAt = StatusClosed, e.At
}
