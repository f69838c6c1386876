package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/people"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
)

// stage is the whole service with its vendors, in virtual time: a bubble's.
// Its processes come and go; what they leave behind is the data folder.
type stage struct {
	t       testing.TB
	net     *network
	weather *weather
	pager   *pdfake.Server
	slack   *slackfake.Server
	cfg     *config.Config
	change  func(*config.Config) // before each start; nil for nothing
	reload  func() (*config.Config, error)
	log     io.Writer    // nil for the test's own, and errors alone
	client  *http.Client // of people and of Alertmanager
	inc     incident.ID  // the one the test is about
	starts  int
	cuts    int // by power, of the starts

	// Of the process that runs; app is nil while none does.
	app  *App
	door *door
	line *line
}

// Who acts on a stage.
const (
	slackTeam      = "T1"
	carla          = "Carla Commander"
	carlaInSlack   = "UC"
	carlaInPager   = "PCARLA"
	managementKey  = "fedcba9876543210fedcba9876543210"
	slackSecret    = "shh-0123456789"
	slackAppToken  = "xapp-good"
	alertTestName  = "PrivilegedLogin"
	promptly       = 10 * time.Second // an acknowledgement shows everywhere by then
	betweenActions = 10 * time.Second // a person tries again after so long
)

// newStage is a stage whose service runs. It is made in a bubble, and moves to
// November 2026 first: a bubble begins in the year 2000.
func newStage(t testing.TB, change func(*config.Config)) *stage {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)))
	s := &stage{t: t, net: newNetwork(), weather: newWeather(), change: change, inc: "INC-2026-0001"}
	s.client = &http.Client{Transport: s.net.transport(t), Timeout: 30 * time.Second}
	s.pager = pdfake.New(time.Now, routingKey, managementKey)
	s.pager.LimitRate(120)
	s.net.serve(t, pagerAt, s.pager)
	s.slack = slackfake.New(slackfake.Config{Token: "xoxb-good", AppToken: slackAppToken, PingEvery: 20 * time.Second, Client: s.client})
	s.slack.LimitRate(true)
	if s.settings("").Slack.AppToken == "" { // in Socket Mode Slack knows no address of ours
		s.slack.SetCallback("http://clock.example/webhook/slack/interactions", slackSecret)
	}
	s.net.serve(t, slackAt, s.slack)
	t.Cleanup(s.slack.Drop)
	s.pager.Subscribe(pdfake.Subscription{
		URL: "http://clock.example/webhook/pagerduty", Secrets: []string{webhookSecret}, RetryAfter: 5 * time.Second,
		Client: &http.Client{Transport: s.net.transport(t), Timeout: 5 * time.Second},
	})
	t.Cleanup(s.pager.Unsubscribe)
	s.start(t.TempDir())
	t.Cleanup(func() {
		if s.app != nil {
			s.stop()
		}
	})
	return s
}

// settings are those of a service that speaks to the vendors of the stage.
func (s *stage) settings(dir string) *config.Config {
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen, cfg.Web.ExternalURL = dir, clockAt, "http://clock.example"
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: routingKey, Services: map[string]string{"management": managementKey}, BaseURL: "http://pager.example", WebhookSecret: webhookSecret}
	cfg.Slack = &slack.Config{Token: "xoxb-good", SigningSecret: slackSecret, Channel: slackfake.DefaultChannel, BaseURL: "http://slack.example/api/", Mark: slack.DefaultMark}
	cfg.Clocks.Escalation.Steps = []incident.Step{{After: incident.Span(30 * time.Minute), To: []incident.Target{{Channel: pagerduty.Name, To: "management"}}}}
	var faults []*people.Fault
	cfg.People, faults = people.New([]people.Person{{
		Name: carla, Role: access.Commander, Slack: people.SlackID{Team: slackTeam, User: carlaInSlack}, PagerDuty: carlaInPager,
	}})
	for _, f := range faults {
		s.t.Fatal(f)
	}
	if s.change != nil {
		s.change(cfg)
	}
	return cfg
}

// socketMode has Slack speak over a socket that the service opens, for one that
// Slack cannot reach.
func socketMode(cfg *config.Config) {
	cfg.Slack.AppToken, cfg.Slack.SigningSecret = slackAppToken, ""
}

