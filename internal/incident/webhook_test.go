package incident

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestOneAlertOpensOneIncidentWithThreeClocks(t *testing.T) {
	w := newWorld(t, "2026-11-20T16:30:05Z")
	r := w.receive(firing("Breach", at("2026-11-20T16:30:00Z")))
	if len(r.Incidents) != 1 || r.Incidents[0] != "INC-2026-0001" {
		t.Fatalf("opened %v, want INC-2026-0001", r.Incidents)
	}
	i := w.incident("INC-2026-0001")
	if !i.DetectedAt.Equal(at("2026-11-20T16:30:00Z")) || !i.ReceivedAt.Equal(w.now) {
		t.Errorf("detected %s, received %s", i.DetectedAt, i.ReceivedAt)
	}
	want := map[string]string{"early_warning": "2026-11-21T16:30:00Z", "notification": "2026-11-23T16:30:00Z", "final_report": "2026-12-20T16:30:00Z"}
	if len(i.Clocks) != len(want) {
		t.Fatalf("%d clocks, want %d", len(i.Clocks), len(want))
	}
	for _, c := range i.Clocks {
		if due := at(want[string(c.Stage)]); !c.DueAt.Equal(due) || !c.TargetAt.Equal(due) {
			t.Errorf("%s: due %s, target %s, want both %s", c.Stage, c.DueAt, c.TargetAt, due)
		}
		if c.Basis != "detection" {
			t.Errorf("%s: basis %q, want detection: nobody has recorded awareness", c.Stage, c.Basis)
		}
	}
	if len(w.entries) != 1 {
		t.Errorf("%d entries, want one for one new alert", len(w.entries))
	}
}

