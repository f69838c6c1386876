package incident

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
)

// group is a service company and its financial sister, with one incident declared.
func group(t *testing.T) *world {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.rules.Tracks = []Track{
		{Entity: "saas", MemberState: "DE", Authority: "BSI", Regimes: []regime.ID{"nis2", "gdpr", "cra_vulnerability"}},
		{Entity: "pay", MemberState: "IE", NoWeekendRelief: true, Regimes: []regime.ID{"nis2", "dora"}},
	}
	w.do(Declare{Person: by("ana"), Title: "Breach", DetectedAt: at("2026-11-20T08:00:00Z")})
	return w
}

func (w *world) clock(entity string, id regime.ID, stage regime.StageID) *Clock {
	w.t.Helper()
	c, ok := w.incident(first).Clock(ClockID{Entity: entity, Regime: id, Stage: stage})
	if !ok {
		w.t.Fatalf("no clock %s/%s/%s", entity, id, stage)
	}
	return c
}

func (w *world) last() string { return w.entries[len(w.entries)-1].Event.Describe() }

func date(name DateName, at time.Time, reason string, of ...string) SetDate {
	c := SetDate{Person: by("ana"), ID: first, Date: DateID{Date: name}, At: at, Reason: reason}
	if len(of) > 0 {
		c.Date.Entity = of[0]
	}
	if len(of) > 1 {
		c.Date.Regime = regime.ID(of[1])
	}
	return c
}

// Awareness of a breach of personal data is another fact than awareness of a significant incident.
func TestAwarenessOfOneRegime(t *testing.T) {
	w := group(t)
	w.do(date(AwareAt, at("2026-11-20T09:00:00Z"), ""))
	if got := w.incident(first).View(w.now).Warnings; len(got) != 1 {
		t.Errorf("warnings: %q", got)
	}
	if _, err := w.try(date(AwareAt, at("2026-11-20T09:45:00Z"), "", "", "gdpr")); !errors.Is(err, ErrInvalid) {
		t.Errorf("a clock moved later without a reason: %v", err)
	}
	w.do(date(AwareAt, at("2026-11-20T09:45:00Z"), "the customer table was in the dump", "", "gdpr"))
	if got := w.clock("saas", "gdpr", "notification").DueAt; !got.Equal(at("2026-11-23T09:45:00Z")) {
		t.Errorf("gdpr is due %s", got)
	}
	for _, entity := range []string{"saas", "pay"} {
		if got := w.clock(entity, "nis2", "notification").DueAt; !got.Equal(at("2026-11-23T09:00:00Z")) {
			t.Errorf("nis2 of %s is due %s: it was not spoken of", entity, got)
		}
	}
	for _, want := range []string{"under gdpr", "before recorded as 2026-11-20 09:00:00Z", "saas/gdpr/notification due 2026-11-23 09:45:00Z, LATER than 2026-11-23 09:00:00Z before", "customer table"} {
		if !strings.Contains(w.last(), want) {
			t.Errorf("the timeline does not say %q: %s", want, w.last())
		}
	}
	w.do(date(AwareAt, at("2026-11-20T07:30:00Z"), "a customer of the sister called", "pay"))
	if got := w.clock("pay", "nis2", "early_warning"); !got.DueAt.Equal(at("2026-11-21T07:30:00Z")) || !got.TargetAt.Equal(at("2026-11-21T08:00:00Z")) {
		t.Errorf("nis2 of pay: %+v", got)
	}
	if got := strings.Join(w.incident(first).View(w.now).Warnings, "\n"); !strings.Contains(got, "aware at 2026-11-20 07:30:00Z, before the detection at 2026-11-20 08:00:00Z") {
		t.Errorf("no earlier detection is proposed: %s", got)
	}
	v := w.incident(first).View(w.now)
	if v.AwareAt == nil || !v.AwareAt.Equal(at("2026-11-20T09:00:00Z")) || len(v.Dates) != 3 || v.Dates[1].Regime != "gdpr" || v.Dates[1].RecordedBy != "ana" {
		t.Errorf("aware_at %v, dates %+v", v.AwareAt, v.Dates)
	}
}

