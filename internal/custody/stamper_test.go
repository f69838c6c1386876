package custody

import (
	"context"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/timestamp/tsatest"
	"nis2clock/internal/vault"
)

// stamping is a stamper driven by hand.
type stamping struct {
	*house
	*Stamper
	tsa *tsatest.Authority
	now time.Time
}

func newStamping(t *testing.T) *stamping { return newStampingBy(t, nil) }

// newStampingBy is one whose own clock is another; nil for the right one.
func newStampingBy(t *testing.T, clock func() time.Time) *stamping {
	t.Helper()
	s := &stamping{house: newHouse(t, vault.Options{}), tsa: tsatest.Start(t), now: time.Now()}
	client, err := timestamp.New(timestamp.Config{URL: s.tsa.URL, RootsFile: s.tsa.RootsFile}, clock)
	if err != nil {
		t.Fatal(err)
	}
	s.Stamper = NewStamper(StamperOptions{Desk: s.Desk, Log: s.log, Client: client, Every: time.Hour, Now: func() time.Time { return s.now }, Logger: logger(t)})
	return s
}

// turn is what Run does when it wakes.
func (s *stamping) turn(ids ...incident.ID) {
	s.notice(ids)
	if s.wait() <= 0 {
		s.stamp(context.Background())
	}
}

// revision is the journal size that a report of the incident is made as of.
func (s *stamping) revision(id incident.ID) (size uint64) {
	s.Desk.View(func(st *incident.State) {
		if i, ok := st.Incident(id); ok {
			size = i.Revision
		}
	})
	return size
}

func TestWhenTheJournalIsStamped(t *testing.T) {
	s := newStamping(t)
	id := s.alert("Exfiltration")
	for _, step := range []struct {
		what  string
		do    func()
		asked int64
	}{
		{"at the start", func() {}, 1},
		{"nothing new but the stamp itself", func() { s.now = s.now.Add(25 * time.Hour) }, 1},
		{"a note, a day later", func() {
			s.do(incident.AddNote{Person: incident.Person{By: ana}, ID: id, Text: "x"})
		}, 2},
		{"another note soon after", func() {
			s.now = time.Now().Add(10 * time.Minute)
			s.triedAt = s.now.Add(-10 * time.Minute)
			s.do(incident.AddNote{Person: incident.Person{By: ana}, ID: id, Text: "y"})
		}, 2},
		{"a report is submitted", func() {
			s.do(incident.Submit{Person: incident.Person{By: ana}, ID: id, Stages: []string{"early_warning"}})
		}, 3},
		{"a report is approved", func() {
			s.now = s.now.Add(2 * time.Minute)
			s.do(incident.ApproveReport{
				Person: incident.Person{By: ana}, ID: id, Stage: "notification", Lang: "en", Role: "commander",
				SHA256: strings.Repeat("ab", 32), Size: s.revision(id), At: s.now, Reason: "read it",
			})
		}, 4},
		{"evidence is captured before the next", func() {
			s.now = s.now.Add(2 * time.Minute)
			s.do(incident.RecordRun{ID: id, Run: incident.Run{Collector: "prom", StartedAt: s.now, Rounds: []string{"before default/nis2/notification"}, Try: 1},
				Artefacts: []incident.Artefact{{Collector: "prom", Kind: "x", Complete: true}}})
		}, 5},
		{"the same again", func() { s.now = s.now.Add(2 * time.Minute) }, 5},
	} {
		step.do()
		s.turn(id)
		if n := s.tsa.Asked.Load(); n != step.asked {
			t.Fatalf("%s: the authority was asked %d times, want %d", step.what, n, step.asked)
		}
	}
	last, ok := s.last()
	if !ok || last.Entry != s.log.Head().Size-1 || last.Size > last.Entry {
		t.Errorf("the newest stamp is %+v in a journal of %d entries", last, s.log.Head().Size)
	}
}

// An authority that is away is said to be, and asked again ever more rarely.
func TestAuthorityThatIsAway(t *testing.T) {
	s := newStamping(t)
	s.alert("Exfiltration")
	s.tsa.Away.Store(true)
	for _, step := range []struct {
		after time.Duration
		asked int64
	}{{0, 1}, {59 * time.Second, 1}, {time.Second, 2}, {61 * time.Second, 2}, {61 * time.Second, 3}} {
		s.now = s.now.Add(step.after)
		s.turn()
		if n := s.tsa.Asked.Load(); n != step.asked {
			t.Errorf("another %s later: asked %d times, want %d", step.after, n, step.asked)
		}
	}
	if got := s.Status(); len(got) != 1 || !strings.Contains(got[0], "could not be time-stamped since ") || !strings.Contains(got[0], "503") {
		t.Errorf("status: %q", got)
	}
	s.tsa.Away.Store(false)
	s.now = s.now.Add(time.Hour)
	s.turn()
	if _, ok := s.last(); !ok || len(s.Status()) != 0 {
		t.Errorf("once it is back: %q", s.Status())
	}
}

// An authority whose clock is hours from ours stamps all the same: the
// difference is in the record, and people are told. Nothing else waits for it.
func TestAuthorityWhoseClockIsOff(t *testing.T) {
	for _, off := range []time.Duration{-3 * time.Hour, 48 * time.Hour} {
		s := newStampingBy(t, func() time.Time { return time.Now().Add(off) })
		s.alert("Exfiltration")
		s.turn()
		last, ok := s.last()
		if !ok {
			t.Fatalf("our clock is off by %s: there is no stamp: %q", off, s.Status())
		}
		if d := last.Ahead + off; d.Abs() > time.Minute {
			t.Errorf("our clock is off by %s, and the record says that the authority's is ahead by %s", off, last.Ahead)
		}
		if got := s.Status(); len(got) != 1 || !strings.Contains(got[0], "the time-stamp authority's clock and ours are ") || !strings.Contains(got[0], " apart: one of them is wrong") {
			t.Errorf("status: %q", got)
		}
	}
}
