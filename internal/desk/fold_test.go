package desk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"

	"github.com/google/go-cmp/cmp"
)

// fill writes at least n entries of every common kind as a desk would, and
// returns the state they leave.
func fill(tb testing.TB, log journal.Log, n int) *incident.State {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	rules, state := testRules(), incident.NewState()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	var batch []journal.Record
	do := func(cmd incident.Command) any {
		reply, entries, err := rules.Execute(state, now, cmd)
		if err != nil {
			tb.Fatalf("%T: %v", cmd, err)
		}
		for _, e := range entries {
			payload, err := incident.Encode(e.Event)
			if err != nil {
				tb.Fatal(err)
			}
			batch = append(batch, journal.Record{At: e.At, Kind: e.Kind, Incident: string(e.About), Payload: payload})
		}
		return reply
	}
	flush := func() {
		if _, err := log.Append(tb.Context(), log.Head().Size, batch); err != nil {
			tb.Fatal(err)
		}
		batch = batch[:0]
	}
	do(incident.AdoptPolicy{Policy: incident.ReminderPolicy{Channels: []string{"pagerduty", "slack"}, Pagers: []string{"pagerduty"}, OverdueEvery: incident.Span(time.Hour)}})
	var ids []incident.ID
	for i := 0; state.Size < uint64(n); i++ {
		now = now.Add(time.Duration(rng.IntN(60)) * time.Second)
		body := receive(fmt.Sprintf("Alert%d", i), now.Add(-time.Minute))
		if len(ids) > 0 && rng.IntN(100) > 0 { // one in a hundred opens an incident
			body.Alerts[0].Labels["nis2_incident"] = fmt.Sprint("key", rng.IntN(len(ids)))
		} else {
			body.Alerts[0].Labels["nis2_incident"] = fmt.Sprint("key", len(ids))
		}
		got := do(body).(incident.Receiving)
		ids = append(ids, got.Incidents...)
		id := ids[rng.IntN(len(ids))]
		switch rng.IntN(4) {
		case 0:
			do(note(id, "somebody looks into it"))
		case 1:
			e := incident.Effect{Key: fmt.Sprint(id, "/update/slack"), Role: incident.Update, For: "slack", Channel: "slack", Revision: state.Size}
			do(incident.Deliver{ID: id, Effect: e, Ref: "C1/1.2"})
		case 2:
			e := incident.Effect{
				Key: fmt.Sprint(id, "/", state.Size), Role: incident.Reminder, For: "pagerduty", Channel: "pagerduty",
				Clock: incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}, Thresholds: []incident.Passed{{Name: "75%", At: now}},
			}
			do(incident.Intend{ID: id, Effect: e})
			do(incident.Deliver{ID: id, Effect: e, Ref: e.Key})
		}
		if len(batch) >= 5000 {
			flush()
		}
	}
	flush()
	return state
}

// snapshot is everything a state shows.
func snapshot(s *incident.State, now time.Time) (views []incident.View) {
	for _, id := range s.IDs() {
		i, _ := s.Incident(id)
		views = append(views, i.View(now))
	}
	return views
}

// Decoding on all cores gives the state that one entry after the other gave.
func TestFoldInParallel(t *testing.T) {
	t.Parallel()
	log := journaltest.Open(t)
	want := fill(t, log, 5*chunk+7)
	got, err := fold(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	now := want.At
	if got.Size != want.Size || !got.At.Equal(want.At) {
		t.Errorf("folded %d entries up to %s, want %d up to %s", got.Size, got.At, want.Size, want.At)
	}
	if diff := cmp.Diff(snapshot(got, now), snapshot(want, now)); diff != "" {
		t.Errorf("state differs (-folded +lived):\n%s", diff)
	}
}

// An entry this version does not understand keeps the service from starting:
// going on without it could hide a submission.
func TestFoldRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind, payload string
		want          string
	}{
		"unknown kind":    {"report.withdrawn/v7", "{}", `entry 2000: entry kind "report.withdrawn/v7" is not known to this version`},
		"no JSON":         {"incident.noted/v1", "{", "entry 2000: decode incident.noted/v1"},
		"duplicate name":  {"incident.noted/v1", `{"by":{"name":"a","via":"b"},"text":"a","text":"b"}`, "entry 2000: decode incident.noted/v1"},
		"wrong type":      {"incident.noted/v1", `{"text":7}`, "entry 2000: decode incident.noted/v1"},
		"empty payload":   {"incident.closed/v1", "", "entry 2000: decode incident.closed/v1"},
		"time of no kind": {"incident.handled/v1", `{"handled_at":"yesterday"}`, "entry 2000: decode incident.handled/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := journaltest.Open(t)
			fill(t, log, 2000)
			size := log.Head().Size
			batch := []journal.Record{{At: time.Now(), Kind: tt.kind, Payload: []byte(tt.payload)}}
			for range 2 * chunk { // what follows is not reached, and not waited for
				batch = append(batch, journal.Record{At: time.Now(), Kind: "also.unknown/v1"})
			}
			if _, err := log.Append(t.Context(), size, batch); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(tt.want, "entry 2000", fmt.Sprint("entry ", size), 1)
			_, err := Open(t.Context(), Options{Log: log, Rules: testRules(), Now: time.Now})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Open returned %v, want %s", err, want)
			}
		})
	}
}

// erasing is a log some of whose payloads were erased.
type erasing struct {
	journal.Log
	erased func(journal.Entry) bool
}

func (l erasing) Read(ctx context.Context, from, to uint64) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for e, err := range l.Log.Read(ctx, from, to) {
			if err == nil && l.erased(e) {
				e.Payload, e.Salt, e.Erased = nil, [32]byte{}, true
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Whatever was erased, the service starts, and no incident's number is given
// out a second time.
func TestFoldErased(t *testing.T) {
	t.Parallel()
	log := journaltest.Open(t)
	lived := fill(t, log, 3000)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, share := range []int{1, 2, 10} {
		got, err := fold(t.Context(), erasing{log, func(journal.Entry) bool { return rng.IntN(share) == 0 }})
		if err != nil {
			t.Fatal(err)
		}
		if got.Size != lived.Size || len(got.IDs()) != len(lived.IDs()) {
			t.Errorf("one in %d erased: %d entries, %d incidents; want %d and %d", share, got.Size, len(got.IDs()), lived.Size, len(lived.IDs()))
		}
	}
}

// A journal that ends in the middle of a read is an error, not a shorter state.
func TestFoldStops(t *testing.T) {
	t.Parallel()
	log := &faulty{Log: journaltest.Open(t)}
	fill(t, log, 10)
	torn := errors.New("torn page")
	log.readErr = func() error { return torn }
	if _, err := fold(t.Context(), log); !errors.Is(err, torn) {
		t.Errorf("fold returned %v", err)
	}
	log.readErr = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fold(ctx, log); !errors.Is(err, context.Canceled) {
		t.Errorf("fold with an ended context returned %v", err)
	}
}
