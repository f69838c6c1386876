package slack

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/people"
	"nis2clock/internal/regime"
	"nis2clock/internal/slack/slackfake"
)

// house is a desk with what stands between it and a stand-in for Slack.
type house struct {
	t     testing.TB
	fake  *slackfake.Server
	desk  *desk.Desk
	log   journal.Log
	clerk *Clerk
	*Handler
	ch      *Channel
	wall    *wallClock
	logs    *logBuffer
	metrics *prometheus.Registry
}

// team is the workspace of everybody in these tests.
const team = "T1"

// staff are the people of these tests: each Slack id is U and the first letter.
func staff(t testing.TB) *people.Directory {
	t.Helper()
	in := func(user string) people.SlackID { return people.SlackID{Team: team, User: user} }
	d, faults := people.New([]people.Person{
		{Name: "Carla Commander", Role: access.Commander, Slack: in("UC"), Phone: "+49 30 1"},
		{Name: "Bruno Boss", Role: access.Commander, Slack: in("UB")},
		{Name: "Rita Responder", Role: access.Responder, Slack: in("UR")},
		{Name: "Dana Deputy", Role: access.Responder, Slack: in("UD"), DeputyFor: "Carla Commander", From: opened.Add(time.Hour), Until: opened.Add(2 * time.Hour)},
		{Name: "Aldo Auditor", Role: access.Auditor, Slack: in("UA")},
	})
	for _, f := range faults {
		t.Fatal(f)
	}
	return d
}

// newHouse has one incident, INC-2026-0001, whose message is in the channel.
func newHouse(t testing.TB, change ...func(*incident.Rules)) *house {
	t.Helper()
	rules := &incident.Rules{Classify: classify.DefaultPolicy(), Law: regime.Builtin(), Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Authority: "CSIRT"}}}
	for _, f := range change {
		f(rules)
	}
	h := &house{t: t, wall: &wallClock{t: opened.Add(time.Minute)}, logs: &logBuffer{}, log: journaltest.Open(t), metrics: prometheus.NewRegistry()}
	var err error
	if h.fake, err = slackfake.Start(slackfake.Config{Token: token, AppToken: appToken, Now: h.wall.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.fake.Close(); err != nil {
			t.Error(err)
		}
	})
	h.desk, err = desk.Open(t.Context(), desk.Options{
		Log: h.log, Now: h.wall.now, Logger: slog.New(slog.DiscardHandler),
		Rules: rules,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.desk.Close)
	h.clerk = &Clerk{Desk: h.desk, People: staff(t), Now: h.wall.now, Public: publicly}
	h.Handler, err = NewHandler(Inbound{
		Secrets: func() []string { return []string{secret} }, Now: h.wall.now, Office: h.clerk, Token: token, Mark: DefaultMark, BaseURL: h.fake.URL(),
		Log: slog.New(slog.NewTextHandler(h.logs, nil)), Register: h.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Wait)
	if h.ch, err = New(Config{Token: token, Channel: home, BaseURL: h.fake.URL(), People: staff(t)}, &http.Client{Timeout: 5 * time.Second}); err != nil {
		t.Fatal(err)
	}
	h.ch.now = h.wall.now
	srv := httptest.NewServer(h.Handler)
	t.Cleanup(srv.Close)
	h.fake.SetCallback(srv.URL+"/webhook/slack/interactions", secret)

	h.do(incident.Declare{Person: incident.Person{By: incident.Actor{Name: "monitoring", Via: "api"}}, Title: "Admin login", DetectedAt: opened})
	return h
}

// publicly tells everybody everything, as long as it was stored.
func publicly(err error) (string, error) {
	for _, hidden := range []error{incident.ErrInvalid, incident.ErrRefused, incident.ErrUnknown, incident.ErrKeyReused} {
		if text, ok := strings.CutPrefix(err.Error(), hidden.Error()+": "); ok {
			return text, nil
		}
	}
	return "", err
}

func (h *house) do(cmd incident.Command) any {
	h.t.Helper()
	reply, err := h.desk.Do(h.t.Context(), cmd)
	if err != nil {
		h.t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

const inc incident.ID = "INC-2026-0001"

func (h *house) incident() incident.View {
	h.t.Helper()
	v, ok := h.desk.Incident(inc)
	if !ok {
		h.t.Fatal("no incident")
	}
	return v
}

// counted checks how many calls from Slack had that outcome.
func (h *house) counted(outcome string, want float64) {
	h.t.Helper()
	families, err := h.metrics.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	got := -1.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "nis2clock_slack_calls_total" && m.GetLabel()[0].GetValue() == outcome {
				got = m.GetCounter().GetValue()
			}
		}
	}
	if got != want {
		h.t.Errorf("%v calls were %s, want %v", got, outcome, want)
	}
}

// say posts or updates the incident's message as it stands, and returns its ts.
func (h *house) say(role incident.Role) string {
	h.t.Helper()
	n := notice(role, h.wall.now(), h.incident())
	n.Effect.Proposal = len(n.Incident.Proposals)
	h.desk.View(func(s *incident.State) {
		if i, _ := s.Incident(inc); i.Message != nil {
			n.Message = i.Message.Ref
		}
	})
	ref, err := h.ch.Send(h.t.Context(), n)
	if err != nil {
		h.t.Fatal(err)
	}
	h.do(incident.Deliver{ID: inc, Effect: n.Effect, Ref: ref})
	r, _ := parseRef(ref, home)
	return r.ts
}

// press presses a button and returns what the person alone is told.
func (h *house) press(ts, action, user string) string {
	h.t.Helper()
	before := len(h.fake.Replies())
	if err := h.fake.Press(h.t.Context(), ts, action, user, team); err != nil {
		h.t.Fatal(err)
	}
	h.Wait()
	if all := h.fake.Replies(); len(all) > before {
		return all[before].Text
	}
	return ""
}

// form presses a button that asks something first, and returns the form.
func (h *house) form(ts, action, user string) slackfake.View {
	h.t.Helper()
	before := len(h.fake.Views())
	said := h.press(ts, action, user)
	all := h.fake.Views()
	if len(all) != before+1 {
		h.t.Fatalf("no form opened for %s: %q, log %s", action, said, h.logs)
	}
	return all[before]
}

func (h *house) send(v slackfake.View, answers map[string][]string) slackfake.Sent {
	h.t.Helper()
	sent, err := h.fake.Send(h.t.Context(), v, answers)
	if err != nil {
		h.t.Fatal(err)
	}
	return sent
}

// entries are the journal's from the n-th on, a line each.
func (h *house) entries(from int) []string {
	h.t.Helper()
	var out []string
	all, err := desk.Entries(h.t.Context(), h.desk, h.log, inc)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all[min(from, len(all)):] {
		if _, effect := e.Event.(incident.Delivered); !effect {
			out = append(out, fmt.Sprintf("%s %s", e.Kind, e.Event.Actor()))
		}
	}
	return out
}
