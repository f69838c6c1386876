package opsgenie_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/opsgenie/opsfake"
)

const (
	apiKey = "12345678-90ab-cdef-1234-567890abcdef"
	key    = "nis2clock/install/INC-2026-0001/default/nis2/early_warning/75%/20261121T040000Z/opsgenie"
)

var detected = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// setup is a channel to a stand-in.
func setup(t testing.TB) (*opsgenie.Channel, *opsfake.Server) {
	t.Helper()
	fake := opsfake.New(time.Now, apiKey)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	c, err := opsgenie.New(opsgenie.Config{APIKey: apiKey, BaseURL: srv.URL}, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c, fake
}

func notice(role incident.Role) dispatch.Notice {
	clock := incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}
	now := detected.Add(18 * time.Hour)
	return dispatch.Notice{
		Item: agenda.Item{ID: "INC-2026-0001", Since: now, Effect: incident.Effect{Key: "x", Role: role, For: opsgenie.Name, Channel: opsgenie.Name, Clock: clock}},
		Key:  key, Now: now, Page: "https://clock.example/incidents/INC-2026-0001", Text: "Nobody has assessed it.",
		Incident: incident.View{
			ID: "INC-2026-0001", Title: "Admin login from an unknown country", DetectedAt: detected, Status: incident.Open,
			Clocks: []incident.ClockView{{ClockID: clock, Title: "Early warning", State: incident.ClockRunning, TargetAt: detected.Add(24 * time.Hour), DueAt: detected.Add(24 * time.Hour)}},
		},
	}
}

func send(t *testing.T, c *opsgenie.Channel, n dispatch.Notice) {
	t.Helper()
	if ref, err := c.Send(t.Context(), n); err != nil || ref != opsgenie.Alias(n.Key) {
		t.Fatalf("%s: %q, %v", n.Effect.Role, ref, err)
	}
}

// One key is one alert; what was answered and what is over is told by the alias
// it was made with, although the key holds slashes and a per cent sign.
func TestAlertsLife(t *testing.T) {
	c, fake := setup(t)
	alias := opsgenie.Alias(key)
	send(t, c, notice(incident.Reminder))
	send(t, c, notice(incident.Reminder))
	if got := fake.State(alias); got != opsfake.Open {
		t.Fatalf("after it was said the alert is %q", got)
	}
	n := notice(incident.PagerAcknowledge)
	n.Incident.AcknowledgedBy = new("ana")
	send(t, c, n)
	if got := fake.State(alias); got != opsfake.Acknowledged {
		t.Errorf("after the answer the alert is %q", got)
	}
	send(t, c, notice(incident.PagerResolve))
	if got := fake.State(alias); got != opsfake.Closed {
		t.Errorf("at the end the alert is %q", got)
	}
	woken := 0
	for _, r := range fake.Requests() {
		if r.Paged {
			woken++
		}
		if r.Action == "acknowledge" && !strings.Contains(r.Note, "by ana") {
			t.Errorf("the answer is noted as %q", r.Note)
		}
	}
	if woken != 1 {
		t.Errorf("people were woken %d times", woken)
	}
}

