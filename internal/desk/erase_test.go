package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// Erase lets the faulty journal erase where the one behind it can.
func (l *faulty) Erase(ctx context.Context, size uint64, order journal.Record, entries []uint64, reason string) (journal.Head, error) {
	if l.beforeAppend != nil {
		if err := l.beforeAppend(); err != nil {
			return journal.Head{}, err
		}
	}
	return l.Log.(Eraser).Erase(ctx, size, order, entries, reason)
}

// shelf is files by digest, and which of them are condemned.
type shelf struct {
	files     map[string]bool
	condemned []string
	err       error
}

func (s *shelf) Has(digest string) (bool, error) { return s.files[digest], nil }

func (s *shelf) Condemn(digests []string) error {
	s.condemned = append(s.condemned, digests...)
	return s.err
}

var dpo = incident.Actor{Name: "dpo", Via: "cli"}

// closed opens and closes an incident that owes nothing.
func closed(t *testing.T, d *Desk, name string) incident.ID {
	t.Helper()
	id := mustDo(t, d, declare(name, time.Now().Add(-time.Minute))).(incident.ID)
	by := incident.Person{By: incident.Actor{Name: "zelda", Via: "api"}}
	mustDo(t, d, incident.MarkNotReportable{Person: by, ID: id, Reason: "a drill"})
	mustDo(t, d, incident.Close{Person: by, ID: id})
	return id
}

func asked(ids ...incident.ID) incident.ErasureRequest {
	return incident.ErasureRequest{By: dpo, Incidents: ids, Reason: "Art. 17(1)(d) GDPR"}
}

// What is erased is gone from memory at once, who ordered it is on record, and a
// restart folds to the same state.
func TestErase(t *testing.T) {
	t.Parallel()
	log := journaltest.Open(t)
	d := mustOpen(t, log)
	feed := d.Subscribe()
	defer feed.Close()
	a, b := closed(t, d, "a"), closed(t, d, "b")
	kept, _ := d.Incident(b)
	feed.Take()
	got, err := d.Erase(t.Context(), asked(a), &shelf{})
	if err != nil || !slices.Equal(got.Entries, []uint64{0, 1, 2}) || !slices.Equal(got.Incidents, []incident.ID{a}) || got.At != 6 || got.Uncompacted != nil {
		t.Fatalf("erased %+v, %v", got, err)
	}
	if v, _ := d.Incident(a); !v.Erased || v.Title == "a" {
		t.Errorf("it still shows as %+v", v)
	}
	if v, _ := d.Incident(b); cmp.Diff(v, kept) != "" {
		t.Errorf("another incident changed: %s", cmp.Diff(v, kept))
	}
	d.View(func(s *incident.State) {
		if found := s.Find(incident.Query{Actor: "zelda"}, 10); !slices.Equal(found, []uint64{4, 5}) {
			t.Errorf("what zelda did is found at %v", found)
		}
	})
	if ids := feed.Take(); !slices.Contains(ids, a) {
		t.Errorf("subscribers hear of %v", ids)
	}
	entries, err := Find(t.Context(), d, log, incident.Query{Actor: "dpo"}, 10)
	if err != nil || len(entries) != 1 || entries[0].Kind != "erasure.ordered/v1" || strings.Contains(string(entries[0].Payload), `"a"`) {
		t.Errorf("the record of it is %v, %v", entries, err)
	}
	if _, err := d.Erase(t.Context(), asked(a), &shelf{}); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("a second time: %v", err)
	}
	again := mustOpen(t, log)
	if diff := cmp.Diff(views(again), views(d)); diff != "" {
		t.Errorf("after a restart (-restarted +lived):\n%s", diff)
	}
	if id := mustDo(t, d, declare("c", time.Now())).(incident.ID); !strings.HasSuffix(string(id), "-0003") {
		t.Errorf("the next incident is %s", id)
	}
}

func views(d *Desk) (out []incident.View) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	d.View(func(s *incident.State) { out = snapshot(s, at) })
	return out
}

