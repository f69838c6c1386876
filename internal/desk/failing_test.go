package desk

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"

	"github.com/google/go-cmp/cmp"
)

// A full disk: nothing is acknowledged, the state is that of the journal, the
// desk says so, and once there is room everything goes on.
func TestDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		a := mustDo(t, d, declare("a", time.Now())).(incident.ID)
		var full atomic.Bool
		log.beforeAppend = func() error {
			if full.Load() {
				return fmt.Errorf("append: %w", syscall.ENOSPC)
			}
			return nil
		}
		full.Store(true)
		for range 5 {
			_, err := d.Do(t.Context(), declare("b", time.Now()))
			if !errors.Is(err, ErrNotDurable) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("Do returned %v", err)
			}
			if !errors.Is(d.Err(), syscall.ENOSPC) || nIncidents(d) != 1 {
				t.Fatalf("Err is %v, %d incidents", d.Err(), nIncidents(d))
			}
		}
		if n := log.nAppends.Load(); n != 2 {
			t.Errorf("a journal that fails was tried %d times within a second, want 2 with the first that went well", n)
		}
		full.Store(false)
		time.Sleep(time.Second)
		if id := mustDo(t, d, declare("b", time.Now())); id != incident.ID("INC-2000-0002") {
			t.Errorf("the next incident is %v: a number that was never stored was used up", id)
		}
		if d.Err() != nil || log.Head().Size != 3 {
			t.Errorf("after a commit Err is %v, the journal has %d entries, want 3: one tells of the outage", d.Err(), log.Head().Size)
		}
		mustDo(t, d, incident.AddNote{Person: declare("a", time.Now()).Person, ID: a, Text: "a repeat"})
		if log.Head().Size != 3 {
			t.Error("the outage was recorded twice")
		}
	})
}

// While the service is not ready nobody sends: it recovers by itself.
func TestRecoversWithoutTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		var full atomic.Bool
		log.beforeAppend = func() error {
			if full.Load() {
				return syscall.ENOSPC
			}
			return nil
		}
		full.Store(true)
		if _, err := d.Do(t.Context(), declare("a", time.Now())); !errors.Is(err, ErrNotDurable) {
			t.Fatalf("Do returned %v", err)
		}
		time.Sleep(time.Minute)
		if d.Err() == nil {
			t.Fatal("Err was cleared while the disk is full")
		}
		full.Store(false)
		time.Sleep(2 * probeEvery)
		if err := d.Err(); err != nil {
			t.Errorf("ten seconds after the disk has room again Err is %v", err)
		}
		for e, err := range log.Read(t.Context(), 0, log.Head().Size) {
			if err != nil || e.Kind != (incident.StoreRecovered{}).Kind() {
				t.Errorf("entry %s, %v", e.Kind, err)
			}
		}
	})
}

// When nobody knows whether a failed commit reached the disk, the journal
// decides, and a caller who sends again does no harm.
func TestFailureAfterTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		fails := true
		log.afterAppend = func() error {
			if fails {
				fails = false
				return errors.New("fsync: input/output error")
			}
			return nil
		}
		starts := time.Now()
		if _, err := d.Do(t.Context(), receive("Down", starts)); !errors.Is(err, ErrNotDurable) {
			t.Fatalf("Do returned %v", err)
		}
		if n := nIncidents(d); n != 1 {
			t.Errorf("%d incidents; the journal holds one", n)
		}
		time.Sleep(time.Second)
		if got := mustDo(t, d, receive("Down", starts)).(incident.Receiving); got.Opened != 0 || got.Duplicate != 1 {
			t.Errorf("sent again: %+v", got.Counts)
		}
	})
}

// While the journal can neither be written nor read there is no state to
// decide against: a command is refused as not stored, never as unknown.
func TestStateCannotBeRebuilt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		id := mustDo(t, d, declare("a", time.Now())).(incident.ID)
		var dead atomic.Bool
		fault := func() error {
			if dead.Load() {
				return syscall.EIO
			}
			return nil
		}
		log.beforeAppend, log.readErr = fault, fault
		dead.Store(true)
		for range 3 {
			_, err := d.Do(t.Context(), note(id, "x"))
			if !errors.Is(err, ErrNotDurable) || errors.Is(err, incident.ErrUnknown) {
				t.Errorf("Do returned %v", err)
			}
			if !errors.Is(d.Err(), syscall.EIO) || len(d.Err().Error()) > 200 {
				t.Errorf("Err is %v", d.Err())
			}
			time.Sleep(time.Minute)
		}
		dead.Store(false)
		time.Sleep(2 * probeEvery)
		mustDo(t, d, note(id, "y"))
		if d.Err() != nil || nIncidents(d) != 1 {
			t.Errorf("after it recovered Err is %v, %d incidents", d.Err(), nIncidents(d))
		}
	})
}

// Nobody reads an entry that is not on disk, however often one that was
// decided is taken back.
func TestReadersSeeOnlyWhatIsDurable(t *testing.T) {
	t.Parallel()
	store := journaltest.Open(t)
	d := mustOpen(t, &faulty{Log: store, beforeAppend: func() error { runtime.Gosched(); return nil }})
	id := mustDo(t, d, declare("a", time.Now())).(incident.ID)
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				d.View(func(s *incident.State) {
					if durable := store.Head().Size; s.Size > durable {
						t.Errorf("a reader sees %d entries, %d are on disk", s.Size, durable)
					}
				})
			}
		})
	}
	for range 8 {
		writers.Go(func() {
			for n := range 20 {
				text := "fine"
				if n%5 == 4 {
					text = "\xff" // decided, and then found to be unstorable
				}
				if _, err := d.Do(t.Context(), note(id, text)); (err != nil) != (n%5 == 4) {
					t.Errorf("note %q: %v", text, err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}

// One command that no journal takes fails alone: those that share its commit
// are stored, and the desk stays well.
func TestUnstorableCommandFailsAlone(t *testing.T) {
	for name, poison := range map[string]func(incident.ID) incident.Command{
		"too large":     func(id incident.ID) incident.Command { return note(id, strings.Repeat("x", journal.MaxPayload)) },
		"not UTF-8":     func(id incident.ID) incident.Command { return note(id, "caf\xe9") },
		"fault of ours": func(incident.ID) incident.Command { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, log := newDesk(t)
				id := mustDo(t, d, declare("a", time.Now())).(incident.ID)
				hold := make(chan struct{})
				log.beforeAppend = func() error { <-hold; return nil }
				var wg sync.WaitGroup
				for n := range 20 {
					wg.Go(func() {
						cmd := incident.Command(note(id, fmt.Sprint(n)))
						if n == 10 {
							cmd = poison(id)
						}
						_, err := d.Do(t.Context(), cmd)
						if n == 10 && (!errors.Is(err, ErrUnstorable) || errors.Is(err, ErrNotDurable)) || n != 10 && err != nil {
							t.Errorf("command %d: %v", n, err)
						}
					})
					synctest.Wait()
				}
				close(hold)
				wg.Wait()
				if err := d.Err(); err != nil {
					t.Errorf("Err is %v: the journal is well", err)
				}
				var want incident.View
				d.View(func(s *incident.State) {
					i, _ := s.Incident(id)
					if len(i.Notes) != 19 || i.Notes[10].Text != "11" {
						t.Errorf("%d notes, want 19 in order", len(i.Notes))
					}
					want = i.View(time.Now())
				})
				again := mustOpen(t, log)
				if got, _ := again.Incident(id); cmp.Diff(got, want) != "" {
					t.Error("the journal folds to another state than the desk's:\n" + cmp.Diff(got, want))
				}
			})
		})
	}
}
