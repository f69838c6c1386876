package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"

	"github.com/prometheus/common/model"
)

// Erased is what an erasure did.
type Erased struct {
	desk.Erased
	Files int      // of the vault that went too
	Notes []string // what is still to be done
}

func (s *server) hold(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Hold{Person: p, ID: id(r), Reason: in.Reason})
}

func (s *server) release(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Release{Person: p, ID: id(r), Reason: in.Reason})
}

// candidateView is something whose retention has run out.
type candidateView struct {
	Class     string       `json:"class"`
	Incident  *incident.ID `json:"incident"` // null for logs
	Subject   string       `json:"subject"`  // what the logs are; empty for an incident
	Entries   int          `json:"entries"`
	Bytes     int64        `json:"bytes"` // of payload
	From      time.Time    `json:"from"`
	To        time.Time    `json:"to"`
	ExpiredAt time.Time    `json:"expired_at"`
	Reason    string       `json:"reason"`
	// Kept says why it stays all the same; null when it goes.
	Kept *string `json:"kept"`
}

// erasedView is what an erasure did.
type erasedView struct {
	Entries   int           `json:"entries"`
	Incidents []incident.ID `json:"incidents"`
	// JournalEntry is the position of the entry that says who ordered it; null
	// when there was nothing to erase.
	JournalEntry *uint64  `json:"journal_entry"`
	Files        int      `json:"files"` // of the vault
	Notes        []string `json:"notes"`
}

func (e Erased) view() *erasedView {
	v := &erasedView{Entries: len(e.Entries), Incidents: e.Incidents, Files: e.Files, Notes: e.Notes}
	if v.Entries > 0 {
		v.JournalEntry = &e.At
	}
	return v
}

// retention lists what has expired and, when dry_run is false, erases it. It is
// a dry run unless that is said.
func (s *server) retention(w http.ResponseWriter, r *http.Request) error {
	in := struct {
		DryRun bool `json:"dry_run"`
	}{true}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	out := struct {
		DryRun     bool              `json:"dry_run"`
		Policy     map[string]string `json:"policy"`
		Candidates []candidateView   `json:"candidates"`
		Erased     *erasedView       `json:"erased"`
	}{DryRun: in.DryRun, Policy: s.kept(), Candidates: []candidateView{}}
	var expired []incident.Candidate
	s.Desk.View(func(st *incident.State) { expired = incident.Expired(st, s.Retention, s.Desk.Now()) })
	for _, c := range expired {
		v, err := s.candidate(r.Context(), c)
		if err != nil {
			return err
		}
		out.Candidates = append(out.Candidates, v)
	}
	if !in.DryRun {
		done, err := s.Erase(r.Context(), incident.ErasureRequest{By: p.By, Retention: &s.Retention})
		if err != nil && !errors.Is(err, incident.ErrNothingExpired) {
			return err
		}
		out.Erased = done.view()
	}
	return s.write(w, http.StatusOK, out)
}

// kept is how long each class is kept.
func (s *server) kept() map[string]string {
	out := map[string]string{}
	for class, keep := range map[string]time.Duration{
		incident.ClassLogs: s.Retention.Logs, incident.ClassIncidents: s.Retention.Incidents, incident.ClassExercises: s.Retention.Exercises,
	} {
		out[class] = model.Duration(keep).String()
		if keep == 0 {
			out[class] = "for good"
		}
	}
	return out
}

func (s *server) candidate(ctx context.Context, c incident.Candidate) (candidateView, error) {
	size, err := desk.Bytes(ctx, s.Journal, c.Entries)
	if err != nil {
		return candidateView{}, err
	}
	v := candidateView{
		Class: c.Class, Subject: c.Subject, Entries: len(c.Entries), Bytes: size, From: c.From, To: c.To, ExpiredAt: c.ExpiredAt,
		Reason: fmt.Sprintf("%s are kept %s", c.Class, s.kept()[c.Class]),
	}
	if c.Incident != "" {
		v.Incident = &c.Incident
		v.Reason += " after closure"
	}
	if c.Kept != "" {
		v.Kept = &c.Kept
	}
	return v, nil
}

// copies are where the text of what was erased may still be.
var copies = []string{
	"backups and other copies of the data folder that were made before",
	"an off-site copy under object lock, until its retention ends",
	"messages that PagerDuty, Slack and others received, and what was sent to an authority",
	"reports, packets and exports that were handed over",
	"Alertmanager and Prometheus; an alert that still fires opens a new incident when it is sent again",
}

// remainView is what the journal still tells of an erased entry.
type remainView struct {
	Seq      uint64       `json:"seq"`
	At       time.Time    `json:"at"`
	Kind     string       `json:"kind"`
	Incident *incident.ID `json:"incident"`
}

// erase erases incidents or entries on somebody's request, such as that of a
// person they tell of (Art. 17 GDPR), and says what remains.
func (s *server) erase(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Incidents []incident.ID `json:"incidents"`
		Entries   []uint64      `json:"entries"`
		Reason    string        `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	done, err := s.Erase(r.Context(), incident.ErasureRequest{By: p.By, Incidents: in.Incidents, Entries: in.Entries, Reason: in.Reason})
	if err != nil {
		return err
	}
	out := struct {
		Erased  *erasedView  `json:"erased"`
		Remains []remainView `json:"remains"`
		Copies  []string     `json:"copies"`
	}{done.view(), []remainView{}, copies}
	for _, seq := range done.Entries {
		for e, err := range s.Journal.Read(r.Context(), seq, seq+1) {
			if err != nil {
				return err
			}
			v := remainView{Seq: e.Seq, At: e.At, Kind: e.Kind}
			if e.Incident != "" {
				v.Incident = new(incident.ID(e.Incident))
			}
			out.Remains = append(out.Remains, v)
		}
	}
	return s.write(w, http.StatusOK, out)
}
