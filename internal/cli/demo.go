package cli

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/regime"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
)

type demoCmd struct {
	Once bool `help:"Show it and end; do not wait for Ctrl-C."`
}

// demoAlerts is a webhook body as Alertmanager sends it.
//
//go:embed demo/alerts.json
var demoAlerts []byte

const (
	demoRoutingKey = "0000000000000000000000000000demo"
	demoSecret     = "demo"
	// demoWait bounds each step; all of them take well under a second.
	demoWait = 20 * time.Second
)

// Run implements the verb.
func (c *demoCmd) Run(ctx context.Context, env *Env) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &demo{env: env, told: make(chan struct{}, 64)}
	defer d.stop()
	if err := d.start(ctx); err != nil {
		return err
	}
	if err := d.show(ctx); err != nil {
		return err
	}
	if c.Once {
		return nil
	}
	return d.watch(ctx)
}

// demo is a real service with stand-ins for the two vendors.
type demo struct {
	env   *Env
	dir   string
	app   *app.App
	slack *slackfake.Server
	pager *pdfake.Server
	http  *http.Server
	told  chan struct{} // something was said to a vendor

	mu     sync.Mutex
	pages  []pdfake.Event
	posted []slackfake.Message
}

func (d *demo) start(ctx context.Context) error {
	var err error
	if d.dir, err = os.MkdirTemp("", "nis2clock-demo-"); err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	pagerURL, err := d.startPager()
	if err != nil {
		return err
	}
	d.slack, err = slackfake.Start(slackfake.Config{OnMessage: func(m slackfake.Message) {
		d.mu.Lock()
		d.posted = append(d.posted, m)
		d.mu.Unlock()
		d.notice()
	}})
	if err != nil {
		return err
	}
	cfg := config.Default()
	cfg.DataDir = filepath.Join(d.dir, "data")
	cfg.Web.Listen = "127.0.0.1:0"
	cfg.Entities = []config.Entity{demoEntity()}
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: demoRoutingKey, BaseURL: pagerURL}
	cfg.Slack = &slack.Config{Token: "xoxb-demo", SigningSecret: demoSecret, Channel: slackfake.DefaultChannel, BaseURL: d.slack.URL()}
	d.app, err = app.Start(ctx, app.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(d.env.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Version: version()})
	if err != nil {
		return err
	}
	d.slack.SetCallback(d.app.URL()+"/webhook/slack/interactions", demoSecret)
	return nil
}

// demoEntity is the company in the story.
func demoEntity() config.Entity {
	e := config.Default().Entities[0]
	e.Name, e.LegalName, e.Class, e.Sector = "example", "Example Energy GmbH", config.Essential, "energy"
	e.MemberState, e.Authority = "DE", "BSI, Federal Office for Information Security"
	e.Contact = config.Contact{Name: "Security duty desk", Role: "on call", Email: "duty@energy.example"}
	if name, ok := regime.ZoneOf(e.MemberState); ok {
		if zone, err := time.LoadLocation(name); err == nil {
			e.Place.Zone = zone
		}
	}
	return e
}

func (d *demo) startPager() (string, error) {
	d.pager = pdfake.New(time.Now, demoRoutingKey)
	d.pager.OnEvent(func(e pdfake.Event) {
		d.mu.Lock()
		d.pages = append(d.pages, e)
		d.mu.Unlock()
		d.notice()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	d.http = &http.Server{Handler: d.pager, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := d.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(d.env.Stderr, "nis2clock: the stand-in for PagerDuty stopped:", err)
		}
	}()
	return "http://" + l.Addr().String(), nil
}

func (d *demo) notice() {
	select {
	case d.told <- struct{}{}:
	default:
	}
}

func (d *demo) stop() {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Stop())
	}
	if d.slack != nil {
		errs = append(errs, d.slack.Close())
	}
	if d.http != nil {
		errs = append(errs, d.http.Close())
	}
	if err := joinLines(errs...); err != nil {
		fmt.Fprintln(d.env.Stderr, "nis2clock: "+err.Error())
	}
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.env.Stdout, format+"\n", args...) }

func (d *demo) step(n int, format string, args ...any) {
	d.say("\n%d. %s\n", n, fmt.Sprintf(format, args...))
}

func indent(s string) string {
	return "   " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n   ")
}

