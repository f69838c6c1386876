package app

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/httpget"
	"nis2clock/internal/incident"
	"nis2clock/internal/mail"
	"nis2clock/internal/offsite"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/web"
	"nis2clock/internal/webhookout"
)

// outside is every real way out: whoever connects has escaped.
type outside struct {
	address string
	calls   atomic.Int64
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &outside{address: l.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			o.calls.Add(1)
			if err := c.Close(); err != nil {
				t.Log(err)
			}
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	return o
}

// config is that of a service which uses all of them.
func (o *outside) config(t *testing.T) *config.Config {
	cfg, url := config.Default(), "http://"+o.address
	cfg.DataDir, cfg.Web.Listen, cfg.Web.ExternalURL = t.TempDir(), "127.0.0.1:0", url
	host, port, err := net.SplitHostPort(o.address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: strings.Repeat("r", 32), BaseURL: url, OnCall: &pagerduty.OnCallConfig{Token: "real", BaseURL: url, Schedule: "P1", Every: time.Minute}}
	cfg.Slack = &slack.Config{Token: "xoxb-real", AppToken: "xapp-real", SigningSecret: "real", Channel: "C0REAL", BaseURL: url + "/api/"}
	cfg.Mail = &mail.Config{Host: host, Port: n, TLS: mail.Plain, From: "a@b.example", To: []string{"authority@example.eu"}}
	cfg.Webhook = &webhookout.Config{URL: url, Secret: strings.Repeat("s", 16)}
	cfg.Opsgenie = &opsgenie.Config{APIKey: "real", BaseURL: url}
	cfg.Offsite = &offsite.Config{Endpoint: url, Region: "eu", Bucket: "evidence", AccessKey: "a", SecretKey: "b"}
	cfg.Timestamps = &timestamp.Config{URL: url, Every: time.Second}
	cfg.Intake.Alertmanagers, cfg.Intake.Prometheus, cfg.Intake.ReconcileEvery = []string{url}, []string{url}, time.Second
	cfg.Evidence.Collectors = append(cfg.Evidence.Collectors, httpget.Config{Source: evidence.Source{Name: "status"}, Endpoint: evidence.Endpoint{URL: url}, Path: "/"})
	cfg.Clocks.Escalation.Steps = []incident.Step{{After: incident.Span(time.Minute), To: []incident.Target{{Channel: "mail"}, {Channel: "webhook"}, {Channel: "pagerduty"}}}}
	return cfg
}

// standing is a clock that stands until it is set.
type standing struct{ at atomic.Pointer[time.Time] }

func standingAt(t time.Time) *standing {
	c := new(standing)
	c.set(t)
	return c
}

func (c *standing) now() time.Time  { return *c.at.Load() }
func (c *standing) set(t time.Time) { c.at.Store(&t) }

// drilled is an exercise's service with stand-ins.
type drilled struct {
	*App
	*standing
	pager *pdfake.Server
	slack *slackfake.Server
}

type blankBoard struct{ web.Exercise }

func startDrill(t *testing.T, cfg *config.Config) *drilled {
	t.Helper()
	d := &drilled{standing: standingAt(time.Date(2027, 3, 9, 13, 0, 0, 0, time.UTC)), slack: startFake(t)}
	key := strings.Repeat("e", 32)
	d.pager = pdfake.New(time.Now, key)
	pager := httptest.NewServer(d.pager)
	t.Cleanup(pager.Close)
	var err error
	d.App, err = Start(t.Context(), Options{
		Config: cfg, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: d.now,
		Exercise: &Exercise{
			PagerDuty: &pagerduty.Config{RoutingKey: key, BaseURL: pager.URL},
			Slack:     &slack.Config{Token: "xoxb-good", SigningSecret: "e", Channel: slackfake.DefaultChannel, BaseURL: d.slack.URL()},
			Jumps:     true, Board: blankBoard{},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// jump says what falls due until then, at its instants.
func (d *drilled) jump(t *testing.T, until time.Time) {
	t.Helper()
	for {
		next, err := d.Settle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if next.IsZero() || next.After(until) {
			return
		}
		d.set(next)
	}
}

// However the service is configured, an exercise connects to nothing of it: it
// says everything to the stand-ins it was given, and marks it.
func TestExerciseCannotEscape(t *testing.T) {
	o := newOutside(t)
	d := startDrill(t, o.config(t))
	by := incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}
	reply, err := d.Desk().Do(t.Context(), incident.Declare{Person: by, Title: "It broke", DetectedAt: d.now()})
	if err != nil || reply != incident.ID("EX-2027-0001") {
		t.Fatalf("declared %v, %v", reply, err)
	}
	if _, err := d.Desk().Do(t.Context(), incident.ReportSuspicion{Person: by, What: "odd mail", Reporter: incident.Reporter{Kind: incident.ByStaff, Name: "ben"}, NoticedAt: d.now()}); err != nil {
		t.Fatal(err)
	}
	d.jump(t, d.now().Add(80*time.Hour))
	if n := o.calls.Load(); n != 0 {
		t.Errorf("%d connections to what is real", n)
	}
	pages, posts := d.pager.Pages(), d.slack.Messages()
	if len(pages) < 3 || len(posts) < 3 {
		t.Errorf("its own stand-ins heard %d pages and %d messages", len(pages), len(posts))
	}
	for _, p := range pages {
		if !strings.HasPrefix(p.Payload.Summary, "[EXERCISE] ") {
			t.Errorf("a page without the mark: %s", p.Payload.Summary)
		}
	}
	for _, m := range posts {
		if !strings.Contains(m.Text, "EXERCISE") {
			t.Errorf("a message without the mark: %s", m.Text)
		}
	}
	for _, event := range d.pager.Events() {
		if event.RoutingKey != strings.Repeat("e", 32) {
			t.Errorf("a page for %s", event.RoutingKey)
		}
	}
}

// Every answer, page and series of an exercise says what it is.
func TestExerciseIsMarked(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	d := startDrill(t, cfg)
	if _, err := d.Desk().Do(t.Context(), incident.Declare{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, Title: "It broke", DetectedAt: d.now()}); err != nil {
		t.Fatal(err)
	}
	token, err := access.Read(filepath.Join(cfg.DataDir, access.AdminFile))
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (http.Header, string) {
		req, err := http.NewRequestWithContext(t.Context(), "GET", d.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		return resp.Header, string(body)
	}
	for _, path := range []string{"/sign-in", "/-/ready", "/metrics", "/api/v1/incidents", "/api/v1/incidents/EX-2027-0001/reports/early_warning.pdf", "/nowhere"} {
		if h, _ := get(path); h.Get("X-Nis2clock-Exercise") != "true" {
			t.Errorf("%s is answered without the mark: %v", path, h)
		}
	}
	if _, page := get("/sign-in"); !strings.Contains(page, "EXERCISE: nothing here is real") {
		t.Errorf("a page without the mark: %s", page)
	}
	if _, ready := get("/-/ready"); !strings.Contains(ready, "EXERCISE") {
		t.Errorf("ready says %s", ready)
	}
	_, metrics := get("/metrics")
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, `exercise="true"`) {
			t.Errorf("a series without the mark: %s", line)
		}
	}
}

// The journal of an exercise never becomes the real service's, wherever it is
// copied to, nor the other way round; and neither takes the other's entries.
func TestKindsOfFolder(t *testing.T) {
	drill, real := config.Default(), config.Default()
	drill.DataDir, drill.Web.Listen = t.TempDir(), "127.0.0.1:0"
	real.DataDir, real.Web.Listen = t.TempDir(), "127.0.0.1:0"
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	start := func(cfg *config.Config, e *Exercise, cmd incident.Command) error {
		a, err := Start(t.Context(), Options{Config: cfg, Logger: logger, Exercise: e})
		if err != nil {
			return err
		}
		_, err = a.Desk().Do(t.Context(), cmd)
		return errors.Join(err, a.Stop())
	}
	note := incident.NoteExercise{What: "paused", Text: "paused", Real: time.Now()}
	held := incident.RecordHeldExercise{Held: incident.HeldExercise{Exercise: "x", EndedAt: time.Now().Add(-time.Hour), People: 1, SHA256: strings.Repeat("a", 64)}}
	exercise := func() *Exercise { return &Exercise{Jumps: true, Board: blankBoard{}} }
	if err := start(drill, exercise(), note); err != nil {
		t.Fatal(err)
	}
	if err := start(real, nil, held); err != nil {
		t.Fatal(err)
	}
	if err := start(drill, nil, note); !errors.Is(err, ErrKind) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the real service on an exercise's folder: %v", err)
	}
	if err := start(real, exercise(), note); !errors.Is(err, ErrKind) || strings.Contains(err.Error(), "\n") {
		t.Errorf("an exercise on the real service's folder: %v", err)
	}
	if err := start(real, nil, note); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("the real journal takes an exercise's step: %v", err)
	}
	if err := start(drill, exercise(), held); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("an exercise's journal takes a held exercise: %v", err)
	}
}

