package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/slack"
	"nis2clock/internal/web"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Exercise makes the service that of a tabletop exercise: everything runs as
// it does for real, on a data folder of its own and by the clock that
// [Options.Now] is, and nothing it says gets further than here.
type Exercise struct {
	// PagerDuty and Slack are the only ways out there are, whatever the
	// configuration says; nil for none.
	PagerDuty *pagerduty.Config
	Slack     *slack.Config
	// Until is how long, in wall time, the exercise's clock takes to reach an
	// instant.
	Until func(time.Time) time.Duration
	// Jumps: the clock jumps, and what is due is said by [App.Settle] alone.
	Jumps bool
	// Out reports whether the scenario has that channel's vendor not answer now;
	// nil for never.
	Out func(channel string) bool
	// Board is what the pages show and do about the exercise itself.
	Board web.Exercise
}

// ErrKind: the data folder is an exercise's, or the real service's, and the
// other was started on it. [Start] returns it.
var ErrKind = errors.New("wrong kind of data folder")

// exerciseKey is what the name of an exercise's key begins with. The name stands
// in the first line of every checkpoint the key signs, so that the journal of an
// exercise is that wherever it is copied to.
const exerciseKey = "nis2clock-exercise/"

// journalOptions name the key of a journal that is to be made.
func (a *App) journalOptions() journal.Options {
	if a.o.Exercise == nil {
		return journal.Options{}
	}
	// Nothing is lost by a rehearsal that has to be played again, and months of
	// reminders are thousands of commits.
	return journal.Options{Name: exerciseKey + strings.ToLower(rand.Text()[:8]), NoSync: a.o.Exercise.Jumps}
}

// checkKind refuses a journal of the other kind.
func (a *App) checkKind(s *journal.Store) error {
	drill := strings.HasPrefix(s.VerifierKey(), exerciseKey)
	switch {
	case drill && a.o.Exercise == nil:
		return fmt.Errorf("%w: %s is an exercise's and cannot become the real service's: name another folder, or go on with it by nis2clock tabletop run", ErrKind, a.cfg.DataDir)
	case !drill && a.o.Exercise != nil:
		return fmt.Errorf("%w: %s is the real service's: give the exercise a folder of its own with --data", ErrKind, a.cfg.DataDir)
	}
	return nil
}

// settings are those of a configuration that an exercise may use. It is a list
// of what is taken over: a way out that is added to the configuration is not in
// it.
func (e *Exercise) settings(c *config.Config) *config.Config {
	only := config.Default()
	only.DataDir, only.Law, only.Entities, only.People = c.DataDir, c.Law, c.Entities, c.People
	only.Classification, only.Clocks, only.Decisions = c.Classification, c.Clocks, c.Decisions
	only.Clocks.Escalation.Steps, only.Clocks.Escalation.Severities, only.Clocks.Escalation.Clocks = nil, nil, nil // they name ways out
	only.TemplatesDir, only.Languages, only.RunbooksDir, only.Signing = c.TemplatesDir, c.Languages, c.RunbooksDir, c.Signing
	only.Web.Listen = c.Web.Listen
	only.PagerDuty, only.Slack = e.PagerDuty, e.Slack
	return only
}

// drill is a channel of an exercise.
type drill struct {
	dispatch.Channel
	out func(channel string) bool
}

// drills marks the channels as an exercise's.
func (e *Exercise) drills(channels []dispatch.Channel) {
	for n, c := range channels {
		out := e.Out
		if out == nil {
			out = func(string) bool { return false }
		}
		channels[n] = drill{c, out}
	}
}

// exerciseMark is in front of what is said about the service itself; what is
// about an incident carries the incident's own.
const exerciseMark = "[EXERCISE] "

// Send implements [dispatch.Channel].
func (d drill) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	if d.out(d.Name()) {
		return "", outage()
	}
	if n.Text != "" && !strings.HasPrefix(n.Text, exerciseMark) {
		n.Text = exerciseMark + n.Text
	}
	return d.Channel.Send(ctx, n)
}

