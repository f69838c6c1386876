// Package web is the service's HTTP side apart from the intake: the API people
// and programs act through, sign-in, a plain page of the open clocks, and the
// paths Prometheus expects.
//
// Whatever changes state is the same command, whoever sends it, and needs a
// POST; a GET never changes an incident, because link previews and mail scanners
// fetch addresses (SL-8).
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/communication"
	"nis2clock/internal/custody"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/problem"
	"nis2clock/internal/report"
	"nis2clock/internal/runbook"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options is what the handler is made of.
type Options struct {
	Desk    *desk.Desk
	Journal *journal.Store
	Keeper  *access.Keeper
	SignIn  *SignIn
	// Intake is served at /webhook/alertmanager; where they are not nil, Slack
	// at /webhook/slack/interactions, commands and events, and PagerDuty at
	// /webhook/pagerduty.
	Intake, Slack, PagerDuty http.Handler
	// Locker takes evidence in and gives it out.
	Locker *custody.Locker
	// Report renders a report of an incident in one of [report.Formats].
	Report func(ctx context.Context, id incident.ID, req report.Request, format string) ([]byte, error)
	// Indicators are the indicators of compromise as a STIX 2.1 bundle.
	Indicators func(id incident.ID) ([]byte, error)
	// Signature is the detached signature of what Report returns as PDF.
	Signature func(ctx context.Context, id incident.ID, req ReportName) ([]byte, error)
	// Freeze makes the final bytes of a report and the command that approves
	// them by their digest.
	Freeze func(ctx context.Context, by incident.Person, role string, id incident.ID, req Approval) (incident.ApproveReport, error)
	// Packet records an export and returns what writes the packet.
	Packet func(ctx context.Context, by incident.Actor, id incident.ID, req PacketRequest) (func(context.Context, io.Writer) error, error)
	// Backup records that the whole record is exported and returns what writes it.
	Backup func(ctx context.Context, by incident.Actor) (func(context.Context, io.Writer) error, error)
	// Runbooks are those in force.
	Runbooks func() *runbook.Library
	Drafts   *communication.Drafter
	// Ready says what keeps the service from working (not ready) and what a
	// person should know (notes).
	Ready func() (problems, notes []string)
	// PageURL is the address of an incident's page.
	PageURL func(incident.ID) string
	// OnCall says who is on call now.
	OnCall func() OnCall
	// Named reports whether the configuration names a person so.
	Named func(name string) bool
	// Reload reads configuration and tokens again and records who asked for it
	// with what it changes.
	Reload func(by incident.Actor) error
	// Erase erases what a request leads to; Retention is what has to be kept how
	// long.
	Erase     func(ctx context.Context, q incident.ErasureRequest) (Erased, error)
	Retention incident.RetentionPolicy
	// Zone is shown beside UTC; Zones are those of the entities' authorities, in
	// which people write times. Nil is UTC.
	Zone     *time.Location
	Zones    map[string]*time.Location
	Logger   *slog.Logger
	Gatherer prometheus.Gatherer
	// Exercise is nil for the real service; every answer of one is marked.
	Exercise Exercise
	// ExerciseEvery is how often one is to be held; 0 where nobody is warned.
	ExerciseEvery time.Duration
}

type server struct{ Options }

