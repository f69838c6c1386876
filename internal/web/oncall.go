package web

import (
	"net/http"
	"time"

	"nis2clock/internal/incident"
)

// OnCall is who is on call: the answer of GET /api/v1/oncall.
type OnCall struct {
	// Source says who knows, in words.
	Source string `json:"source"`
	// AsOf is when that was asked; zero where it stands in the configuration or
	// could not be asked yet.
	AsOf   time.Time      `json:"as_of,omitzero"`
	People []PersonOnCall `json:"people"`
	// Error is why it cannot be asked now; what People says is as of AsOf.
	Error *string `json:"error"`
}

// PersonOnCall is one of them, the first to be called first.
type PersonOnCall struct {
	Name string `json:"name"`
	// Level is the escalation level, from 1; 0 where there are none.
	Level int `json:"level,omitzero"`
	// Until is when somebody else takes over; null for an open end.
	Until *time.Time `json:"until"`
}

func (s *server) onCall(w http.ResponseWriter, _ *http.Request) error {
	return s.write(w, http.StatusOK, s.OnCall())
}

func (s *server) handOver(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		To       string `json:"to"`
		Reason   string `json:"reason"`
		Accepted bool   `json:"accepted"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.HandOver{Person: p, ID: id(r), To: in.To, Reason: in.Reason, Accepted: in.Accepted}, s.strangers(in.To)...)
}
