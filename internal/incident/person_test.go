package incident

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
)

func opened(t *testing.T) *world {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.receive(firing("B", w.now))
	w.wait(time.Hour)
	return w
}

const first ID = "INC-2026-0001"

func by(name string) Person { return Person{By: Actor{Name: name, Via: "api"}} }

func TestFirstAcknowledgementStands(t *testing.T) {
	w := opened(t)
	w.do(Acknowledge{by("ana"), first})
	when := w.now
	w.wait(time.Hour)
	w.do(Acknowledge{by("ben"), first})
	w.receive(resolved("B", at("2026-11-20T10:00:00Z"), w.now))
	w.receive(firing("B", w.now, "pod", "new"))
	i := w.incident(first)
	if i.Acknowledged.By.Name != "ana" || !i.Acknowledged.At.Equal(when) {
		t.Errorf("acknowledged by %s at %s", i.Acknowledged.By, i.Acknowledged.At)
	}
	for _, c := range i.Clocks {
		if !c.Open() {
			t.Errorf("%s stopped: neither an acknowledgement nor a resolved alert stops a clock", c.Stage)
		}
	}
}

func TestOnlySubmissionStopsAClock(t *testing.T) {
	w := opened(t)
	w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"early_warning"}, Submission: Submission{Reference: "CSIRT-77", Authority: "CSIRT"}})
	i := w.incident(first)
	ew, notification := i.Clocks[0], i.Clocks[1]
	if ew.State(w.now) != ClockSubmitted || ew.Submitted.Reference != "CSIRT-77" || ew.Submitted.Submitter != "ana" {
		t.Errorf("early warning: %+v", ew)
	}
	if notification.State(w.now) != ClockRunning {
		t.Errorf("notification is %s", notification.State(w.now))
	}
	// A second submission is recorded and moves nothing.
	w.wait(time.Hour)
	w.do(Submit{Person: by("ben"), ID: first, Stages: []string{"early_warning"}, Submission: Submission{Reference: "CSIRT-78"}})
	if got := w.incident(first).Clocks[0].Submitted.Reference; got != "CSIRT-77" {
		t.Errorf("reference is %s: the first submission must stand", got)
	}
}

// The final report runs from the first submission of the notification.
func TestFinalReportIsProjectedUntilTheNotification(t *testing.T) {
	w := opened(t)
	final := w.incident(first).Clocks[2]
	if final.State(w.now) != ClockProjected || !final.DueAt.Equal(final.TargetAt) || !final.OuterReadingAt.IsZero() {
		t.Errorf("before: %+v", final)
	}
	if _, err := w.try(Submit{Person: by("ana"), ID: first, Stages: []string{"final_report"}}); !errors.Is(err, ErrRefused) {
		t.Errorf("a final report before the notification: %v", err)
	}
	w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"early_warning", "notification"}})
	sent := w.now
	after := w.incident(first).Clocks[2]
	if after.State(w.now) != ClockRunning || !after.DueAt.Equal(sent.AddDate(0, 1, 0)) || !after.TargetAt.Equal(final.TargetAt) {
		t.Errorf("after: due %s, target %s; want %s and unmoved %s", after.DueAt, after.TargetAt, sent.AddDate(0, 1, 0), final.TargetAt)
	}
	w.wait(time.Hour)
	w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"notification"}})
	if got := w.incident(first).Clocks[2].DueAt; !got.Equal(after.DueAt) {
		t.Errorf("a second submission moved the final report from %s to %s", after.DueAt, got)
	}
}

// What a person says stands until a person says otherwise; no alert changes it.
func TestFactsAPersonSets(t *testing.T) {
	w := opened(t)
	yes, summary := classify.Yes, "Two hosts encrypted."
	w.do(SetFacts{Person: by("ana"), ID: first, Summary: &summary, Malicious: &yes})
	n := len(w.entries)
	w.do(SetFacts{Person: by("ana"), ID: first, Summary: &summary})
	if len(w.entries) != n {
		t.Error("saying the same again left an entry")
	}
	w.receive(firing("B", w.now, "pod", "x", "nis2_malicious", "no"))
	v := w.incident(first).View(w.now)
	if v.Summary != summary || v.Malicious != classify.Yes || v.CrossBorder != classify.Unknown {
		t.Errorf("summary %q, malicious %s, cross-border %s", v.Summary, v.Malicious, v.CrossBorder)
	}
	maybe := classify.Answer("maybe")
	// Unknown is an answer once somebody gives it.
	if w.incident(first).CrossBorderSaid {
		t.Error("cross-border counts as answered before anybody was asked")
	}
	n = len(w.entries)
	unknown := classify.Unknown
	for range 2 {
		w.do(SetFacts{Person: by("ana"), ID: first, CrossBorder: &unknown})
	}
	if got := len(w.entries) - n; got != 1 || !w.incident(first).CrossBorderSaid {
		t.Errorf("saying twice that it is unknown left %d entries, want 1", got)
	}
	if _, err := w.try(SetFacts{Person: by("ana"), ID: first, CrossBorder: &maybe}); !errors.Is(err, ErrInvalid) {
		t.Errorf("maybe: %v", err)
	}
}

