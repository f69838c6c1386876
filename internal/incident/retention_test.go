package incident

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestExpiry(t *testing.T) {
	for _, tt := range []struct {
		name  string
		since string
		keep  time.Duration
		want  string
	}{
		{"five calendar years, leap days included", "2026-03-01T12:00:00Z", 5 * Year, "2031-03-01T12:00:00Z"},
		{"from a leap day it is the day after", "2024-02-29T12:00:00Z", 5 * Year, "2029-03-01T12:00:00Z"},
		{"days are days", "2026-03-01T12:00:00Z", 400 * 24 * time.Hour, "2027-04-05T12:00:00Z"},
		{"twelve months", "2027-06-15T00:00:00Z", Year, "2028-06-15T00:00:00Z"},
	} {
		if got := expiry(at(tt.since), tt.keep); !got.Equal(at(tt.want)) {
			t.Errorf("%s: %s kept for %s expires %s, want %s", tt.name, tt.since, tt.keep, got, tt.want)
		}
	}
}

// Each kind about the service has chosen whether its entries are erased with the
// logs, or stay; what belongs to an incident goes with it.
func TestEveryKindSaysHowLongItIsKept(t *testing.T) {
	for kind := range decoders {
		ev := blank(kind)
		_, content := ev.(contentEvent)
		logged, isLogged := ev.(loggedEvent)
		lasting, isLasting := ev.(lastingEvent)
		switch {
		case !content && isLogged == isLasting:
			t.Errorf("%s: goes with the logs: %v, stays: %v; want exactly one (methods logged and lasting)", kind, isLogged, isLasting)
		case content && (isLogged || isLasting):
			t.Errorf("%s belongs to an incident and goes with it", kind)
		case isLogged && logged.logged() == "", isLasting && lasting.lasting() == "":
			t.Errorf("%s does not say what it is", kind)
		}
	}
}

// person is who acts in these tests.
var person = Person{By: Actor{Name: "ana", Via: "api"}}

// closed opens an incident, decides it not reportable and closes it.
func (w *world) closed(title string) ID {
	w.t.Helper()
	id := w.do(Declare{Person: person, Title: title, DetectedAt: w.now}).(ID)
	w.do(MarkNotReportable{person, id, "a drill"})
	w.do(Close{person, id})
	return id
}

// body is a webhook body of its own with those alerts.
func (w *world) body(digest string, alerts ...Delivery) Receiving {
	w.t.Helper()
	return w.do(ReceiveBatch{By: Actor{Name: "am", Via: "webhook"}, ReceivedAt: w.now, Receipt: Receipt{SHA256: digest, Raw: []byte("{}")}, Alerts: alerts}).(Receiving)
}

func find(all []Candidate, id ID) (Candidate, bool) {
	n := slices.IndexFunc(all, func(c Candidate) bool { return c.Incident == id })
	if n < 0 {
		return Candidate{}, false
	}
	return all[n], true
}

func TestExpiredIncidents(t *testing.T) {
	p := DefaultRetention()
	for _, tt := range []struct {
		name string
		make func(w *world) ID
		wait time.Duration // from closure
		due  bool
		kept string
	}{
		{"five years after closure", func(w *world) ID { return w.closed("a") }, 1826 * 24 * time.Hour, true, ""},
		{"a nanosecond before", func(w *world) ID { return w.closed("a") }, 1826*24*time.Hour - 1, false, ""},
		{"never closed", func(w *world) ID { return w.do(Declare{Person: person, Title: "a", DetectedAt: w.now}).(ID) }, 20 * Year, false, ""},
		{"decided, and not closed", func(w *world) ID {
			id := w.do(Declare{Person: person, Title: "a", DetectedAt: w.now}).(ID)
			w.do(MarkNotReportable{person, id, "no"})
			return id
		}, 20 * Year, false, ""},
		{"held", func(w *world) ID {
			id := w.closed("a")
			w.do(Hold{person, id, "claim 7"})
			return id
		}, 6 * Year, true, "legal hold by ana since 2026-11-22 12:00:00Z: claim 7"},
		{"released", func(w *world) ID {
			id := w.closed("a")
			w.do(Hold{person, id, "claim 7"})
			w.do(Release{person, id, "settled"})
			return id
		}, 6 * Year, true, ""},
		{"in a body with one that is open", func(w *world) ID {
			ids := w.body("b", firing("A", w.now), firing("B", w.now)).Incidents
			w.do(MarkNotReportable{person, ids[0], "no"})
			w.do(Close{person, ids[0]})
			return ids[0]
		}, 6 * Year, true, "same webhook body as INC-2026-0002"},
		{"an alert brought a clock after it was closed", func(w *world) ID {
			id := w.closed("a")
			i := w.incident(id)
			i.Clocks[0].StoppedAt = time.Time{}
			w.t.Cleanup(func() { i.Clocks[0].StoppedAt = i.ClosedAt })
			return id
		}, 6 * Year, true, "it still owes default/nis2/early_warning"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2026-11-22T12:00:00Z")
			id := tt.make(w)
			c, due := find(Expired(w.state, p, w.now.Add(tt.wait)), id)
			if due != tt.due || !strings.Contains(c.Kept, tt.kept) || (c.Kept == "") != (tt.kept == "") {
				t.Errorf("due: %v, kept %q; want %v, %q", due, c.Kept, tt.due, tt.kept)
			}
			if _, due := find(Expired(w.state, RetentionPolicy{}, w.now.Add(100*Year)), id); due {
				t.Error("a retention of zero keeps for good")
			}
			if due && c.Kept == "" && len(c.Entries) != len(w.incident(id).Entries) {
				t.Errorf("%d of its %d entries go", len(c.Entries), len(w.incident(id).Entries))
			}
		})
	}
}

