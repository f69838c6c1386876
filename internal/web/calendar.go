package web

import (
	"net/http"

	"nis2clock/internal/access"
	"nis2clock/internal/calendar"
	"nis2clock/internal/incident"
	"nis2clock/internal/problem"
)

// calendar serves GET /calendar.ics?token=. Calendar programs send no header,
// and addresses end up in logs and histories: the token must be one that can
// read and nothing else.
func (s *server) calendar(w http.ResponseWriter, r *http.Request) {
	asked := r.Clone(r.Context())
	asked.Header.Del("Authorization")
	if token := r.URL.Query().Get("token"); token != "" {
		asked.Header.Set("Authorization", "Bearer "+token)
	}
	who, ok := s.Keeper.Authenticate(access.APIDoor, asked)
	switch {
	case !ok:
		problem.Error(w, "no valid token: ask for /calendar.ics?token=…, of a token with role auditor", http.StatusUnauthorized)
		return
	case !who.Role.Has(access.MayRead):
		problem.Error(w, who.Role.Refusal(access.MayRead), http.StatusForbidden)
		return
	case who.Role != access.Auditor:
		problem.Error(w, "this token can do more than read, and an address is no place for it: make one with role auditor", http.StatusForbidden)
		return
	}
	now := s.Desk.Now()
	var all []incident.View
	s.Desk.View(func(st *incident.State) {
		for _, id := range without(st.IDs(), st.Hidden(who.Sees)) {
			if i, ok := st.Incident(id); ok && i.Status != incident.StatusClosed {
				all = append(all, i.View(now))
			}
		}
	})
	w.Header().Set("Content-Type", calendar.ContentType)
	w.Header().Set("Content-Disposition", `inline; filename="nis2clock.ics"`)
	if _, err := w.Write(calendar.Clocks(all, s.PageURL)); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
}
