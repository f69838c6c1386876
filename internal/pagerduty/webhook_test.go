package pagerduty_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

const secret = "whsec-0123456789"

// acknowledged is a webhook as PagerDuty documents it, with two fields of the
// future.
const acknowledged = `{"event":{"id":"5ac64822","event_type":"incident.acknowledged","resource_type":"incident","occurred_at":"2026-03-28T09:20:00.123Z",` +
	`"agent":{"html_url":"https://x.pagerduty.example/users/PLH1HKV","id":"PLH1HKV","summary":"Tenex\u0000 Engineer","type":"user_reference","new":[1]},` +
	`"client":{"name":"PagerDuty"},"data":{"id":"PGR0VU2","type":"incident","html_url":"https://x.pagerduty.example/incidents/PGR0VU2","number":2,` +
	`"status":"acknowledged","incident_key":"example/INC-2026-0001/opened/pagerduty","assignees":[{"id":"PTUXL6G","summary":"User 123","type":"user_reference"}],` +
	`"priority":null,"future":{"a":1}}}}`

type hearing struct {
	*pagerduty.Handler
	heard []pagerduty.Happened
	err   error
	reg   *prometheus.Registry
	log   strings.Builder
}

func newHearing(t *testing.T, secrets ...string) *hearing {
	t.Helper()
	h := &hearing{reg: prometheus.NewRegistry()}
	var err error
	h.Handler, err = pagerduty.Webhook(pagerduty.Inbound{
		Secrets: func() []string { return secrets }, Now: at(detected), Log: slog.New(slog.NewTextHandler(&h.log, nil)), Register: h.reg,
		Hear: func(_ context.Context, what pagerduty.Happened) error {
			h.heard = append(h.heard, what)
			return h.err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hearing) post(body, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/webhook/pagerduty", strings.NewReader(body))
	r.Header.Set("X-Webhook-Id", "d-1")
	if signature != "" {
		r.Header.Set("X-PagerDuty-Signature", signature)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func (h *hearing) count(t *testing.T, outcome string) float64 {
	t.Helper()
	families, err := h.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[0].Metric {
		if m.Label[0].GetValue() == outcome {
			return m.Counter.GetValue()
		}
	}
	t.Fatalf("no series for %s", outcome)
	return 0
}

func TestWebhookSignatures(t *testing.T) {
	good := pdfake.Sign([]byte(acknowledged), secret)
	other := pdfake.Sign([]byte(acknowledged), "another")
	for _, tt := range []struct {
		name, signature, body string
		want                  int
	}{
		{"good", good, acknowledged, 200},
		{"several, one good", other + "," + good, acknowledged, 200},
		{"several with space, the good one first", good + ", " + other, acknowledged, 200},
		{"of a version to come as well", "v2=00," + good, acknowledged, 200},
		{"of another secret", other, acknowledged, 401},
		{"none", "", acknowledged, 401},
		{"empty", "v1=", acknowledged, 401},
		{"not hexadecimal", "v1=zz", acknowledged, 401},
		{"cut", good[:len(good)-2], acknowledged, 401},
		{"without its version", strings.TrimPrefix(good, "v1="), acknowledged, 401},
		{"of another body: a space more", good, acknowledged + " ", 401},
		{"of the empty secret", pdfake.Sign([]byte(acknowledged), ""), acknowledged, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHearing(t, secret, "")
			if got := h.post(tt.body, tt.signature); got != tt.want {
				t.Errorf("answered %d, want %d", got, tt.want)
			}
			if heard := len(h.heard) == 1; heard != (tt.want == 200) {
				t.Errorf("heard: %v", h.heard)
			}
			bad := tt.want == 401
			if counted := h.count(t, "bad_signature") == 1; counted != bad {
				t.Errorf("counted as a bad signature: %v", counted)
			}
			if shown := len(h.Status()) == 1; shown != bad || strings.Contains(h.log.String(), "level=ERROR") != bad || strings.Contains(h.log.String(), secret) {
				t.Errorf("status %q, log %s", h.Status(), h.log.String())
			}
		})
	}
}

func TestWebhookIsReadAsItIs(t *testing.T) {
	h := newHearing(t, secret)
	h.post(acknowledged, pdfake.Sign([]byte(acknowledged), secret))
	want := []pagerduty.Happened{{
		Delivery: "d-1", Event: "5ac64822", Word: incident.PagerAcknowledged, Dedup: "example/INC-2026-0001/opened/pagerduty",
		Incident: "PGR0VU2", URL: "https://x.pagerduty.example/incidents/PGR0VU2",
		By: pagerduty.Agent{ID: "PLH1HKV", Type: "user_reference", Name: "Tenex Engineer"}, Human: true,
		At: time.Date(2026, 3, 28, 9, 20, 0, 123e6, time.UTC),
	}}
	if diff := cmp.Diff(want, h.heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// Whatever is signed and merely unexpected gets 2xx: three refusals would
// disable the subscription for a day (PD-12, PD-15).
func TestWebhookTakesTheUnexpected(t *testing.T) {
	for name, body := range map[string]string{
		"a service's event":         `{"event":{"id":"1","event_type":"service.updated","resource_type":"service","agent":null,"data":{"id":"P1","name":7,"teams":"x"}}}`,
		"a type to come":            `{"event":{"id":"1","event_type":"incident.dreamt","data":[1,2]}}`,
		"data of another shape":     `{"event":{"id":"1","event_type":"incident.acknowledged","data":["x"]}}`,
		"no data":                   `{"event":{"id":"1","event_type":"incident.acknowledged"}}`,
		"a ping":                    `{"event":{"id":"1","event_type":"pagey.ping","data":{"message":"Hello from your friend Pagey!","type":"ping"}}}`,
		"no event":                  `{}`,
		"not JSON":                  `<html>`,
		"nothing":                   ``,
		"an agent of another shape": `{"event":{"id":"1","event_type":"incident.acknowledged","agent":"x","data":{"id":"P","incident_key":"k"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHearing(t, secret)
			if got := h.post(body, pdfake.Sign([]byte(body), secret)); got != http.StatusOK {
				t.Errorf("answered %d", got)
			}
			for _, what := range h.heard {
				if what.Human {
					t.Errorf("a person did it: %+v", what)
				}
			}
		})
	}
}

func TestWebhookThatCannotBeStoredComesAgain(t *testing.T) {
	h := newHearing(t, secret)
	h.err = errors.New("disk full")
	if got := h.post(acknowledged, pdfake.Sign([]byte(acknowledged), secret)); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d: PagerDuty drops what is answered with a 4xx (PD-14)", got)
	}
	if got := h.post(strings.Repeat(" ", 600<<10), ""); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge body is answered %d", got)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webhook/pagerduty", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a GET is answered %d", w.Code)
	}
}
