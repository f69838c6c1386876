package dispatch_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"
)

// openClocks are what the two below keep open: three to an incident.
const openClocks = 10_000

// declareMany opens an incident for each instant at which its early warning is
// to reach one half, and others that reach nothing for hours, until there are
// [openClocks].
func declareMany(s *service, halves []time.Time) {
	s.t.Helper()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 64)
	for n := range (openClocks + 2) / 3 {
		detected := s.now()
		if n < len(halves) {
			detected = halves[n].Add(-12 * time.Hour)
		}
		slots <- struct{}{}
		wg.Go(func() {
			if _, err := s.desk.Do(s.t.Context(), incident.Declare{Person: ana, Title: fmt.Sprint(n), DetectedAt: detected}); err != nil {
				s.t.Error(err)
			}
			<-slots
		})
	}
	wg.Wait()
}

// lateness is how long after their instants the reminders were sent, in order.
func lateness(v *vendor, halves []time.Time) (out []time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	sent := []time.Time{}
	for _, c := range v.calls {
		if c.role == incident.Reminder {
			sent = append(sent, c.at)
		}
	}
	slices.SortFunc(sent, time.Time.Compare)
	for n, at := range sent[:min(len(sent), len(halves))] {
		out = append(out, at.Sub(halves[n]))
	}
	slices.Sort(out)
	return out
}

// unpaced is a service whose channels take what they get as fast as it comes.
func unpaced(t testing.TB) *service {
	pd, sl := newVendors()
	pd.pace, sl.pace = 0, 0
	p := usual()
	s := open(t, journaltest.Open(t), pd, sl)
	s.do(incident.AdoptPolicy{Policy: p})
	return s
}

// Over ten thousand open clocks no reminder waits for another look at the
// agenda: what is due at an instant is sent within a twentieth of a second of
// it, besides what the machine needs to compute and store.
func TestPunctuality(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := unpaced(t)
		var halves []time.Time
		for n := range 300 { // uneven, so that none falls together with a look
			halves = append(halves, s.now().Add(20*time.Minute+time.Duration(n*n%977)*1237*time.Millisecond))
		}
		slices.SortFunc(halves, time.Time.Compare)
		declareMany(s, halves)
		s.run()
		pass(45 * time.Minute)
		late := lateness(s.sl, halves)
		if len(late) != len(halves) || late[0] < 0 || late[len(late)-1] > 50*time.Millisecond {
			t.Errorf("%d of %d reminders, from %s to %s after their instants", len(late), len(halves), late[0], late[len(late)-1])
		}
	})
}

// BenchmarkPunctuality is how late reminders are by the wall clock, with
// computing and storing, over ten thousand open clocks: 20 a second for ten
// seconds.
func BenchmarkPunctuality(b *testing.B) {
	for b.Loop() {
		s := unpaced(b)
		begin := time.Now().Add(20 * time.Second)
		var halves []time.Time
		for n := range 200 {
			halves = append(halves, begin.Add(time.Duration(n)*50*time.Millisecond))
		}
		declareMany(s, halves)
		s.run()
		if ready := time.Until(begin); ready < 0 {
			b.Fatalf("the incidents were open %s too late", -ready)
		}
		for deadline := time.After(time.Until(halves[len(halves)-1]) + 10*time.Second); len(lateness(s.sl, halves)) < len(halves); {
			select {
			case <-deadline:
				b.Fatalf("%d of %d reminders", len(lateness(s.sl, halves)), len(halves))
			case <-time.After(100 * time.Millisecond):
			}
		}
		late := lateness(s.sl, halves)
		b.ReportMetric(late[len(late)*99/100].Seconds()*1000, "p99-ms")
		b.ReportMetric(late[len(late)-1].Seconds()*1000, "max-ms")
		s.stop()
	}
}
