package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/slack/slackfake"
)

// house is the service with real neighbours on one side and stand-ins for the
// vendors on the other. What the service is told to do it may be killed for at
// any moment; [house.restart] brings it back on the same folder and address.
type house struct {
	t       *testing.T
	program string
	dir     string
	config  string
	url     string
	token   string // file of the admin token

	pager *pdfake.Server
	slack *slackfake.Server

	mu      sync.Mutex
	service *process
	mines   []*mine
	changed chan struct{} // something was said to a vendor
}

// mine kills the service while it says a thing to a vendor for the first time:
// the vendor has it, the service never learns that.
type mine struct {
	vendor, about string
	struck        bool
}

const configuration = `
data_dir: data
pagerduty: {routing_key: "${PAGERDUTY_KEY}", url: %q}
slack: {token: "${SLACK_TOKEN}", channel: %s, url: %q}
`

const (
	routingKey = "e2e00000000000000000000000000000"
	slackToken = "xoxb-end-to-end"
)

func newHouse(t *testing.T, mines ...*mine) *house {
	t.Helper()
	h := &house{t: t, program: built.build(t), dir: t.TempDir(), mines: mines, changed: make(chan struct{}, 1)}
	h.config = filepath.Join(h.dir, "nis2clock.yml")
	h.token = filepath.Join(h.dir, "data", access.AdminFile)

	h.pager = pdfake.New(time.Now, routingKey)
	h.pager.OnEvent(func(e pdfake.Event) { h.said("pagerduty", e.Payload.Summary) })
	pagerURL := httptest.NewServer(h.pager)
	t.Cleanup(pagerURL.Close)
	var err error
	h.slack, err = slackfake.Start(slackfake.Config{Token: slackToken, OnMessage: func(m slackfake.Message) { h.said("slack", m.Text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.slack.Close(); err != nil {
			t.Error(err)
		}
	})
	write(t, h.config, fmt.Sprintf(configuration, pagerURL.URL, slackfake.DefaultChannel, h.slack.URL()))
	t.Setenv("PAGERDUTY_KEY", routingKey)
	t.Setenv("SLACK_TOKEN", slackToken)

	h.service = serve(t, h.program, "--config", h.config)
	h.url = h.service.url
	return h
}

// said is called by the fakes before they answer.
func (h *house) said(vendor, text string) {
	h.mu.Lock()
	for _, m := range h.mines {
		if m.struck || m.vendor != vendor || !strings.Contains(text, m.about) {
			continue
		}
		m.struck = true
		if err := h.service.kill(); err != nil {
			h.t.Error(err)
		}
	}
	h.mu.Unlock()
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// restart starts the service where it was.
func (h *house) restart() {
	h.t.Helper()
	p := serve(h.t, h.program, "--config", h.config, "--listen", strings.TrimPrefix(h.url, "http://"))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.service = p
}

// crash kills the service.
func (h *house) crash() {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.service.kill(); err != nil {
		h.t.Fatal(err)
	}
}

// until waits for ok. A service that a mine killed is restarted meanwhile.
func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	h.wait(what, func() bool {
		h.mu.Lock()
		running := h.service.running()
		h.mu.Unlock()
		if !running {
			h.restart()
		}
		return ok()
	})
}

// wait asks ok after each thing said to a vendor and a few times a second.
func (h *house) wait(what string, ok func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			h.t.Fatalf("waited %s in vain until %s", patience, what)
		case <-h.changed:
		case <-tick.C:
		}
	}
}

// find is the incident of the alert. The service may be down at any moment, so
// that none is as good an answer as an error.
func (h *house) find(alert string) (incident.View, bool) {
	var out struct {
		Incidents []incident.View `json:"incidents"`
	}
	if err := get(h.t.Context(), h.url+"/api/v1/incidents?q="+alert, h.token, &out); err != nil || len(out.Incidents) == 0 {
		return incident.View{}, false
	}
	if len(out.Incidents) > 1 {
		h.t.Fatalf("%s opened %d incidents", alert, len(out.Incidents))
	}
	return out.Incidents[0], true
}

// pages are those by which somebody was woken for the incident.
func (h *house) pages(alert string) []pdfake.Event {
	return slices.DeleteFunc(h.pager.Pages(), func(e pdfake.Event) bool { return !strings.Contains(e.Payload.Summary, alert) })
}

