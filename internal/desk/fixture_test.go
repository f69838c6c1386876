package desk

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/regime"
)

// faulty is a journal whose calls can be held up and made to fail.
type faulty struct {
	journal.Log
	nAppends atomic.Int64
	// beforeAppend and afterAppend run around an append; an error of theirs is
	// the append's. Both are set before the desk opens.
	beforeAppend, afterAppend func() error
	readErr                   func() error
}

func (l *faulty) Append(ctx context.Context, size uint64, batch []journal.Record) (journal.Head, error) {
	l.nAppends.Add(1)
	if l.beforeAppend != nil {
		if err := l.beforeAppend(); err != nil {
			return journal.Head{}, err
		}
	}
	head, err := l.Log.Append(ctx, size, batch)
	if err == nil && l.afterAppend != nil {
		if err := l.afterAppend(); err != nil {
			return journal.Head{}, err
		}
	}
	return head, err
}

func (l *faulty) Read(ctx context.Context, from, to uint64) iter.Seq2[journal.Entry, error] {
	if l.readErr != nil {
		if err := l.readErr(); err != nil {
			return func(yield func(journal.Entry, error) bool) { yield(journal.Entry{}, err) }
		}
	}
	return l.Log.Read(ctx, from, to)
}

func testRules() *incident.Rules {
	return &incident.Rules{
		Classify:  classify.DefaultPolicy(),
		Law:       regime.Builtin(),
		Tracks:    []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
		Heartbeat: "Watchdog",
	}
}

// mustOpen opens a desk on log and closes it at the end of the test.
func mustOpen(t testing.TB, log journal.Log) *Desk {
	t.Helper()
	d, err := Open(t.Context(), Options{Log: log, Rules: testRules(), Now: time.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// newDesk is a desk on a new journal that can be made to fail.
func newDesk(t *testing.T) (*Desk, *faulty) {
	t.Helper()
	log := &faulty{Log: journaltest.Open(t)}
	return mustOpen(t, log), log
}

func mustDo(t *testing.T, d *Desk, cmd incident.Command) any {
	t.Helper()
	reply, err := d.Do(t.Context(), cmd)
	if err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

// declare opens an incident of that name; the same name again changes nothing.
func declare(name string, detected time.Time) incident.Declare {
	return incident.Declare{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}, Key: name, Digest: name}, Title: name, DetectedAt: detected}
}

func note(id incident.ID, text string) incident.AddNote {
	return incident.AddNote{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, ID: id, Text: text}
}

// receive is a webhook body with one reportable alert.
func receive(name string, starts time.Time) incident.ReceiveBatch {
	labels := map[string]string{"alertname": name, "nis2_reportable": "true", "severity": "critical"}
	return incident.ReceiveBatch{
		By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: starts.Add(time.Minute),
		Receipt: incident.Receipt{SHA256: fmt.Sprintf("%064d", 1), Bytes: 2, Raw: []byte("{}")},
		Alerts: []incident.Delivery{{
			Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: starts, Labels: labels, Annotations: map[string]string{"summary": "it broke"},
		}},
	}
}

func nIncidents(d *Desk) (n int) {
	d.View(func(s *incident.State) { n = len(s.IDs()) })
	return n
}
