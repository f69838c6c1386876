package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/opsgenie/opsfake"
	"nis2clock/internal/people"
	"nis2clock/internal/slack"
	"nis2clock/internal/webhookout"
)

// With no vendor at all people are told: a webhook hears of an incident, and of
// nobody answering.
func TestNoVendorAtAll(t *testing.T) {
	var mu sync.Mutex
	var roles []string
	heard := make(chan struct{}, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m webhookout.Message
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		roles = append(roles, string(m.Role))
		mu.Unlock()
		heard <- struct{}{}
	}))
	t.Cleanup(srv.Close)
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.Webhook = &webhookout.Config{URL: srv.URL, Secret: "0123456789abcdef"}
	cfg.Clocks.Escalation.Steps = []incident.Step{{After: incident.Span(time.Millisecond), To: []incident.Target{{Channel: webhookout.Name}}}}
	a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := a.Desk().Do(t.Context(), incident.Declare{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, Title: "It broke", DetectedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case <-heard:
		case <-time.After(time.Minute):
			t.Fatalf("heard only %q", roles)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if slices.Sort(roles); !slices.Equal(roles, []string{"escalate", "post"}) {
		t.Errorf("heard %q", roles)
	}
}

// A person is reached together with whoever stands in for them now.
func TestAddresses(t *testing.T) {
	all, faults := people.New([]people.Person{
		{Name: "lead", Email: "lead@acme.example"}, {Name: "mute"},
		{Name: "now", Email: "now@acme.example", DeputyFor: "lead"},
		{Name: "later", Email: "later@acme.example", DeputyFor: "lead", From: time.Now().Add(time.Hour)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	a := &App{cfg: &config.Config{People: all}}
	for name, want := range map[string][]string{"lead": {"lead@acme.example", "now@acme.example"}, "mute": nil, "gone": nil} {
		if got := a.addresses(name); !slices.Equal(got, want) {
			t.Errorf("%s is reached at %q, want %q", name, got, want)
		}
	}
}

// Opsgenie is told of an answer given elsewhere and of the end, and wakes
// people again for a clock that runs out although somebody has answered.
func TestOpsgenie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := opsfake.New(time.Now, "api-key")
		fake.LimitRate(60)
		s := newStage(t, func(cfg *config.Config) {
			cfg.PagerDuty, cfg.Clocks.Escalation.Steps = nil, nil
			cfg.Opsgenie = &opsgenie.Config{APIKey: "api-key", BaseURL: "http://opsgenie.example"}
		})
		s.net.serve(t, opsAt, fake)
		detected := time.Now()
		s.alert(detected, 1)
		state := func(role string) string {
			for _, r := range fake.Requests() {
				if r.Action == "create" && slices.Contains(r.Tags, role) {
					return fake.State(r.Alias)
				}
			}
			return ""
		}
		s.within(promptly, "somebody is woken", func() bool { return state("page") == opsfake.Open })
		s.insist("acknowledge", func() error { return s.press(slack.AcknowledgeAction) })
		s.within(promptly, "Opsgenie knows", func() bool { return state("page") == opsfake.Acknowledged })
		s.weather.set("opsgenie.example", losing)
		s.wait(time.Until(detected.Add(18*time.Hour + 2*time.Minute)))
		s.weather.set("opsgenie.example", "")
		s.wait(10 * time.Minute)
		if got := state("reminder"); got != opsfake.Open {
			t.Errorf("for the early warning the alert is %q", got)
		}
		s.submit("default/nis2/early_warning", time.Now().Add(-time.Minute))
		s.within(promptly, "it is closed", func() bool { return state("reminder") == opsfake.Closed })
		woken := 0
		for _, r := range fake.Requests() {
			if r.Paged {
				woken++
			}
		}
		if woken != 2 {
			t.Errorf("people were woken %d times, by %d requests", woken, len(fake.Requests()))
		}
	})
}
