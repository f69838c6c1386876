package desk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"
)

// Commands that wait while a commit is under way share the next one.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		hold := make(chan struct{})
		log.beforeAppend = func() error { <-hold; return nil }
		ids := make(chan any, 301)
		var wg sync.WaitGroup
		send := func(n int) {
			wg.Go(func() { ids <- mustDo(t, d, declare(fmt.Sprint(n), time.Now())) })
		}
		send(0)
		synctest.Wait() // its commit is under way
		for n := range 300 {
			send(1 + n)
		}
		synctest.Wait()
		close(hold)
		wg.Wait()
		close(ids)
		seen := map[any]bool{}
		for id := range ids {
			seen[id] = true
		}
		if len(seen) != 301 || log.nAppends.Load() != 2 {
			t.Errorf("%d incidents in %d commits, want 301 in 2", len(seen), log.nAppends.Load())
		}
	})
}

// Nobody hears of a command before it is on disk.
func TestAnswerAfterCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		feed := d.Subscribe()
		defer feed.Close()
		hold, stored := make(chan struct{}), make(chan struct{})
		log.beforeAppend = func() error { <-hold; return nil }
		log.afterAppend = func() error { <-stored; return nil }
		answered := false
		go func() {
			mustDo(t, d, declare("a", time.Now()))
			answered = true
		}()
		for _, gate := range []chan struct{}{hold, stored} {
			synctest.Wait()
			if answered || len(feed.Take()) > 0 {
				t.Fatal("answered or published before the commit returned")
			}
			close(gate)
		}
		synctest.Wait()
		if !answered || len(feed.Take()) != 1 {
			t.Error("not answered and published after the commit")
		}
	})
}

// Fifty deliveries of the same alert at once, as from a cluster of
// Alertmanagers, are one incident with one set of clocks.
func TestFiftyDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	d := mustOpen(t, journaltest.Open(t))
	starts := time.Now().Add(-time.Hour)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var sum incident.Counts
	for range 50 {
		wg.Go(func() {
			reply, err := d.Do(t.Context(), receive("Down", starts))
			if err != nil {
				t.Error(err)
				return
			}
			got := reply.(incident.Receiving)
			mu.Lock()
			defer mu.Unlock()
			sum.Opened += got.Opened
			sum.Duplicate += got.Duplicate
		})
	}
	wg.Wait()
	if n := nIncidents(d); n != 1 || sum.Opened != 1 || sum.Duplicate != 49 {
		t.Errorf("%d incidents, %d opened and %d duplicate; want 1, 1 and 49", n, sum.Opened, sum.Duplicate)
	}
	v, ok := d.Incident("INC-" + incident.ID(time.Now().UTC().Format("2006")) + "-0001")
	if !ok || len(v.Clocks) != 3 || len(v.Alerts) != 1 {
		t.Errorf("incident %+v, want three clocks and one alert", v)
	}
}

// What one caller sends after another is decided after it.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		id := mustDo(t, d, declare("a", time.Now())).(incident.ID)
		hold := make(chan struct{})
		log.beforeAppend = func() error { <-hold; return nil }
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() { mustDo(t, d, note(id, fmt.Sprint(n))) })
			synctest.Wait() // it is in the queue, or its commit is under way
		}
		close(hold)
		wg.Wait()
		d.View(func(s *incident.State) {
			i, _ := s.Incident(id)
			if len(i.Notes) != 100 {
				t.Fatalf("%d notes", len(i.Notes))
			}
			for n, note := range i.Notes {
				if note.Text != fmt.Sprint(n) {
					t.Fatalf("note %d says %q", n, note.Text)
				}
			}
		})
	})
}

