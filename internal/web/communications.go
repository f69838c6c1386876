package web

import (
	"cmp"
	"net/http"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// draftCommunication answers with a draft for a person to edit. It is made
// without privileged notes, whoever asks.
func (s *server) draftCommunication(w http.ResponseWriter, r *http.Request) error {
	v, err := s.view(r, id(r))
	if err != nil {
		return err
	}
	out := struct {
		Kind      string   `json:"kind"`
		Lang      string   `json:"lang"`
		Languages []string `json:"languages"`
		Text      string   `json:"text"`
	}{Kind: r.PathValue("kind"), Lang: cmp.Or(r.URL.Query().Get("lang"), "en")}
	out.Languages = s.Drafts.Languages(out.Kind)
	if out.Text, err = s.Drafts.Draft(out.Kind, out.Lang, v.WithoutPrivileged(), s.Desk.Now()); err != nil {
		return err
	}
	return s.write(w, http.StatusOK, out)
}

// recordCommunication records what a person sent.
func (s *server) recordCommunication(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Kind     string    `json:"kind"`
		Lang     string    `json:"lang"`
		Audience string    `json:"audience"`
		Channel  string    `json:"channel"`
		SentAt   time.Time `json:"sent_at"`
		Sender   string    `json:"sender"`
		Text     string    `json:"text"`
		SHA256   string    `json:"sha256"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if in.Kind == incident.RecipientsNotice || in.Kind == incident.AuthorityFollowUp {
		if err := may(r, access.MaySubmit); err != nil {
			return err
		}
	}
	return s.do(w, r, http.StatusOK, incident.RecordCommunication{Person: p, ID: id(r), Communication: incident.Communication{
		Kind: in.Kind, Lang: in.Lang, Audience: in.Audience, Channel: in.Channel, At: in.SentAt, Sender: in.Sender, Text: in.Text, SHA256: in.SHA256,
	}})
}
