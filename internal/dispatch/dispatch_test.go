package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"
)

func transient() error { return &dispatch.Error{Reason: dispatch.ServerError} }
func refusal(detail string) error {
	return &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: detail}
}

// expect compares what was said.
func expect(t *testing.T, v *vendor, want ...string) {
	t.Helper()
	if got := v.lines(); !slices.Equal(got, want) {
		t.Errorf("%s said\n%s\nwant\n%s", v.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func expectEffects(t *testing.T, s *service, channel string, want ...string) {
	t.Helper()
	if got := s.effects(channel); !slices.Equal(got, want) {
		t.Errorf("the journal says of %s\n%s\nwant\n%s", channel, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// From an incident to its first overdue reminder: everything is said once, at
// its instant, with what a channel needs to say it.
func TestFromOpeningToOverdue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		id := s.declare("It broke")
		start := s.now()
		pass(25*time.Hour + time.Second)
		expect(t, s.pd, "page", "reminder early_warning 75%", "reminder early_warning 90%", "reminder early_warning 1h", "reminder early_warning 0s", "reminder early_warning overdue 1h")
		expect(t, s.sl, "post", "reminder early_warning 50%", "reminder early_warning 75%", "reminder early_warning 90%", "reminder early_warning 1h", "reminder early_warning 0s", "reminder early_warning overdue 1h")
		want := []float64{0, 12, 18, 21.6, 23, 24, 25}
		for i, sec := range s.sl.seconds(start) {
			if late := sec - want[i]*3600; late < 0 || late > 0.1 {
				t.Errorf("%s was said %.3f s after its instant", s.sl.lines()[i], late)
			}
		}
		n := s.sl.said[1]
		if n.Key != "test/"+n.Effect.Key || n.Page != "https://clock.example/incidents/"+string(id) || n.Message != "slack/1" || n.Incident.ID != id || n.Repeat {
			t.Errorf("notice %+v", n)
		}
		keys := map[string]bool{}
		for _, n := range s.pd.said {
			if keys[n.Key] || len(n.Key) > 255 {
				t.Errorf("key %s was used before, or is too long", n.Key)
			}
			keys[n.Key] = true
		}
	})
}

// An effect is on record before the vendor is called, and its outcome after.
func TestIntentBeforeSend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error {
			expectEffects(t, s, pagerduty, "intended page repeat=false")
			return nil
		}
		s.declare("It broke")
		pass(time.Second)
		expectEffects(t, s, pagerduty, "intended page repeat=false", "delivered page found=false")
		expect(t, s.pd, "page")
	})
}

// What was intended before a crash is looked for: found, it is on record and
// not said again; not found, it is said, marked as a possible repeat.
func TestInDoubtAfterCrash(t *testing.T) {
	for _, said := range []bool{true, false} {
		t.Run(fmt.Sprintf("said=%v", said), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				pd, sl := newVendors()
				log := journaltest.Open(t)
				first := open(t, log, pd, sl)
				first.do(incident.AdoptPolicy{Policy: usual()})
				id := first.declare("It broke")
				first.do(incident.Acknowledge{Person: ana, ID: id})
				e := incident.Effect{Key: string(id) + "/message/slack", Role: incident.Post, For: slack, Channel: slack, Revision: 3}
				first.do(incident.Intend{ID: id, Effect: e})
				first.stop()
				if said {
					sl.said = append(sl.said, dispatch.Notice{Key: "test/" + e.Key})
				}
				s := open(t, log, pd, sl)
				s.run()
				pass(time.Minute)
				if said {
					expectEffects(t, s, slack, "intended post repeat=false", "delivered post found=true")
					if len(sl.calls) != 0 {
						t.Errorf("it was there and %d calls said it again", len(sl.calls))
					}
					return
				}
				expectEffects(t, s, slack, "intended post repeat=false", "intended post repeat=true", "delivered post found=false")
				expect(t, sl, "post (repeat)")
			})
		})
	}
}

// When the answer is lost, a vendor that can be asked is asked, and one that
// de-duplicates by key is called again under that key.
func TestLostAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.loses, s.sl.loses = true, true
		s.declare("It broke")
		pass(time.Second)
		s.pd.set(func() { s.pd.loses = false })
		s.sl.set(func() { s.sl.loses = false })
		pass(time.Minute)
		expect(t, s.sl, "post")
		expectEffects(t, s, slack, "intended post repeat=false", "failed post permanent=false", "delivered post found=true")
		expect(t, s.pd, "page", "page (repeat)")
		if s.pd.said[0].Key != s.pd.said[1].Key {
			t.Error("the second call had another key: two alerts")
		}
	})
}

// While the vendor cannot be asked, nothing is said twice; and what was found
// in the end covers only what it said.
func TestCannotTellYet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.declare("It broke")
		pass(12*time.Hour - time.Second)
		s.sl.set(func() {
			s.sl.loses = true
			s.sl.finding = func(dispatch.Notice) error { return transient() }
		})
		pass(7 * time.Hour) // 50% said, its answer lost; 75% passed
		expect(t, s.sl, "post", "reminder early_warning 50%")
		s.sl.set(func() { s.sl.loses, s.sl.finding = false, nil })
		pass(10 * time.Minute)
		expect(t, s.sl, "post", "reminder early_warning 50%", "reminder early_warning 75%")
	})
}

