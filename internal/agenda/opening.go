package agenda

import (
	"slices"
	"time"

	"nis2clock/internal/incident"
)

// openings are the effects that say, one on each channel, that the incident is
// there, and that were not delivered. Each carries what the clocks have passed
// by then: an incident that is found long after it was detected wakes people
// once, not once for itself and once for each of its clocks.
func openings(i *incident.Incident, p *incident.ReminderPolicy, now time.Time) []incident.Effect {
	if i.Status == incident.StatusClosed || i.Reportability == incident.ReportNotReportable {
		return nil
	}
	var out []incident.Effect
	for _, ch := range p.Channels {
		e := incident.Effect{Key: key(i.ID, "message", ch), Role: incident.Post, For: ch, Revision: i.Revision}
		if slices.Contains(p.Pagers, ch) {
			if i.Acknowledged != nil || i.Reportability == incident.Voluntary {
				continue // nothing is owed that is worth waking anybody for
			}
			e.Key, e.Role = key(i.ID, "opened", ch), incident.Page
		}
		if !i.Done[e.Key].IsZero() {
			continue
		}
		// What was tried stays as it was, and what is passed since has a reminder of
		// its own: a pager may have taken it, and wakes nobody again under a key it
		// knows (PD-8); and no reminder waits for a message that a vendor chokes on.
		if tried := i.Pending[e.Key]; tried != nil {
			e.Covers = tried.Covers
		} else {
			e.Covers = passed(i, p, ch, now)
		}
		out = append(out, e)
	}
	return out
}

// passed is what the channel has yet to be told of the open clocks. The quiet
// hours do not hold it back: they never hold back a new incident.
func passed(i *incident.Incident, p *incident.ReminderPolicy, ch string, now time.Time) []incident.ClockPassed {
	var out []incident.ClockPassed
	for n := range i.Clocks {
		c := &i.Clocks[n]
		if !c.Open() {
			continue
		}
		if ts := p.Pending(c, i.DetectedAt, ch, i.Covered(c.ClockID, ch), now); len(ts) > 0 {
			out = append(out, incident.ClockPassed{Clock: c.ClockID, Thresholds: ts})
		}
	}
	return out
}

// told is what the channel knows of the clock once what still says that the
// incident is there has been said. What every channel has refused for good
// counts for nothing.
func told(i *incident.Incident, c *incident.Clock, p *incident.ReminderPolicy, ch string, openings []incident.Effect) incident.Coverage {
	cov := i.Covered(c.ClockID, ch)
	for _, e := range openings {
		if e.For != ch {
			continue
		}
		if out := i.Pending[e.Key]; out != nil {
			if _, ok := way(e, out, p.Channels); !ok {
				continue
			}
		}
		cov = cov.With(e.Covering(c.ClockID))
	}
	return cov
}
