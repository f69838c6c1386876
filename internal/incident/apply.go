package incident

import (
	"maps"
	"slices"
	"time"
)

// applyEvent copies what an entry says into the state. It decides nothing.
func (s *State) applyEvent(e Entry) {
	switch ev := e.Event.(type) {
	case Opened:
		s.applyOpened(e, ev)
	case Received:
		if ev.Heartbeat != "" {
			s.heartbeats[ev.Heartbeat] = e.At
		}
		return
	case Quarantined, StoreRecovered:
		return
	case Truncated:
		s.applyTruncated(e, ev)
		return
	case ReadBack:
		s.applyReadBack(e, ev)
		return
	case PolicyAdopted:
		s.applyPolicy(e, ev.Policy)
		return
	case Intended:
		s.box(ev.ID).intend(ev.Effect, e.At)
		return
	case Delivered:
		s.applyDelivered(e, ev)
		return
	case Failed:
		s.box(ev.ID).fail(ev.Effect, ev.Reason, ev.Permanent, ev.RetryAt, e.At)
		return
	default:
		i := s.incidents[e.About]
		if i == nil {
			return // its opening was erased
		}
		s.applyToIncident(i, e)
	}
	s.touch(e)
}

func (s *State) applyToIncident(i *Incident, e Entry) {
	switch ev := e.Event.(type) {
	case Attached:
		a := ev.Alert
		s.addAlert(i, &a)
		i.redetect(ev.Redetected)
	case AlertResolved:
		if a := s.findAlert(ev.Series, ev.StartsAt); a != nil {
			a.Status, a.EndsAt = Resolved, ev.EndsAt
			a.moveStart(ev.Earlier)
		}
		i.redetect(ev.Redetected)
	case AlertMoved:
		if a := s.findAlert(ev.Series, ev.StartsAt); a != nil {
			a.moveStart(ev.Earlier)
		}
		i.redetect(ev.Redetected)
	case Acknowledged:
		if i.Acknowledged == nil {
			i.Acknowledged = &Stamp{By: ev.By, At: e.At}
		}
	case CommandTaken:
		i.Commander = &Stamp{By: ev.By, At: e.At}
	case Noted:
		i.Notes = append(i.Notes, Note{Stamp: Stamp{By: ev.By, At: e.At}, Text: ev.Text})
	case FactsSet:
		set(&i.Summary, ev.Summary)
		set(&i.Malicious, ev.Malicious)
		set(&i.CrossBorder, ev.CrossBorder)
	case Aware:
		i.Aware = &Awareness{At: ev.Redated.Now, Person: ev.Person, Reason: ev.Reason, Record: Stamp{By: ev.By, At: e.At}}
		i.setClocks(ev.Redated.Clocks)
	case Submitted:
		sub := ev.Submission
		i.setClocks(ev.Clocks)
		for n := range i.Clocks {
			c := &i.Clocks[n]
			if c.Entity == ev.Entity && string(c.Regime) == ev.Regime && slices.Contains(ev.Stages, string(c.Stage)) && c.Submitted == nil {
				c.Submitted = &sub
			}
		}
	case Handled:
		i.HandledAt = ev.HandledAt
		i.setClocks(ev.Clocks)
		if i.Status == Open {
			i.Status = StatusHandled
		}
	case NotReportable:
		i.Reportability, i.Decision = ReportNotReportable, ev.Reason
		for n := range i.Clocks {
			if c := &i.Clocks[n]; c.Open() {
				c.StoppedAt, c.Stopped = e.At, "not reportable: "+ev.Reason
			}
		}
	case Closed:
		i.Status, i.ClosedAt = StatusClosed, e.At
	}
}

// set takes over what was said.
func set[T any](into, said *T) {
	if said != nil {
		*into = *said
	}
}

func (s *State) applyOpened(e Entry, ev Opened) {
	i := &Incident{
		ID: ev.ID, Title: ev.Title, Summary: ev.Summary, Status: Open, Reportability: Undecided, Exercise: ev.Exercise,
		Severity: ev.Severity, Category: ev.Category, Service: ev.Service, Malicious: ev.Malicious, CrossBorder: ev.CrossBorder,
		Regimes: ev.Regimes, Correlation: ev.Correlation, Previous: ev.Previous, Reason: ev.Reason, TriageBy: ev.TriageBy,
		DetectedAt: ev.DetectedAt, ReceivedAt: ev.ReceivedAt, OpenedAt: e.At, Clocks: slices.Clone(ev.Clocks),
	}
	s.add(i)
	if ev.Alert != nil {
		a := *ev.Alert
		s.addAlert(i, &a)
	}
}

