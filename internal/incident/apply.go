package incident

import "slices"

// contentEvent changes what is known of one incident.
type contentEvent interface {
	Event
	// applyTo copies what the entry says into the incident and what finds it
	// again. It decides nothing.
	applyTo(s *State, i *Incident, e Entry)
}

// stateEvent changes something besides the content of one incident: an effect
// and its outcome, a policy, the service's own record.
type stateEvent interface {
	Event
	apply(s *State, e Entry)
}

// applyEvent folds the entry's event. Every event is one of the two; a test
// holds them to it.
func (s *State) applyEvent(e Entry) {
	switch ev := e.Event.(type) {
	case contentEvent:
		if i := s.incidents[e.About]; i != nil { // nil: its opening was erased
			if i.clocksShared { // the first change takes a copy
				i.Clocks, i.clocksShared = slices.Clone(i.Clocks), false
			}
			ev.applyTo(s, i, e)
			s.touch(e)
		}
	case stateEvent:
		ev.apply(s, e)
	}
}
