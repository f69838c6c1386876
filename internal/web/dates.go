package web

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// date takes a date of an incident. Its JSON field has the date's own name, as in {"handled_at": …}; "by", of awareness also
// "aware_by", is who saw or decided it.
func (s *server) date(name incident.DateName) func(http.ResponseWriter, *http.Request) error {
	field, by := string(name), strings.TrimSuffix(string(name), "_at")+"_by"
	return func(w http.ResponseWriter, r *http.Request) error {
		in := map[string]string{}
		p, err := read(r, &in)
		if err != nil {
			return err
		}
		cmd := incident.SetDate{
			Person: p, ID: id(r), Date: incident.DateID{Date: name, Entity: in["entity"], Regime: regime.ID(in["regime"])},
			Who: cmp.Or(in["by"], in[by]), Reason: in["reason"],
		}
		for key, value := range in {
			switch key {
			case "by", by, "reason", "entity", "regime":
			case field:
				if cmd.At, err = regime.ParseInstant(value); err != nil {
					return errBadRequest{fmt.Errorf("/%s: %w", field, err)}
				}
			default:
				return errBadRequest{fmt.Errorf("the request is not what this path takes: /%s is not known here: want %s, reason, by, entity, regime", key, field)}
			}
		}
		return s.do(w, r, http.StatusOK, cmd)
	}
}