// Identity is the label set and the start; nothing else takes part.
func TestIdentity(t *testing.T) {
	start := at("2026-11-20T10:00:00Z")
	base := firing("Breach", start, "pod", "a")
	tests := []struct {
		name string
		next func(Delivery) Delivery
		want Counts
	}{
		{"sent again", func(d Delivery) Delivery { return d }, Counts{Duplicate: 1}},
		{"another annotation", func(d Delivery) Delivery { d.Annotations = map[string]string{"summary": "value 7"}; return d }, Counts{Duplicate: 1}},
		{"another generatorURL", func(d Delivery) Delivery { d.GeneratorURL = "http://x"; return d }, Counts{Duplicate: 1}},
		{"another endsAt while firing", func(d Delivery) Delivery { d.EndsAt = start.Add(time.Hour); return d }, Counts{Duplicate: 1}},
		{"a later start while still firing is the same occurrence", func(d Delivery) Delivery { d.StartsAt = start.Add(time.Minute); return d }, Counts{Duplicate: 1}},
		{"an earlier start is the same occurrence", func(d Delivery) Delivery { d.StartsAt = start.Add(-time.Hour); return d }, Counts{Duplicate: 1}},
		{"equal annotations and other labels are another alert", func(d Delivery) Delivery { return firing("Leak", start, "pod", "a") }, Counts{Opened: 1}},
		{"another pod joins", func(d Delivery) Delivery { return firing("Breach", start, "pod", "b") }, Counts{Attached: 1}},
		{"resolved", func(d Delivery) Delivery { return resolved("Breach", start, start.Add(time.Minute), "pod", "a") }, Counts{Resolved: 1}},
		{"not reportable", func(d Delivery) Delivery { d.Labels = map[string]string{"alertname": "X"}; return d }, Counts{Ignored: 1}},
		{"one fingerprint for other labels hides nothing", func(d Delivery) Delivery {
			o := firing("Leak", start)
			o.Fingerprint, o.Series = d.Fingerprint, d.Fingerprint+"+x"
			return o
		}, Counts{Opened: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2026-11-20T10:00:05Z")
			w.receive(base)
			w.wait(time.Hour)
			tt.want.Received = 1
			if got := w.receive(tt.next(base)).Counts; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestOccurrences(t *testing.T) {
	start := at("2026-11-20T10:00:00Z")
	end := start.Add(10 * time.Minute)
	tests := []struct {
		name  string
		next  Delivery
		want  Counts
		alert int // occurrences afterwards
	}{
		{"firing again after its end is a new occurrence", firing("B", end.Add(time.Second)), Counts{Attached: 1}, 2},
		{"firing again with a start at its end is the same", firing("B", end), Counts{Duplicate: 1}, 1},
		{"a late firing notice of what has ended changes nothing", firing("B", start), Counts{Duplicate: 1}, 1},
		{"the same end again is known", resolved("B", start, end), Counts{Duplicate: 1}, 1},
		{"a later end of the same occurrence moves its end", resolved("B", start, end.Add(time.Hour)), Counts{Resolved: 1}, 1},
		{"an occurrence that ended before it is another", resolved("B", start.Add(-2*time.Hour), start.Add(-time.Hour)), Counts{Attached: 1}, 2},
		{"a resolved-only occurrence after it is another", resolved("B", end.Add(time.Minute), end.Add(time.Hour)), Counts{Attached: 1}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2026-11-20T10:00:05Z")
			w.receive(firing("B", start))
			w.wait(20 * time.Minute)
			w.receive(resolved("B", start, end))
			w.wait(2 * time.Hour)
			tt.want.Received = 1
			if got := w.receive(tt.next).Counts; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if n := len(w.incident("INC-2026-0001").Alerts); n != tt.alert {
				t.Errorf("%d occurrences, want %d", n, tt.alert)
			}
		})
	}
}

func TestResolvedOnlyStillOpens(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:05Z")
	r := w.receive(resolved("B", at("2026-11-20T09:00:00Z"), at("2026-11-20T09:05:00Z")))
	if r.Opened != 1 {
		t.Fatalf("got %+v: an alert never seen firing was still detected", r.Counts)
	}
	i := w.incident(r.Incidents[0])
	if i.Status != Open || !i.Clocks[0].DueAt.Equal(at("2026-11-21T09:00:00Z")) {
		t.Errorf("status %s, early warning due %s", i.Status, i.Clocks[0].DueAt)
	}
}

func TestStartsThatCannotBeBelieved(t *testing.T) {
	now := "2026-11-20T10:00:00Z"
	tests := []struct {
		name    string
		starts  time.Time
		want    string
		flagged bool
	}{
		{"in the future: the time of receipt", at("2026-11-20T12:00:00Z"), now, true},
		{"absent: the time of receipt", time.Time{}, now, true},
		{"a second ahead: receipt, not worth a flag", at("2026-11-20T10:00:01Z"), now, false},
		{"a minute ago: believed", at("2026-11-20T09:59:00Z"), "2026-11-20T09:59:00Z", false},
		{"six years ago: believed and flagged", at("2020-08-08T14:32:08Z"), "2020-08-08T14:32:08Z", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, now)
			i := w.incident(w.receive(firing("B", tt.starts)).Incidents[0])
			if !i.DetectedAt.Equal(at(tt.want)) {
				t.Errorf("detected %s, want %s", i.DetectedAt, tt.want)
			}
			if got := len(i.Alerts[0].Flags) > 0; got != tt.flagged {
				t.Errorf("flags %q, want some: %v", i.Alerts[0].Flags, tt.flagged)
			}
		})
	}
}

// A start that moves backwards moves the clocks earlier, visibly; nothing a
// sender does moves them later.
func TestStartMovesOnlyBackwards(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:05Z")
	w.receive(firing("B", at("2026-11-20T10:00:00Z")))
	before := w.incident("INC-2026-0001").Clocks[0].DueAt
	w.wait(time.Minute)
	w.receive(firing("B", at("2026-11-20T10:00:30Z")))
	if got := w.incident("INC-2026-0001").Clocks[0].DueAt; !got.Equal(before) {
		t.Errorf("a later start moved the clock from %s to %s", before, got)
	}
	n := len(w.entries)
	w.receive(firing("B", at("2026-11-20T08:00:00Z")))
	i := w.incident("INC-2026-0001")
	if want := at("2026-11-21T08:00:00Z"); !i.Clocks[0].DueAt.Equal(want) || !i.Clocks[0].TargetAt.Equal(want) {
		t.Errorf("early warning due %s, want %s", i.Clocks[0].DueAt, want)
	}
	if len(w.entries) != n+1 || !strings.Contains(w.entries[n].Event.Describe(), "detection moved from 2026-11-20 10:00:00Z to 2026-11-20 08:00:00Z") {
		t.Errorf("the timeline does not show both: %v", w.entries[n:])
	}
	if !i.Alerts[0].StartsAt.Equal(at("2026-11-20T08:00:00Z")) {
		t.Errorf("alert starts %s", i.Alerts[0].StartsAt)
	}
	w.receive(resolved("B", at("2026-11-20T07:00:00Z"), w.now))
	if got := w.incident("INC-2026-0001").DetectedAt; !got.Equal(at("2026-11-20T07:00:00Z")) {
		t.Errorf("resolved with an earlier start: detected %s", got)
	}
}

// Twenty flaps under five pod names within the window are one incident with
// unchanged clocks.
func TestFlappingUnderMovingPods(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	for n := range 20 {
		pod := fmt.Sprintf("web-%d", n%5)
		start := w.now
		w.receive(firing("B", start, "pod", pod))
		w.wait(20 * time.Minute)
		w.receive(resolved("B", start, w.now, "pod", pod))
		w.wait(40 * time.Minute)
	}
	if n := len(w.state.IDs()); n != 1 {
		t.Fatalf("%d incidents, want 1", n)
	}
	i := w.incident("INC-2026-0001")
	if !i.Clocks[0].DueAt.Equal(at("2026-11-21T10:00:00Z")) || i.Status != Open {
		t.Errorf("early warning due %s, status %s", i.Clocks[0].DueAt, i.Status)
	}
	if len(i.Alerts) != 20 {
		t.Errorf("%d occurrences, want 20", len(i.Alerts))
	}
}

func TestCorrelationWindow(t *testing.T) {
	end := at("2026-11-20T11:00:00Z")
	tests := []struct {
		name  string
		start time.Time
		joins bool
	}{
		{"at the end of the window", end.Add(24 * time.Hour), true},
		{"just after it", end.Add(24*time.Hour + time.Nanosecond), false},
		{"before the first alert", at("2026-11-20T01:00:00Z"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2026-11-20T10:00:00Z")
			w.receive(firing("B", w.now, "pod", "a"))
			w.wait(time.Hour)
			w.receive(resolved("B", at("2026-11-20T10:00:00Z"), end, "pod", "a"))
			w.wait(48 * time.Hour)
			r := w.receive(firing("B", tt.start, "pod", "b"))
			if got := r.Attached == 1; got != tt.joins {
				t.Fatalf("joined: %v, want %v", got, tt.joins)
			}
			if !tt.joins && w.incident("INC-2026-0002").Previous != "INC-2026-0001" {
				t.Error("the new incident does not name the one before")
			}
		})
	}
	t.Run("while an alert fires the window stays open", func(t *testing.T) {
		w := newWorld(t, "2026-11-20T10:00:00Z")
		w.receive(firing("B", w.now, "pod", "a"))
		w.wait(10 * 24 * time.Hour)
		if r := w.receive(firing("B", w.now, "pod", "b")); r.Attached != 1 {
			t.Errorf("got %+v, want it to join", r.Counts)
		}
	})
}

func TestAfterNotReportable(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.receive(firing("B", w.now, "pod", "a"))
	w.do(MarkNotReportable{ID: "INC-2026-0001", Reason: "a drill of the night shift"})
	w.wait(time.Hour)
	if r := w.receive(firing("B", w.now, "pod", "b")); r.Attached != 1 {
		t.Errorf("got %+v: the same event attaches, visibly", r.Counts)
	}
	for _, c := range w.incident("INC-2026-0001").Clocks {
		if c.Open() {
			t.Errorf("%s runs again", c.Stage)
		}
	}
}

func TestBatchKeepsEverythingOnce(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.do(ReceiveBatch{
		By: Actor{Name: "am", Via: "webhook"}, ReceivedAt: w.now, Receipt: Receipt{SHA256: "x", Raw: []byte("raw"), Truncated: 7, Receiver: "nis2"},
		Alerts:     []Delivery{{Labels: map[string]string{"alertname": "Watchdog"}, Firing: true}, firing("B", w.now), firing("B", w.now)},
		Unreadable: 1, Problems: []Problem{{Where: "/alerts/3", What: "odd"}},
	})
	var raws int
	for _, e := range w.entries {
		switch ev := e.Event.(type) {
		case Opened:
			if ev.Receipt != nil && len(ev.Receipt.Raw) > 0 {
				raws++
			}
		case Quarantined:
			if len(ev.Receipt.Raw) > 0 {
				raws++
			}
		}
	}
	if raws != 1 {
		t.Errorf("the raw body is kept %d times, want once", raws)
	}
	if got := w.state.HeartbeatSeen("Watchdog"); !got.Equal(w.now) {
		t.Errorf("heartbeat seen %s", got)
	}
	i := w.incident("INC-2026-0001")
	if len(i.Incomplete()) != 1 || !strings.Contains(i.Incomplete()[0], "7 alerts") {
		t.Errorf("incomplete: %q", i.Incomplete())
	}
	w.do(FinishReadBack{Body: "x", Error: "connection refused"})
	if got := w.incident("INC-2026-0001").Incomplete(); len(got) != 1 || !strings.Contains(got[0], "connection refused") {
		t.Errorf("after a failed read-back: %q", got)
	}
	w.do(ReceiveBatch{By: System, ReceivedAt: w.now, Receipt: Receipt{SHA256: "y", Truncated: 7}, Alerts: []Delivery{firing("B", w.now)}})
	w.do(FinishReadBack{Body: "y", Alerts: 8})
	if got := w.incident("INC-2026-0001").Incomplete(); len(got) != 1 {
		t.Errorf("after a good read-back of another batch: %q", got)
	}
}

// Whatever order deliveries of one alert come in, the incident ends the same.
func TestOrderOfDeliveriesDoesNotMatter(t *testing.T) {
	start := at("2026-11-20T10:00:00Z")
	all := []Delivery{
		firing("B", start), firing("B", start.Add(-time.Hour)), firing("B", start), resolved("B", start, start.Add(time.Hour)),
		resolved("B", start.Add(-time.Hour), start.Add(time.Hour)), firing("B", start.Add(time.Minute)),
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		rng.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
		w := newWorld(t, "2026-11-20T12:00:00Z")
		for _, d := range all {
			w.receive(d)
		}
		i := w.incident("INC-2026-0001")
		if len(w.state.IDs()) != 1 || len(i.Alerts) != 1 {
			t.Fatalf("%d incidents, %d occurrences", len(w.state.IDs()), len(i.Alerts))
		}
		a := i.Alerts[0]
		if a.Status != Resolved || !a.StartsAt.Equal(start.Add(-time.Hour)) || !a.EndsAt.Equal(start.Add(time.Hour)) || !i.DetectedAt.Equal(start.Add(-time.Hour)) {
			t.Fatalf("occurrence %s–%s %s, detected %s", a.StartsAt, a.EndsAt, a.Status, i.DetectedAt)
		}
	}
}

func TestAlertWithUnknownRegimesStillRunsClocks(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	i := w.incident(w.receive(firing("B", w.now, "nis2_regimes", "nis3")).Incidents[0])
	if len(i.Clocks) != 3 {
		t.Errorf("%d clocks: a label must not leave an incident without any", len(i.Clocks))
	}
}

func TestTriageRunsClocksMeanwhile(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	i := w.incident(w.receive(firing("B", w.now, "nis2_reportable", "triage")).Incidents[0])
	if !i.TriageBy.Equal(w.now.Add(4*time.Hour)) || len(i.Clocks) != 3 {
		t.Errorf("decision asked for by %s, %d clocks", i.TriageBy, len(i.Clocks))
	}
}

// Incidents of one storm share their clocks until something happens to one of
// them; then the others' stay.
func TestStormSharesNoFate(t *testing.T) {
	w := newWorld(t, "2026-11-20T09:00:00Z")
	w.receive(firing("A", w.now), firing("B", w.now), firing("C", w.now.Add(-time.Hour)), firing("D", w.now, "nis2_regimes", "none"), firing("E", w.now))
	if got, want := w.incident("INC-2026-0003").Clocks[0].DueAt, w.now.Add(23*time.Hour); !got.Equal(want) {
		t.Errorf("C, detected an hour before, is due %s, want %s", got, want)
	}
	before := w.incident("INC-2026-0002").View(w.now)
	w.wait(time.Hour)
	w.do(MarkNotReportable{Person: by("ana"), ID: "INC-2026-0001", Reason: "a test"})
	w.do(Submit{Person: by("ana"), ID: "INC-2026-0005", Stages: []string{"early_warning"}})
	if diff := diffView(before, w.incident("INC-2026-0002").View(w.now.Add(-time.Hour))); diff != "" {
		t.Errorf("what happened to others changed B (-before +after):\n%s", diff)
	}
	if c := w.incident("INC-2026-0001").Clocks[0]; c.Open() {
		t.Error("A's clock runs although it is not reportable")
	}
	if c := w.incident("INC-2026-0005").Clocks[0]; c.Submitted == nil {
		t.Error("E's early warning is not submitted")
	}
}