// What state is made of stays, however old it is.
func TestLogsThatAreNeededStay(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	w.do(AdoptPolicy{Policy: ReminderPolicy{Channels: []string{"slack"}, Heartbeat: "Watchdog", HeartbeatWithin: Span(time.Minute)}})
	beat := firing("Watchdog", w.now)
	delete(beat.Labels, "nis2_reportable")
	w.body("beat 1", beat) // entry 1
	w.wait(time.Minute)
	w.body("beat 2", beat)                                                                   // 2
	w.do(Reconcile{By: System, Source: "p", To: w.now})                                      // 3
	w.wait(time.Minute)                                                                      //
	w.do(Reconcile{By: System, Source: "p", Error: "refused"})                               // 4
	w.wait(2 * time.Hour)                                                                    //
	w.do(Reconcile{By: System, Source: "p", Error: "refused"})                               // 5
	w.wait(2 * time.Hour)                                                                    //
	w.do(Reconcile{By: System, Source: "p", Error: "refused"})                               // 6
	w.do(ReceiveBatch{By: System, Receipt: Receipt{SHA256: "junk"}, Unreadable: 1})          // 7
	w.do(Deliver{Effect: Effect{Key: "old", Role: Heartbeat, For: "slack"}})                 // 8: since the last heartbeat
	w.do(Intend{Effect: Effect{Key: "pending", Role: Heartbeat, For: "slack"}})              // 9
	w.do(RecordRecovery{Since: w.now, Error: "disk full"})                                   // 10
	w.do(CreateToken{Person: person, Name: "ben", Role: "auditor", SHA256: "x", Now: w.now}) // 11
	var got []uint64
	for _, c := range Expired(w.state, DefaultRetention(), w.now.Add(2*Year)) {
		got = append(got, c.Entries...)
	}
	slices.Sort(got)
	if want := []uint64{1, 5, 7, 10}; !slices.Equal(got, want) {
		t.Errorf("entries %v go, want %v", got, want)
	}
	if all := Expired(w.state, DefaultRetention(), w.now.Add(400*24*time.Hour-24*time.Hour)); len(all) > 0 {
		t.Errorf("before 400 days %v goes", all)
	}
}