// start starts a process on the data folder.
func (s *stage) start(dir string) {
	s.t.Helper()
	s.cfg = s.settings(dir)
	transport := s.net.transport(s.t)
	logger := slog.New(slog.NewTextHandler(s.t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	if s.log != nil {
		logger = slog.New(slog.NewTextHandler(s.log, nil))
	}
	s.line = &line{next: transport, net: s.net, weather: s.weather, dead: make(chan struct{})}
	s.weather.mu.Lock()
	s.weather.until = 0
	s.weather.mu.Unlock()
	var err error
	s.app, err = Start(s.t.Context(), Options{
		Config: s.cfg, Reload: s.reload, Logger: logger, Transport: s.line, Dial: s.line.dial,
		Listen: func(network, address string) (net.Listener, error) {
			l, err := s.net.Listen(network, address)
			if err == nil {
				s.door = l.(*door)
			}
			return l, err
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.starts++
}

// stop ends the process in order.
func (s *stage) stop() {
	s.t.Helper()
	if err := s.app.Stop(); err != nil {
		s.t.Error(err)
	}
	close(s.line.dead)
	s.app = nil
}

// powerCut ends the process as it stands: what is on its disk now is what the
// next one finds. What the old one still says and writes goes nowhere.
func (s *stage) powerCut() {
	s.t.Helper()
	synctest.Wait() // the disk is still
	dir := filepath.Join(s.t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(s.cfg.DataDir)); err != nil {
		s.t.Fatal(err)
	}
	s.cfg.DataDir = dir
	s.door.slam(s.t)
	close(s.line.dead)
	if err := s.app.Stop(); err != nil {
		s.t.Logf("the process that lost its power: %v", err)
	}
	s.app = nil
	s.cuts++
}

// wait lets time pass. When the power goes meanwhile, another process starts
// half a minute later.
func (s *stage) wait(d time.Duration) {
	s.t.Helper()
	end := time.Now().Add(d)
	for {
		select {
		case <-time.After(time.Until(end)):
			return
		case <-s.weather.gone:
			s.powerCut()
			time.Sleep(30 * time.Second)
			s.start(s.cfg.DataDir)
		}
	}
}

// restart stops the process in order, or cuts its power, and starts another
// after a while.
func (s *stage) restart(orderly bool, away time.Duration) {
	s.t.Helper()
	select { // the power went at this very instant
	case <-s.weather.gone:
		orderly = false
	default:
	}
	if orderly {
		s.stop()
	} else {
		s.powerCut()
	}
	time.Sleep(away)
	s.start(s.cfg.DataDir)
}

// insist is a person, or a program, trying until it is done.
func (s *stage) insist(what string, do func() error) {
	s.t.Helper()
	var err error
	for range 200 {
		if err = do(); err == nil {
			return
		}
		s.wait(betweenActions)
	}
	s.t.Fatalf("%s: %v", what, err)
}

// within fails when the condition does not come true in that time.
func (s *stage) within(d time.Duration, what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(d); !is(); s.wait(100 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not within %s: %s", d, what)
		}
	}
}

// view is the incident as it stands; zero while no process runs.
func (s *stage) view() incident.View {
	if s.app == nil {
		return incident.View{}
	}
	v, _ := s.app.Desk().Incident(s.inc)
	return v
}

// post sends JSON to the service with a token of its data folder.
func (s *stage) post(path, tokenFile string, in any) ([]byte, error) {
	token, err := access.Read(filepath.Join(s.cfg.DataDir, tokenFile))
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://clock.example"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(resp.Body)
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, said)
	}
	return said, err
}

// alert is Alertmanager telling of a firing alert (AM-2, AM-3). It tries again
// until it is answered (AM-18).
func (s *stage) alert(startsAt time.Time, number int) {
	s.t.Helper()
	labels := map[string]string{"alertname": alertTestName, "nis2_reportable": "true", "severity": "critical", "nis2_incident": fmt.Sprint(number)}
	body := map[string]any{
		"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "nis2", "externalURL": "http://am.example",
		"groupLabels": labels, "commonLabels": labels, "commonAnnotations": map[string]string{},
		"alerts": []any{map[string]any{
			"status": "firing", "labels": labels, "annotations": map[string]string{"summary": "Somebody logged in as root."},
			"startsAt": startsAt, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fmt.Sprintf("%016x", 0xfeed+number),
		}},
	}
	s.insist("alert", func() error {
		_, err := s.post("/webhook/alertmanager", access.IntakeFile, body)
		return err
	})
}

// message is the incident's message in Slack.
func (s *stage) message() (slackfake.Message, bool) {
	for _, m := range s.slack.Messages() {
		if m.Metadata != nil && strings.HasSuffix(fmt.Sprint(m.Metadata.Payload["key"]), string(s.inc)+"/message/slack") {
			return m, true
		}
	}
	return slackfake.Message{}, false
}

// press is Carla pressing a button of the incident's message.
func (s *stage) press(action string) error {
	m, ok := s.message()
	if !ok {
		return fmt.Errorf("%s has no message", s.inc)
	}
	return s.slack.Press(s.t.Context(), m.TS, action, carlaInSlack, slackTeam)
}

// submit is Carla filling in the form behind Mark submitted.
func (s *stage) submit(reports string, sentAt time.Time) {
	s.t.Helper()
	s.insist("submit "+reports, func() error {
		for _, c := range s.view().Clocks {
			if c.ClockID.String() == reports && c.SubmittedAt != nil {
				return nil // an earlier try whose answer was lost
			}
		}
		before := len(s.slack.Views())
		if err := s.press(slack.SubmitAction); err != nil {
			return err
		}
		s.wait(time.Second)
		all := s.slack.Views()
		if len(all) == before {
			return fmt.Errorf("no form opened")
		}
		sent, err := s.slack.Send(s.t.Context(), all[before], map[string][]string{
			"stages": {reports}, "authority": {"CSIRT"}, "sent_at": {fmt.Sprint(sentAt.Unix())}, "reference": {"R-" + reports},
		})
		if err == nil && len(sent.Errors) > 0 {
			s.t.Fatalf("%s is refused: %v", reports, sent.Errors)
		}
		return err
	})
}

// newestPage is the key of the alert that woke people last and still does.
func (s *stage) newestPage() string {
	pages := s.pager.Pages()
	for n := len(pages) - 1; n >= 0; n-- {
		if s.pager.State(pages[n].DedupKey) == pdfake.Triggered {
			return pages[n].DedupKey
		}
	}
	return ""
}

// entries are the incident's of the journal.
func (s *stage) entries() []incident.Entry {
	s.t.Helper()
	out, err := desk.Entries(context.Background(), s.app.Desk(), s.app.store, s.inc)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// pick is one of the choices.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
