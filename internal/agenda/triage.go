package agenda

import (
	"time"

	"nis2clock/internal/incident"
)

// DueTriage is what ought to be said about suspicious events that nobody has
// assessed in time: one notice for each and channel.
func DueTriage(s *incident.State, now time.Time) []Item { return ready(OwedTriage(s, now), now) }

// OwedTriage is [DueTriage] with what waits for its next try.
func OwedTriage(s *incident.State, now time.Time) []Item {
	if s.Policy == nil {
		return nil
	}
	pending, done := s.Ops()
	var items []Item
	for _, id := range s.EventIDs() {
		ev, _ := s.Event(id)
		if !ev.Overdue(now) {
			continue
		}
		for _, ch := range s.Policy.Channels {
			e := incident.Effect{Key: key("triage", string(id), ch), Role: incident.Triage, For: ch}
			if done[e.Key].IsZero() {
				items = append(items, item("", e, pending[e.Key], s.Policy.Channels, ev.TriageBy))
			}
		}
	}
	return items
}

// NextTriage is when [DueTriage] can next return something new; zero when only
// an entry can change that.
func NextTriage(s *incident.State, now time.Time) time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, id := range s.EventIDs() {
		if ev, _ := s.Event(id); ev.Assessed() == nil {
			consider(ev.TriageBy)
		}
	}
	for _, it := range OwedTriage(s, now) {
		consider(it.NotBefore)
	}
	return next
}

// untriaged reports whether an alert asked for a decision on the incident and
// nobody has made one.
func untriaged(i *incident.Incident) bool {
	return !i.TriageBy.IsZero() && i.Status != incident.StatusClosed && i.Reportability == incident.Undecided
}

// triage adds one notice a channel when the decision on the incident is overdue.
func triage(i *incident.Incident, p *incident.ReminderPolicy, now time.Time, add func(incident.Effect, time.Time)) {
	if !untriaged(i) || now.Before(i.TriageBy) {
		return
	}
	for _, ch := range p.Channels {
		if key := key(i.ID, "triage", ch); i.Done[key].IsZero() {
			add(incident.Effect{Key: key, Role: incident.Triage, For: ch, Revision: i.Revision}, i.TriageBy)
		}
	}
}
