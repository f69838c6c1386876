package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/incident"
)

func (s *server) reportEvent(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		What               string            `json:"what"`
		Reporter           incident.Reporter `json:"reporter"`
		Service            string            `json:"service"`
		NoticedAt          time.Time         `json:"noticed_at"`
		ReceivedAt         time.Time         `json:"received_at"`
		SupplierDetectedAt time.Time         `json:"supplier_detected_at"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.doEvent(w, r, http.StatusCreated, incident.ReportSuspicion{
		Person: p, What: in.What, Reporter: in.Reporter, Service: in.Service,
		NoticedAt: in.NoticedAt, ReceivedAt: in.ReceivedAt, SupplierDetectedAt: in.SupplierDetectedAt,
	})
}

func (s *server) assessEvent(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Outcome       string      `json:"outcome"`
		Reportability string      `json:"reportability"`
		Reason        string      `json:"reason"`
		Incident      incident.ID `json:"incident"`
		DetectedAt    time.Time   `json:"detected_at"`
		Title         string      `json:"title"`
		Severity      string      `json:"severity"`
		Regimes       []string    `json:"regimes"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if s.hidden(r)[in.Incident] {
		return fmt.Errorf("%w: %s", incident.ErrUnknown, in.Incident)
	}
	return s.doEvent(w, r, http.StatusOK, incident.AssessSuspicion{
		Person: p, ID: id(r), Outcome: in.Outcome, Reportability: in.Reportability, Reason: in.Reason,
		Incident: in.Incident, DetectedAt: in.DetectedAt, Title: in.Title, Severity: in.Severity, Regimes: in.Regimes,
	})
}

func (s *server) noteEvent(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Text string `json:"text"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.doEvent(w, r, http.StatusOK, incident.NoteSuspicion{Person: p, ID: id(r), Text: in.Text})
}

// doEvent executes a command on a suspicious event and answers with it as it
// now stands.
func (s *server) doEvent(w http.ResponseWriter, r *http.Request, status int, cmd incident.Command) error {
	ctx, cancel := context.WithTimeout(r.Context(), commitWithin)
	defer cancel()
	reply, err := s.Desk.Do(ctx, cmd)
	if err != nil {
		return err
	}
	return s.writeEvent(w, status, reply.(incident.ID))
}

func (s *server) showEvent(w http.ResponseWriter, r *http.Request) error {
	return s.writeEvent(w, http.StatusOK, id(r))
}

func (s *server) writeEvent(w http.ResponseWriter, status int, id incident.ID) error {
	now := s.Desk.Now()
	var v incident.SuspicionView
	known := false
	s.Desk.View(func(st *incident.State) {
		var ev *incident.Suspicion
		if ev, known = st.Event(id); known {
			v = ev.View(now)
		}
	})
	if !known {
		return incident.UnknownEvent(id)
	}
	return s.write(w, status, v)
}

// listEvents lists suspicious events, newest first. The cursor is the id the
// next page begins after.
func (s *server) listEvents(w http.ResponseWriter, r *http.Request) error {
	q := &query{Values: r.URL.Query()}
	status, kind, outcome, text := q.Get("status"), q.Get("kind"), q.Get("outcome"), strings.ToLower(q.Get("q"))
	from, to, limit, cursor := q.instant("from"), q.instant("to"), q.limit(), incident.ID(q.Get("cursor"))
	if status != "" && status != incident.Untriaged && status != incident.StatusAssessed && status != "overdue" {
		q.errs = append(q.errs, fmt.Errorf("status=%q is none of untriaged, assessed and overdue", status))
	}
	if err := q.err(); err != nil {
		return err
	}
	now := s.Desk.Now()
	matches := func(ev *incident.Suspicion) bool {
		a := ev.Assessed()
		return (status == "" || (status == "overdue" && ev.Overdue(now)) || (status == incident.Untriaged && a == nil) || (status == incident.StatusAssessed && a != nil)) &&
			(kind == "" || ev.Reporter.Kind == kind) && (outcome == "" || a != nil && a.Outcome == outcome) &&
			(from.IsZero() || !ev.ReceivedAt.Before(from)) && (to.IsZero() || ev.ReceivedAt.Before(to)) &&
			(text == "" || strings.Contains(strings.ToLower(string(ev.ID)+" "+ev.What+" "+ev.Reporter.Name), text))
	}
	out := struct {
		Events []incident.SuspicionView `json:"events"`
		Next   *incident.ID             `json:"next"`
	}{Events: []incident.SuspicionView{}}
	var err error
	s.Desk.View(func(st *incident.State) {
		var page []incident.ID
		page, out.Next, err = newestFirst(without(st.EventIDs(), st.Hidden(person(r).Sees)), cursor, limit, func(id incident.ID) bool {
			ev, _ := st.Event(id)
			return matches(ev)
		})
		for _, id := range page {
			ev, _ := st.Event(id)
			out.Events = append(out.Events, ev.View(now))
		}
	})
	if err != nil {
		return err
	}
	return s.write(w, http.StatusOK, out)
}
