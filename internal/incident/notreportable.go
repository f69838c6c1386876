package incident

import "strings"

// MarkNotReportable records the decision that the incident is not significant.
type MarkNotReportable struct {
	Person `json:"-"`
	ID     ID     `json:"id"`
	Reason string `json:"reason"`
}

func (c MarkNotReportable) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.Reportability == ReportNotReportable {
		return c.ID, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("why is %s not reportable? the reason is kept with the decision", i.ID)
	}
	for _, cl := range i.Clocks {
		if cl.Submitted != nil {
			return nil, refused("a report (%s) has already gone to the authority: withdraw or correct it there first", cl.Title)
		}
	}
	d.emit(NotReportable{Meta: c.metaFor(c.ID), Reason: c.Reason})
	return c.ID, nil
}

// NotReportable records a person's decision that the incident is not
// significant. The record stays; its clocks stop with the reason.
type NotReportable struct {
	Meta
	Reason string `json:"reason"`
}

func (NotReportable) Kind() string { return "incident.not_reportable/v1" }

func (e NotReportable) Describe() string { return "decided not reportable: " + e.Reason }

func (ev NotReportable) applyTo(_ *State, i *Incident, e Entry) {
	i.Reportability, i.Decision = ReportNotReportable, ev.Reason
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Open() {
			c.StoppedAt, c.Stopped = e.At, "not reportable: "+ev.Reason
		}
	}
}
