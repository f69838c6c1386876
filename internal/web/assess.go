package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/significance"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// said is what a request says of one fact, in the form people write it. In
// JSON it is that text, a number, true or false, null for unknown, or an
// object: {"value": 12000, "estimated": true}.
type said string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (s *said) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case jsontext.KindBeginObject:
		var o struct {
			Value     said `json:"value"`
			Estimated bool `json:"estimated"`
		}
		if err := json.UnmarshalDecode(dec, &o, json.RejectUnknownMembers(true)); err != nil {
			return err
		}
		if *s = o.Value; o.Estimated {
			*s = "~" + o.Value
		}
		return nil
	case jsontext.KindBeginArray:
		return errors.New("a fact is a text, a number, true, false, null, or an object with value and estimated")
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case jsontext.KindNull:
		*s = "unknown"
	case jsontext.KindTrue:
		*s = "yes"
	case jsontext.KindFalse:
		*s = "no"
	default:
		*s = said(tok.String())
	}
	return nil
}

// assess records facts for the assessment of significance, and a decision.
//
//	{"entity": "acme",                      // may be left out where there is one
//	 "facts": {"users_limited": 10200,      // number, text, true, false, or null for unknown
//	           "users_in_union": {"value": 200000, "estimated": true},
//	           "complete_unavailability": "45m", "death": "no"},
//	 "decision": "significant",             // or not_significant, undecided; left out: as it was
//	 "reason": "…",                         // for the decision
//	 "seen": "…"}                           // the version of the assessment gone by: 409 once it has changed
//
// The answer is the incident; its significance holds the criteria with their
// results. Not significant stops the entity's clocks under NIS2; where the
// policy asks for a second person, it does so once another actor sends it too.
// It needs the right to decide where a decision is given.
func (s *server) assess(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Entity   string                       `json:"entity"`
		Facts    map[significance.FactID]said `json:"facts"`
		Decision string                       `json:"decision"`
		Reason   string                       `json:"reason"`
		Seen     string                       `json:"seen"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if in.Decision != "" {
		if err := may(r, access.MayDecide); err != nil {
			return err
		}
	}
	facts := make(map[significance.FactID]string, len(in.Facts))
	for id, text := range in.Facts {
		facts[id] = string(text)
	}
	return s.do(w, r, http.StatusOK, incident.Assess{Person: p, ID: id(r), Entity: in.Entity, Facts: facts, Decision: in.Decision, Reason: in.Reason, Seen: in.Seen})
}

// assessment answers with what the criteria ask and say, computed now; it
// changes nothing. The query may name an entity, suppose facts
// (fact=users_limited=10200, repeated) and leave questions out of "next"
// (skip=death, repeated).
//
//	{"incident": "INC-2026-0001", "entity": "acme", "types": ["cloud_computing_service_provider"], "decision": "undecided",
//	 "advice": {"verdict": "significant｜not_significant｜cannot_tell", "because": "…", "met": ["cloud_limited"],
//	            "missing": [{"fact": "…", "question": "…"}]},   // the cheapest to find out first
//	 "criteria": [{"id": "cloud_limited", "source": "Impl. Reg. (EU) 2024/2690 Art. 7(b)", "text": "…",
//	               "result": "met｜not_met｜unknown", "because": "…", "missing": [], "estimated": true}],
//	 "questions": [{"fact": "users_limited", "kind": "users", "question": "…?", "form": "…", "explain": "…",
//	                "answer": {"value": "10200", "estimated": true, "origin": "person｜incident｜record｜config"}, "shown": "10 200 (estimated)"}],
//	 "next": {…} or null, "table": "SHA-256 of the criteria", "version": "…"}
func (s *server) assessment(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	suppose := map[significance.FactID]string{}
	for _, pair := range q["fact"] {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errBadRequest{fmt.Errorf("fact=%q is not NAME=VALUE", pair)}
		}
		suppose[significance.FactID(name)] = value
	}
	var skip []significance.FactID
	for _, name := range q["skip"] {
		skip = append(skip, significance.FactID(name))
	}
	a, err := s.Desk.Assessment(id(r), q.Get("entity"), suppose, skip)
	if err != nil {
		return err
	}
	a.Types = slices.Clone(a.Types)
	return s.write(w, http.StatusOK, a)
}

// reopen takes back that an incident is not reportable, or closed; its clocks
// run again with the instants they had. It needs the right to decide.
func (s *server) reopen(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Reopen{Person: p, ID: id(r), Reason: in.Reason})
}

// recurring proposes sets of incidents that may together be one significant
// incident (Impl. Reg. (EU) 2024/2690 Art. 4), of one entity or of all.
//
//	{"sets": [{"entity": "acme", "incidents": ["INC-2026-0001", "INC-2026-0007"], "root_cause": "…", "from": "…", "to": "…",
//	           "loss_eur": "300000", "result": "met｜unknown", "because": "…", "without_loss": ["INC-2026-0007"], "source": "…"}]}
func (s *server) recurring(w http.ResponseWriter, r *http.Request) error {
	sets, err := s.Desk.Recurring(r.URL.Query().Get("entity"))
	if errors.Is(err, incident.ErrNoEntity) {
		return errBadRequest{err}
	}
	if err != nil {
		return err
	}
	hidden := s.hidden(r)
	sets = slices.DeleteFunc(sets, func(set incident.RecurringSet) bool {
		return slices.ContainsFunc(set.Incidents, func(id string) bool { return hidden[incident.ID(id)] })
	})
	return s.write(w, http.StatusOK, struct {
		Sets []incident.RecurringSet `json:"sets"`
	}{sets})
}
