package dispatch_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"
)

// unwell is a service whose Slack refuses with err, and what it logged.
func unwell(t *testing.T, err error) (*service, *bytes.Buffer) {
	t.Helper()
	pd, sl := newVendors()
	sl.sending = func(dispatch.Notice) error { return err }
	logs := &bytes.Buffer{}
	s := openLogging(t, journaltest.Open(t), pd, sl, slog.New(slog.NewTextHandler(logs, nil)))
	s.do(incident.AdoptPolicy{Policy: usual()})
	s.run()
	return s, logs
}

// Slack asks for half a minute each time, for an hour, or does not answer for a
// day: pages go out as ever, nobody is called faster than they ask, the page,
// the metrics and one line of the log say why, and afterwards each thing is said
// once, marked as a possible repeat because a try may have got through.
func TestSlackUnwellForLong(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		lasts  time.Duration
		says   string
		most   int // calls meanwhile
		missed []string
	}{
		"429 for an hour": {
			&dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 30 * time.Second, Detail: "http_429"}, time.Hour, "rate_limited: http_429", 60,
			[]string{"post (repeat)"},
		},
		"down for a day": {
			&dispatch.Error{Reason: dispatch.Unreachable, Detail: "timeout"}, 26 * time.Hour, "unreachable: timeout", 26 * 13,
			[]string{"reminder early_warning 50%+75%+90%+1h+0s+overdue 2h (repeat)", "post (repeat)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, logs := unwell(t, tt.err)
				s.declare("It broke")
				pass(tt.lasts)
				if got := s.pd.lines(); len(got) == 0 || got[0] != "page" {
					t.Errorf("the pager said %q", got)
				}
				if n := len(s.sl.calls); n < 2 || n > tt.most {
					t.Errorf("Slack was called %d times, want 2 to %d", n, tt.most)
				}
				status := strings.Join(s.dispatch.Status(), "; ")
				if !strings.Contains(status, "wait for slack") || !strings.Contains(status, tt.says) {
					t.Errorf("the page says %q, want the reason %q", status, tt.says)
				}
				if age := s.gauge("nis2clock_dispatch_oldest_waiting_seconds", slack); age < tt.lasts.Seconds()-1 {
					t.Errorf("the oldest waits for %v s", age)
				}
				if n := strings.Count(logs.String(), "Not delivered"); n != 1 || !strings.Contains(logs.String(), tt.says) {
					t.Errorf("%d lines of the log tell of it:\n%s", n, logs)
				}
				s.sl.set(func() { s.sl.sending = nil })
				pass(20 * time.Minute)
				if got := s.sl.lines(); !slices.Equal(got, tt.missed) {
					t.Errorf("afterwards Slack said %q, want %q", got, tt.missed)
				}
				if status := s.dispatch.Status(); len(status) != 0 {
					t.Errorf("and the page still says %q", status)
				}
				if !strings.Contains(logs.String(), "takes notices again") {
					t.Errorf("the log does not say that it is over:\n%s", logs)
				}
			})
		})
	}
}