func TestAwareness(t *testing.T) {
	w := opened(t)
	i := w.incident(first)
	if v := i.View(w.now); v.AwareAt != nil || v.Clocks[0].Basis != "detection" {
		t.Errorf("awareness assumed: %v, basis %s", v.AwareAt, v.Clocks[0].Basis)
	}
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: AwareAt}, At: at("2026-11-20T10:30:00Z")})
	c := w.incident(first).Clocks[0]
	if c.Basis != "awareness" || !c.DueAt.Equal(at("2026-11-21T10:30:00Z")) || !c.TargetAt.Equal(at("2026-11-21T10:00:00Z")) {
		t.Errorf("%+v: due moves to awareness, target stays at detection", c)
	}
	if _, err := w.try(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: AwareAt}, At: at("2026-11-20T09:00:00Z")}); !errors.Is(err, ErrInvalid) {
		t.Errorf("changed without a reason: %v", err)
	}
	w.do(SetDate{Person: by("ben"), ID: first, Date: DateID{Date: AwareAt}, At: at("2026-11-20T09:00:00Z"), Reason: "a customer had called"})
	if c := w.incident(first).Clocks[0]; !c.DueAt.Equal(at("2026-11-21T09:00:00Z")) || !c.Deadline().Equal(c.DueAt) {
		t.Errorf("%+v: awareness before the alert makes due the earlier one", c)
	}
	last := w.entries[len(w.entries)-1].Event.Describe()
	if !strings.Contains(last, "before recorded as 2026-11-20 10:30:00Z") || !strings.Contains(last, "a customer had called") {
		t.Errorf("the old value is gone from the record: %s", last)
	}
}

func TestRefusals(t *testing.T) {
	future := at("2026-11-20T11:00:01Z")
	tests := []struct {
		name string
		cmd  Command
		want error
		says string
	}{
		{"unknown incident", Acknowledge{by("a"), "INC-2026-0099"}, ErrUnknown, "INC-2026-0099"},
		{"awareness in the future", SetDate{Person: by("a"), ID: first, Date: DateID{Date: AwareAt}, At: future}, ErrInvalid, "future"},
		{"awareness without a time", SetDate{Person: by("a"), ID: first, Date: DateID{Date: AwareAt}}, ErrInvalid, "aware_at"},
		{"submission in the future", Submit{Person: by("a"), ID: first, Stages: []string{"early_warning"}, Submission: Submission{SentAt: future}}, ErrInvalid, "future"},
		{"receipt in the future", Submit{Person: by("a"), ID: first, Stages: []string{"early_warning"}, Submission: Submission{ReceiptAt: future}}, ErrInvalid, "future"},
		{"a stage that is not there", Submit{Person: by("a"), ID: first, Stages: []string{"early_warn"}}, ErrInvalid, "early_warning, notification, final_report"},
		{"no stage", Submit{Person: by("a"), ID: first}, ErrInvalid, "which stage"},
		{"close with clocks open", Close{by("a"), first}, ErrRefused, "still owes"},
		{"an empty note", AddNote{Person: by("a"), ID: first, Text: " \n"}, ErrInvalid, "text"},
		{"not reportable without a reason", MarkNotReportable{by("a"), first, ""}, ErrInvalid, "why"},
		{"handled before detection", SetDate{Person: by("a"), ID: first, Date: DateID{Date: HandledAt}, At: at("2026-11-20T09:00:00Z")}, ErrInvalid, "before detection"},
		{"declared without a title", Declare{Person: by("a"), DetectedAt: at("2026-11-20T09:00:00Z")}, ErrInvalid, "title"},
		{"declared in the future", Declare{Person: by("a"), Title: "x", DetectedAt: future}, ErrInvalid, "future"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := opened(t)
			n := len(w.entries)
			_, err := w.try(tt.cmd)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v that says %q", err, tt.want, tt.says)
			}
			if len(w.entries) != n {
				t.Error("a refused command left an entry")
			}
		})
	}
}

func TestIdempotencyKeys(t *testing.T) {
	w := opened(t)
	note := AddNote{Person: Person{By: Actor{Name: "ana", Via: "api"}, Key: "ana POST notes k1", Digest: "d1"}, ID: first, Text: "hello"}
	w.do(note)
	w.do(note)
	if n := len(w.incident(first).Notes); n != 1 {
		t.Errorf("%d notes, want one", n)
	}
	other := note
	other.Text, other.Digest = "other", "d2"
	if _, err := w.try(other); !errors.Is(err, ErrKeyReused) {
		t.Errorf("the key with other content: %v", err)
	}
	declare := Declare{Person: Person{Key: "k2", Digest: "d"}, Title: "by hand", DetectedAt: w.now}
	if a, b := w.do(declare), w.do(declare); a != b {
		t.Errorf("declared twice: %v and %v", a, b)
	}
	w.wait(KeyLife + time.Second)
	w.do(note)
	if n := len(w.incident(first).Notes); n != 2 {
		t.Errorf("%d notes: a key is forgotten after 30 days", n)
	}
}

