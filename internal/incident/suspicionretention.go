package incident

import (
	"slices"
	"time"
)

// ClassEvents is the register of suspicious events.
const ClassEvents = "events"

// expiredEvents lists the suspicious events whose retention has run out at now, in
// the order they were entered. One that nobody assessed is never listed: it is
// open work. One that is in an incident's file stays as long as that does.
func (s *State) expiredEvents(p RetentionPolicy, now time.Time) []Candidate {
	var out []Candidate
	for _, id := range s.eventOrder {
		ev := s.events[id]
		class, keep := ClassEvents, p.Events
		if ev.Exercise {
			class, keep = ClassExercises, p.Exercises
		}
		if ev.Erased || len(ev.Assessments) == 0 || keep == 0 || expiry(ev.UpdatedAt, keep).After(now) {
			continue
		}
		c := s.candidate(class, s.present(ev.Entries))
		c.Incident, c.ExpiredAt, c.Kept = id, expiry(ev.UpdatedAt, keep), s.eventProtected(ev, nil)
		out = append(out, c)
	}
	return out
}

// eventProtected says why the event may not be erased together with the incidents
// that go; empty when it may.
func (s *State) eventProtected(ev *Suspicion, goes []ID) string {
	if len(ev.Assessments) == 0 {
		return "nobody has assessed it"
	}
	if i := s.incidents[ev.Incident]; i != nil && !i.Erased && !slices.Contains(goes, i.ID) {
		return "it is in the file of " + string(i.ID) + ", which stays"
	}
	return ""
}

// eraseEvent are the entries of an event that can go as a whole, with the
// incidents that go.
func (s *State) eraseEvent(ev *Suspicion, goes []ID) ([]uint64, error) {
	if ev.Erased {
		return nil, refused("%s is erased already", ev.ID)
	}
	if why := s.eventProtected(ev, goes); why != "" {
		return nil, refused("%s stays: %s", ev.ID, why)
	}
	return s.present(ev.Entries), nil
}
