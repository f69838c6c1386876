package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"
)

// gauge reads a metric of a channel; -1 when there is none.
func (s *service) gauge(name, channel string) float64 {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if channel == "" || len(m.GetLabel()) > 0 && m.GetLabel()[0].GetValue() == channel {
				return m.GetGauge().GetValue()
			}
		}
	}
	return -1
}

// Operators see how long the oldest notice has been waiting, also between two
// tries.
func TestOldestWaiting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		const oldest, waiting = "nis2clock_dispatch_oldest_waiting_seconds", "nis2clock_dispatch_waiting"
		pass(time.Second)
		if got := s.gauge(oldest, pagerduty); got != 0 {
			t.Errorf("with nothing to say %v s", got)
		}
		s.pd.sending = func(dispatch.Notice) error { return transient() }
		s.declare("It broke")
		for range 20 {
			pass(31 * time.Second)
			if got := s.gauge(waiting, pagerduty); got != 1 {
				t.Fatalf("%v wait", got)
			}
		}
		if got := s.gauge(oldest, pagerduty); got != 620 {
			t.Errorf("the oldest waits for %v s, want 620", got)
		}
		if got := s.gauge(waiting, slack); got != 0 {
			t.Errorf("%v wait for slack", got)
		}
		s.pd.set(func() { s.pd.sending = nil })
		pass(10 * time.Minute)
		if got := s.gauge(oldest, pagerduty); got != 0 {
			t.Errorf("delivered, and the oldest waits for %v s", got)
		}
		if got := s.gauge("nis2clock_agenda_last_run_timestamp_seconds", ""); time.Since(time.Unix(int64(got), 0)) > dispatch.LookAtLeast+time.Second {
			t.Errorf("the agenda was last looked at at %v", got)
		}
	})
}

func TestStatus(t *testing.T) {
	p := usual()
	for name, tt := range map[string]struct {
		channels, pagers []string
		want             []string
	}{
		"no channel": {[]string{}, []string{}, []string{"nobody can be told: none of pagerduty, slack, opsgenie, mail and webhook is configured"}},
		"slack only": {[]string{slack}, []string{}, []string{"nobody can be paged: neither pagerduty nor opsgenie is configured"}},
		"both":       {p.Channels, p.Pagers, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := usual()
				p.Channels, p.Pagers = tt.channels, tt.pagers
				s := newService(t, p)
				s.declare("It broke")
				pass(10 * time.Second)
				if got := s.dispatch.Status(); !slices.Equal(got, tt.want) {
					t.Errorf("status %q, want %q", got, tt.want)
				}
			})
		})
	}
	t.Run("before the policy is known", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			pd, sl := newVendors()
			s := open(t, journaltest.Open(t), pd, sl)
			if got := s.dispatch.Status(); len(got) != 1 || !strings.Contains(got[0], "nobody can be told") {
				t.Errorf("status %q", got)
			}
		})
	})
}

// A person is told when a notice reaches nobody or waits too long, and no
// longer when it does not matter any more.
func TestStatusOfTrouble(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { return refusal("invalid routing key") }
		s.sl.sending = func(dispatch.Notice) error { return refusal("channel_not_found") }
		id := s.declare("It broke")
		pass(10 * time.Second)
		got := s.dispatch.Status()
		if len(got) != 1 || !strings.HasPrefix(got[0], "2 notice(s) could reach nobody, every channel refused them; the last said: ") {
			t.Errorf("all refused: %q", got)
		}
		s.do(incident.MarkNotReportable{Person: ana, ID: id, Reason: "a drill"})
		pass(time.Second)
		if got := s.dispatch.Status(); len(got) != 0 {
			t.Errorf("not reportable, and still %q", got)
		}
		s.pd.set(func() { s.pd.sending = func(dispatch.Notice) error { return transient() } })
		s.sl.set(func() { s.sl.sending = nil })
		s.declare("And another")
		pass(30 * time.Second)
		if got := s.dispatch.Status(); len(got) != 0 {
			t.Errorf("after half a minute: %q", got)
		}
		pass(31 * time.Second)
		if got, want := s.dispatch.Status(), []string{"1 notice(s) wait for pagerduty, the oldest for 1m1s; it said: pagerduty: server_error"}; !slices.Equal(got, want) {
			t.Errorf("status %q, want %q", got, want)
		}
	})
}

// A mended channel gets within the hour what every channel had refused.
func TestMendedChannel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { return refusal("invalid routing key") }
		s.sl.sending = func(dispatch.Notice) error { return refusal("channel_not_found") }
		s.declare("It broke")
		pass(30 * time.Minute)
		s.sl.set(func() { s.sl.sending = nil }) // slack is mended, the routing key is not
		pass(31 * time.Minute)
		if got := s.sl.lines(); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"page", "post"}) {
			t.Errorf("slack said %q, want the post and, by the other way, the page", got)
		}
	})
}

// When the dead-man alert stays away, one notice per channel says since when.
func TestHeartbeat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := usual()
		p.Heartbeat, p.HeartbeatWithin = "Watchdog", incident.Span(10*time.Minute)
		s := newService(t, p)
		beat := func() {
			s.do(incident.ReceiveBatch{ReceivedAt: s.now(), Alerts: []incident.Delivery{{Fingerprint: "w", Firing: true, StartsAt: s.now(), Labels: map[string]string{"alertname": "Watchdog"}}}})
		}
		for range 10 {
			beat()
			pass(5 * time.Minute)
		}
		expect(t, s.pd)
		pass(24 * time.Hour)
		expect(t, s.pd, "heartbeat")
		expect(t, s.sl, "heartbeat")
		n := s.pd.said[0]
		if want := "No Watchdog alert has come in since 2000-01-01 00:45:00Z (10m0s): Prometheus, Alertmanager or the way between them and nis2clock may be down. Reportable alerts may be missed."; n.Text != want || n.ID != "" || n.Incident.ID != "" {
			t.Errorf("it says %q", n.Text)
		}
		beat()
		pass(20 * time.Minute)
		expect(t, s.pd, "heartbeat", "heartbeat")
	})
}