// A caller who has gone before the writer came is as one who never called.
func TestCancelledInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		hold := make(chan struct{})
		log.beforeAppend = func() error { <-hold; return nil }
		var wg sync.WaitGroup
		wg.Go(func() { mustDo(t, d, declare("a", time.Now())) })
		synctest.Wait()
		gone := errors.New("caller hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		wg.Go(func() {
			if _, err := d.Do(ctx, declare("b", time.Now())); !errors.Is(err, gone) {
				t.Errorf("Do returned %v", err)
			}
		})
		wg.Go(func() { mustDo(t, d, declare("c", time.Now())) })
		synctest.Wait()
		cancel(gone)
		synctest.Wait()
		close(hold)
		wg.Wait()
		d.View(func(s *incident.State) {
			for _, id := range s.IDs() {
				if i, _ := s.Incident(id); i.Title == "b" {
					t.Error("the command of a caller who had gone was executed")
				}
			}
			if len(s.IDs()) != 2 {
				t.Errorf("%d incidents, want 2", len(s.IDs()))
			}
		})
	})
}

// Close leaves nobody waiting: each caller has an answer that is true.
func TestCloseAnswersEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		hold := make(chan struct{})
		log.beforeAppend = func() error { <-hold; return nil }
		var wg sync.WaitGroup
		var mu sync.Mutex
		stored, refused := 0, 0
		for n := range 1000 { // more than the queue holds
			wg.Go(func() {
				_, err := d.Do(t.Context(), declare(fmt.Sprint(n), time.Now()))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					stored++
				case errors.Is(err, ErrClosed):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wg.Go(d.Close)
		synctest.Wait()
		close(hold)
		wg.Wait()
		if stored+refused != 1000 || uint64(stored) != log.Head().Size || stored < 512 {
			t.Errorf("%d stored and %d refused of 1000, the journal has %d; what was in the queue is answered", stored, refused, log.Head().Size)
		}
		if _, err := d.Do(t.Context(), declare("late", time.Now())); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close Do returned %v", err)
		}
	})
}

// A slow subscriber is told of each incident once, and of all of them.
func TestFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDesk(t)
		feed, other := d.Subscribe(), d.Subscribe()
		defer feed.Close()
		a := mustDo(t, d, declare("a", time.Now())).(incident.ID)
		b := mustDo(t, d, declare("b", time.Now())).(incident.ID)
		synctest.Wait() // it is published after it is answered
		other.Close()
		for range 100 {
			mustDo(t, d, note(a, "again"))
		}
		synctest.Wait()
		<-feed.C
		got := feed.Take()
		if len(got) != 2 || got[0] == got[1] || got[0] != a && got[0] != b {
			t.Errorf("took %v, want %s and %s once each", got, a, b)
		}
		select {
		case <-feed.C:
			t.Error("woken again with nothing to take")
		default:
		}
		if got := other.Take(); len(got) != 2 {
			t.Errorf("a closed feed took %v, want what came before", got)
		}
		if got := feed.Take(); len(got) != 0 {
			t.Errorf("took %v twice", got)
		}
	})
}

func TestUnknownIncident(t *testing.T) {
	t.Parallel()
	d := mustOpen(t, journaltest.Open(t))
	if _, err := d.Do(t.Context(), note("INC-2026-0009", "x")); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("Do returned %v", err)
	}
	if _, ok := d.Incident("INC-2026-0009"); ok {
		t.Error("there is an incident nobody opened")
	}
	if _, err := Entries(t.Context(), d, d.log, "INC-2026-0009"); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("Entries returned %v", err)
	}
}

// Entries are those of one incident, in order, with their actors.
func TestEntries(t *testing.T) {
	t.Parallel()
	log := journaltest.Open(t)
	d := mustOpen(t, log)
	a := mustDo(t, d, declare("a", time.Now())).(incident.ID)
	mustDo(t, d, declare("b", time.Now()))
	mustDo(t, d, note(a, "one"))
	got, err := Entries(t.Context(), d, log, a)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d entries, %v; want 2", len(got), err)
	}
	if got[0].Seq != 0 || got[1].Seq != 2 || got[1].Event.Actor().Name != "ana" || got[1].Event.Describe() != "note: one" {
		t.Errorf("entries %+v", got)
	}
}
