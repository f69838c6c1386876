package incident

import (
	"slices"
	"strings"
	"time"
)

// SetReportability says that an incident reported voluntarily must be reported
// after all, or that one that need not be reported will be.
type SetReportability struct {
	Person
	ID     ID
	To     string // Mandatory or Voluntary
	Reason string
}

func (c SetReportability) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || c.To == i.Reportability {
		return c.ID, err
	}
	switch {
	case c.To != Mandatory && c.To != Voluntary:
		return nil, invalid("reportability is %q: want mandatory or voluntary", c.To)
	case strings.TrimSpace(c.Reason) == "":
		return nil, invalid("why is %s %s? the reason is kept with the decision", i.ID, c.To)
	case i.Status == StatusClosed:
		return nil, refused("%s is closed", i.ID)
	case c.To == Mandatory && i.Reportability != Voluntary:
		return nil, refused("%s is %s, not voluntary: its clocks are those of an incident that must be reported", i.ID, spaced(i.Reportability))
	case c.To == Voluntary && i.Reportability != ReportNotReportable:
		return nil, refused("the clocks of %s run: decide first that it is not reportable (incident not-reportable)", i.ID)
	}
	after := *i
	after.Reportability = c.To
	ev := ReportabilitySet{Meta: c.metaFor(c.ID), Reportability: c.To, Reason: c.Reason}
	ev.Recount = r.recount(i, &after)
	d.emit(ev)
	return c.ID, nil
}

// ReportabilitySet records a decision between a voluntary report, Directive
// (EU) 2022/2555 Art. 30, and one that is owed. A voluntary report has no
// clocks; once it is owed they run from the instants they always had.
type ReportabilitySet struct {
	Meta
	Reportability string `json:"reportability"`
	Reason        string `json:"reason"`
	Recount
}

func (ReportabilitySet) Kind() string { return "incident.reportability_set/v1" }

// Describe says what was decided and what is due since.
func (e ReportabilitySet) Describe() string {
	s := "to be reported voluntarily, nothing is owed: " + e.Reason
	if e.Reportability == Mandatory {
		s = "must be reported: " + e.Reason
	}
	if len(e.Clocks) > 0 {
		s += "; " + dues(e.Clocks)
	}
	return s
}

func (ev ReportabilitySet) applyTo(_ *State, i *Incident, e Entry) {
	if ev.Reportability != Mandatory {
		i.Reportability = ev.Reportability
		// What was stopped is not owed; should it be, its instants come back.
		i.Clocks = slices.DeleteFunc(slices.Clone(i.Clocks), func(c Clock) bool { return c.Submitted == nil })
		i.recounted(ev.Recount)
		return
	}
	i.recounted(ev.Recount)
	for n := range i.Clocks {
		if c := &i.Clocks[n]; ofNoBreach(c) {
			c.StoppedAt, c.Stopped = time.Time{}, ""
		}
	}
	i.decided("", DecidedSignificant, ev.Reason, Stamp{By: ev.By, At: e.At})
}