// New returns the handler for everything the service serves.
func New(o Options) http.Handler {
	s := &server{o}
	mux := http.NewServeMux()

	// The intake answers for itself, with and without a trailing slash and for
	// every method: never a redirect (AM-26).
	mux.Handle("/webhook/alertmanager", o.Intake)
	mux.Handle("/webhook/alertmanager/{$}", o.Intake)
	if o.Slack != nil {
		mux.Handle("/webhook/slack/interactions", o.Slack)
		mux.Handle("/webhook/slack/commands", o.Slack)
		mux.Handle("/webhook/slack/events", o.Slack)
	}

	if o.PagerDuty != nil {
		mux.Handle("/webhook/pagerduty", o.PagerDuty)
		mux.Handle("/webhook/pagerduty/{$}", o.PagerDuty)
	}

	mux.HandleFunc("GET /-/healthy", s.healthy)
	mux.HandleFunc("GET /-/ready", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /checkpoint", s.checkpoint)
	mux.HandleFunc("GET /tile/{path...}", s.tile)
	mux.HandleFunc("GET /calendar.ics", s.calendar)
	mux.HandleFunc("GET /api/v1/openapi.json", s.describe)

	cross := http.NewCrossOriginProtection()
	handle := func(pattern string, h http.Handler) { mux.Handle(pattern, cross.Handler(h)) }
	for _, r := range s.routes() {
		handle(r.pattern, s.allowed(r))
	}
	mux.Handle("/", nothing(mux, "/"))
	for _, r := range s.pages() {
		handle(r.pattern, s.signedIn(r))
	}
	handle("GET /sign-in", http.HandlerFunc(s.SignIn.page))
	handle("POST /sign-in", http.HandlerFunc(s.SignIn.enter))
	handle("POST /sign-out", http.HandlerFunc(s.SignIn.leave))
	return s.headers(unredirected(mux))
}

// unredirected serves a webhook address that was put together with a slash too
// many as if it had none; ServeMux would redirect it, which a webhook never is
// (AM-26).
func unredirected(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if clean := path.Clean(r.URL.Path); clean != r.URL.Path && strings.HasPrefix(clean, "/webhook/") {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = clean, ""
		}
		next.ServeHTTP(w, r)
	})
}

// route is one path, and the right somebody needs to be served there. Its
// literals name no fields, so that one without a right does not compile.
type route struct {
	pattern string
	serve   func(http.ResponseWriter, *http.Request) error
	needs   access.Right
}