func TestDatesThatStartClocks(t *testing.T) {
	w := group(t)
	before := w.clock("pay", "dora", "initial")
	if before.State(w.now) != ClockProjected || before.Awaits != "classification" {
		t.Errorf("before classification: %+v", before)
	}
	if _, err := w.try(Submit{Person: by("ana"), ID: first, Entity: "pay", Regime: "dora", Stages: []string{"initial"}}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "waits for classification") {
		t.Errorf("an initial notification before classification: %v", err)
	}
	w.do(date(ClassifiedAt, at("2026-11-20T09:30:00Z"), "")) // one entity counts from it
	if c := w.clock("pay", "dora", "initial"); !c.DueAt.Equal(at("2026-11-20T13:30:00Z")) || c.Basis != "classification" {
		t.Errorf("dora initial: %+v", c)
	}
	w.do(date(FixAvailableAt, at("2026-11-19T12:00:00Z"), "")) // older than the attack
	if c := w.clock("saas", "cra_vulnerability", "final"); !c.DueAt.Equal(at("2026-12-03T12:00:00Z")) {
		t.Errorf("cra final: %+v", c)
	}
	w.do(date(ImpactEndedAt, time.Time{}, ""))
	w.do(date(RecoveredAt, at("2026-11-20T09:40:00Z"), ""))
	v := w.incident(first).View(w.now)
	if v.ImpactEndedAt == nil || !v.ImpactEndedAt.Equal(w.now) || v.RecoveredAt == nil || v.HandledAt != nil {
		t.Errorf("impact ended %v, recovered %v, handled %v", v.ImpactEndedAt, v.RecoveredAt, v.HandledAt)
	}
	if !strings.HasSuffix(w.last(), "; no clock moves") {
		t.Errorf("recovery moves a clock: %s", w.last())
	}
}

func TestHandledIsCorrected(t *testing.T) {
	w := group(t)
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"early_warning", "notification"}})
	w.now = at("2027-01-20T10:00:00Z")
	w.do(date(HandledAt, at("2026-12-01T10:00:00Z"), ""))
	if c := w.clock("saas", "nis2", "final_report"); !c.DueAt.Equal(at("2026-12-20T10:00:00Z")) {
		t.Errorf("final report: %+v", c)
	}
	if _, err := w.try(date(HandledAt, at("2027-01-10T10:00:00Z"), "")); !errors.Is(err, ErrInvalid) {
		t.Errorf("corrected without a reason: %v", err)
	}
	w.do(date(HandledAt, at("2027-01-10T10:00:00Z"), "the second wave"))
	if c := w.clock("saas", "nis2", "final_report"); !c.DueAt.Equal(at("2027-02-10T10:00:00Z")) || c.Basis != "handling" {
		t.Errorf("final report after handling: %+v", c)
	}
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"progress_report"}, Submission: Submission{SentAt: at("2026-12-19T10:00:00Z"), Reference: "P-1"}})
	w.do(date(HandledAt, at("2026-12-01T10:00:00Z"), "it was as first recorded"))
	if c := w.clock("saas", "nis2", "progress_report"); c.Submitted == nil || c.Submitted.Reference != "P-1" {
		t.Errorf("the record of a report that is no longer owed is gone: %+v", c)
	}
	if got := w.incident(first).Status; got != StatusHandled {
		t.Errorf("status is %s", got)
	}
}

func TestOpenReportNoLongerOwedIsSaid(t *testing.T) {
	w := group(t)
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"early_warning", "notification"}})
	yes := classify.Yes
	if _, err := w.try(SetFacts{Person: by("ana"), ID: first, OngoingAtFinalDue: &yes}); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	w.do(SetFacts{Person: by("ana"), ID: first, OngoingAtFinalDue: &yes, Reason: "the rebuild takes until February"})
	w.clock("saas", "nis2", "progress_report")
	if c := w.clock("saas", "nis2", "final_report"); !c.Projected || c.Awaits != "handling" {
		t.Errorf("final report: %+v", c)
	}
	no := classify.No
	w.do(SetFacts{Person: by("ana"), ID: first, OngoingAtFinalDue: &no})
	if !strings.Contains(w.last(), "saas/nis2/progress_report is no longer owed, before due 2026-12-20 10:00:00Z") {
		t.Errorf("a clock went away silently: %s", w.last())
	}
}