func TestWording(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*dispatch.Notice)
		role     incident.Role
		message  string
		priority string
		says     []string
	}{
		{"page", nil, incident.Page, "INC-2026-0001: Admin login from an unknown country", "P1",
			[]string{"Early warning (NIS2, default): due in 6 h, by 2026-11-21 10:00 UTC", "An acknowledgement stops no clock", "https://clock.example/incidents/INC-2026-0001"}},
		{"page of what was found late", func(n *dispatch.Notice) {
			n.Effect.Clock, n.Effect.Covers = incident.ClockID{}, []incident.ClockPassed{{Clock: n.Effect.Clock, Thresholds: []incident.Passed{{Name: "75%"}, {Name: "6h"}}}}
		}, incident.Page, "INC-2026-0001: Early warning due in 6 h. Admin login from an unknown country", "P1",
			[]string{"Early warning (NIS2, default): due in 6 h, by 2026-11-21 10:00 UTC; passed: 75%, 6h before\n"}},
		{"reminder", nil, incident.Reminder, "INC-2026-0001: Early warning due in 6 h. Admin login from an unknown country", "P2", nil},
		{"last hour", func(n *dispatch.Notice) { n.Now = detected.Add(23*time.Hour + 30*time.Minute) }, incident.Reminder,
			"INC-2026-0001: Early warning due in 30 min. Admin login from an unknown country", "P1", []string{"late by 5 h 30 min"}},
		{"nobody answers", func(n *dispatch.Notice) { n.Effect.After = incident.Span(30 * time.Minute) }, incident.Escalate,
			"INC-2026-0001: NOBODY HAS ANSWERED for 30 min. Admin login from an unknown country", "P1", nil},
		{"exercise", func(n *dispatch.Notice) { n.Incident.Exercise = true }, incident.Page, "[EXERCISE] INC-2026-0001: Admin login from an unknown country", "P1", []string{"THIS IS AN EXERCISE"}},
		{"possible repeat", func(n *dispatch.Notice) { n.Repeat = true }, incident.Page, "INC-2026-0001: Admin login from an unknown country", "P1", []string{"may have been said before"}},
		{"another refused", func(n *dispatch.Notice) { n.Refused, n.Reason = []string{"slack"}, "slack: rejected: is_archived" }, incident.Page,
			"INC-2026-0001: Admin login from an unknown country", "P1", []string{"slack refused to say this: slack: rejected: is_archived"}},
		{"triage", nil, incident.Triage, "Nobody has assessed it.", "P2", []string{"Nobody has assessed it."}},
		{"quiet sender", func(n *dispatch.Notice) { n.Incident, n.Text = incident.View{}, "No Watchdog alert." }, incident.Heartbeat, "No Watchdog alert.", "P2", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, fake := setup(t)
			n := notice(tt.role)
			if tt.change != nil {
				tt.change(&n)
			}
			send(t, c, n)
			got := fake.Requests()[0]
			if got.Message != tt.message || got.Priority != tt.priority {
				t.Errorf("got  %s %q\nwant %s %q", got.Priority, got.Message, tt.priority, tt.message)
			}
			for _, s := range tt.says {
				if !strings.Contains(got.Description, s) {
					t.Errorf("no %q in %q", s, got.Description)
				}
			}
		})
	}
}

// What is refused for good goes another way, what passes is tried again when
// the vendor says, and no error shows the key.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name string
		fail func(*opsfake.Server)
		want dispatch.Error
	}{
		{"accepted by something else", func(s *opsfake.Server) { s.FailNext(1, 200, "<html>welcome</html>") }, dispatch.Error{Reason: dispatch.Unreachable}},
		{"accepted without an id", func(s *opsfake.Server) { s.FailNext(1, 202, "{}") }, dispatch.Error{Reason: dispatch.Unreachable}},
		{"redirect", func(s *opsfake.Server) { s.FailNext(1, 307, "") }, dispatch.Error{Reason: dispatch.Unreachable}},
		{"bad request", func(s *opsfake.Server) { s.FailNext(1, 400, `{"message":"no, `+apiKey+`"}`) }, dispatch.Error{Reason: dispatch.Rejected, Permanent: true}},
		{"plan", func(s *opsfake.Server) { s.FailNext(1, 402, "") }, dispatch.Error{Reason: dispatch.Rejected, Permanent: true}},
		{"key", func(s *opsfake.Server) { s.FailNext(1, 401, `{"message":"`+strings.ToUpper(apiKey)+`"}`) }, dispatch.Error{Reason: dispatch.BadAuth, Permanent: true}},
		{"forbidden", func(s *opsfake.Server) { s.FailNext(1, 403, "") }, dispatch.Error{Reason: dispatch.BadAuth, Permanent: true}},
		{"over the rate", func(s *opsfake.Server) { s.FailNext(1, 429, "") }, dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: time.Minute}},
		{"broken", func(s *opsfake.Server) { s.FailNext(1, 500, "") }, dispatch.Error{Reason: dispatch.ServerError}},
		{"busy", func(s *opsfake.Server) { s.FailNext(1, 503, "no") }, dispatch.Error{Reason: dispatch.ServerError}},
		{"no answer", func(s *opsfake.Server) { s.DropNext(1) }, dispatch.Error{Reason: dispatch.Unreachable}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, fake := setup(t)
			tt.fail(fake)
			_, err := c.Send(t.Context(), notice(incident.Page))
			got, ok := errors.AsType[*dispatch.Error](err)
			if !ok || got.Reason != tt.want.Reason || got.Permanent != tt.want.Permanent || got.RetryAfter != tt.want.RetryAfter {
				t.Errorf("got %+v, want %+v", err, tt.want)
			}
			if strings.Contains(strings.ToLower(fmt.Sprint(err)), apiKey[:8]) {
				t.Errorf("%v shows the key", err)
			}
			if n := len(fake.Requests()); n > 1 {
				t.Errorf("the library tried %d times behind our back", n)
			}
		})
	}
}