// routes are all paths that answer programs. What changes state leaves an entry
// that names who did it.
func (s *server) routes() []route {
	return []route{
		{"GET /api/v1/incidents", s.listIncidents, access.MayRead},
		{"POST /api/v1/incidents", s.declare, access.MayAct},
		{"GET /api/v1/incidents/{id}", s.showIncident, access.MayRead},
		{"POST /api/v1/incidents/{id}/acknowledge", s.acknowledge, access.MayAct},
		{"POST /api/v1/incidents/{id}/command", s.takeCommand, access.MayAct},
		{"POST /api/v1/incidents/{id}/hand-over", s.handOver, access.MayAct},
		{"GET /api/v1/oncall", s.onCall, access.MayRead},
		{"POST /api/v1/incidents/{id}/facts", s.setFacts, access.MayAct},
		{"POST /api/v1/incidents/{id}/report-fields", s.setReportFields, access.MayAct},
		{"POST /api/v1/incidents/{id}/detected", s.redetect, access.MayDecide},
		{"POST /api/v1/incidents/{id}/aware", s.date(incident.AwareAt), access.MayDecide},
		{"POST /api/v1/incidents/{id}/classified", s.date(incident.ClassifiedAt), access.MayDecide},
		{"POST /api/v1/incidents/{id}/fix-available", s.date(incident.FixAvailableAt), access.MayAct},
		{"POST /api/v1/incidents/{id}/impact-ended", s.date(incident.ImpactEndedAt), access.MayAct},
		{"POST /api/v1/incidents/{id}/recovered", s.date(incident.RecoveredAt), access.MayAct},
		{"POST /api/v1/incidents/{id}/notes", s.addNote, access.MayAct},
		{"POST /api/v1/incidents/{id}/submissions", s.submit, access.MaySubmit},
		{"POST /api/v1/incidents/{id}/handled", s.date(incident.HandledAt), access.MaySubmit},
		{"POST /api/v1/incidents/{id}/authority-messages", s.authorityMessage, access.MaySubmit},
		{"POST /api/v1/incidents/{id}/authority-messages/{number}/settle", s.settleMessage, access.MaySubmit},
		{"POST /api/v1/incidents/{id}/not-reportable", s.notReportable, access.MayDecide},
		{"GET /api/v1/incidents/{id}/assess", s.assessment, access.MayRead},
		{"POST /api/v1/incidents/{id}/assess", s.assess, access.MayAct}, // a decision in it needs MayDecide
		{"POST /api/v1/incidents/{id}/reopen", s.reopen, access.MayDecide},
		{"POST /api/v1/incidents/{id}/close", s.closeIncident, access.MaySubmit},
		{"POST /api/v1/incidents/{id}/links", s.link, access.MayAct},
		{"POST /api/v1/incidents/{id}/tlp", s.setTLP, access.MayDecide},
		{"POST /api/v1/incidents/{id}/out-of-band", s.outOfBand, access.MayDecide},
		{"POST /api/v1/incidents/{id}/restricted", s.restrict, access.MayDecide},
		{"POST /api/v1/incidents/{id}/access", s.changeAccess, access.MayDecide},
		{"POST /api/v1/incidents/{id}/proposals/{number}/confirm", s.settle(true), access.MayDecide},
		{"POST /api/v1/incidents/{id}/proposals/{number}/reject", s.settle(false), access.MayDecide},
		{"POST /api/v1/incidents/{id}/hold", s.hold, access.MayDecide},
		{"POST /api/v1/incidents/{id}/release", s.release, access.MayDecide},
		{"GET /api/v1/recurring", s.recurring, access.MayRead},
		{"GET /api/v1/incidents/{id}/timeline", s.timeline, access.MayRead},
		{"GET /api/v1/incidents/{id}/indicators.stix.json", s.indicators, access.MayRead},
		{"GET /api/v1/incidents/{id}/runbooks", s.checklists, access.MayRead},
		{"GET /api/v1/incidents/{id}/runbooks/{name}", s.checklist, access.MayRead},
		{"POST /api/v1/incidents/{id}/runbooks/{name}/steps/{step}", s.tickStep, access.MayAct},
		{"GET /api/v1/incidents/{id}/communications/{kind}", s.draftCommunication, access.MayRead},
		{"POST /api/v1/incidents/{id}/communications", s.recordCommunication, access.MayAct}, // what went outside needs MaySubmit
		{"GET /api/v1/incidents/{id}/reports/{file}", s.report, access.MayRead},
		{"POST /api/v1/incidents/{id}/approvals", s.approve, access.MayDecide},
		{"GET /api/v1/incidents/{id}/packet.zip", s.packet, access.MayRead}, // the auditor's needs MayAudit too
		{"GET /api/v1/incidents/{id}/reports/{regime}/{file}", s.report, access.MayRead},
		{"GET /api/v1/journal", s.journal, access.MayAudit},
		{"GET /tile/entries/{path...}", s.entries, access.MayAdmin}, // leaves name every incident, restricted ones too
		{"GET /api/v1/proof", s.proof, access.MayRead},              // hashes alone
		{"POST /api/v1/incidents/{id}/reportability", s.setReportability, access.MayDecide},
		{"POST /api/v1/incidents/{id}/breach", s.recordBreach, access.MayDecide},
		{"GET /api/v1/registers/breaches", s.breachRegister, access.MayRead},
		{"GET /api/v1/events", s.listEvents, access.MayRead},
		{"POST /api/v1/events", s.reportEvent, access.MayAct},
		{"GET /api/v1/events/{id}", s.showEvent, access.MayRead},
		{"POST /api/v1/events/{id}/assess", s.assessEvent, access.MayDecide},
		{"POST /api/v1/events/{id}/notes", s.noteEvent, access.MayAct},
		{"GET /api/v1/events/{id}/timeline", s.timeline, access.MayRead},
		{"POST /api/v1/retention", s.retention, access.MayAdmin},
		{"POST /api/v1/erasures", s.erase, access.MayAdmin},
		{"GET /api/v1/incidents/{id}/evidence", s.listEvidence, access.MayRead},
		{"GET /api/v1/incidents/{id}/evidence/{digest}", s.readEvidence, access.MayRead}, // leaves an entry
		{"POST /api/v1/incidents/{id}/evidence", s.addEvidence, access.MayAct},
		{"GET /api/v1/tokens", s.listTokens, access.MayAdmin},
		{"POST /api/v1/tokens", s.createToken, access.MayAdmin},
		{"DELETE /api/v1/tokens/{name}", s.revokeToken, access.MayAdmin},
		{"GET /api/v1/backup", s.backup, access.MayAdmin}, // leaves an entry
		{"POST /-/reload", s.reload, access.MayAdmin},
		{"GET /api/v1/exercises", s.listHeld, access.MayRead},
		{"POST /api/v1/exercises", s.recordHeld, access.MayDecide},
		{"POST /api/v1/remediation/{item}/close", s.closeRemedy, access.MayDecide},
		{"GET /api/v1/exercise", s.board, access.MayRead},
		{"GET /api/v1/exercise/script", s.script, access.MayAdmin},
		{"POST /api/v1/exercise/{act}", s.exerciseAct(false), access.MayAct},
		{"POST /api/v1/exercise/control/{act}", s.exerciseAct(true), access.MayAdmin},
	}
}

