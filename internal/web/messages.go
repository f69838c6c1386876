package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// authorityMessage records a message from the authority or to it.
func (s *server) authorityMessage(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Direction  incident.Direction   `json:"direction"`
		Kind       incident.MessageKind `json:"kind"`
		ReceivedAt time.Time            `json:"received_at"`
		SentAt     time.Time            `json:"sent_at"`
		RespondBy  time.Time            `json:"respond_by"`
		Owner      string               `json:"owner"`
		Entity     string               `json:"entity"`
		Regime     string               `json:"regime"`
		Stage      string               `json:"stage"`
		Stages     []string             `json:"stages"`
		Authority  string               `json:"authority"`
		Reference  string               `json:"reference"`
		Text       string               `json:"text"`
		SHA256     string               `json:"sha256"`
		Answers    int                  `json:"answers"`
		Reason     string               `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	at, other, name := in.ReceivedAt, in.SentAt, "sent_at"
	if in.Direction == incident.Out {
		at, other, name = in.SentAt, in.ReceivedAt, "received_at"
	}
	if !other.IsZero() {
		return errBadRequest{fmt.Errorf("/%s does not go with direction %q: a message in has received_at, one out sent_at", name, in.Direction)}
	}
	if in.Stage != "" {
		in.Stages = append(in.Stages, in.Stage)
	}
	if err := unprefixed(in.Stages, &in.Regime); err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.RecordMessage{Person: p, ID: id(r), Message: incident.AuthorityMessage{
		Direction: in.Direction, Kind: in.Kind, At: at, RespondBy: in.RespondBy, Owner: in.Owner, Entity: in.Entity, Regime: regime.ID(in.Regime),
		Stages: in.Stages, Authority: in.Authority, Reference: in.Reference, Text: in.Text, SHA256: in.SHA256, Answers: in.Answers, Reason: in.Reason,
	}})
}

// settleMessage records that a message needs no answer any more.
func (s *server) settleMessage(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return errBadRequest{fmt.Errorf("%q is not the number of a message", r.PathValue("number"))}
	}
	return s.do(w, r, http.StatusOK, incident.SettleMessage{Person: p, ID: id(r), Number: number, Reason: in.Reason})
}
