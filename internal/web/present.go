package web

import (
	"fmt"
	"net/http"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
)

// view is the incident as the sender of the request may see it now.
func (s *server) view(r *http.Request, id incident.ID) (v incident.View, err error) {
	now, books := s.Desk.Now(), s.Runbooks()
	s.Desk.View(func(st *incident.State) {
		i, ok := st.Incident(id)
		if !ok {
			err = fmt.Errorf("%w: %s", incident.ErrUnknown, id)
			return
		}
		v = present(i, books, person(r), now)
	})
	return v, err
}

// present is an incident as somebody may see it: with the runbooks that fit
// it, and the text of privileged notes for those who may decide.
func present(i *incident.Incident, books *runbook.Library, who access.Identity, now time.Time) incident.View {
	v := i.View(now)
	v.Runbooks = books.Progress(v, i.Ticks)
	if who.Role.Has(access.MayDecide) {
		i.Disclose(&v)
	}
	return v
}

// wording is what an entry says to somebody; it was not erased.
func wording(e incident.Entry, who access.Identity) string {
	if who.Role.Has(access.MayDecide) {
		return e.Disclose()
	}
	return e.Event.Describe()
}
