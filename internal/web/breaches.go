package web

import (
	"net/http"
	"slices"

	"nis2clock/internal/incident"
)

func (s *server) setReportability(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reportability string `json:"reportability"`
		Reason        string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.SetReportability{Person: p, ID: id(r), To: in.Reportability, Reason: in.Reason})
}

// recordBreach takes what is said of a personal data breach; what is left out
// stays as it was.
func (s *server) recordBreach(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Entity string `json:"entity"`
		incident.BreachFacts
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.RecordBreach{Person: p, ID: id(r), Entity: in.Entity, Facts: in.BreachFacts})
}

// breachRegister answers with the register of Regulation (EU) 2016/679
// Art. 33(5), oldest incident first.
func (s *server) breachRegister(w http.ResponseWriter, r *http.Request) error {
	var out struct {
		Breaches []incident.RegisterEntry `json:"breaches"`
	}
	now := s.Desk.Now()
	s.Desk.View(func(st *incident.State) {
		hidden := st.Hidden(person(r).Sees)
		out.Breaches = slices.DeleteFunc(st.Breaches(now), func(e incident.RegisterEntry) bool { return hidden[e.Incident] })
	})
	return s.write(w, http.StatusOK, out)
}
