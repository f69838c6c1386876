package incident

// MarkNotReportable records the decision that the incident is not significant,
// for every entity and under every regime. It is the decision of [Assess],
// without facts.
type MarkNotReportable struct {
	Person `json:"-"`
	ID     ID     `json:"id"`
	Reason string `json:"reason"`
}

func (c MarkNotReportable) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || i.Reportability == ReportNotReportable {
		return c.ID, err
	}
	p := pending{Person: c.Person, incident: i, decision: DecidedNotSignificant, reason: c.Reason}
	if err := p.check(r); err != nil {
		return nil, err
	}
	if i.Reportability == Voluntary {
		return nil, refused("%s is reported voluntarily: nothing is owed that could stop", i.ID)
	}
	p.settle(r, d)
	return c.ID, nil
}

// NotReportable is the retired form of [Decided] for a whole incident.
type NotReportable struct {
	Meta
	Reason string `json:"reason"`
}

func (NotReportable) Kind() string { return "incident.not_reportable/v1" }

func (e NotReportable) Describe() string { return "decided not reportable: " + e.Reason }

func (ev NotReportable) applyTo(_ *State, i *Incident, e Entry) {
	i.decided("", DecidedNotSignificant, ev.Reason, Stamp{By: ev.By, At: e.At})
}