// show runs the story once.
func (d *demo) show(ctx context.Context) error {
	d.say("nis2clock demo: the real service on a temporary data folder, with stand-ins for PagerDuty and Slack.")
	d.step(1, "Alertmanager sends three alerts that began two minutes ago.")
	body, err := shifted(demoAlerts, d.env.Now().Add(-2*time.Minute))
	if err != nil {
		return err
	}
	answer, err := d.post(ctx, body)
	if err != nil {
		return err
	}
	d.say("   POST %s/webhook/alertmanager\n   200 %s", d.app.URL(), answer)
	var opened struct{ Opened []incident.ID }
	if err := json.Unmarshal(answer, &opened); err != nil || len(opened.Opened) == 0 {
		return fmt.Errorf("the alerts opened no incident: %s", answer)
	}
	id := opened.Opened[0]

	d.step(2, "Two of them are labelled nis2_reportable and are one event: incident %s. From detection the law is counting.", id)
	if err := d.incident(id); err != nil {
		return err
	}
	if err := d.until(ctx, func() bool { return len(d.pages) > 0 && len(d.posted) > 0 }); err != nil {
		return fmt.Errorf("PagerDuty and Slack were not told in time: %w", err)
	}
	d.step(3, "PagerDuty was told to page the incident commander.")
	d.mu.Lock()
	page, message := d.pages[0], d.posted[0]
	d.mu.Unlock()
	d.say("   severity %s, dedup key %s\n   %s", page.Payload.Severity, page.DedupKey, page.Payload.Summary)
	d.step(4, "Slack was told, with an Acknowledge button.")
	d.say("%s", indent(message.Text))

	d.step(5, "Somebody presses Acknowledge. That stops no clock.")
	if err := d.slack.Press(ctx, message.TS, slack.AcknowledgeAction, "U0ONCALL", slackfake.TeamID); err != nil {
		return err
	}
	v, _ := d.app.Desk().Incident(id)
	if v.AcknowledgedBy == nil {
		return errors.New("the press was not recorded")
	}
	d.say("   acknowledged by %s at %s; %d clocks run on", *v.AcknowledgedBy, seconds(*v.AcknowledgedAt), len(v.Clocks))

	d.step(6, "The incident commander says what happened. The early warning, ready to be checked and sent:")
	summary := "Repeated attempts to create cluster role bindings from a workload account were denied. Whether an account is compromised is being checked."
	who := incident.Person{By: incident.Actor{Name: "commander", Via: "cli"}}
	if _, err := d.app.Desk().Do(ctx, incident.SetFacts{Person: who, ID: id, Summary: &summary}); err != nil {
		return err
	}
	path := filepath.Join(d.dir, string(id)+"-early_warning.pdf")
	pdf, err := d.app.Report(ctx, id, "early_warning")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		return err
	}
	d.say("   %s", path)
	d.say("\nThe open clocks, in a browser (the link works once):\n   %s", d.app.SignInLink())
	return nil
}

func (d *demo) incident(id incident.ID) error {
	v, ok := d.app.Desk().Incident(id)
	if !ok {
		return fmt.Errorf("%s is not there", id)
	}
	var out bytes.Buffer
	env := *d.env
	env.Stdout = &out
	if err := show(&env, v); err != nil {
		return err
	}
	d.say("%s", indent(out.String()))
	return nil
}

// post sends a webhook body as Alertmanager does.
func (d *demo) post(ctx context.Context, body []byte) ([]byte, error) {
	token, err := access.Read(filepath.Join(d.dir, "data", access.IntakeFile))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.app.URL()+"/webhook/alertmanager", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the service answered %s: %s", resp.Status, bytes.TrimSpace(answer))
	}
	return bytes.TrimSpace(answer), nil
}

// until waits for what the vendors are told.
func (d *demo) until(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, demoWait)
	defer cancel()
	for {
		d.mu.Lock()
		ok := done()
		d.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.told:
		}
	}
}

// watch shows the clocks counting until ctx ends.
func (d *demo) watch(ctx context.Context) error {
	d.say("\nPress Ctrl-C to end. The folder stays: nis2clock verify %s\n", filepath.Join(d.dir, "data"))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		fmt.Fprintf(d.env.Stdout, "\r   %s   ", d.countdown())
		select {
		case <-ctx.Done():
			d.say("")
			return nil
		case <-tick.C:
		}
	}
}

// countdown is every clock with what it has left.
func (d *demo) countdown() string {
	var parts []string
	now := d.app.Desk().Now()
	d.app.Desk().View(func(s *incident.State) {
		for _, id := range s.IDs() {
			i, _ := s.Incident(id)
			for _, c := range i.View(now).Clocks {
				left := c.DueAt.Sub(now).Truncate(time.Second)
				parts = append(parts, fmt.Sprintf("%s %d:%02d:%02d", c.Title, int(left.Hours()), int(left.Minutes())%60, int(left.Seconds())%60))
			}
		}
	})
	return strings.Join(parts, " · ")
}

// shifted moves every startsAt of a webhook body by the same amount, so that
// the first alert begins at start.
func shifted(body []byte, start time.Time) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	var move time.Duration
	alerts, _ := m["alerts"].([]any)
	for n, a := range alerts {
		alert, _ := a.(map[string]any)
		s, _ := alert["startsAt"].(string)
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, fmt.Errorf("alert %d: %w", n, err)
		}
		if n == 0 {
			move = start.Sub(t)
		}
		alert["startsAt"] = t.Add(move).UTC().Format(time.RFC3339Nano)
	}
	return json.Marshal(m)
}
