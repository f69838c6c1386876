// Package app wires the rooms into one running service. Tests start the whole
// of it in process.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/communication"
	"nis2clock/internal/config"
	"nis2clock/internal/custody"
	"nis2clock/internal/desk"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/intake"
	"nis2clock/internal/journal"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/report"
	"nis2clock/internal/runbook"
	"nis2clock/internal/signature"
	"nis2clock/internal/slack"
	"nis2clock/internal/vault"
	"nis2clock/internal/web"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Options is what a service is made of.
type Options struct {
	Config *config.Config
	// Reload reads the configuration again; nil when there is no file to read.
	Reload func() (*config.Config, error)
	Logger *slog.Logger
	// Now is domain time; nil means [time.Now].
	Now     func() time.Time
	Version string
	// Listen opens what the service listens on; nil means [net.Listen].
	Listen func(network, address string) (net.Listener, error)
	// Transport carries the calls to PagerDuty, Slack and the webhook; nil means
	// [http.DefaultTransport].
	Transport http.RoundTripper
	// Dial opens Slack's sockets, which are no calls; nil means the usual way.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Exercise is nil for the real service.
	Exercise *Exercise
}

// App is a running service. It is made by [Start] and ended by [App.Stop].
type App struct {
	o          Options
	cfg        *config.Config
	store      *journal.Store
	desk       *desk.Desk
	keeper     *access.Keeper
	dispatch   *dispatch.Dispatcher
	intake     *intake.Handler
	reconcile  *intake.Reconcile
	recurring  recurringCheck
	rounds     *custody.Rounds
	stamper    *custody.Stamper // nil without an authority
	report     *report.Renderer
	vault      *vault.Vault
	signer     *signature.Signer // nil for none
	signIn     *web.SignIn
	socket     *slack.Socket  // nil without Socket Mode
	slackWell  *slackCheck    // nil without Slack
	slackCalls *slack.Handler // nil without Slack
	runbooks   *runbook.Shelf
	drafts     *communication.Drafter
	channels   []dispatch.Channel // each of them one of ways
	ways       []*renewable
	secrets    secrets
	backups    scheduledBackup
	pager      *pagerduty.Handler // nil where PagerDuty does not tell
	roster     *pagerduty.OnCall  // nil where nobody is asked who is on call
	listener   net.Listener
	server     *http.Server
	identity   *identity // nil for plain HTTP

	condemned   condemned
	erasing     sync.Mutex  // one at a time, for the list of what is condemned
	uncompacted atomic.Bool // erased bytes are still in the journal's file

	created  []string // token files made at this start
	teardown []step   // run in reverse
	failed   chan error
}

// step is one named part of stopping, registered as soon as what it ends exists.
type step struct {
	name string
	stop func(context.Context) error
}

const (
	// stopWithin bounds an orderly stop.
	stopWithin = 20 * time.Second
	// drainWithin bounds the part of it that waits for requests: well under the
	// ten seconds after which Docker kills.
	drainWithin = 5 * time.Second
	// readWithin bounds reading a request, so that a sender that stops in the
	// middle does not hold a connection for good.
	readWithin = time.Minute
)

func (a *App) onStop(name string, stop func(context.Context) error) {
	a.teardown = append(a.teardown, step{name, stop})
}

// Start opens the data folder, begins to listen and returns the running
// service. On error nothing is left running.
func Start(ctx context.Context, o Options) (_ *App, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Listen == nil {
		o.Listen = net.Listen
	}
	a := &App{o: o, cfg: o.Config, failed: make(chan error, 1)}
	if o.Exercise != nil {
		a.cfg, a.o.Reload = o.Exercise.settings(o.Config), nil
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop())
		}
	}()
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(o.Version))
	if err := a.open(ctx, reg); err != nil {
		return nil, err
	}
	handler, err := a.handler(reg)
	if err != nil {
		return nil, err
	}
	if err := a.serve(handler); err != nil {
		return nil, err
	}
	policy := a.policy(a.cfg)
	if why := dispatch.Unpaged(&policy); why != "" && o.Exercise == nil {
		o.Logger.Warn("An incident would wake nobody", "why", why, "mend", "set pagerduty or opsgenie in a configuration and name it with --config")
	}
	return a, nil
}

