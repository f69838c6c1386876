package app

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
)

// withSlack is the configuration of a service that speaks to a stand-in.
func withSlack(t *testing.T, fake *slackfake.Server) *config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.Slack = &slack.Config{Token: "xoxb-good", AppToken: "xapp-good", Channel: slackfake.DefaultChannel, BaseURL: fake.URL(), Mark: slack.DefaultMark}
	return cfg
}

func startFake(t *testing.T) *slackfake.Server {
	t.Helper()
	fake, err := slackfake.Start(slackfake.Config{Token: "xoxb-good", AppToken: "xapp-good"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
	})
	return fake
}

// ask asks a path until the answer holds the word.
func ask(t *testing.T, a *App, path, word string) string {
	t.Helper()
	said := ""
	for t.Context().Err() == nil {
		resp, err := http.Get(a.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if said = string(body); strings.Contains(said, word) {
			return said
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-a.Failed():
			t.Fatal("the service failed")
		}
	}
	t.Fatalf("%s does not say %q: %s", path, word, said)
	return ""
}

// gauge asks until the gauge has the value. Its help text is no value.
func gauge(t *testing.T, a *App, name string, value int) {
	t.Helper()
	ask(t, a, "/metrics", fmt.Sprintf("\n%s %d\n", name, value))
}

func startWith(t *testing.T, cfg *config.Config) *App {
	t.Helper()
	a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// A token that will never open a socket ends the start, and is not shown.
func TestBadAppTokenFailsTheStart(t *testing.T) {
	cfg := withSlack(t, startFake(t))
	cfg.Slack.AppToken = "xapp-wrong"
	a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Fatal("it started", a.Stop())
	}
	if !strings.Contains(err.Error(), "invalid_auth") || strings.Contains(err.Error(), cfg.Slack.AppToken) {
		t.Errorf("error %v", err)
	}
}

// Slack being down keeps nobody from starting, and readiness says what is wrong.
func TestSlackIsDownAtTheStart(t *testing.T) {
	fake := startFake(t)
	fake.Fail(1000, slackfake.Fault{Status: 503})
	a := startWith(t, withSlack(t, fake))
	ask(t, a, "/-/ready", "Slack is not connected over Socket Mode")
	ask(t, a, "/-/ready", "check the bot token")
	gauge(t, a, "nis2clock_slack_well", 0)
	gauge(t, a, "nis2clock_slack_socket_connected", 0)
}

func TestSelfCheckNamesTheScope(t *testing.T) {
	fake := startFake(t)
	fake.SetScopes("chat:write", "channels:history", "reactions:read")
	a := startWith(t, withSlack(t, fake))
	ask(t, a, "/-/ready", "lacks the scope commands")
}

// The same office answers over the socket as over HTTP.
func TestCommandOverTheSocket(t *testing.T) {
	fake := startFake(t)
	a := startWith(t, withSlack(t, fake))
	gauge(t, a, "nis2clock_slack_socket_connected", 1)
	said, err := fake.Command(t.Context(), slack.Command, "declare A drill", "U1", "T1")
	if err != nil || !strings.Contains(said, "is open and its clocks run") {
		t.Errorf("%q, %v", said, err)
	}
}