// Class implements [dispatch.Classed].
func (d drill) Class(n dispatch.Notice) dispatch.Class {
	if c, ok := d.Channel.(dispatch.Classed); ok {
		return c.Class(n)
	}
	return dispatch.Vendor
}

// Find implements [dispatch.Channel].
func (d drill) Find(ctx context.Context, n dispatch.Notice) (string, bool, error) {
	if d.out(d.Name()) {
		return "", false, outage()
	}
	return d.Channel.Find(ctx, n)
}

func outage() error {
	return &dispatch.Error{Reason: dispatch.Unreachable, Detail: "the scenario has it out of order"}
}

// marked labels every series of an exercise as one.
type marked struct{ prometheus.Gatherer }

// Gather implements [prometheus.Gatherer].
func (m marked) Gather() ([]*dto.MetricFamily, error) {
	families, err := m.Gatherer.Gather()
	for _, f := range families {
		for _, s := range f.Metric {
			mark(s)
		}
	}
	return families, err
}

func mark(m *dto.Metric) {
	for _, l := range m.Label {
		if l.GetName() == "exercise" {
			l.Value = new("true")
			return
		}
	}
	at := 0 // labels are in the order of their names
	for at < len(m.Label) && m.Label[at].GetName() < "exercise" {
		at++
	}
	m.Label = append(m.Label[:at:at], append([]*dto.LabelPair{{Name: new("exercise"), Value: new("true")}}, m.Label[at:]...)...)
}

// Settle says everything that is due now and returns when something next can
// be; see [dispatch.Dispatcher.Settle]. It is for a clock that jumps.
func (a *App) Settle(ctx context.Context) (next time.Time, err error) { return a.dispatch.Settle(ctx) }

// Journal is the service's journal, to be read.
func (a *App) Journal() *journal.Store { return a.store }

// AlertmanagerHook is the address that alerts are posted to.
func (a *App) AlertmanagerHook() string { return a.URL() + "/webhook/alertmanager" }

// until is what the dispatcher waits by; nil for the real service.
func (a *App) until() func(time.Time) time.Duration {
	if a.o.Exercise == nil {
		return nil
	}
	return a.o.Exercise.Until
}

// board is the exercise as the pages know it; nil for the real service.
func (a *App) board() web.Exercise {
	if a.o.Exercise == nil {
		return nil
	}
	return a.o.Exercise.Board
}

// gatherer is what /metrics shows.
func (a *App) gatherer(reg *prometheus.Registry) prometheus.Gatherer {
	if a.o.Exercise != nil {
		return marked{reg}
	}
	return reg
}

// exerciseNotes say that it is one.
func (a *App) exerciseNotes() []string {
	if a.o.Exercise == nil {
		return nil
	}
	return []string{"EXERCISE: nothing here is real, and nothing leaves"}
}

// Sign signs a document as reports are; nil without a certificate.
func (a *App) Sign(document []byte) ([]byte, error) {
	if a.signer == nil {
		return nil, nil
	}
	return a.signer.Sign(document)
}

// office takes what people ask for in Slack.
func (a *App) office() slack.Office {
	if a.o.Exercise != nil {
		return slack.Drill(a.slackClerk())
	}
	return a.slackClerk()
}

// Tell says something of the exercise itself where the participants talk, once
// and unrecorded: it belongs to no incident. The key names it at the vendor.
func (a *App) Tell(ctx context.Context, key, text string) error {
	for _, c := range a.channels {
		if c.Name() != slack.Name {
			continue
		}
		n := dispatch.Notice{Key: a.install() + "/" + key, Text: exerciseMark + text, Now: a.o.Now()}
		n.Effect = incident.Effect{Key: key, Role: incident.Heartbeat, For: c.Name(), Channel: c.Name()}
		if _, err := c.Send(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