// No gives the notification 72 hours in the place of 24; what nobody has said, and what nobody knows, counts as yes.
func TestAffectsTrustService(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.rules.Tracks[0].Kind = regime.TrustServiceProvider
	w.receive(firing("B", w.now))
	w.wait(time.Hour)
	due := func() time.Time { return w.clock("default", "nis2", "notification").DueAt }
	day, three := at("2026-11-21T10:00:00Z"), at("2026-11-23T10:00:00Z")
	if !due().Equal(day) {
		t.Errorf("nobody has said: due %s", due())
	}
	answer := func(a classify.Answer, reason string) error {
		_, err := w.try(SetFacts{Person: by("ana"), ID: first, AffectsTrustService: &a, Reason: reason})
		return err
	}
	if err := answer(classify.No, " "); !errors.Is(err, ErrInvalid) || !due().Equal(day) {
		t.Errorf("no without a reason: %v, due %s", err, due())
	}
	if err := answer(classify.No, "the signing service is separate"); err != nil || !due().Equal(three) {
		t.Errorf("no: %v, due %s", err, due())
	}
	if got := w.last(); !strings.Contains(got, "notification due 2026-11-23 10:00:00Z, LATER than 2026-11-21 10:00:00Z before") || !strings.Contains(got, "separate") {
		t.Errorf("the timeline says %s", got)
	}
	if err := answer(classify.Unknown, ""); err != nil || !due().Equal(day) {
		t.Errorf("unknown: %v, due %s", err, due())
	}
}

func TestDatesRefused(t *testing.T) {
	late := at("2026-11-20T10:00:01Z")
	for _, tt := range []struct {
		name string
		cmd  Command
		want error
		says string
	}{
		{"in the future", date(ImpactEndedAt, late, ""), ErrInvalid, "impact_ended_at 2026-11-20 10:00:01Z lies in the future"},
		{"classified before detection", date(ClassifiedAt, at("2026-11-20T07:59:59Z"), ""), ErrInvalid, "lies before detection"},
		{"recovered before detection", date(RecoveredAt, at("2026-11-20T07:59:59Z"), ""), ErrInvalid, "lies before detection"},
		{"handled before the impact ended", date(HandledAt, at("2026-11-20T08:59:59Z"), ""), ErrInvalid, "impact_ended_at 2026-11-20 09:00:00Z"},
		{"the impact ended again, without a time", date(ImpactEndedAt, time.Time{}, ""), ErrRefused, "already has impact_ended_at"},
		{"no such date", date("fixed_at", at("2026-11-20T09:00:00Z"), ""), ErrInvalid, "no date"},
		{"a date of the incident, of an entity", date(HandledAt, at("2026-11-20T09:00:00Z"), "", "saas"), ErrInvalid, "leave entity and regime out"},
		{"awareness of a regime that is not there", date(AwareAt, at("2026-11-20T09:00:00Z"), "", "", "cer"), ErrInvalid, "saas/gdpr"},
		{"awareness of an entity that is not there", date(AwareAt, at("2026-11-20T09:00:00Z"), "", "bank"), ErrInvalid, "pay/dora"},
		{"classified, of an entity that no clock counts for", date(ClassifiedAt, at("2026-11-20T09:00:00Z"), "", "saas"), ErrInvalid, "want pay"},
		{"classified, under a regime that does not count from it", date(ClassifiedAt, at("2026-11-20T09:00:00Z"), "", "", "nis2"), ErrInvalid, "would change nothing"},
		{"a submission before detection", Submit{Person: by("a"), ID: first, Entity: "saas", Stages: []string{"early_warning"}, Submission: Submission{SentAt: at("2026-11-20T07:00:00Z")}}, ErrInvalid, "before detection"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := group(t)
			w.do(date(ImpactEndedAt, at("2026-11-20T09:00:00Z"), ""))
			n := len(w.entries)
			if _, err := w.try(tt.cmd); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v that says %q", err, tt.want, tt.says)
			}
			if len(w.entries) != n {
				t.Error("a refused command left an entry")
			}
		})
	}
}

func TestFinalReportBeforeTheNotificationIsRefused(t *testing.T) {
	w := group(t)
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"notification"}, Submission: Submission{SentAt: at("2026-11-20T09:30:00Z")}})
	cmd := Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"final_report"}, Submission: Submission{SentAt: at("2026-11-20T09:29:59Z")}}
	if _, err := w.try(cmd); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "follows") {
		t.Errorf("got %v", err)
	}
	cmd.Submission.SentAt = at("2026-11-20T09:30:00Z")
	w.do(cmd)
}

