package web

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"nonce": func() string { return "" }, "exercise": func() bool { return false }}).ParseFS(pageFiles, "pages/*.html"))

// maxRows bounds what one page shows.
const maxRows = 500

// render writes a page under a policy that lets nothing but its own style and
// script run.
func render(w http.ResponseWriter, logger *slog.Logger, status int, name string, data any) {
	nonce := rand.Text()
	t, err := pages.Clone()
	if err == nil {
		var b bytes.Buffer
		exercise := w.Header().Get(exerciseHeader) != ""
		if err = t.Funcs(template.FuncMap{"nonce": func() string { return nonce }, "exercise": func() bool { return exercise }}).ExecuteTemplate(&b, name, data); err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", fmt.Sprintf(
				"default-src 'none'; style-src 'nonce-%s'; script-src 'nonce-%s'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", nonce, nonce))
			w.WriteHeader(status)
			if _, err := b.WriteTo(w); err != nil {
				logger.Debug("Page not sent", "err", err)
			}
			return
		}
	}
	logger.Error("Page not rendered", "page", name, "err", err)
	http.Error(w, "internal fault; the log says more", http.StatusInternalServerError)
}

// clockRow is a clock in words.
type clockRow struct {
	incident.ClockView
	ID                                              incident.ID
	Name, Left, Due, DueLocal, Target, Outer, Acked string
	Exercise, Projected                             bool
	PDF                                             string // the path of its report
}

