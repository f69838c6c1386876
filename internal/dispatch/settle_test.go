package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"

	"github.com/prometheus/client_golang/prometheus"
)

// jump settles and moves the clock to the next instant, for as long as it is not
// after until.
func jump(t *testing.T, s *service, now *time.Time, until time.Time) (jumps int) {
	t.Helper()
	for {
		next, err := s.dispatch.Settle(t.Context())
		switch {
		case err != nil:
			t.Fatal(err)
		case next.IsZero() || next.After(until):
			return jumps
		case !next.After(*now):
			t.Fatalf("at %s the next instant is %s", *now, next)
		}
		*now = next
		jumps++
	}
}

// A clock that jumps says what one that runs says, in the same order, at the
// very instants, retries included, and no waiting is done for it.
func TestJumpingSaysTheSame(t *testing.T) {
	start := time.Date(2026, 3, 6, 22, 0, 0, 0, time.UTC)
	now := start
	pd, sl := newVendors()
	fails := 3
	pd.sending = func(n dispatch.Notice) error {
		if n.Effect.Role == incident.Page && fails > 0 {
			fails--
			return transient()
		}
		return nil
	}
	s := open(t, journaltest.Open(t), pd, sl)
	s.now = func() time.Time { return now }
	s.do(incident.AdoptPolicy{Policy: usual()})
	s.declare("It broke")
	began := time.Now()
	jump(t, s, &now, start.Add(25*time.Hour))

	expect(t, pd, "page (repeat)", "reminder early_warning 75%", "reminder early_warning 90%", "reminder early_warning 1h", "reminder early_warning 0s", "reminder early_warning overdue 1h")
	expect(t, sl, "post", "reminder early_warning 50%", "reminder early_warning 75%", "reminder early_warning 90%", "reminder early_warning 1h", "reminder early_warning 0s", "reminder early_warning overdue 1h")
	var at []time.Duration
	for _, n := range pd.said {
		at = append(at, n.Now.Sub(start))
	}
	// Three failures are waited for: 5, 10 and 20 s.
	want := []time.Duration{35 * time.Second, 18 * time.Hour, 21*time.Hour + 36*time.Minute, 23 * time.Hour, 24 * time.Hour, 25 * time.Hour}
	if !slices.Equal(at, want) {
		t.Errorf("said at %v, want %v", at, want)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("25 hours took %s", took)
	}
}

// With a clock 72 times as fast, what falls due is said within a second of wall
// time, not at the next look by wall time.
func TestAFastClockIsKeptUpWith(t *testing.T) {
	const speed = 72
	bubble(t, func(t *testing.T) {
		pd, sl := newVendors()
		s := open(t, journaltest.Open(t), pd, sl)
		start := time.Now()
		s.now = func() time.Time { return start.Add(time.Since(start) * speed) }
		s.do(incident.AdoptPolicy{Policy: usual()})
		s.dispatch = dispatch.New(dispatch.Options{
			Desk: s.desk, Channels: []dispatch.Channel{pd, sl}, Install: "test", PageURL: func(incident.ID) string { return "" }, Register: prometheus.NewRegistry(),
			Until: func(at time.Time) time.Duration { return at.Sub(s.now()) / speed },
		})
		s.run()
		s.declare("It broke")
		pass(24*time.Hour/speed + time.Minute)
		want := []time.Duration{0, 12 * time.Hour, 18 * time.Hour, 21*time.Hour + 36*time.Minute, 23 * time.Hour, 24 * time.Hour}
		for i, c := range sl.calls[:len(want)] {
			if late := c.at.Sub(start) - want[i]/speed; late < 0 || late > time.Second {
				t.Errorf("%s was said %s of wall time after it fell due", c.key, late)
			}
		}
	})
}