// pages are all paths that answer a signed-in person's browser.
func (s *server) pages() []route {
	return []route{
		{"GET /{$}", s.clocksPage, access.MayRead},
		{"GET /incidents/{id}", s.incidentPage, access.MayRead},
		{"POST /incidents/{id}/acknowledge", s.acknowledgePage, access.MayAct},
		{"POST /incidents/{id}/command", s.takeCommandPage, access.MayAct},
		{"POST /incidents/{id}/notes", s.notePage, access.MayAct},
		{"POST /incidents/{id}/aware", s.fillPage("aware"), acts["aware"].needs},
		{"POST /incidents/{id}/submissions", s.fillPage("submissions"), acts["submissions"].needs},
		{"POST /incidents/{id}/assess", s.fillPage("assess"), acts["assess"].needs}, // a decision in it needs MayDecide
		{"POST /incidents/{id}/runbooks/{name}/steps/{step}", s.tickPage, access.MayAct},
		{"GET /exercise", s.exercisePage(false), access.MayRead},
		{"GET /exercise/script", s.exercisePage(true), access.MayAdmin},
		{"POST /exercise/{act}", s.exerciseForm(false), access.MayAct},
		{"POST /exercise/control/{act}", s.exerciseForm(true), access.MayAdmin},
	}
}

// headers sets what every answer carries.
func (s *server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if s.Exercise != nil {
			h.Set(exerciseHeader, "true")
		}
		next.ServeHTTP(w, r)
	})
}

// visible serves a route where the sender may know of what its path names.
func (s *server) visible(to route) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.known(r); err != nil {
			return err
		}
		return to.serve(w, r)
	}
}

// allowed serves a route to whoever has a token or is signed in and has the
// right it needs. Errors become problem details.
func (s *server) allowed(to route) http.Handler {
	next := problems(s.Logger, s.visible(to))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := s.SignIn.who(r)
		if !ok {
			who, ok = s.Keeper.Authenticate(access.APIDoor, r)
		}
		switch {
		case !ok:
			w.Header().Set("WWW-Authenticate", `Bearer realm="nis2clock"`)
			problem.Error(w, "no valid credentials: send an API token as Authorization: Bearer …", http.StatusUnauthorized)
		case !who.Role.Has(to.needs):
			problem.Error(w, who.Role.Refusal(to.needs), http.StatusForbidden)
		default:
			next.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
		}
	})
}

// signedIn serves a page to a signed-in person who has the right it needs, and
// sends those who are not signed in to do so. Credentials that open no page are
// told so.
func (s *server) signedIn(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := s.SignIn.who(r)
		if !ok {
			if sender, ok := s.Keeper.Authenticate(access.APIDoor, r); ok && !sender.Role.Has(to.needs) {
				problem.Error(w, sender.Role.Refusal(to.needs), http.StatusForbidden)
				return
			}
			s.SignIn.ask(w, r)
			return
		}
		if !who.Role.Has(to.needs) {
			http.Error(w, who.Role.Refusal(to.needs), http.StatusForbidden)
			return
		}
		if err := s.visible(to)(w, r.WithContext(access.With(r.Context(), who))); err != nil {
			status, text := explain(err)
			if status >= 500 {
				s.Logger.Error("Page failed", "path", r.URL.Path, "err", err)
			}
			http.Error(w, text, status)
		}
	})
}

// actor is the person or program behind a request.
func actor(r *http.Request) incident.Actor {
	who, _ := access.From(r.Context())
	via := "api"
	if v := r.Header.Get("X-Nis2clock-Via"); v == "cli" {
		via = v
	}
	return incident.Actor{Name: who.Name, Via: via}
}