// A year after the last exercise with people the service says so; a rehearsal
// changes nothing about that.
func TestExerciseIsDue(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	clock := standingAt(time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC))
	a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	said := func() string { return strings.Join(a.heldNotes(), "\n") }
	held := func(name string, people int) error {
		_, err := a.Desk().Do(t.Context(), incident.RecordHeldExercise{Held: incident.HeldExercise{
			Exercise: name, EndedAt: clock.now(), People: people, SHA256: strings.Repeat(name[:1], 64),
			Remediation: []incident.Remedy{{ID: "R-" + name, Due: clock.now().AddDate(0, 1, 0), Owner: "ben", Action: "mend it"}},
		}})
		return err
	}
	if got := said(); got != "" {
		t.Errorf("a new service says %s", got)
	}
	clock.set(clock.now().Add(config.DefaultWarnAfter - time.Second))
	if got := said(); got != "" {
		t.Errorf("before a year is over it says %s", got)
	}
	clock.set(clock.now().Add(time.Second))
	if got := said(); !strings.Contains(got, "none is recorded") {
		t.Errorf("after a year it says %q", got)
	}
	if err := held("a-rehearsal", 0); !errors.Is(err, incident.ErrRefused) || said() == "" {
		t.Errorf("a rehearsal is recorded: %v", err)
	}
	if err := held("zero", 3); err == nil {
		t.Error("a digest that is none was taken")
	}
	if err := held("exercise", 3); err != nil {
		t.Fatal(err)
	}
	if got := said(); strings.Contains(got, "is due") || !strings.Contains(got, "to do after the exercise exercise: mend it, by ben, due on 2027-02-10; nis2clock tabletop done R-exercise closes it") {
		t.Errorf("after an exercise it says %s", got)
	}
	clock.set(clock.now().Add(config.DefaultWarnAfter))
	if got := said(); !strings.Contains(got, "the last, exercise, ended on 2027-01-10") || !strings.Contains(got, "overdue since 2027-02-10") {
		t.Errorf("another year later it says %s", got)
	}
	for range 2 {
		_, err = a.Desk().Do(t.Context(), incident.CloseRemedy{Remedy: "R-exercise", Outcome: "mended"})
	}
	if !errors.Is(err, incident.ErrRefused) || strings.Contains(said(), "to do") {
		t.Errorf("a closed item: %v; it says %s", err, said())
	}
}
