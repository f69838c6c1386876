package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

func (s *server) declare(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Title      string    `json:"title"`
		Summary    string    `json:"summary"`
		DetectedAt time.Time `json:"detected_at"`
		Severity   string    `json:"severity"`
		Regimes    []string  `json:"regimes"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusCreated, incident.Declare{Person: p, Title: in.Title, Summary: in.Summary, DetectedAt: in.DetectedAt, Severity: in.Severity, Regimes: in.Regimes})
}

func (s *server) acknowledge(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Acknowledge{Person: p, ID: id(r)})
}

func (s *server) takeCommand(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.TakeCommand{Person: p, ID: id(r)})
}

func (s *server) setFacts(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Summary     *string          `json:"summary"`
		Malicious   *classify.Answer `json:"malicious"`
		CrossBorder *classify.Answer `json:"cross_border"`

		AffectsTrustService *classify.Answer `json:"affects_trust_service"`
		OngoingAtFinalDue   *classify.Answer `json:"ongoing_at_final_due"`
		Reason              string           `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.SetFacts{
		Person: p, ID: id(r), Summary: in.Summary, Malicious: in.Malicious, CrossBorder: in.CrossBorder,
		AffectsTrustService: in.AffectsTrustService, OngoingAtFinalDue: in.OngoingAtFinalDue, Reason: in.Reason,
	})
}

func (s *server) addNote(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Text       string `json:"text"`
		Privileged bool   `json:"privileged"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.AddNote{Person: p, ID: id(r), Text: in.Text, Privileged: in.Privileged})
}

func (s *server) submit(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Entity      string    `json:"entity"`
		Regime      string    `json:"regime"`
		Stage       string    `json:"stage"`
		Stages      []string  `json:"stages"`
		Controller  string    `json:"controller"`
		SubmittedAt time.Time `json:"submitted_at"`
		ReceiptAt   time.Time `json:"receipt_at"`
		Authority   string    `json:"authority"`
		Channel     string    `json:"channel"`
		Submitter   string    `json:"submitter"`
		Reference   string    `json:"reference"`
		SHA256      string    `json:"sha256"`
		Incomplete  string    `json:"incomplete_reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if in.Stage != "" {
		in.Stages = append(in.Stages, in.Stage)
	}
	if err := unprefixed(in.Stages, &in.Regime); err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Submit{
		Person: p, ID: id(r), Entity: in.Entity, Regime: in.Regime, Stages: in.Stages, Controller: in.Controller, IncompleteReason: in.Incomplete,
		Submission: incident.Submission{
			SentAt: in.SubmittedAt, ReceiptAt: in.ReceiptAt, Authority: in.Authority, Channel: in.Channel,
			Submitter: in.Submitter, Reference: in.Reference, SHA256: in.SHA256,
		},
	})
}

// unprefixed takes the regime from stages written as in gdpr/notification, and
// leaves the stages. All must be of one regime.
func unprefixed(stages []string, of *string) error {
	for n, stage := range stages {
		prefix, rest, ok := strings.Cut(stage, "/")
		if !ok {
			continue
		}
		if *of != "" && *of != prefix || n > 0 && *of == "" {
			return errBadRequest{fmt.Errorf("%s is not of the same regime as the others: record a submission for each regime", stage)}
		}
		stages[n], *of = rest, prefix
	}
	return nil
}

func (s *server) notReportable(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.MarkNotReportable{Person: p, ID: id(r), Reason: in.Reason})
}

func (s *server) closeIncident(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Close{Person: p, ID: id(r)})
}

// link records that the incident belongs with another, or no longer.
func (s *server) link(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Incident incident.ID `json:"incident"`
		Remove   bool        `json:"remove"`
		Reason   string      `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Link{Person: p, ID: id(r), Other: in.Incident, Remove: in.Remove, Reason: in.Reason})
}

// redetect records that the incident was detected earlier than its alerts say.
func (s *server) redetect(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		DetectedAt string `json:"detected_at"`
		Reason     string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	at, err := regime.ParseInstant(in.DetectedAt)
	if err != nil {
		return errBadRequest{fmt.Errorf("/detected_at: %w", err)}
	}
	return s.do(w, r, http.StatusOK, incident.Redetect{Person: p, ID: id(r), At: at, Reason: in.Reason})
}