// Acknowledge, resolve, submit and repeats of them end in the same state in
// whatever order they come.
func TestInterleavingsConverge(t *testing.T) {
	start := at("2026-11-20T10:00:00Z")
	rng := rand.New(rand.NewPCG(3, 4))
	var want View
	for round := range 100 {
		w := newWorld(t, "2026-11-20T10:00:00Z")
		w.receive(firing("B", start))
		w.now = at("2026-11-20T12:00:00Z")
		steps := []func(){
			func() { w.do(Acknowledge{by("ana"), first}) },
			func() { w.do(Acknowledge{by("ana"), first}) },
			func() { w.receive(resolved("B", start, start.Add(time.Hour))) },
			func() { w.receive(firing("B", start)) },
			func() {
				w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"early_warning"}, Submission: Submission{SentAt: start.Add(90 * time.Minute)}})
			},
			func() {
				w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"notification"}, Submission: Submission{SentAt: start.Add(100 * time.Minute)}})
			},
		}
		rng.Shuffle(len(steps), func(a, b int) { steps[a], steps[b] = steps[b], steps[a] })
		for _, s := range steps {
			s()
		}
		v := w.incident(first).View(w.now)
		v.Revision = 0
		if round == 0 {
			want = v
			continue
		}
		if diff := diffView(want, v); diff != "" {
			t.Fatalf("another order, another end:\n%s", diff)
		}
	}
}

func TestClosing(t *testing.T) {
	w := opened(t)
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: HandledAt}})
	if w.incident(first).Status != StatusHandled {
		t.Errorf("status %s", w.incident(first).Status)
	}
	w.do(MarkNotReportable{by("ana"), first, "below every threshold"})
	w.do(Close{by("ana"), first})
	v := w.incident(first).View(w.now)
	if v.Status != StatusClosed || v.Reportability != ReportNotReportable || v.Clocks[0].State != ClockStopped || v.Clocks[0].Late {
		t.Errorf("%+v", v)
	}
}

// Art. 23(4)(e): still open when the final report fell due, so a progress
// report was owed then, and the final one a month after handling.
func TestHandledAfterTheFinalReportWasDue(t *testing.T) {
	w := opened(t)
	w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"early_warning", "notification"}})
	sent := w.now
	w.wait(40 * 24 * time.Hour)
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: HandledAt}})
	due := map[string]time.Time{}
	for _, c := range w.incident(first).Clocks {
		due[string(c.Stage)] = c.DueAt
	}
	if !due["progress_report"].Equal(sent.AddDate(0, 1, 0)) || !due["final_report"].Equal(w.now.AddDate(0, 1, 0)) {
		t.Errorf("progress report due %s, final report due %s", due["progress_report"], due["final_report"])
	}
}

func TestNumbersAreByYearAndNeverReused(t *testing.T) {
	w := newWorld(t, "2026-12-31T23:59:00Z")
	w.receive(firing("A", w.now))
	w.wait(2 * time.Minute)
	w.receive(firing("B", w.now))
	w.receive(firing("C", w.now))
	got := w.state.IDs()
	if got[0] != "INC-2026-0001" || got[1] != "INC-2027-0001" || got[2] != "INC-2027-0002" {
		t.Errorf("ids %v", got)
	}
}

func TestClockThatStepsBackDoesNotTurnTheJournal(t *testing.T) {
	w := opened(t)
	w.now = w.now.Add(-3 * time.Hour)
	w.do(Acknowledge{by("ana"), first})
	last := w.entries[len(w.entries)-1]
	if last.At.Before(w.entries[0].At) {
		t.Errorf("entry at %s after one at %s", last.At, w.entries[0].At)
	}
}

// An entry whose payload was erased folds, whatever its kind was.
func TestErasedEntriesFold(t *testing.T) {
	w := opened(t)
	w.do(Acknowledge{by("ana"), first})
	w.do(AddNote{Person: by("ana"), ID: first, Text: "x"})
	for n := range w.entries {
		s := NewState()
		for k, e := range w.entries {
			if k == n {
				e.Event = nil
			}
			s.Apply(e)
		}
		if s.Size != uint64(len(w.entries)) || len(s.IDs()) != 1 {
			t.Errorf("entry %d erased: size %d, incidents %v", n, s.Size, s.IDs())
		}
		if id := s.nextID(false, w.now); id == first {
			t.Errorf("entry %d erased: %s would be given out again", n, id)
		}
	}
	for kind := range decoders {
		s := NewState()
		s.Apply(Entry{Kind: kind, About: first, At: w.now})
		s.Apply(Entry{Seq: 1, Kind: kind, At: w.now})
	}
}
