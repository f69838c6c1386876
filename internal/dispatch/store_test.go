package dispatch_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
)

// mortal is a journal that takes appends until it is told not to.
type mortal struct {
	journal.Log
	left atomic.Int64 // appends it still takes
	once sync.Once
	died chan struct{} // closed with the first it does not take
}

func newMortal(log journal.Log, appends int64) *mortal {
	m := &mortal{Log: log, died: make(chan struct{})}
	m.left.Store(appends)
	return m
}

func (m *mortal) dead() bool { return m.left.Load() <= 0 }

func (m *mortal) Append(ctx context.Context, size uint64, batch []journal.Record) (journal.Head, error) {
	if m.left.Add(-1) < 0 {
		m.once.Do(func() { close(m.died) })
		return journal.Head{}, syscall.ENOSPC
	}
	return m.Log.Append(ctx, size, batch)
}

const forever = 1 << 40

// While intents cannot be stored nothing is sent; once they can, it is,
// although nothing else happens to the incident.
func TestStoreFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pd, sl := newVendors()
		log := newMortal(journaltest.Open(t), forever)
		s := open(t, log, pd, sl)
		s.do(incident.AdoptPolicy{Policy: usual()})
		s.declare("It broke")
		log.left.Store(0)
		s.run()
		pass(10 * time.Minute)
		if len(pd.calls)+len(sl.calls) > 0 {
			t.Fatalf("sent without an intent on record: %v %v", pd.calls, sl.calls)
		}
		if age := time.Since(s.dispatch.LastRun()); age > dispatch.LookAtLeast {
			t.Errorf("the agenda was last looked at %s ago", age)
		}
		log.left.Store(forever)
		pass(5 * time.Second)
		expect(t, pd, "page")
		expect(t, sl, "post")
	})
}

// An outcome that cannot be stored leaves the effect in doubt: it is found,
// and on record at last.
func TestOutcomeNotStored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pd, sl := newVendors()
		log := newMortal(journaltest.Open(t), forever)
		s := open(t, log, pd, sl)
		s.do(incident.AdoptPolicy{Policy: usual()})
		id := s.declare("It broke")
		s.do(incident.Acknowledge{Person: ana, ID: id})
		sl.sending = func(dispatch.Notice) error { log.left.Store(0); return nil }
		s.run()
		pass(time.Minute)
		log.left.Store(forever)
		pass(5 * time.Second)
		expect(t, sl, "post")
		expectEffects(t, s, slack, "intended post repeat=false", "delivered post found=true")
	})
}

// What was found after a crash covers what it said; what passed since is said
// in a message of its own.
func TestFoundCoversWhatItSaid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pd, sl := newVendors()
		store := journaltest.Open(t)
		log := newMortal(store, forever)
		sl.sending = func(n dispatch.Notice) error {
			if n.Effect.Role == incident.Reminder {
				log.left.Store(0) // the 50% is said, its outcome is not stored
			}
			return nil
		}
		first := open(t, log, pd, sl)
		first.do(incident.AdoptPolicy{Policy: usual()})
		first.run()
		first.declare("It broke")
		pass(13 * time.Hour)
		first.stop()
		pass(6 * time.Hour) // 75% passes
		sl.sending = nil
		s := open(t, store, pd, sl)
		s.run()
		pass(time.Minute)
		expect(t, sl, "post", "reminder early_warning 50%", "reminder early_warning 75%")
		expectEffects(t, s, slack,
			"intended post repeat=false", "delivered post found=false",
			"intended reminder repeat=false", "delivered reminder found=true", // 50%
			"intended reminder repeat=false", "delivered reminder found=false") // 75%
	})
}

// scenario is a day of one incident: its deadlines pass one after the other,
// people do something now and then, and a second incident comes.
var scenario = []struct {
	after time.Duration
	cmd   func(start time.Time) incident.Command
}{
	{0, func(time.Time) incident.Command { return incident.AdoptPolicy{Policy: usual()} }},
	{0, func(start time.Time) incident.Command {
		return incident.Declare{Person: keyed("declare"), Title: "It broke", DetectedAt: start}
	}},
	{time.Hour, func(time.Time) incident.Command {
		return incident.Acknowledge{Person: keyed("ack"), ID: "INC-2000-0001"}
	}},
	{12*time.Hour + time.Minute, func(time.Time) incident.Command {
		return incident.AddNote{Person: keyed("note"), ID: "INC-2000-0001", Text: "found the cause"}
	}},
	{20 * time.Hour, func(start time.Time) incident.Command {
		return incident.Declare{Person: keyed("second"), Title: "And another", DetectedAt: start.Add(17 * time.Hour)}
	}},
	{25*time.Hour + 30*time.Minute, func(start time.Time) incident.Command {
		return incident.Submit{Person: keyed("submit"), ID: "INC-2000-0001", Stages: []string{"early_warning"}}
	}},
	{37 * time.Hour, func(time.Time) incident.Command {
		return incident.AddNote{Person: keyed("end"), ID: "INC-2000-0002", Text: "the shift ends"}
	}},
}

func keyed(key string) incident.Person {
	return incident.Person{By: ana.By, Key: key, Digest: key}
}

