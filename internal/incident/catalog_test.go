package incident

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever is asked, the catalog finds what a look at every entry finds.
func TestFindIsWhatReadingEverythingFinds(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	people := []string{"ada", "ben", "cleo"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		w.receive(firing("A", w.now))
		w.receive(firing("B", w.now))
		for _, id := range w.state.IDs() {
			p := Person{By: Actor{Name: people[rng.IntN(3)], Via: "api"}}
			w.do(Acknowledge{p, id})
			w.do(AddNote{Person: p, ID: id, Text: "note"})
			w.wait(time.Duration(rng.IntN(3)) * time.Minute)
		}
		w.wait(25 * time.Hour)
	}
	or := func(any string, more ...string) string { return append(more, any)[rng.IntN(len(more)+1)] }
	for n := range 2000 {
		q := Query{
			Actor: or("", "ada", "ben", "am", "nobody"), Incident: ID(or("", "INC-2026-0001", "INC-2026-0003", "INC-2026-9999")),
			Kind: or("", "incident.noted", "incident.noted/v1", "incident.noted/v2", "alert.attached", "x"), Start: uint64(rng.IntN(len(w.entries) + 2)),
		}
		some := func() time.Time {
			if rng.IntN(2) == 0 {
				return time.Time{}
			}
			return w.entries[rng.IntN(len(w.entries))].At.Add(time.Duration(rng.IntN(3)-1) * time.Nanosecond)
		}
		q.From, q.To = some(), some()
		limit := 1 + rng.IntN(6)
		var want []uint64
		for _, e := range w.entries {
			bare, _, _ := strings.Cut(e.Kind, "/")
			if len(want) < limit && e.Seq >= q.Start && (q.Actor == "" || e.Event.Actor().Name == q.Actor) && (q.Incident == "" || e.About == q.Incident) &&
				(q.Kind == "" || e.Kind == q.Kind || bare == q.Kind) && (q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To)) {
				want = append(want, e.Seq)
			}
		}
		if got := w.state.Find(q, limit); !slices.Equal(got, want) {
			t.Fatalf("query %d %+v, first %d: got %v, want %v", n, q, limit, got, want)
		}
	}
}

// BenchmarkFind asks a million entries the auditor's questions; the store adds
// some tens of microseconds for each entry found.
func BenchmarkFind(b *testing.B) {
	const n = 1_000_000
	s := NewState()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		by := Actor{Name: "alertmanager", Via: "webhook"}
		if i%10_000 == 0 {
			by = Actor{Name: "ada", Via: "api"}
		}
		s.Apply(Entry{Seq: uint64(i), At: start.Add(time.Duration(i) * time.Second), Kind: Received{}.Kind(), Event: Received{Meta: Meta{By: by}}})
	}
	for name, q := range map[string]Query{
		"actor":           {Actor: "ada"},
		"kind and actor":  {Actor: "ada", Kind: "webhook.received"},
		"an hour":         {From: start.Add(100 * time.Hour), To: start.Add(101 * time.Hour)},
		"nothing matches": {Actor: "ada", Kind: "webhook.received", From: start.Add(time.Second), To: start.Add(9000 * time.Second)},
	} {
		b.Run(name, func(b *testing.B) {
			found := 0
			for b.Loop() {
				found = len(s.Find(q, 1000))
			}
			b.ReportMetric(float64(found), "found")
		})
	}
}
