package webhookout_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/webhookout"
)

const secret = "shared-secret-0123456789"

var now = time.Date(2026, 3, 28, 21, 0, 0, 0, time.UTC)

func notice() dispatch.Notice {
	id := incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}
	n := dispatch.Notice{
		Item: agenda.Item{ID: "INC-2026-0001", Since: now.Add(-time.Minute), Effect: incident.Effect{
			Key: "INC-2026-0001/k", Role: incident.Reminder, For: webhookout.Name, Channel: webhookout.Name, Clock: id, Thresholds: []incident.Passed{{Name: "75%", At: now}},
			Covers: []incident.ClockPassed{{Clock: id, Thresholds: []incident.Passed{{Name: "50%", At: now}}}},
		}},
		Key: "example/INC-2026-0001/k", Now: now, Page: "https://clock.example/incidents/INC-2026-0001",
		Incident: incident.View{ID: "INC-2026-0001", Title: "It broke"},
	}
	for range 500 {
		n.Incident.Alerts = append(n.Incident.Alerts, incident.AlertView{Fingerprint: "f"})
	}
	return n
}

// A receiver that knows the secret can tell who sent a message, when, and
// whether it has it already; it needs no code of ours for that.
func TestSignedMessage(t *testing.T) {
	var got webhookout.Message
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("1774731600." + string(body)))
		if want := "v1=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("X-Nis2clock-Signature") != want || r.Header.Get("X-Nis2clock-Timestamp") != "1774731600" {
			t.Errorf("signed %s at %s", r.Header.Get("X-Nis2clock-Signature"), r.Header.Get("X-Nis2clock-Timestamp"))
		}
		if r.Header.Get("X-Nis2clock-Key") != "example/INC-2026-0001/k" || r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodPost {
			t.Errorf("%s with headers %v", r.Method, r.Header)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(srv.Close)
	ref, err := webhookout.New(webhookout.Config{URL: srv.URL, Secret: secret}, nil, func() time.Time { return now }).Send(t.Context(), notice())
	if err != nil || ref != "" {
		t.Fatalf("ref %q, error %v", ref, err)
	}
	if got.Role != incident.Reminder || got.Clock == nil || got.Clock.Stage != "early_warning" || got.Thresholds[0].Name != "75%" || got.Covers[0].Clock != *got.Clock || got.Covers[0].Thresholds[0].Name != "50%" || got.Incident.Title != "It broke" || len(got.Incident.Alerts) != 50 || !got.Due.Equal(now.Add(-time.Minute)) {
		t.Errorf("said %+v", got)
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status     int
		retryAfter string
		reason     dispatch.Reason
		permanent  bool
		wait       time.Duration
	}{
		{200, "", "", false, 0}, {204, "", "", false, 0},
		{302, "", dispatch.Rejected, true, 0}, {400, "", dispatch.Rejected, true, 0}, {404, "", dispatch.Rejected, true, 0}, {410, "", dispatch.Rejected, true, 0},
		{401, "", dispatch.BadAuth, true, 0}, {403, "", dispatch.BadAuth, true, 0},
		{408, "", dispatch.ServerError, false, 0}, {500, "", dispatch.ServerError, false, 0}, {503, "7", dispatch.ServerError, false, 7 * time.Second},
		{429, "90", dispatch.RateLimited, false, 90 * time.Second}, {429, "99999", dispatch.RateLimited, false, 5 * time.Minute}, {429, "soon", dispatch.RateLimited, false, 0},
	} {
		t.Run(fmt.Sprint(tt.status, tt.retryAfter), func(t *testing.T) {
			calls := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", tt.retryAfter)
				w.WriteHeader(tt.status)
			}))
			t.Cleanup(srv.Close)
			_, err := webhookout.New(webhookout.Config{URL: srv.URL + "/t0ken-in-the-path", Secret: secret}, nil, time.Now).Send(t.Context(), notice())
			e, _ := errors.AsType[*dispatch.Error](err)
			switch {
			case calls != 1:
				t.Errorf("%d calls", calls)
			case tt.reason == "" && err == nil:
			case e == nil || e.Reason != tt.reason || e.Permanent != tt.permanent || e.RetryAfter != tt.wait:
				t.Errorf("got %+v", err)
			case strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "t0ken"):
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	c := webhookout.New(webhookout.Config{URL: "http://127.0.0.1:1/", Secret: secret}, nil, time.Now)
	_, err := c.Send(t.Context(), notice())
	if e, ok := errors.AsType[*dispatch.Error](err); !ok || e.Permanent || e.Reason != dispatch.Unreachable {
		t.Errorf("nobody listens: %v", err)
	}
}