// Commands that wait beside an erasure are all executed, each against a state
// that is on disk.
func TestEraseBesideCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		ids := []incident.ID{closed(t, d, "a"), closed(t, d, "b"), closed(t, d, "c")}
		last := mustDo(t, d, declare("open", time.Now())).(incident.ID)
		hold := make(chan struct{})
		log.beforeAppend = func() error { <-hold; return nil }
		var wg sync.WaitGroup
		for n := range 90 {
			wg.Go(func() {
				if n%30 == 0 {
					if _, err := d.Erase(t.Context(), asked(ids[n/30]), &shelf{}); err != nil {
						t.Error(err)
					}
					return
				}
				mustDo(t, d, note(last, fmt.Sprint(n)))
			})
			synctest.Wait()
		}
		close(hold)
		wg.Wait()
		d.View(func(s *incident.State) {
			if i, _ := s.Incident(last); len(i.Notes) != 87 || s.Size != log.Head().Size {
				t.Errorf("%d notes, %d of %d entries folded", len(i.Notes), s.Size, log.Head().Size)
			}
		})
	})
}

// A disk that is full: nothing is erased, the desk says that it cannot store,
// and afterwards the same request goes through.
func TestEraseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := newDesk(t)
		a := closed(t, d, "a")
		before := views(d)
		var full atomic.Bool
		full.Store(true)
		log.beforeAppend = func() error {
			if full.Load() {
				return syscall.ENOSPC
			}
			return nil
		}
		if _, err := d.Erase(t.Context(), asked(a), &shelf{}); !errors.Is(err, ErrNotDurable) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Erase returned %v", err)
		}
		if diff := cmp.Diff(views(d), before); diff != "" || !errors.Is(d.Err(), syscall.ENOSPC) {
			t.Errorf("Err is %v, and the state changed: %s", d.Err(), diff)
		}
		full.Store(false)
		time.Sleep(2 * probeEvery)
		if _, err := d.Erase(t.Context(), asked(a), &shelf{}); err != nil || d.Err() != nil {
			t.Errorf("with room again: %v, Err is %v", err, d.Err())
		}
		d.Close()
		if _, err := d.Erase(t.Context(), asked(a), &shelf{}); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// Erased bytes that stay in free pages do not make the erasure undone, and are
// told of.
func TestEraseNotCompacted(t *testing.T) {
	d := mustOpen(t, &uncompacted{journaltest.Open(t)})
	a := closed(t, d, "a")
	got, err := d.Erase(t.Context(), asked(a), &shelf{})
	if err != nil || !errors.Is(got.Uncompacted, journal.ErrNotCompacted) {
		t.Errorf("erased %+v, %v", got, err)
	}
	if v, _ := d.Incident(a); !v.Erased {
		t.Error("the state still has it")
	}
}

type uncompacted struct{ *journal.Store }

func (u *uncompacted) Erase(ctx context.Context, size uint64, order journal.Record, entries []uint64, reason string) (journal.Head, error) {
	head, err := u.Store.Erase(ctx, size, order, entries, reason)
	return head, errors.Join(err, journal.ErrNotCompacted)
}

// Content goes with the last entry that names it, and is condemned before the
// journal is changed.
func TestEraseCondemns(t *testing.T) {
	t.Parallel()
	log := journaltest.Open(t)
	d := mustOpen(t, log)
	alone, both, absent := strings.Repeat("a1", 32), strings.Repeat("b2", 32), strings.Repeat("c3", 32)
	a, b := closed(t, d, "a"), closed(t, d, "b")
	for _, n := range []incident.AddNote{note(a, "see sha256:"+alone+", "+both+" and "+absent), note(b, both)} {
		mustDo(t, d, n)
	}
	files := &shelf{files: map[string]bool{alone: true, both: true}, err: syscall.ENOSPC}
	size := log.Head().Size
	if _, err := d.Erase(t.Context(), asked(a), files); !errors.Is(err, ErrNotDurable) || log.Head().Size != size {
		t.Errorf("without a list of what is condemned: %v", err)
	}
	files = &shelf{files: files.files}
	if _, err := d.Erase(t.Context(), asked(a), files); err != nil || !slices.Equal(files.condemned, []string{alone}) {
		t.Errorf("condemned %v, %v; want %s", files.condemned, err, alone)
	}
	if got, err := Unnamed(t.Context(), log, []string{both, alone}); err != nil || !slices.Equal(got, []string{alone}) {
		t.Errorf("unnamed is %v, %v", got, err)
	}
}

func TestDigests(t *testing.T) {
	d := strings.Repeat("0123456789abcdef", 4)
	for text, want := range map[string][]string{
		"":                            nil,
		d:                             {d},
		`{"sha256":"` + d + `"}`:      {d},
		"sha256:" + d + "," + d + ";": {d, d},
		d + "0":                       nil,
		d[1:]:                         nil,
		strings.ToUpper(d):            nil,
		"ü" + d + "ü":                 {d},
	} {
		if got := slices.Collect(digests([]byte(text))); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
