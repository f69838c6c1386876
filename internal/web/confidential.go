package web

import (
	"net/http"

	"nis2clock/internal/incident"
)

// setTLP says how far what is known of an incident may go.
func (s *server) setTLP(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		TLP    string `json:"tlp"`
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.SetTLP{Person: p, ID: id(r), TLP: in.TLP, Reason: in.Reason})
}

// outOfBand keeps an incident out of chat and mail, or no longer.
func (s *server) outOfBand(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		On     bool   `json:"on"`
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.SetOutOfBand{Person: p, ID: id(r), On: in.On, Reason: in.Reason})
}