func TestErasureRefuses(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	w.do(AdoptPolicy{})                                                          // 0
	open := w.do(Declare{Person: person, Title: "a", DetectedAt: w.now}).(ID)    // 1
	w.do(Acknowledge{person, open})                                              // 2
	w.do(AddNote{Person: person, ID: open, Text: "her diagnosis"})               // 3
	shut := w.closed("b")                                                        // 4, 5, 6
	w.do(AddNote{Person: person, ID: shut, Text: "his address"})                 // 7
	held := w.closed("c")                                                        // 8, 9, 10
	w.do(AddNote{Person: person, ID: held, Text: "x"})                           // 11
	w.do(Hold{person, held, "claim 7"})                                          // 12
	pair := w.body("b", firing("A", w.now), firing("B", w.now)).Incidents        // 13, 14
	w.do(MarkNotReportable{person, pair[0], "no"})                               // 15
	w.do(Close{person, pair[0]})                                                 // 16
	w.do(Intend{Effect: Effect{Key: "k", Role: Heartbeat}})                      // 17
	w.do(ReceiveBatch{By: System, Receipt: Receipt{SHA256: "y"}, Unreadable: 1}) // 18
	w.do(Erasure{By: person.By, Reason: "x", Entries: []uint64{1}})              // 19
	for _, tt := range []struct {
		name      string
		incidents []ID
		entries   []uint64
		is        error
		says      string
	}{
		{"nothing named", nil, nil, ErrInvalid, "incidents or entries"},
		{"both named", []ID{shut}, []uint64{7}, ErrInvalid, "incidents or entries"},
		{"unknown", []ID{"INC-2026-0099"}, nil, ErrUnknown, "0099"},
		{"open", []ID{open}, nil, ErrRefused, "it still owes default/nis2/early_warning"},
		{"held", []ID{held}, nil, ErrRefused, "legal hold by ana"},
		{"one of a pair", []ID{pair[0]}, nil, ErrRefused, "same webhook body as " + string(pair[1])},
		{"a pair of which one is open", pair, nil, ErrRefused, "clocks run"},
		{"closed", []ID{shut}, nil, nil, ""},
		{"a note, also of an open one", nil, []uint64{3}, nil, ""},
		{"a note under hold", nil, []uint64{11}, ErrRefused, "legal hold"},
		{"who acknowledged an open one", nil, []uint64{2}, ErrRefused, "until " + string(open) + " is closed"},
		{"an opening", nil, []uint64{4}, ErrRefused, "does not go alone"},
		{"a decision", nil, []uint64{5}, ErrRefused, "does not go alone"},
		{"a closure", nil, []uint64{6}, ErrRefused, "does not go alone"},
		{"the hold itself", nil, []uint64{12}, ErrRefused, "legal hold"},
		{"a policy", nil, []uint64{0}, ErrRefused, "reminders"},
		{"a message under way", nil, []uint64{17}, ErrRefused, "rests on it"},
		{"quarantine", nil, []uint64{18, 18, 3}, nil, ""},
		{"the record of an erasure", nil, []uint64{19}, ErrRefused, "what was erased"},
		{"past the end", nil, []uint64{99}, ErrInvalid, "no entry 99"},
	} {
		got, err := w.state.PlanErasure(ErasureRequest{By: person.By, Incidents: tt.incidents, Entries: tt.entries, Reason: "Art. 17(1)(d) GDPR"}, w.now)
		if !errors.Is(err, tt.is) || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.is, tt.says)
		}
		if err == nil && (len(got.Entries) == 0 || !slices.IsSorted(got.Entries) || len(slices.Compact(slices.Clone(got.Entries))) != len(got.Entries)) {
			t.Errorf("%s: entries %v", tt.name, got.Entries)
		}
	}
	if _, err := w.state.PlanErasure(ErasureRequest{Entries: []uint64{7}, Reason: " "}, w.now); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := w.state.PlanErasure(ErasureRequest{Retention: new(DefaultRetention())}, w.now); !errors.Is(err, ErrNothingExpired) {
		t.Errorf("with nothing expired: %v", err)
	}
}

// without folds the journal as it is once those entries are erased.
func (w *world) without(erased []uint64) *State {
	s := NewState()
	for _, e := range w.entries {
		if slices.Contains(erased, e.Seq) {
			e.Event = nil
		}
		s.Apply(e)
	}
	return s
}

// An erased incident is still listed, takes nothing more, and its number is
// not given again.
func TestErasedIncident(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	id := w.closed("Patient list of ward 7")
	w.do(AddNote{Person: person, ID: id, Text: "x"})
	s := w.without(w.incident(id).Entries)
	i, ok := s.Incident(id)
	if !ok {
		t.Fatal("it is gone")
	}
	v := i.View(w.now)
	if !v.Erased || v.Title != "(erased)" || v.Status != StatusClosed || !v.ClosedAt.Equal(w.now) || len(v.Clocks) > 0 || v.LegalHold != nil {
		t.Errorf("it shows as %+v", v)
	}
	if v.Malicious != classify.Unknown || v.CrossBorder != classify.Unknown {
		t.Errorf("the questions of Art. 23(4)(a) are answered %q and %q", v.Malicious, v.CrossBorder)
	}
	if got := s.Find(Query{Actor: "ana"}, 10); len(got) > 0 {
		t.Errorf("the catalog still knows that ana caused %v", got)
	}
	if _, _, err := testRules().Execute(s, w.now, AddNote{Person: person, ID: id, Text: "y"}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "was erased") {
		t.Errorf("a note to it: %v", err)
	}
	if next, _, err := testRules().Execute(s, w.now, Declare{Person: person, Title: "b", DetectedAt: w.now}); err != nil || next != ID("INC-2026-0002") {
		t.Errorf("the next is %v, %v", next, err)
	}
}

