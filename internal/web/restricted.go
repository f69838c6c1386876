package web

import (
	"fmt"
	"net/http"
	"strings"

	"nis2clock/internal/incident"
)

// restrict says who may know of an incident, or that everybody may again.
//
//	{"on": true, "names": ["ana", "Ana Example"], "reason": "…"}
func (s *server) restrict(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		On     bool     `json:"on"`
		Names  []string `json:"names"`
		Reason string   `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Restrict{Person: p, ID: id(r), On: in.On, Names: in.Names, Reason: in.Reason}, s.strangers(in.Names...)...)
}

// changeAccess lets somebody know of a restricted incident, or no longer.
//
//	{"name": "ben", "allow": true, "reason": "…"}
func (s *server) changeAccess(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name   string `json:"name"`
		Allow  bool   `json:"allow"`
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	var warnings []string
	if in.Allow {
		warnings = s.strangers(in.Name)
	}
	return s.do(w, r, http.StatusOK, incident.ChangeAccess{Person: p, ID: id(r), Name: in.Name, Allow: in.Allow, Reason: in.Reason}, warnings...)
}

// hidden are the incidents, and the suspicious events behind them, of which the
// sender of the request may not know. Lists leave them out.
func (s *server) hidden(r *http.Request) (ids map[incident.ID]bool) {
	s.Desk.View(func(st *incident.State) { ids = st.Hidden(person(r).Sees) })
	return ids
}

// known is [incident.ErrUnknown] where a path names an incident, or a
// suspicious event, that the sender may not know of, and where there is none:
// before anything else of the request is looked at, so that the two answers are
// the same. Every path with an id goes through here, in the handlers around the
// two tables.
func (s *server) known(r *http.Request) error {
	asked := id(r)
	if asked == "" {
		return nil
	}
	there := false
	s.Desk.View(func(st *incident.State) { _, there = st.EntriesAbout(asked) })
	if there && !s.hidden(r)[asked] {
		return nil
	}
	if strings.HasPrefix(r.URL.Path, "/api/v1/events/") {
		return incident.UnknownEvent(asked)
	}
	return fmt.Errorf("%w: %s", incident.ErrUnknown, asked)
}