func (s *State) addAlert(i *Incident, a *Alert) {
	refs := s.occurrences[a.series()]
	if len(refs) > 0 { // one that flaps for weeks keeps its labels once
		last := refs[len(refs)-1].alert
		a.Labels, a.Annotations = shared(a.Labels, last.Labels), shared(a.Annotations, last.Annotations)
	}
	i.Alerts = append(i.Alerts, a)
	s.occurrences[a.series()] = append(refs, occurrenceRef{i, a})
}

// shared is the one of two equal maps that is kept anyway. Neither is ever
// changed.
func shared(m, kept map[string]string) map[string]string {
	if maps.Equal(m, kept) {
		return kept
	}
	return m
}

func (s *State) findAlert(series string, starts time.Time) *Alert {
	for _, ref := range s.occurrences[series] {
		if ref.alert.StartsAt.Equal(starts) {
			return ref.alert
		}
	}
	return nil
}

func (a *Alert) moveStart(earlier time.Time) {
	if !earlier.IsZero() {
		a.StartsAt = earlier
	}
}

// redetect takes over an earlier detection and the instants computed from it.
func (i *Incident) redetect(r *Redated) {
	if r == nil {
		return
	}
	i.DetectedAt = r.Now
	i.setClocks(r.Clocks)
}

// setClocks takes over newly computed instants and keeps what ended a clock.
func (i *Incident) setClocks(clocks []Clock) {
	old := i.Clocks
	i.Clocks = slices.Clone(clocks)
	for n := range i.Clocks {
		c := &i.Clocks[n]
		for _, o := range old {
			if o.ClockID == c.ClockID {
				c.Submitted, c.StoppedAt, c.Stopped = o.Submitted, o.StoppedAt, o.Stopped
			}
		}
	}
}

func (s *State) applyTruncated(e Entry, ev Truncated) {
	s.cuts[ev.Body] = CutBatch{Body: ev.Body, Receiver: ev.Receiver, Missing: ev.Missing, Incidents: ev.Incidents, At: e.At}
	for _, id := range ev.Incidents {
		if i := s.incidents[id]; i != nil {
			i.Cut = append(i.Cut, Cut{Body: ev.Body, Missing: ev.Missing})
			i.Revision, i.UpdatedAt = s.Size, e.At
		}
	}
}

func (s *State) applyReadBack(e Entry, ev ReadBack) {
	batch := s.cuts[ev.Body]
	delete(s.cuts, ev.Body)
	for _, id := range batch.Incidents {
		i := s.incidents[id]
		if i == nil {
			continue
		}
		for n := range i.Cut {
			if i.Cut[n].Body == ev.Body {
				i.Cut[n].Done, i.Cut[n].Error = true, ev.Error
			}
		}
		i.Revision, i.UpdatedAt = s.Size, e.At
	}
}

// applyPolicy takes over a reminder policy. What it adds and an open clock
// has already passed counts as covered: a changed policy never fires
// backwards.
func (s *State) applyPolicy(e Entry, p ReminderPolicy) {
	for _, id := range s.order {
		i := s.incidents[id]
		for n := range i.Clocks {
			c := &i.Clocks[n]
			if !c.Open() {
				continue
			}
			for _, channel := range p.Channels {
				if s.Policy != nil {
					s.Policy.coverAdded(p, c, i.DetectedAt, channel, i.coverage(c.ClockID, channel), e.At)
				}
			}
		}
	}
	s.Policy, s.PolicyAt = &p, e.At
}

// box is the outbox of an incident, or of the service when id is empty.
func (s *State) box(id ID) *outbox {
	if i := s.incidents[id]; i != nil {
		return &i.outbox
	}
	return &s.ops
}

func (s *State) applyDelivered(e Entry, ev Delivered) {
	s.box(ev.ID).deliver(ev.Effect, ev.Ref, e.At)
	if i := s.incidents[ev.ID]; i != nil && ev.Effect.Role == Reminder {
		i.coverage(ev.Effect.Clock, ev.Effect.For).cover(ev.Effect.Thresholds)
	}
}
