package app

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/slack/slackfake"
)

// lockedLog is a log that several goroutines write.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// loggingTo starts a service that logs to a buffer.
func loggingTo(t *testing.T, cfg *config.Config) (*App, *lockedLog) {
	t.Helper()
	log := &lockedLog{}
	a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a, log
}

// A channel that was archived, and a token that was revoked, lose nothing: the
// reason shows where people look, in the metrics and in the log, and what could
// not be said is owed still.
func TestSlackRefusesForGood(t *testing.T) {
	for name, tt := range map[string]struct {
		refuse       func(*slackfake.Server)
		word, reason string
	}{
		"archived channel": {func(s *slackfake.Server) { s.Archive(slackfake.DefaultChannel) }, "is_archived", "rejected"},
		"revoked token":    {func(s *slackfake.Server) { s.Revoke() }, "token_revoked", "auth_error"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := startFake(t)
			a, log := loggingTo(t, withSlack(t, fake))
			gauge(t, a, "nis2clock_slack_well", 1)
			tt.refuse(fake)
			reply, err := a.Desk().Do(t.Context(), incident.Declare{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}, Title: "It broke", DetectedAt: a.Desk().Now()})
			if err != nil {
				t.Fatal(err)
			}
			ask(t, a, "/-/ready", "1 notice(s) could reach nobody")
			ask(t, a, "/-/ready", tt.word)
			ask(t, a, "/metrics", `nis2clock_dispatch_failures_total{channel="slack",reason="`+tt.reason+`"}`)
			if n := strings.Count(log.String(), "Not delivered"); n != 1 || !strings.Contains(log.String(), tt.word) || strings.Contains(log.String(), "xoxb-good") {
				t.Errorf("%d lines of the log tell of it:\n%s", n, log)
			}
			a.Desk().View(func(s *incident.State) {
				i, _ := s.Incident(reply.(incident.ID))
				if len(i.Pending) != 1 {
					t.Errorf("owed are %+v", i.Pending)
				}
			})
		})
	}
}

// A token that was revoked while nothing was said is found by the self-check.
func TestRevokedTokenIsFoundByTheSelfCheck(t *testing.T) {
	fake := startFake(t)
	fake.Revoke()
	a, log := loggingTo(t, withSlack(t, fake))
	ask(t, a, "/-/ready", "token_revoked")
	gauge(t, a, "nis2clock_slack_well", 0)
	if err := a.Stop(); err != nil { // the line is written after what is shown
		t.Error(err)
	}
	if n := strings.Count(log.String(), "self-check found a fault"); n != 1 {
		t.Errorf("%d lines of the log tell of it", n)
	}
}