// live runs the scenario on a journal that dies after some appends. What dies
// is started again after pause, on the same journal, and people repeat what
// was not acknowledged. When sends is false the crash comes before what was
// intended has left the house, otherwise after.
func live(t *testing.T, cut int64, sends bool, pause time.Duration) (appends int64, pd, sl *vendor) {
	store := journaltest.Open(t)
	pd, sl = newVendors()
	log := newMortal(store, cut)
	lost := func(dispatch.Notice) error {
		if !sends && log.dead() {
			return transient()
		}
		return nil
	}
	pd.sending, sl.sending = lost, lost
	s := open(t, log, pd, sl)
	s.run()
	start := time.Now()
	restart := func() {
		s.stop()
		time.Sleep(pause)
		log = newMortal(store, forever)
		pd.set(func() { pd.sending = nil })
		sl.set(func() { sl.sending = nil })
		s = open(t, log, pd, sl)
		s.run()
	}
	wait := func(until time.Time) {
		select {
		case <-time.After(time.Until(until)):
		case <-log.died:
			restart()
			time.Sleep(time.Until(until))
		}
	}
	for _, step := range scenario {
		wait(start.Add(step.after))
		if _, err := s.desk.Do(t.Context(), step.cmd(start)); err != nil {
			if !log.dead() {
				t.Fatalf("%T: %v", step.cmd(start), err)
			}
			restart()
			s.do(step.cmd(start))
		}
	}
	wait(start.Add(39*time.Hour + 30*time.Minute))
	pass(time.Minute)
	appends = cut - log.left.Load()
	s.stop()
	return appends, pd, sl
}

// told are the thresholds that were said, with how often; a page and a post
// count as one.
func told(said []dispatch.Notice) map[string]int {
	out := map[string]int{}
	for _, n := range said {
		switch n.Effect.Role {
		case incident.Update:
		case incident.Reminder:
			for _, p := range n.Effect.Thresholds {
				out[fmt.Sprint(n.ID, " ", n.Effect.Clock.Stage, " ", p.Name, " ", p.At.Unix())]++
			}
		default:
			out[fmt.Sprint(n.ID, " ", n.Effect.Role, " ", n.Effect.Of)]++
		}
	}
	return out
}

// Whatever append is the last before a crash, everything is said at least
// once, and exactly once where the vendor can be asked; no key is used for two
// messages.
func TestCrashAtEveryAppend(t *testing.T) {
	t.Parallel()
	var n int64
	var wantPD, wantSL map[string]int
	t.Run("no crash", func(t *testing.T) {
		bubbleNow(t, func(t *testing.T) {
			var pd, sl *vendor
			n, pd, sl = live(t, forever, true, 0)
			wantPD, wantSL = told(pd.said), told(sl.said)
			for k, times := range wantSL {
				if times != 1 {
					t.Errorf("slack was told %d times of %s", times, k)
				}
			}
			if len(wantPD) < 9 || len(wantSL) < 12 || n < 35 {
				t.Fatalf("%d and %d things told in %d appends: the scenario is too small", len(wantPD), len(wantSL), n)
			}
		})
	})
	for cut := int64(1); cut < n; cut++ {
		for _, sends := range []bool{true, false} {
			t.Run(fmt.Sprintf("cut %d, sent %v", cut, sends), func(t *testing.T) {
				bubbleNow(t, func(t *testing.T) {
					_, pd, sl := live(t, cut, sends, time.Second)
					expectTold(t, sl, wantSL, true)
					expectTold(t, pd, wantPD, false)
					keys := map[string]bool{}
					for _, n := range sl.said {
						if n.Effect.Role != incident.Update && keys[n.Key] {
							t.Errorf("slack was told twice under the key %s", n.Key)
						}
						keys[n.Key] = true
					}
				})
			})
		}
	}
}

func expectTold(t *testing.T, v *vendor, want map[string]int, once bool) {
	t.Helper()
	got := told(v.said)
	for k := range want {
		if got[k] == 0 {
			t.Errorf("%s was never told of %s; it said %q", v.name, k, v.lines())
		}
	}
	for k, times := range got {
		if want[k] == 0 {
			t.Errorf("%s was told of %s, which is not due", v.name, k)
		}
		if times > 1 && (once || times > 2) {
			t.Errorf("%s was told %d times of %s", v.name, times, k)
		}
	}
}

// After a crash and a pause of hours, what was in doubt and what passed
// meanwhile is all said.
func TestCrashAndPause(t *testing.T) {
	t.Parallel()
	for cut := int64(4); cut < 44; cut += 4 {
		t.Run(fmt.Sprint("cut ", cut), func(t *testing.T) {
			bubbleNow(t, func(t *testing.T) {
				_, pd, sl := live(t, cut, cut%2 == 0, 5*time.Hour)
				for _, v := range []*vendor{pd, sl} {
					for k, times := range told(v.said) {
						if times > 1 && v == sl {
							t.Errorf("slack was told %d times of %s", times, k)
						}
					}
				}
				// The second incident's early warning was never submitted: all of it was said.
				for _, name := range []string{"75%", "90%"} {
					if at := "INC-2000-0002 early_warning " + name; !has(told(pd.said), at) || !has(told(sl.said), at) {
						t.Errorf("not told everywhere of %s", at)
					}
				}
			})
		})
	}
}

func has(told map[string]int, prefix string) bool {
	for k := range told {
		if len(k) > len(prefix) && k[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}