// open makes everything below the HTTP side.
func (a *App) open(ctx context.Context, reg prometheus.Registerer) error {
	dir := a.cfg.DataDir
	store, err := journal.Open(dir, a.journalOptions())
	if err != nil {
		return err
	}
	a.store = store
	a.onStop("journal", func(context.Context) error { return store.Close() })
	if err := a.checkKind(store); err != nil {
		return err
	}
	rules := a.cfg.Rules()
	rules.Exercise = a.o.Exercise != nil
	rules.Lacks = a.lacks
	a.desk, err = desk.Open(ctx, desk.Options{Log: store, Rules: rules, Now: a.o.Now, Logger: a.o.Logger, Register: reg})
	if err != nil {
		return err
	}
	a.onStop("desk", func(context.Context) error { a.desk.Close(); return nil })
	reg.MustRegister(newIncidentCollector(a.desk), newJournalCollector(store))
	reg.MustRegister(a.heldMetrics()...)
	if err := a.tokens(dir, reg); err != nil {
		return err
	}

	if a.report, err = a.renderer(); err != nil {
		return err
	}
	if err := a.openRunbooks(reg); err != nil {
		return err
	}
	if a.drafts, err = Drafts(a.cfg); err != nil {
		return err
	}
	channels, err := a.makeChannels(a.cfg)
	if err != nil {
		return err
	}
	a.secrets.using.Store(a.cfg)
	for _, c := range channels {
		way := &renewable{}
		way.set(c)
		a.ways, a.channels = append(a.ways, way), append(a.channels, way)
	}
	if _, err := a.desk.Do(ctx, incident.AdoptPolicy{Policy: a.policy(a.cfg)}); err != nil {
		return fmt.Errorf("record the reminder policy: %w", err)
	}
	return nil
}

// pagers are the channels that wake people.
var pagers = []string{pagerduty.Name, opsgenie.Name}

// policy is the reminder policy of a configuration with the channels there are.
func (a *App) policy(cfg *config.Config) incident.ReminderPolicy {
	p := cfg.Policy()
	p.Channels, p.Pagers = []string{}, []string{}
	for _, c := range a.channels {
		if c.Name() == slack.RoomsName { // what is said goes through the others
			p.Rooms = c.Name()
			continue
		}
		p.Channels = append(p.Channels, c.Name())
		if slices.Contains(pagers, c.Name()) {
			p.Pagers = append(p.Pagers, c.Name())
		}
	}
	return p
}

// serve begins to listen and starts everything that runs by itself.
func (a *App) serve(handler http.Handler) error {
	var err error
	if a.listener, err = a.o.Listen("tcp", a.cfg.Web.Listen); err != nil {
		return fmt.Errorf("web.listen: %w: choose another address", err)
	}
	a.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: readWithin, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(a.o.Logger.Handler(), slog.LevelWarn)}
	if a.cfg.Web.TLS != nil {
		if a.identity, err = newIdentity(a.cfg.Web.TLS, a.o.Logger); err != nil {
			return errors.Join(err, a.listener.Close())
		}
		a.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: a.identity.current}
	}
	if a.o.Exercise == nil || !a.o.Exercise.Jumps {
		a.background(a.dispatch.Run, "dispatch")
	}
	if a.cfg.Retention.Every > 0 {
		a.background(a.retain, "retention")
	}
	if a.o.Reload != nil {
		a.background(a.watchSecrets, "secrets")
	}
	a.onStop("http", a.stopHTTP)
	go func() {
		var err error
		if a.server.TLSConfig != nil {
			err = a.server.ServeTLS(a.listener, "", "")
		} else {
			err = a.server.Serve(a.listener)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			a.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	return nil
}

// stopHTTP takes no more requests and lets those under way finish, for a while.
// One that is cut then was not answered, so that its sender sends it again.
func (a *App) stopHTTP(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	a.o.Logger.Warn("Requests that did not end were cut", "after", drainWithin)
	return a.server.Close()
}

// background runs f until the service stops.
func (a *App) background(f func(context.Context), name string) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	a.onStop(name, func(context.Context) error {
		cancel()
		wg.Wait()
		return nil
	})
}

// Failed yields an error when the service cannot go on by itself.
func (a *App) Failed() <-chan error { return a.failed }

// Addr is the address the service listens on.
func (a *App) Addr() string { return a.listener.Addr().String() }

// URL is the service's own address, or the one people reach it by where that
// is configured.
func (a *App) URL() string {
	if a.cfg.Web.ExternalURL != "" {
		return a.cfg.Web.ExternalURL
	}
	scheme := "http"
	if a.cfg.Web.TLS != nil {
		scheme = "https"
	}
	if a.listener == nil {
		return scheme + "://" + a.cfg.Web.Listen
	}
	return scheme + "://" + reachable(a.listener.Addr())
}

// reachable is the address in a form that can be opened on this machine: one
// that stands for every interface, as in a container, cannot.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