// What a person wrote or did can go by itself and leaves a mark.
func TestErasedAlone(t *testing.T) {
	w := newWorld(t, "2026-11-22T12:00:00Z")
	id := w.do(Declare{Person: person, Title: "a", DetectedAt: w.now}).(ID)
	w.do(Acknowledge{person, id})
	w.do(TakeCommand{person, id})
	w.do(AddNote{Person: person, ID: id, Text: "his address"})
	s := w.without([]uint64{1, 2, 3})
	got, want := *s.incidents[id], *w.incident(id)
	stamp := func() *Stamp { return &Stamp{By: Actor{Name: "(erased)"}, At: w.now} }
	want.Acknowledged, want.Commander = stamp(), stamp()
	want.Notes = []Note{{Stamp: *stamp(), Text: "(erased)"}}
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(Incident{}, outbox{}), cmpopts.IgnoreFields(Incident{}, "clocksShared"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// Whatever of the candidates is erased from whatever journal: the rest of the
// state is as it was, and no id is given twice.
func TestErasingCandidatesChangesNothingElse(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	seen := map[string]bool{}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(t, "2020-01-01T12:00:00Z")
		for range 120 {
			w.random(rng)
		}
		p := RetentionPolicy{Logs: 200 * 24 * time.Hour, Events: 200 * 24 * time.Hour, Incidents: Year, Exercises: Year}
		var erased []uint64
		var gone []ID
		for _, c := range Expired(w.state, p, w.now) {
			if c.Kept == "" && rng.IntN(4) > 0 {
				erased = append(erased, c.Entries...)
				gone = append(gone, c.Incident)
				seen[c.Class+c.Subject] = true
			}
		}
		if diff := w.differs(w.without(erased), gone); diff != "" {
			t.Fatalf("seed %d: erasing %v changes something else (-before +after):\n%s", seed, erased, diff)
		}
	}
	for _, what := range []string{ClassIncidents, ClassEvents, ClassLogs + messages, ClassLogs + "webhook receipts", ClassLogs + "quarantine", ClassLogs + "reconciliation", ClassLogs + "batches that were cut"} {
		if !seen[what] {
			t.Errorf("no journal had expired %s: the test says nothing about it", what)
		}
	}
}

// differs compares the state with one in which some incidents are gone.
func (w *world) differs(after *State, gone []ID) string {
	opts := cmp.Options{
		cmp.AllowUnexported(State{}, Incident{}, outbox{}, applied{}, Threshold{}, Outgoing{}),
		cmpopts.IgnoreFields(State{}, "incidents", "events", "correlated", "occurrences", "found", "commands", "catalog", "roots", "body", "ops"),
		cmpopts.IgnoreFields(Incident{}, "bodies"), emptyIsNil(),
	}
	if diff := cmp.Diff(w.state, after, opts); diff != "" {
		return diff
	}
	for _, id := range w.state.order {
		if slices.Contains(gone, id) {
			if !after.incidents[id].Erased {
				return fmt.Sprintf("%s is still there", id)
			}
			continue
		}
		if diff := cmp.Diff(w.incident(id), after.incidents[id], opts); diff != "" {
			return string(id) + diff
		}
		for _, a := range w.incident(id).Alerts {
			if after.findAlert(a.series(), a.StartsAt) == nil {
				return fmt.Sprintf("%s: alert %s is not found again", id, a.series())
			}
		}
	}
	for _, id := range w.state.eventOrder {
		if slices.Contains(gone, id) {
			if !after.events[id].Erased {
				return fmt.Sprintf("%s is still there", id)
			}
			continue
		}
		if diff := cmp.Diff(w.event(id), after.events[id], opts); diff != "" {
			return string(id) + diff
		}
	}
	before, now := w.state.ops, after.ops
	for key, at := range before.Done { // one about an earlier silence is not asked for
		if now.Done[key].IsZero() && at.Before(w.state.silentFrom()) {
			before.Done = maps.Clone(before.Done)
			delete(before.Done, key)
		}
	}
	return cmp.Diff(before, now, opts)
}

// random does one thing that a service does, or lets time go by.
func (w *world) random(rng *rand.Rand) {
	pick := func(n int) string { return fmt.Sprint("s", rng.IntN(n)) }
	digest := fmt.Sprint("body ", len(w.entries))
	some := func(use func(id ID)) {
		if n := len(w.state.order); n > 0 {
			use(w.state.order[rng.IntN(n)])
		}
	}
	may := func(cmd Command) { // refused or not
		if _, err := w.try(cmd); err != nil && !errors.Is(err, ErrRefused) && !errors.Is(err, ErrInvalid) {
			w.t.Fatalf("%T: %v", cmd, err)
		}
	}
	effect := Effect{Key: "silence " + pick(3) + w.state.silentFrom().String(), Role: Heartbeat, For: "slack", Channel: "slack"}
	switch rng.IntN(17) {
	case 0, 1:
		w.wait(time.Duration(rng.IntN(90*24)) * time.Hour)
	case 2:
		w.body(digest, firing(pick(9), w.now), firing(pick(9), w.now))
	case 3:
		w.body(digest, firing(pick(9), w.now.Add(-time.Hour)))
	case 4:
		beat := firing("Watchdog", w.now)
		delete(beat.Labels, "nis2_reportable")
		w.body(digest, beat)
	case 5:
		w.do(ReceiveBatch{By: System, Receipt: Receipt{SHA256: digest}, Unreadable: 1})
	case 6:
		w.do(ReceiveBatch{By: System, Receipt: Receipt{SHA256: digest, Truncated: 2}, Alerts: []Delivery{firing(pick(9), w.now)}[rng.IntN(2):]})
	case 7:
		for _, c := range w.state.Cuts() {
			w.do(FinishReadBack{By: System, Body: c.Body, Alerts: 2, Error: strings.Repeat("x", rng.IntN(2))})
			break
		}
	case 8, 9:
		w.do(Reconcile{By: System, Source: pick(2), To: w.now, Receipt: Receipt{SHA256: digest}, Error: strings.Repeat("x", rng.IntN(2))})
	case 10:
		some(func(id ID) {
			may(Acknowledge{person, id})
			may(AddNote{Person: person, ID: id, Text: "note"})
			e := Effect{Key: string(id) + digest, Role: Page, For: "pagerduty", Channel: "pagerduty"}
			w.do(Intend{ID: id, Effect: e})
			w.do(Deliver{ID: id, Effect: e})
		})
	case 11, 12:
		some(func(id ID) { may(MarkNotReportable{person, id, "no"}); may(Close{person, id}) })
	case 13:
		some(func(id ID) {
			if rng.IntN(2) == 0 {
				may(Hold{person, id, "claim"})
			} else {
				may(Release{person, id, "settled"})
			}
		})
	case 14:
		w.do(Intend{Effect: effect})
		if rng.IntN(3) > 0 {
			w.do(Fail{Effect: effect, Reason: "timeout", RetryAt: w.now})
			w.do(Deliver{Effect: effect, Ref: "1"})
		}
	case 15:
		w.do(AdoptPolicy{Policy: ReminderPolicy{Channels: []string{"slack"}, Heartbeat: "Watchdog", HeartbeatWithin: Span(time.Duration(1+rng.IntN(3)) * time.Minute)}})
		w.do(CreateToken{Person: person, Name: fmt.Sprint("t", len(w.entries)), Role: "auditor", SHA256: "x", Now: w.now})
		w.do(RecordRecovery{Since: w.now, Error: "disk full"})
	case 16:
		id := w.do(ReportSuspicion{Person: person, What: "odd", Reporter: Reporter{Kind: BySupplier}}).(ID)
		may(NoteSuspicion{Person: person, ID: id, Text: "x"})
		if rng.IntN(3) > 0 {
			may(AssessSuspicion{Person: person, ID: id, Outcome: []string{OutcomeNearMiss, OutcomeIncident}[rng.IntN(2)], Reason: "x"})
		}
	}
}