// A vendor that is unwell is tried after 5 s, 10 s, 20 s … and from then on
// every 5 min.
func TestBackOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { return transient() }
		start := s.now()
		s.declare("It broke")
		pass(30 * time.Minute)
		want := []float64{0, 5, 15, 35, 75, 155, 315, 615, 915, 1215, 1515}
		got := s.pd.seconds(start)
		if len(got) != len(want) {
			t.Fatalf("tried at %v s, want %v", got, want)
		}
		for n := range got {
			if late := got[n] - want[n]; late < 0 || late > 0.2 {
				t.Errorf("try %d came at %v s, want %v", n, got[n], want[n])
			}
		}
		s.pd.set(func() { s.pd.sending = nil })
		pass(10 * time.Minute)
		expect(t, s.pd, "page (repeat)")
	})
}

// A vendor that is down is called no more often because more waits for it, and
// all of it is said when it is back.
func TestOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { return transient() }
		for n := range 30 {
			s.declare(fmt.Sprint(n))
		}
		pass(30 * time.Minute)
		if n := len(s.pd.calls); n > 11 { // as many as for one notice, see TestBackOff
			t.Errorf("it was called %d times in half an hour", n)
		}
		s.pd.set(func() { s.pd.sending = nil })
		pass(6 * time.Minute)
		if n := len(s.pd.lines()); n != 30 {
			t.Errorf("%d of 30 pages were said once it was back", n)
		}
	})
}

// What a vendor asks for is obeyed, up to a quarter of an hour.
func TestRetryAfter(t *testing.T) {
	for asked, want := range map[time.Duration][]float64{
		time.Second:      {0, 5, 15},
		40 * time.Second: {0, 40, 80},
		2 * time.Hour:    {0, 900, 1800},
	} {
		t.Run(asked.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newService(t, usual())
				s.pd.sending = func(dispatch.Notice) error {
					return &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: asked}
				}
				start := s.now()
				s.declare("It broke")
				pass(time.Duration(want[2]*1e9) + time.Second)
				got := s.pd.seconds(start)
				if len(got) != 3 {
					t.Fatalf("tried at %v s, want %v", got, want)
				}
				for n := range got {
					if late := got[n] - want[n]; late < 0 || late > 0.2 {
						t.Errorf("try %d came at %v s, want %v", n, got[n], want[n])
					}
				}
			})
		})
	}
}

// What a vendor refuses for good goes the other way at once.
func TestFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { return refusal("invalid routing key") }
		s.declare("It broke")
		pass(3 * time.Second)
		if got := s.sl.lines(); len(got) != 2 || !slices.Contains(got, "page") {
			t.Errorf("slack said %q, want the page too", got)
		}
		for _, n := range s.sl.said {
			if n.Effect.Role == incident.Page && (n.Effect.For != pagerduty || n.Reason != "pagerduty: rejected: invalid routing key" || !slices.Equal(n.Refused, []string{pagerduty})) {
				t.Errorf("the page by the other way does not say why: %+v", n.Item)
			}
		}
		if len(s.pd.calls) != 1 {
			t.Errorf("pagerduty was called %d times", len(s.pd.calls))
		}
	})
}

// No channel is called faster than its pace.
func TestPace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		start := s.now()
		for n := range 50 {
			s.declare(fmt.Sprint(n))
		}
		pass(2 * time.Minute)
		for _, v := range []*vendor{s.pd, s.sl} {
			got := v.seconds(start)
			if len(got) != 50 {
				t.Fatalf("%s: %d calls, want 50", v.name, len(got))
			}
			for n := range got[1:] {
				if gap := got[n+1] - got[n]; gap < v.pace.Seconds()-1e-6 || gap > v.pace.Seconds()+0.1 {
					t.Fatalf("%s: call %d came %v s after the one before, its pace is %v", v.name, n+1, gap, v.pace)
				}
			}
		}
	})
}

