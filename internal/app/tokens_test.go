package app

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/regime"
)

// brittle is a journal that can be broken.
type brittle struct {
	journal.Log
	broken atomic.Bool
}

var errBroken = errors.New("broken")

func (l *brittle) Append(ctx context.Context, size uint64, batch []journal.Record) (journal.Head, error) {
	if l.broken.Load() {
		return journal.Head{}, errBroken
	}
	return l.Log.Append(ctx, size, batch)
}

func (l *brittle) Read(ctx context.Context, from, to uint64) iter.Seq2[journal.Entry, error] {
	if l.broken.Load() {
		return func(yield func(journal.Entry, error) bool) { yield(journal.Entry{}, errBroken) }
	}
	return l.Log.Read(ctx, from, to)
}

// While the store is broken and the state cannot be rebuilt, tokens open what
// they did before: an alert refused as unauthorized would be lost, one that
// cannot be stored is sent again.
func TestLedgerOutlivesABrokenStore(t *testing.T) {
	log := &brittle{Log: journaltest.Open(t)}
	rules := &incident.Rules{Classify: classify.DefaultPolicy(), Law: regime.Builtin()}
	d, err := desk.Open(t.Context(), desk.Options{Log: log, Rules: rules, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	l := &ledger{desk: d}
	by := incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}
	create := func(name string) error {
		_, err := d.Do(t.Context(), incident.CreateToken{Person: by, Name: name, Role: "intake", SHA256: strings.Repeat("ab", 32), Now: time.Now()})
		return err
	}
	if got := l.Issued(); len(got) != 0 {
		t.Fatalf("at first there are %v", got)
	}
	if err := create("am-2"); err != nil {
		t.Fatal(err)
	}
	if got := l.Issued(); len(got) != 1 || got[0].Name != "am-2" || got[0].Role != "intake" || got[0].Hash.String() != strings.Repeat("ab", 32) || got[0].Revoked {
		t.Fatalf("issued are %+v", got)
	}
	log.broken.Store(true)
	if err := create("lost"); !errors.Is(err, desk.ErrNotDurable) {
		t.Fatalf("with a broken store a token is made with error %v", err)
	}
	if got := l.Issued(); len(got) != 1 || got[0].Name != "am-2" {
		t.Errorf("with a broken store issued are %+v", got)
	}
	d.View(func(s *incident.State) {
		if len(s.Tokens()) != 0 {
			t.Error("the state could be rebuilt: this test shows nothing")
		}
	})
}

// A revocation is seen at once, and a hash that cannot be read opens nothing.
func TestLedgerFollowsTheJournal(t *testing.T) {
	d, err := desk.Open(t.Context(), desk.Options{Log: journaltest.Open(t), Rules: &incident.Rules{Law: regime.Builtin()}, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	l := &ledger{desk: d}
	by := incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}
	expires := time.Now().Add(time.Hour).UTC()
	for _, cmd := range []incident.Command{
		incident.CreateToken{Person: by, Name: "odd", Role: "admin", SHA256: "no hash", Now: time.Now()},
		incident.CreateToken{Person: by, Name: "ben", Role: "auditor", SHA256: strings.Repeat("cd", 32), ExpiresAt: expires, Now: time.Now()},
	} {
		if _, err := d.Do(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.Issued(); len(got) != 1 || got[0].Name != "ben" || got[0].Revoked || !got[0].ExpiresAt.Equal(expires) {
		t.Fatalf("issued are %+v", got)
	}
	if _, err := d.Do(t.Context(), incident.RevokeToken{Person: by, Name: "ben"}); err != nil {
		t.Fatal(err)
	}
	if got := l.Issued(); len(got) != 1 || !got[0].Revoked {
		t.Errorf("after the revocation issued are %+v", got)
	}
}