// Two regimes of which one takes the place of the other both run, and the incident says so.
func TestWarnings(t *testing.T) {
	w := group(t)
	v := w.incident(first).View(w.now)
	if len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], "DORA takes the place of NIS2") || !strings.Contains(v.Warnings[0], "Directive (EU) 2022/2555 Art. 4") || !strings.Contains(v.Warnings[0], "for pay") {
		t.Errorf("warnings: %q", v.Warnings)
	}
	w.clock("pay", "nis2", "early_warning")

	w.do(Declare{Person: by("ana"), Title: "Old", DetectedAt: at("2025-12-01T08:00:00Z")})
	old, _ := w.state.Incident("INC-2026-0002")
	all := strings.Join(old.View(w.now).Warnings, "\n")
	for _, want := range []string{"BSIG § 32 (BGBl. 2025 I 301) of DE holds since 2025-12-06", "applies since 2026-09-11, and this incident is older: no clock of it runs for saas"} {
		if !strings.Contains(all, want) {
			t.Errorf("not warned that %q: %s", want, all)
		}
	}
	if _, ok := old.Clock(ClockID{"saas", "cra_vulnerability", "early_warning", ""}); ok {
		t.Error("the CRA runs a clock for an incident from before its duties began")
	}

	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"early_warning", "notification"}})
	i := w.incident(first)
	asks := func(now time.Time) bool {
		return strings.Contains(strings.Join(i.View(now).Warnings, "\n"), "still ongoing at 2026-12-20 10:00:00Z, saas owes a progress report")
	}
	if asks(at("2026-12-13T10:00:00Z")) || !asks(at("2026-12-13T10:00:01Z")) {
		t.Error("people are told of the progress report a week before the final one is due, and not earlier")
	}
}

// What a decision that nothing is reportable stopped stays stopped, and so does what would begin after it.
func TestNothingBeginsAfterNotReportable(t *testing.T) {
	w := group(t)
	w.do(MarkNotReportable{Person: by("ana"), ID: first, Reason: "a test system"})
	yes := classify.Yes
	w.do(SetFacts{Person: by("ana"), ID: first, OngoingAtFinalDue: &yes, Reason: "x"})
	w.do(date(AwareAt, at("2026-11-20T09:00:00Z"), ""))
	for _, c := range w.incident(first).Clocks {
		if c.Open() {
			t.Errorf("%s runs", c.ClockID)
		}
	}
	w.do(RecordMessage{Person: by("ana"), ID: first, Message: AuthorityMessage{Direction: In, Kind: OrderMessage, Text: "Say why.", Entity: "saas", RespondBy: at("2026-11-22T10:00:00Z")}})
	if c := w.clock("saas", "nis2", "reply-1"); !c.Open() {
		t.Errorf("what the authority asks is owed all the same: %+v", c)
	}
}

// Journals from before there was one kind for all dates are read as they were meant.
func TestRetiredKinds(t *testing.T) {
	s := NewState()
	apply := func(ev Event) {
		s.Apply(Entry{Seq: s.Size, At: at("2026-11-20T12:00:00Z"), Kind: ev.Kind(), About: ev.About(), Event: ev})
	}
	meta := Meta{ID: first, By: Actor{Name: "ana", Via: "cli"}}
	apply(Opened{Meta: meta, Title: "B", DetectedAt: at("2026-11-20T10:00:00Z")})
	apply(Aware{Meta: meta, Person: "ben", Reason: "he saw it", Redated: Redated{Now: at("2026-11-20T10:30:00Z")}})
	apply(Handled{Meta: meta, HandledAt: at("2026-11-20T11:00:00Z"), Clocks: []Clock{{ClockID: ClockID{"default", "nis2", "early_warning", ""}}}})
	i, _ := s.Incident(first)
	v := i.View(s.At)
	if !v.AwareAt.Equal(at("2026-11-20T10:30:00Z")) || *v.AwareBy != "ben" || !v.HandledAt.Equal(at("2026-11-20T11:00:00Z")) || v.Status != StatusHandled || len(v.Clocks) != 1 {
		t.Errorf("%+v", v)
	}
	if got := (Aware{Person: "ben", Redated: Redated{Now: at("2026-11-20T10:30:00Z")}}).Describe(); !strings.HasPrefix(got, "awareness recorded: ben became aware at 2026-11-20 10:30:00Z") {
		t.Error(got)
	}
}
