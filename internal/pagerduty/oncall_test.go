package pagerduty_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"

	"github.com/google/go-cmp/cmp"
)

const restToken = "u+0123456789"

// inProcess calls a handler without a socket.
type inProcess struct{ http.Handler }

func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// asking runs f with one that asks the fake every ten minutes, for the first
// time once the fake is prepared.
func asking(t *testing.T, prepare func(*pdfake.Server), f func(fake *pdfake.Server, on *pagerduty.OnCall, log *strings.Builder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake := pdfake.New(time.Now)
		prepare(fake)
		log := &strings.Builder{}
		cfg := pagerduty.OnCallConfig{Token: restToken, BaseURL: "http://api.example", EscalationPolicy: "PPOLICY", Every: 10 * time.Minute}
		on := pagerduty.NewOnCall(cfg, &http.Client{Transport: inProcess{fake}}, time.Now, slog.New(slog.NewTextHandler(log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); on.Run(ctx, func(context.Context) {}) }()
		f(fake, on, log)
		cancel()
		<-done
		if strings.Contains(log.String()+fmt.Sprint(on.Roster().Err, cfg, fmt.Sprintf("%#v", cfg)), restToken) {
			t.Errorf("the token shows in %s, %v or the config", log, on.Roster().Err)
		}
	})
}

func TestWhoIsOnCall(t *testing.T) {
	var ends time.Time
	asking(t, func(fake *pdfake.Server) {
		ends = time.Now().Add(30 * time.Minute).UTC()
		fake.OnCall(restToken, "PPOLICY",
			pdfake.Duty{User: pdfake.User{ID: "P2", Name: "Deputy"}, Level: 2},
			pdfake.Duty{User: pdfake.User{ID: "P1", Name: "First"}, Level: 1, Until: ends},
			pdfake.Duty{User: pdfake.User{ID: "P1", Name: "First"}, Level: 3})
	}, func(_ *pdfake.Server, on *pagerduty.OnCall, _ *strings.Builder) {
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		want := []pagerduty.Duty{{ID: "P1", Name: "First", Level: 1, Until: ends}, {ID: "P2", Name: "Deputy", Level: 2}}
		if diff := cmp.Diff(want, on.Roster().Current(time.Now())); diff != "" {
			t.Errorf("on call (-want +got):\n%s", diff)
		}
		for _, tt := range []struct {
			after time.Duration
			want  int
		}{{20*time.Minute - time.Nanosecond, 2}, {20 * time.Minute, 1}, {time.Hour, 1}, {time.Hour + time.Nanosecond, 0}} {
			if got := len(on.Roster().Current(time.Now().Add(tt.after))); got != tt.want {
				t.Errorf("%s later %d are on call, want %d", tt.after, got, tt.want)
			}
		}
	})
}

// PagerDuty is asked no more often than configured, and less while it says so;
// what it said last stands, until it is old.
func TestOnCallIsAskedSparingly(t *testing.T) {
	asking(t, func(fake *pdfake.Server) {
		fake.OnCall(restToken, "PPOLICY", pdfake.Duty{User: pdfake.User{ID: "P1", Name: "First"}, Level: 1})
	}, func(fake *pdfake.Server, on *pagerduty.OnCall, log *strings.Builder) {
		time.Sleep(50*time.Minute + time.Second)
		if n := fake.Asked(); n != 6 {
			t.Errorf("asked %d times in 50 minutes, want 6", n)
		}
		fake.LimitREST(14 * time.Minute)
		time.Sleep(10 * time.Minute) // refused once, at an hour
		n := fake.Asked()
		time.Sleep(13 * time.Minute)
		if again := fake.Asked(); again != n {
			t.Errorf("asked %d times within the reset of a 429", again-n)
		}
		if r := on.Roster(); r.Err == nil || len(r.Current(time.Now())) != 1 {
			t.Errorf("after a 429: %+v", r)
		}
		time.Sleep(5 * time.Hour)
		if r := on.Roster(); len(r.Current(time.Now())) != 0 {
			t.Error("an old answer still stands")
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 {
			t.Errorf("%d lines in the log:\n%s", lines, log)
		}
		fake.LimitREST(0)
		time.Sleep(20 * time.Minute)
		if r := on.Roster(); r.Err != nil || len(r.Current(time.Now())) != 1 {
			t.Errorf("once it answers again: %+v", r)
		}
	})
}

func TestOnCallWithAWrongToken(t *testing.T) {
	asking(t, func(fake *pdfake.Server) {
		fake.OnCall("another", "PPOLICY")
	}, func(_ *pdfake.Server, on *pagerduty.OnCall, _ *strings.Builder) {
		synctest.Wait()
		if err := on.Roster().Err; err == nil || !strings.Contains(err.Error(), "HTTP 401") {
			t.Errorf("got %v", err)
		}
	})
}
