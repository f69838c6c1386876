package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/regime"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	pagerduty = "pagerduty"
	slack     = "slack"
)

// vendor is a channel that remembers what was said through it.
type vendor struct {
	name  string
	finds bool // it can look for a message, as Slack can; otherwise a key said again is one alert, as with PagerDuty

	mu    sync.Mutex
	pace  time.Duration
	calls []call
	said  []dispatch.Notice // what it took, in order
	finding,
	sending func(dispatch.Notice) error // what a call answers; nil is well
	loses bool // it takes what it gets, and answers with an error
}

type call struct {
	at     time.Time
	key    string
	role   incident.Role
	repeat bool
}

func (v *vendor) Name() string { return v.name }

func (v *vendor) Pace() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pace
}

func (v *vendor) Send(_ context.Context, n dispatch.Notice) (string, error) {
	v.mu.Lock()
	sending := v.sending
	v.calls = append(v.calls, call{time.Now(), n.Key, n.Effect.Role, n.Repeat})
	v.mu.Unlock()
	if sending != nil {
		if err := sending(n); err != nil {
			return "", err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.said = append(v.said, n)
	if v.loses {
		return "", &dispatch.Error{Reason: dispatch.Unreachable}
	}
	return fmt.Sprintf("%s/%d", v.name, len(v.said)), nil
}

func (v *vendor) Find(_ context.Context, n dispatch.Notice) (string, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.finding != nil {
		if err := v.finding(n); err != nil {
			return "", false, err
		}
	}
	if v.finds {
		for i, m := range v.said {
			if m.Key == n.Key {
				return fmt.Sprintf("%s/%d", v.name, 1+i), true, nil
			}
		}
	}
	return "", false, nil
}

// set changes the vendor while it is in use.
func (v *vendor) set(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f()
}

// notices are what was said.
func (v *vendor) notices() []dispatch.Notice {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.said)
}

// lines are what was said, in short.
func (v *vendor) lines() (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range v.said {
		out = append(out, line(n))
	}
	return out
}

// seconds are the times of all calls since start, in seconds.
func (v *vendor) seconds(start time.Time) (out []float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.calls {
		out = append(out, c.at.Sub(start).Seconds())
	}
	return out
}

func line(n dispatch.Notice) string {
	s := string(n.Effect.Role)
	if n.Effect.Role == incident.Reminder {
		names := make([]string, len(n.Effect.Thresholds))
		for i, p := range n.Effect.Thresholds {
			names[i] = p.Name
		}
		s += fmt.Sprintf(" %s %s", n.Effect.Clock.Stage, strings.Join(names, "+"))
	}
	if n.Repeat {
		s += " (repeat)"
	}
	return s
}

// service is a desk and a dispatcher on a journal.
type service struct {
	t        testing.TB
	log      journal.Log
	desk     *desk.Desk
	dispatch *dispatch.Dispatcher
	registry *prometheus.Registry
	pd, sl   *vendor
	now      func() time.Time
	stop     func() // ends both
}

func newVendors() (pd, sl *vendor) {
	return &vendor{name: pagerduty, pace: 500 * time.Millisecond}, &vendor{name: slack, finds: true, pace: time.Second}
}

func usual() incident.ReminderPolicy {
	var p incident.ReminderPolicy
	for _, name := range []string{"50%", "75%", "90%", "1h", "0s"} {
		p.Reminders = append(p.Reminders, threshold(name))
	}
	p.PageFrom, p.OverdueEvery = threshold("75%"), incident.Span(time.Hour)
	p.Channels, p.Pagers = []string{pagerduty, slack}, []string{pagerduty}
	return p
}

func threshold(s string) incident.Threshold {
	t, err := incident.ParseThreshold(s)
	if err != nil {
		panic(err)
	}
	return t
}

// open is a service whose dispatcher does not run yet.
func open(t testing.TB, log journal.Log, pd, sl *vendor) *service {
	t.Helper()
	return openLogging(t, log, pd, sl, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})))
}

// openLogging is open with a log of its own.
func openLogging(t testing.TB, log journal.Log, pd, sl *vendor, logger *slog.Logger) *service {
	t.Helper()
	s := &service{t: t, log: log, pd: pd, sl: sl, now: time.Now, registry: prometheus.NewRegistry(), stop: func() {}}
	var err error
	s.desk, err = desk.Open(t.Context(), desk.Options{
		Log: log, Now: func() time.Time { return s.now() }, Logger: logger,
		Rules: &incident.Rules{
			Classify:  classify.DefaultPolicy(),
			Law:       regime.Builtin(),
			Tracks:    []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
			Heartbeat: "Watchdog",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.stop = s.desk.Close
	t.Cleanup(func() { s.stop() })
	s.dispatch = dispatch.New(dispatch.Options{
		Desk: s.desk, Channels: []dispatch.Channel{pd, sl}, Install: "test", Logger: logger, Register: s.registry,
		PageURL: func(id incident.ID) string { return "https://clock.example/incidents/" + string(id) },
	})
	return s
}

// run starts the dispatcher.
func (s *service) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.dispatch.Run(ctx) })
	s.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		s.desk.Close()
	})
}

// newService is a running service on a new journal, under the policy.
func newService(t testing.TB, p incident.ReminderPolicy) *service {
	t.Helper()
	pd, sl := newVendors()
	s := open(t, journaltest.Open(t), pd, sl)
	s.do(incident.AdoptPolicy{Policy: p})
	s.run()
	return s
}

func (s *service) do(cmd incident.Command) any {
	s.t.Helper()
	reply, err := s.desk.Do(s.t.Context(), cmd)
	if err != nil {
		s.t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

var ana = incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}

// declare opens an incident that was detected just now.
func (s *service) declare(title string) incident.ID {
	s.t.Helper()
	return s.do(incident.Declare{Person: ana, Title: title, DetectedAt: s.now()}).(incident.ID)
}

// kinds are the kinds of the effect entries in the journal, in order, for the channel.
func (s *service) effects(channel string) (out []string) {
	s.t.Helper()
	for raw, err := range s.log.Read(s.t.Context(), 0, s.log.Head().Size) {
		if err != nil {
			s.t.Fatal(err)
		}
		e, err := desk.Decode(raw)
		if err != nil {
			s.t.Fatal(err)
		}
		switch ev := e.Event.(type) {
		case incident.Intended:
			if ev.Effect.Channel == channel {
				out = append(out, fmt.Sprintf("intended %s repeat=%v", ev.Effect.Role, ev.Repeat))
			}
		case incident.Delivered:
			if ev.Effect.Channel == channel {
				out = append(out, fmt.Sprintf("delivered %s found=%v", ev.Effect.Role, ev.Found))
			}
		case incident.Failed:
			if ev.Effect.Channel == channel {
				out = append(out, fmt.Sprintf("failed %s permanent=%v", ev.Effect.Role, ev.Permanent))
			}
		}
	}
	return out
}

// bubble runs a test in which time passes only while everything waits.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// pass lets time pass and what it causes happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// bubbleNow is bubble without running beside other tests.
func bubbleNow(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