// With a thousand updates waiting, a page and a deadline are said within ten
// seconds.
func TestPageOvertakesUpdates(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := usual()
		p.Reminders = p.Reminders[:1] // 50%, in half a day
		s := newService(t, p)
		s.pd.sending = func(n dispatch.Notice) error {
			if n.Incident.Title == "urgent" {
				return refusal("invalid routing key") // its page goes by Slack
			}
			return nil
		}
		s.pd.set(func() { s.pd.pace = time.Millisecond })
		s.sl.set(func() { s.sl.pace = time.Millisecond })
		s.do(incident.Declare{Person: ana, Title: "deadline", DetectedAt: s.now().Add(-12*time.Hour + 30*time.Second)})
		ids := make([]incident.ID, 1000)
		for n := range ids {
			ids[n] = s.declare(fmt.Sprint(n))
		}
		pass(15 * time.Second)
		s.sl.set(func() { s.sl.pace = time.Second })
		nSaid := len(s.sl.lines())
		for _, id := range ids {
			s.do(incident.AddNote{Person: ana, ID: id, Text: "news"})
		}
		pass(10 * time.Second) // the updates are queued, one goes each second
		s.declare("urgent")
		urgentAt := s.now()
		pass(30 * time.Second)
		updates := 0
		found := map[string]time.Duration{}
		for i, n := range s.sl.said[nSaid:] {
			switch n.Effect.Role {
			case incident.Update:
				updates++
			case incident.Page:
				found["page"] = s.sl.calls[nSaid+i].at.Sub(urgentAt)
			case incident.Reminder:
				found["reminder"] = s.sl.calls[nSaid+i].at.Sub(n.Since)
			}
		}
		if len(found) != 2 || found["page"] > 3*time.Second || found["reminder"] > 3*time.Second || updates < 10 {
			t.Errorf("waited %v behind %d updates; want a page and a reminder within 3 s", found, updates)
		}
	})
}

// A notice on which the vendor chokes again and again holds up nothing else.
func TestOneBadNoticeHoldsUpNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(n dispatch.Notice) error {
			if n.Incident.Title == "bad" {
				return transient()
			}
			return nil
		}
		s.declare("bad")
		pass(time.Hour)
		for n := range 5 {
			s.declare(fmt.Sprint(n))
		}
		pass(time.Minute)
		expect(t, s.pd, "page", "page", "page", "page", "page")
		// The longest a new page waits is the rest after one failure of the bad one.
		s.declare("another")
		since := s.now()
		for len(s.pd.lines()) == 5 && s.now().Sub(since) < time.Hour {
			pass(time.Second)
		}
		if waited := s.now().Sub(since); waited > 6*time.Second {
			t.Errorf("a page waited %s", waited)
		}
	})
}

// After a pause of five hours one message per clock and channel says what has
// passed, and since when.
func TestRestartAfterPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pd, sl := newVendors()
		log := journaltest.Open(t)
		first := open(t, log, pd, sl)
		first.do(incident.AdoptPolicy{Policy: usual()})
		first.run()
		id := first.declare("It broke")
		start := first.now()
		pass(17 * time.Hour)
		first.stop()
		nPD, nSL := len(pd.lines()), len(sl.lines())
		pass(5 * time.Hour)
		s := open(t, log, pd, sl)
		s.run()
		pass(time.Minute)
		for _, v := range []struct {
			*vendor
			n int
		}{{pd, nPD}, {sl, nSL}} {
			if got := v.lines()[v.n:]; !slices.Equal(got, []string{"reminder early_warning 75%+90%"}) {
				t.Fatalf("%s said %q", v.name, got)
			}
			n := v.said[v.n]
			if !n.Since.Equal(start.Add(18*time.Hour)) || n.Now.Sub(n.Since) < 4*time.Hour || n.Repeat || n.ID != id {
				t.Errorf("%s says it is due since %s, now %s, repeat %v", v.name, n.Since, n.Now, n.Repeat)
			}
		}
	})
}

// A channel that panics on a notice refuses it; everything else goes on.
func TestChannelPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(n dispatch.Notice) error {
			if n.Incident.Title == "bad" {
				panic("index out of range")
			}
			return nil
		}
		s.declare("bad")
		s.declare("good")
		pass(10 * time.Second)
		expect(t, s.pd, "page")
		if !slices.Contains(s.sl.lines(), "page") {
			t.Error("the page did not go by the other way")
		}
	})
}

// Somebody acknowledges while the page waits for its next try: it is dropped,
// and acknowledged in case one of the tries was taken.
func TestAcknowledgedMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { return transient() }
		id := s.declare("It broke")
		pass(time.Second)
		s.pd.set(func() { s.pd.sending = nil })
		s.do(incident.Acknowledge{Person: ana, ID: id})
		pass(time.Hour)
		expect(t, s.pd, "acknowledge")
		expect(t, s.sl, "post", "update")
	})
}

// What is being sent when the service stops is given its outcome first.
func TestStopWaitsForTheOutcome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.pd.sending = func(dispatch.Notice) error { time.Sleep(10 * time.Second); return nil }
		s.declare("It broke")
		pass(time.Second)
		s.stop()
		expectEffects(t, s, pagerduty, "intended page repeat=false", "delivered page found=false")
	})
}

// A clock that is set back does not stop the agenda: it is looked at as often
// as ever.
func TestClockSetBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pd, sl := newVendors()
		s := open(t, journaltest.Open(t), pd, sl)
		var back atomic.Int64
		s.now = func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
		s.do(incident.AdoptPolicy{Policy: usual()})
		s.run()
		pass(time.Minute)
		back.Store(int64(time.Hour))
		for range 20 {
			pass(dispatch.LookAtLeast + time.Second)
			if age := time.Since(s.dispatch.LastRun()); age > dispatch.LookAtLeast {
				t.Fatalf("the agenda was last looked at %s ago", age)
			}
		}
	})
}
