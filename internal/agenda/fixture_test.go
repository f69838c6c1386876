package agenda_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

const (
	pagerduty = "pagerduty"
	slack     = "slack"
)

// at reads an RFC 3339 literal.
func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func threshold(s string) incident.Threshold {
	t, err := incident.ParseThreshold(s)
	if err != nil {
		panic(err)
	}
	return t
}

func thresholds(names ...string) (ts []incident.Threshold) {
	for _, n := range names {
		ts = append(ts, threshold(n))
	}
	return ts
}

// usual is the policy of a configuration that names PagerDuty and Slack.
func usual() incident.ReminderPolicy {
	return incident.ReminderPolicy{
		Reminders:    thresholds("50%", "75%", "90%", "1h", "0s"),
		OverdueEvery: incident.Span(time.Hour),
		PageFrom:     threshold("75%"),
		Channels:     []string{pagerduty, slack},
		Pagers:       []string{pagerduty},
	}
}

// world is the record of a service without the service.
type world struct {
	t     testing.TB
	rules *incident.Rules
	state *incident.State
	now   time.Time
	keys  map[string]int // how often each effect was said
}

// detected is when the incidents of a world are detected; its early warning
// is due a day later.
var detected = at("2026-11-20T10:00:00Z")

// newWorld begins at detection, under the policy.
func newWorld(t testing.TB, p incident.ReminderPolicy) *world {
	w := &world{
		t: t, state: incident.NewState(), now: detected, keys: map[string]int{},
		rules: &incident.Rules{
			Classify:  classify.DefaultPolicy(),
			Law:       regime.Builtin(),
			Tracks:    []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
			Heartbeat: "Watchdog",
		},
	}
	w.do(incident.AdoptPolicy{Policy: p})
	return w
}

func (w *world) do(cmd incident.Command) any {
	w.t.Helper()
	reply, _, err := w.rules.Execute(w.state, w.now, cmd)
	if err != nil {
		w.t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

// declare opens an incident detected at detected.
func (w *world) declare() incident.ID {
	w.t.Helper()
	return w.do(incident.Declare{Person: ana, Title: "It broke", DetectedAt: detected}).(incident.ID)
}

var ana = incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}

func (w *world) incident(id incident.ID) *incident.Incident {
	w.t.Helper()
	i, ok := w.state.Incident(id)
	if !ok {
		w.t.Fatalf("no incident %s", id)
	}
	return i
}

func (w *world) due(id incident.ID) []agenda.Item {
	return agenda.Due(w.incident(id), w.state.Policy, w.now)
}

func (w *world) next(id incident.ID) time.Time {
	return agenda.Next(w.incident(id), w.state.Policy, w.now)
}

// say delivers what is due and returns it; then also an update that says of
// these calls that people were called again.
func (w *world) say(id incident.ID) []agenda.Item {
	w.t.Helper()
	items := w.due(id)
	for _, it := range items {
		w.intend(it)
		w.deliver(it)
	}
	again := w.due(id)
	if len(again) == 1 && again[0].Effect.Role == incident.Update && w.incident(id).Unanswered(w.now) {
		w.intend(again[0])
		w.deliver(again[0])
		again = w.due(id)
	}
	if len(again) > 0 {
		w.t.Errorf("at %s said, and still due: %s", w.now.Format(time.RFC3339), lines(again))
	}
	return items
}

func (w *world) intend(it agenda.Item) { w.do(incident.Intend{ID: it.ID, Effect: it.Effect}) }

func (w *world) deliver(it agenda.Item) {
	w.t.Helper()
	w.do(incident.Deliver{ID: it.ID, Effect: it.Effect, Ref: "C1/1.1"})
	if w.keys[it.Effect.Key]++; w.keys[it.Effect.Key] > 1 && it.Effect.Role != incident.Update {
		w.t.Errorf("said again under the key %s", it.Effect.Key)
	}
}

// fail records a failed try; for good when retry is zero.
func (w *world) fail(it agenda.Item, retry time.Duration) {
	f := incident.Fail{ID: it.ID, Effect: it.Effect, Reason: it.Effect.Channel + ": no", Permanent: retry == 0}
	if retry > 0 {
		f.RetryAt = w.now.Add(retry)
	}
	w.do(f)
}

// line is an item in short: its role, the channel it goes, and the stages and
// thresholds it covers.
func line(it agenda.Item) string {
	e := it.Effect
	s := string(e.Role) + " " + e.Channel
	for _, c := range covered(e) {
		names := make([]string, len(c.Thresholds))
		for n, p := range c.Thresholds {
			names[n] = p.Name
		}
		s += fmt.Sprintf(" %s %s", c.Clock.Stage, strings.Join(names, "+"))
	}
	return s
}

// covered is what a reminder, or an opening, says that clocks have passed.
func covered(e incident.Effect) []incident.ClockPassed {
	if e.Role == incident.Reminder {
		return []incident.ClockPassed{{Clock: e.Clock, Thresholds: e.Thresholds}}
	}
	return e.Covers
}

func lines(items []agenda.Item) []string {
	out := make([]string, len(items))
	for n, it := range items {
		out[n] = line(it)
	}
	slices.Sort(out)
	return out
}

// about are the items that remind of the stage.
func about(items []agenda.Item, stage regime.StageID) []agenda.Item {
	return slices.DeleteFunc(slices.Clone(items), func(it agenda.Item) bool { return it.Effect.Clock.Stage != stage })
}

// expect compares items with lines, in any order.
func expect(t testing.TB, got []agenda.Item, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(lines(got), want) {
		t.Errorf("got  %q\nwant %q", lines(got), want)
	}
}

func submit(w *world, id incident.ID, stages ...string) {
	w.t.Helper()
	w.do(incident.Submit{Person: ana, ID: id, Stages: stages, Submission: incident.Submission{SentAt: w.now}})
}
