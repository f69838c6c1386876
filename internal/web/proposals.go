package web

import (
	"fmt"
	"net/http"
	"strconv"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// settle confirms or rejects what somebody without the right proposed.
func (s *server) settle(confirm bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Reason string `json:"reason"`
		}
		p, err := read(r, &in)
		if err != nil {
			return err
		}
		number, err := strconv.Atoi(r.PathValue("number"))
		if err != nil {
			return errBadRequest{fmt.Errorf("proposal %q is not a number", r.PathValue("number"))}
		}
		v, _ := s.Desk.Incident(id(r))
		if p, ok := v.Proposal(number); ok {
			who, _ := access.From(r.Context())
			right, known := access.ForProposal(p.What)
			if !known || !who.Role.Has(right) {
				return errForbidden{fmt.Errorf("your role %s may not answer proposal %d", who.Role, number)}
			}
		}
		return s.do(w, r, http.StatusOK, incident.SettleProposal{Person: p, ID: id(r), Number: number, Confirm: confirm, Reason: in.Reason})
	}
}