// SignInLink is an address that signs a person in, once, within an hour.
func (a *App) SignInLink() string { return a.URL() + a.signIn.Link() }

// Created are the token files made at this start.
func (a *App) Created() []string { return a.created }

// Desk is the service's desk.
func (a *App) Desk() *desk.Desk { return a.desk }

// Stop ends the service in order: no new requests, those under way answered,
// what is being sent given its outcome, then the store. It may be called more
// than once.
func (a *App) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for n := len(a.teardown) - 1; n >= 0; n-- {
		if err := a.teardown[n].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", a.teardown[n].name, err))
		}
	}
	a.teardown = nil
	return errors.Join(errs...)
}

// install names this installation at vendors: the journal's key name is unique
// to it.
func (a *App) install() string {
	name, _, _ := strings.Cut(a.store.VerifierKey(), "+")
	return name
}

// ready says what keeps alerts or deadlines from being handled, and what a
// person should know besides.
func (a *App) ready() (problems, notes []string) {
	if err := a.desk.Err(); err != nil {
		problems = append(problems, "the store does not take entries: "+err.Error())
	}
	if err := a.store.Stats().Err; err != nil && len(problems) == 0 {
		problems = append(problems, "the store is unwell: "+err.Error())
	}
	if last := a.dispatch.LastRun(); last.IsZero() || time.Since(last) > agendaStale {
		problems = append(problems, "the agenda has not been looked at for "+agendaStale.String()+": nobody is reminded")
	}
	if a.uncompacted.Load() {
		notes = append(notes, uncompactedNote)
	}
	return problems, slices.Concat(a.exerciseNotes(), notes, a.queueNotes(a.desk.Queue()), a.dispatch.Status(), a.intake.Status(), a.missed(), a.evidenceNotes(), a.unheard(), a.recurring.notes(a), a.slackNotes(), a.runbooks.Notes(a.o.Now()), a.heldNotes(), a.identity.notes(), a.secretNotes(), a.backupNotes())
}

// queueNotes say that the writer's queue is three quarters full, or full.
func (a *App) queueNotes(waiting, capacity int) []string {
	if waiting < capacity-capacity/4 {
		return nil
	}
	return []string{fmt.Sprintf("%d of at most %d commands wait for the journal: webhooks are answered late, and sent again", waiting, capacity)}
}

// agendaStale is how long the agenda may go without a look before the service
// counts as not ready.
const agendaStale = 60 * time.Second

// newReadBack completes batches that Alertmanager cut.
func (a *App) newReadBack(h *intake.Handler) (*intake.ReadBack, error) {
	urls, err := parseURLs(a.cfg.Intake.Alertmanagers)
	if err != nil {
		return nil, err
	}
	return &intake.ReadBack{Handler: h, Alertmanagers: urls, Client: &http.Client{Timeout: 30 * time.Second}}, nil
}

// newReconcile finds the alerts that no webhook brought.
func (a *App) newReconcile(h *intake.Handler, reg prometheus.Registerer) (*intake.Reconcile, error) {
	alertmanagers, err := parseURLs(a.cfg.Intake.Alertmanagers)
	if err != nil {
		return nil, err
	}
	servers, err := parseURLs(a.cfg.Intake.Prometheus)
	if err != nil {
		return nil, err
	}
	return intake.NewReconcile(h, intake.Asking{
		Alertmanagers: alertmanagers, Prometheus: servers, Every: a.cfg.Intake.ReconcileEvery,
		Client: &http.Client{Timeout: 30 * time.Second}, Register: reg,
	}), nil
}

// missed says what may be happening without anybody being told.
func (a *App) missed() (notes []string) {
	for _, r := range a.reconcile.Status() {
		if r.Error != "" {
			notes = append(notes, fmt.Sprintf("%s cannot be asked what was missed since %s: %s", r.Source, r.FailingSince.UTC().Format(time.RFC3339), r.Error))
		}
		for _, h := range r.Hidden {
			notes = append(notes, fmt.Sprintf("reportable alert %s fires since %s and is withheld at %s: %s", h.Labels["alertname"], h.StartsAt.UTC().Format(time.RFC3339), r.Source, strings.Join(h.By, ", ")))
		}
	}
	return notes
}

// openVault opens the folder of large bodies and artefacts.
func (a *App) openVault() (*vault.Vault, error) {
	o, err := a.cfg.Vault.Options()
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(filepath.Join(a.cfg.DataDir, "vault"), o)
	if err != nil {
		return nil, err
	}
	a.onStop("vault", func(context.Context) error { return v.Close() })
	return v, nil
}