// A call ends with its context, also while Opsgenie hangs.
func TestHangingVendor(t *testing.T) {
	hung := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil { // or its end is not noticed
			t.Error(err)
		}
		close(hung)
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	c, err := opsgenie.New(opsgenie.Config{APIKey: apiKey, BaseURL: srv.URL}, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-hung
		cancel()
	}()
	_, err = c.Send(ctx, notice(incident.Page))
	if got, ok := errors.AsType[*dispatch.Error](err); !ok || got.Reason != dispatch.Unreachable || got.Permanent {
		t.Errorf("got %v", err)
	}
}

// Whatever an alert says of itself, Opsgenie takes the notice.
func FuzzNotice(f *testing.F) {
	f.Add("a title", "a summary", 3, "75%", false)
	f.Add(strings.Repeat("ß", 4000), strings.Repeat("<@&\x00\u202e", 900), 300, "?#%2f:/ ", true)
	f.Fuzz(func(t *testing.T, title, summary string, clocks int, in string, exercise bool) {
		c, fake := setup(t)
		for _, role := range []incident.Role{incident.Page, incident.Reminder, incident.Escalate, incident.Triage, incident.PagerAcknowledge, incident.PagerResolve} {
			n := notice(role)
			n.Key += "/" + in[:min(len(in), 60)]
			n.Incident.Title, n.Incident.Summary, n.Text, n.Incident.Exercise = title, summary, summary, exercise
			n.Refused, n.Reason, n.Repeat = []string{"slack"}, summary, true
			n.Incident.AcknowledgedBy = new(title)
			n.Incident.Clocks[0].Title, n.Incident.Clocks[0].Entity = title, summary
			n.Incident.Clocks = slices.Repeat(n.Incident.Clocks, 1+min(max(clocks, 0), 500))
			if _, err := c.Send(t.Context(), n); err != nil {
				t.Errorf("%s: %v", role, err)
			}
			last := fake.Requests()
			if r := last[len(last)-1]; r.Action == "create" && !strings.Contains(r.Description, n.Page) {
				t.Errorf("%s: the address of the page was cut: %q", role, r.Description)
			}
		}
	})
}

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  opsgenie.Config
		want string // in the error; empty for none
	}{
		{"minimal", opsgenie.Config{APIKey: apiKey}, ""},
		{"EU", opsgenie.Config{APIKey: apiKey, BaseURL: opsgenie.EUBaseURL}, ""},
		{"no key", opsgenie.Config{}, "API key is empty"},
		{"line end in the key", opsgenie.Config{APIKey: apiKey + "\n"}, "a character no key has"},
		{"path", opsgenie.Config{APIKey: apiKey, BaseURL: "https://api.opsgenie.com/v2/alerts"}, "base URL"},
		{"user", opsgenie.Config{APIKey: apiKey, BaseURL: "https://" + apiKey + "@api.opsgenie.com"}, "base URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.cfg.Validate()
			if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), apiKey[:8])) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if s := fmt.Sprintf("%v %+v %#v", tt.cfg, tt.cfg, tt.cfg); strings.Contains(s, apiKey) && tt.cfg.BaseURL == "" {
				t.Errorf("%s shows the key", s)
			}
		})
	}
}