func (s *server) clockRow(v incident.View, c incident.ClockView) clockRow {
	row := clockRow{ClockView: c, ID: v.ID, Name: v.Title, Exercise: v.Exercise, Projected: c.State == incident.ClockProjected,
		Due: utc(c.DueAt), DueLocal: s.local(c.DueAt), Target: utc(c.TargetAt), Outer: "–", Acked: "no"}
	if c.DueAt.IsZero() {
		row.Due, row.DueLocal = "without undue delay", ""
	}
	stage := string(c.Stage)
	if c.Regime != "nis2" {
		stage = string(c.Regime) + "/" + stage
	}
	row.PDF = "/api/v1/incidents/" + string(v.ID) + "/reports/" + stage + ".pdf?entity=" + url.QueryEscape(c.Entity)
	if c.OuterReadingAt != nil {
		row.Outer = utc(*c.OuterReadingAt)
	}
	if v.AcknowledgedBy != nil {
		row.Acked = *v.AcknowledgedBy
	}
	left := time.Duration(c.RemainingSeconds) * time.Second
	switch {
	case c.State == incident.ClockSubmitted || c.State == incident.ClockStopped || c.DueAt.IsZero():
	case left < 0:
		row.Left = incident.Words(left) + " overdue"
	default:
		row.Left = incident.Words(left)
	}
	return row
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// local is the instant in the authority's zone; empty when that is UTC.
func (s *server) local(t time.Time) string {
	if s.Zone == nil || s.Zone == time.UTC {
		return ""
	}
	return t.In(s.Zone).Format("2006-01-02 15:04:05 -07:00 ") + s.Zone.String()
}

// person is who is signed in.
func person(r *http.Request) access.Identity {
	who, _ := access.From(r.Context())
	return who
}

// clocksPage lists every clock that still owes a report, the next one first.
func (s *server) clocksPage(w http.ResponseWriter, r *http.Request) error {
	type due struct {
		id incident.ID
		at time.Time
	}
	now := s.Desk.Now()
	var open []due
	data := struct {
		Problems  []string
		Rows      []clockRow
		More, Now string
		Who       access.Identity
	}{Now: utc(now), Who: person(r)}
	s.Desk.View(func(st *incident.State) {
		for _, id := range without(st.IDs(), st.Hidden(data.Who.Sees)) {
			i, _ := st.Incident(id)
			for n := range i.Clocks {
				if c := &i.Clocks[n]; c.Open() {
					open = append(open, due{id, c.DueAt})
				}
			}
		}
		slices.SortFunc(open, func(a, b due) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
		if len(open) > maxRows {
			data.More = fmt.Sprintf("and %d more clocks that are due later", len(open)-maxRows)
			open = open[:maxRows]
		}
		shown := map[incident.ID]bool{}
		for _, o := range open {
			if shown[o.id] {
				continue
			}
			shown[o.id] = true
			i, _ := st.Incident(o.id)
			v := i.View(now)
			for _, c := range v.Clocks {
				if c.SubmittedAt == nil && c.Stopped == nil {
					data.Rows = append(data.Rows, s.clockRow(v, c))
				}
			}
		}
	})
	slices.SortStableFunc(data.Rows, func(a, b clockRow) int { return a.DueAt.Compare(b.DueAt) })
	problems, notes := s.Ready()
	data.Problems = append(problems, notes...)
	render(w, s.Logger, http.StatusOK, "clocks", data)
	return nil
}

type alertRow struct {
	Name, Status, Started, Labels string
	Flags                         []string
}

type timelineRow struct{ At, Who, What string }

// maxAlerts and maxTimeline bound the alerts and the newest entries a page shows.
const (
	maxAlerts   = 50
	maxTimeline = 100
)

func (s *server) incidentPage(w http.ResponseWriter, r *http.Request) error {
	return s.showIncidentPage(w, r, http.StatusOK, nil)
}

// showIncidentPage shows an incident; sent is a form of it that was not taken,
// which comes back as it was filled.
func (s *server) showIncidentPage(w http.ResponseWriter, r *http.Request, status int, sent *form) error {
	v, err := s.view(r, id(r))
	if err != nil {
		return err
	}
	lists, err := s.lists(v.ID, r.URL.Query().Get("runbook"))
	if err != nil {
		return err
	}
	entries, err := s.entriesOf(r.Context(), v.ID)
	if err != nil {
		return err
	}
	data := struct {
		Who                                          access.Identity
		MayAct, MayTake                              bool
		V                                            incident.View
		Acked, Detected, Received, Aware, MoreAlerts string
		Earlier                                      string
		Clocks                                       []clockRow
		Alerts                                       []alertRow
		Evidence                                     []evidenceRow
		Timeline                                     []timelineRow
		Runbooks                                     []runbookRow
		OtherRunbooks                                []*runbook.Runbook
		Forms                                        []*form
		Lost                                         string // why a form was not taken that is not among them any more
		NoteKey                                      string // keeps a note that is sent twice from standing twice
	}{Who: person(r), V: v, Detected: utc(v.DetectedAt), Received: utc(v.ReceivedAt), NoteKey: rand.Text()}
	data.MayAct = data.Who.Role.Has(access.MayAct)
	data.MayTake = data.MayAct && !v.Erased && v.Status != incident.StatusClosed && (v.Commander == nil || *v.Commander != data.Who.Name || v.Offered != nil)
	if v.AcknowledgedAt != nil {
		data.Acked = utc(*v.AcknowledgedAt)
	}
	if v.AwareAt != nil {
		data.Aware = utc(*v.AwareAt)
	}
	for _, c := range v.Clocks {
		data.Clocks = append(data.Clocks, s.clockRow(v, c))
	}
	for n, a := range v.Alerts {
		if n == maxAlerts {
			data.MoreAlerts = fmt.Sprintf("and %d more alerts", len(v.Alerts)-maxAlerts)
			break
		}
		data.Alerts = append(data.Alerts, alertRow{Name: a.Labels["alertname"], Status: a.Status, Started: utc(a.StartsAt), Labels: labels(a.Labels), Flags: a.Flags})
	}
	data.Evidence = evidenceRows(v)
	if n := len(entries) - maxTimeline; n > 0 {
		data.Earlier = fmt.Sprintf("The newest %d entries; %d came before them.", maxTimeline, n)
		entries = entries[n:]
	}
	for _, e := range entries {
		row := timelineRow{At: utc(e.At), What: "(erased)"}
		if e.Event != nil {
			row.Who, row.What = e.Event.Actor().String(), wording(e, data.Who)
		}
		data.Timeline = append(data.Timeline, row)
	}
	data.OtherRunbooks = others(s.Runbooks(), lists)
	data.Runbooks = runbookRows(lists, r.URL.Query().Get("runbook"))
	if data.Forms, err = s.forms(v, data.Who, sent); err != nil {
		return err
	}
	if sent != nil && !slices.ContainsFunc(data.Forms, func(f *form) bool { return f.Act == sent.Act && f.For == sent.For }) {
		data.Lost = sent.Faults[""]
	}
	render(w, s.Logger, status, "incident", data)
	return nil
}

func labels(m map[string]string) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return strings.Join(parts, ", ")
}

func (s *server) acknowledgePage(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, incident.Acknowledge{Person: presser(r), ID: id(r)})
}

func (s *server) takeCommandPage(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, incident.TakeCommand{Person: presser(r), ID: id(r)})
}

func (s *server) notePage(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		return errBadRequest{fmt.Errorf("read the form: %w", err)}
	}
	by := keyed(presser(r), r, r.PostForm.Get("key"), []byte(r.PostForm.Encode()))
	return s.press(w, r, incident.AddNote{Person: by, ID: id(r), Text: r.PostForm.Get("text")})
}

// presser is who pressed a button of a page.
func presser(r *http.Request) incident.Person {
	by := actor(r)
	by.Via = "page"
	return incident.Person{By: by}
}

// press executes what a button of an incident's page asks for, and shows the
// page again.
func (s *server) press(w http.ResponseWriter, r *http.Request, cmd incident.Command) error {
	if _, err := s.command(r, cmd); err != nil {
		return err
	}
	http.Redirect(w, r, "/incidents/"+string(id(r)), http.StatusSeeOther)
	return nil
}