// messages are those about the incident in the channel itself.
func (h *house) messages(alert string) []slackfake.Message {
	return slices.DeleteFunc(h.slack.Messages(), func(m slackfake.Message) bool { return !strings.Contains(m.Text, alert) })
}

// delivered reports whether the journal shows the page and the message as done.
func (h *house) delivered(id incident.ID) bool {
	var out struct {
		Entries []struct {
			Summary string `json:"summary"`
		} `json:"entries"`
	}
	if err := get(h.t.Context(), h.url+"/api/v1/journal?type=effect.delivered&incident="+string(id), h.token, &out); err != nil {
		return false
	}
	page, post := false, false
	for _, e := range out.Entries {
		page = page || strings.Contains(e.Summary, "page through pagerduty")
		post = post || strings.Contains(e.Summary, "post through slack")
	}
	return page && post
}

// A rule fires in a real Prometheus, a real Alertmanager notifies, and the
// service is killed three times: while PagerDuty takes the page, while Slack
// takes the message, and for as long as it takes a second alert to begin and
// the first one to end. Nothing is lost and nobody is told twice.
func TestFromPrometheusToPage(t *testing.T) {
	alertmanagerProgram := component(t, "prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
	prometheusProgram := component(t, "prometheus", "prometheus")
	const first, second = "PrivilegeEscalation", "DataExfiltration"

	h := newHouse(t, &mine{vendor: "pagerduty", about: first}, &mine{vendor: "slack", about: first})
	wrong := &gauges{wrong: map[string]bool{first: false, second: false}}
	target := httptest.NewServer(wrong)
	t.Cleanup(target.Close)
	am := startAlertmanager(t, alertmanagerProgram, h.url, filepath.Join(h.dir, "data", access.IntakeFile))
	startPrometheus(t, prometheusProgram, target.URL, am.url, first, second)

	wrong.set(first, true)
	var a incident.View
	h.until(first+" is an incident that PagerDuty and Slack know of", func() bool {
		var ok bool
		a, ok = h.find(first)
		return ok && h.delivered(a.ID)
	})
	for _, m := range h.mines {
		if !m.struck {
			t.Errorf("the service was not killed while it talked to %s", m.vendor)
		}
	}
	began, err := startsAt(t.Context(), am, first)
	if err != nil {
		t.Fatal(err)
	}
	checkClocks(t, a, began)

	// An alert whose delivery Alertmanager has no word of when it ends is never
	// told of again (AM-24): the answer to it may have gone down with the service.
	h.wait("Alertmanager knows that "+first+" was taken", func() bool {
		taken, err := takenWebhooks(t.Context(), am)
		return err == nil && taken > 0
	})

	// Nobody is there to hear the end of the first and the start of the second.
	h.crash()
	before, err := failedWebhooks(t.Context(), am)
	if err != nil {
		t.Fatal(err)
	}
	wrong.set(first, false)
	wrong.set(second, true)
	h.wait("Alertmanager knows "+second+" and has knocked in vain", func() bool {
		var noAlert, noCount error
		var failed int
		began, noAlert = startsAt(t.Context(), am, second)
		failed, noCount = failedWebhooks(t.Context(), am)
		return noAlert == nil && noCount == nil && failed > before
	})
	h.restart()
	var b incident.View
	h.until(second+" has arrived and the end of "+first+" too", func() bool {
		var ok bool
		if a, ok = h.find(first); !ok || len(a.Alerts) != 1 || a.Alerts[0].Status != "resolved" {
			return false
		}
		b, ok = h.find(second)
		return ok && h.delivered(b.ID)
	})
	checkClocks(t, b, began)
	for _, c := range a.Clocks {
		if c.State != "running" && c.State != "projected" {
			t.Errorf("the clock of %s is %s after its alert ended", c.Stage, c.State)
		}
	}

	for _, alert := range []string{first, second} {
		if n := len(h.pages(alert)); n != 1 {
			t.Errorf("%s woke somebody %d times", alert, n)
		}
		// It may say that it could be a repeat: where PagerDuty's kill came
		// between the intent and the call, Slack had nothing to be found.
		if n := len(h.messages(alert)); n != 1 {
			t.Errorf("%s is in the channel %d times", alert, n)
		}
	}
	if h.slack.Calls()["conversations.history"] == 0 {
		t.Error("the message in doubt was not looked for")
	}
	if all := incidents(t, h.url, filepath.Join(h.dir, "data")); len(all) != 2 {
		t.Errorf("%d incidents of two alerts", len(all))
	}
	if err := h.service.stop(); err != nil {
		t.Error(err)
	}
	if err := verified(h.program, filepath.Join(h.dir, "data")); err != nil {
		t.Error(err)
	}
}

// checkClocks compares an incident's three clocks with the start of its alert.
func checkClocks(t *testing.T, v incident.View, began time.Time) {
	t.Helper()
	if !v.DetectedAt.Equal(began) {
		t.Errorf("%s was detected at %s, its alert began at %s", v.ID, v.DetectedAt, began)
	}
	month := began.UTC().AddDate(0, 1, 0)
	if month.Day() != began.UTC().Day() { // there is no such day: the month's last
		month = month.AddDate(0, 0, -month.Day())
	}
	want := map[string]time.Time{
		"early_warning": began.Add(24 * time.Hour),
		"notification":  began.Add(72 * time.Hour),
		"final_report":  month,
	}
	if len(v.Clocks) != len(want) {
		t.Errorf("%s has %d clocks", v.ID, len(v.Clocks))
	}
	for _, c := range v.Clocks {
		if at, ok := want[string(c.Stage)]; !ok || !c.TargetAt.Equal(at) || !c.DueAt.Equal(at) {
			t.Errorf("%s: %s has target %s and is due %s, want %s", v.ID, c.Stage, c.TargetAt, c.DueAt, at)
		}
	}
}

// An alert fires and ends while the service is down. Alertmanager gives up on
// it and never speaks of it again (AM-24); only Prometheus remembers.
func TestAlertThatCameAndWentWhileDown(t *testing.T) {
	alertmanagerProgram := component(t, "prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
	prometheusProgram := component(t, "prometheus", "prometheus")
	const alert = "BriefExfiltration"

	h := newHouse(t)
	wrong := &gauges{wrong: map[string]bool{alert: false}}
	target := httptest.NewServer(wrong)
	t.Cleanup(target.Close)
	am := startAlertmanager(t, alertmanagerProgram, h.url, filepath.Join(h.dir, "data", access.IntakeFile))
	prom := startPrometheus(t, prometheusProgram, target.URL, am.url, alert)
	h.crash()
	raw, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, h.config, string(raw)+fmt.Sprintf("intake: {reconcile: {alertmanager: [%q], prometheus: [%q], every: 10s}}\n", am.url, prom.url))
	h.restart()
	h.until("both have been asked", func() bool {
		var out struct {
			Entries []struct{} `json:"entries"`
		}
		return get(t.Context(), h.url+"/api/v1/journal?type=intake.reconciled", h.token, &out) == nil && len(out.Entries) >= 2
	})

	h.crash()
	wrong.set(alert, true)
	var began time.Time
	h.wait("Alertmanager knows of it", func() bool {
		var err error
		began, err = startsAt(t.Context(), am, alert)
		return err == nil
	})
	wrong.set(alert, false)
	h.wait("it is over and Alertmanager has given up", func() bool {
		fires, err := firesInPrometheus(t.Context(), prom, alert)
		gone, noMetric := gaveUp(t.Context(), am)
		return err == nil && noMetric == nil && !fires && gone
	})
	h.restart()
	var v incident.View
	h.until("the incident is there and somebody was paged", func() bool {
		var ok bool
		v, ok = h.find(alert)
		return ok && h.delivered(v.ID)
	})
	checkClocks(t, v, began)
	if len(v.Alerts) != 1 || v.Alerts[0].Found == nil || *v.Alerts[0].Found != incident.FoundInPrometheus || v.Alerts[0].Status != incident.Resolved {
		t.Errorf("alerts %+v, want one that ended, marked as found in Prometheus", v.Alerts)
	}
	if got := v.Alerts[0].Labels["cluster"]; got != "e2e" {
		t.Errorf("label cluster is %q, want the one Prometheus adds when it sends", got)
	}
}
