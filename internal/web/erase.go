package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	Incident  *incident.ID `json:"incident"` // or suspicious event; null for logs
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
		incident.ClassLogs: s.Retention.Logs, incident.ClassEvents: s.Retention.Events, incident.ClassIncidents: s.Retention.Incidents, incident.ClassExercises: s.Retention.Exercises,
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
	}
	switch c.Class {
	case incident.ClassEvents:
		v.Reason = fmt.Sprintf("suspicious events are kept %s after their last entry", s.kept()[c.Class])
	case incident.ClassIncidents, incident.ClassExercises:
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
	"webhook bodies over 64 KiB in the vault in which an alert was repeated, until the logs expire or the incident goes that they brought news of",
	"the register of suspicious events, for those that became an incident or joined one, until they are erased too",
	"an off-site copy under object lock, until its retention ends",
	"messages that PagerDuty, Slack and others received, and what was sent to an authority",
	"reports, packets and exports that were handed over",
	"Alertmanager and Prometheus; an alert that still fires opens a new incident when it is sent again",
}

// remainView is what the journal tells of an entry without its payload.
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
	fingerprints := s.fingerprints(in.Incidents)
	done, err := s.Erase(r.Context(), incident.ErasureRequest{By: p.By, Incidents: in.Incidents, Entries: in.Entries, Reason: in.Reason})
	if err != nil {
		return err
	}
	out := struct {
		Erased  *erasedView  `json:"erased"`
		Remains []remainView `json:"remains"`
		// Mentions are entries of others that hold a webhook body in which an alert
		// of the erased incidents was repeated.
		Mentions []remainView `json:"mentions"`
		Copies   []string     `json:"copies"`
	}{Erased: done.view(), Copies: copies}
	if out.Remains, err = s.remains(r.Context(), done.Entries); err != nil {
		return err
	}
	mentions, err := desk.Mentions(r.Context(), s.Journal, fingerprints)
	if err == nil {
		out.Mentions, err = s.remains(r.Context(), mentions)
	}
	if err != nil {
		return err
	}
	return s.write(w, http.StatusOK, out)
}

// fingerprints are those of the alerts of the incidents.
func (s *server) fingerprints(ids []incident.ID) (all []string) {
	s.Desk.View(func(st *incident.State) {
		for _, id := range ids {
			if i, ok := st.Incident(id); ok {
				for _, a := range i.Alerts {
					all = append(all, a.Fingerprint)
				}
			}
		}
	})
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(f string) bool { return f == "" })
}

// remains is what the journal tells of the entries without their payload.
func (s *server) remains(ctx context.Context, entries []uint64) ([]remainView, error) {
	out := []remainView{}
	for _, seq := range entries {
		for e, err := range s.Journal.Read(ctx, seq, seq+1) {
			if err != nil {
				return nil, err
			}
			v := remainView{Seq: e.Seq, At: e.At, Kind: e.Kind}
			if e.Incident != "" {
				v.Incident = new(incident.ID(e.Incident))
			}
			out = append(out, v)
		}
	}
	return out, nil
}
