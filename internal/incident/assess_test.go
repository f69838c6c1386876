package incident

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"
)

type said = map[significance.FactID]string

// cloud is a world whose entity is a cloud provider, with one open incident.
func cloud(t *testing.T) *world {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.rules.Tracks[0].Types = []significance.EntityType{"cloud_computing_service_provider"}
	w.rules.Tracks[0].Known = significance.Facts{significance.UsersInUnion: {Value: "200000", Origin: significance.FromConfig}}
	w.rules.Classify.CorrelateBy = []string{"alertname"} // whatever other labels say
	w.receive(firing("B", w.now, "pod", "a"))
	w.wait(time.Hour)
	return w
}

func (w *world) assess(who string, facts said, decision, reason string) View {
	w.t.Helper()
	w.do(Assess{Person: by(who), ID: first, Facts: facts, Decision: decision, Reason: reason})
	return w.incident(first).View(w.now)
}

func (w *world) said() string {
	return w.entries[len(w.entries)-1].Event.Describe()
}

func TestAssessmentKeepsWhatWasComputedThen(t *testing.T) {
	w := cloud(t)
	v := w.assess("ana", said{"limited_availability": "61 min", "users_limited": "~10000"}, "", "")
	if v.Significance.Decision != Undecided || v.Reportability != Undecided || v.Significance.Advice.Verdict != significance.CannotTell {
		t.Errorf("%+v", v.Significance)
	}
	v = w.assess("ben", said{"users_limited": "10001"}, "", "")
	met := v.Significance.Advice.Met
	if !slices.Equal(met, []string{"cloud_limited"}) {
		t.Fatalf("met %v: facts are merged over earlier ones, and the configuration's are used", met)
	}
	if f := v.Significance.Facts[significance.UsersInUnion]; f.Origin != significance.FromConfig {
		t.Errorf("users in the Union: %+v", f)
	}
	if s := w.said(); !strings.Contains(s, "users_limited 10 001") || strings.Contains(s, "limited_availability") {
		t.Errorf("the entry does not say what was said: %s", s)
	}
	// The law's data may change; what was computed stays.
	w.rules.Tracks[0].Types = nil
	if again := w.incident(first).View(w.now); !slices.Equal(again.Significance.Advice.Met, met) || len(again.Significance.Criteria) != 10 {
		t.Errorf("it was computed anew: %+v", again.Significance)
	}
}

func TestDecisionsOnSignificance(t *testing.T) {
	w := cloud(t)
	due := w.incident(first).Clocks[0].DueAt
	v := w.assess("ana", said{"complete_unavailability": "31m"}, "significant", "the portal was down")
	if v.Reportability != Mandatory || v.Significance.Decision != DecidedSignificant || *v.Significance.By != "ana" || v.Significance.Reason != "the portal was down" {
		t.Errorf("significant: %s %+v", v.Reportability, v.Significance)
	}
	v = w.assess("ben", said{"complete_unavailability": "29m"}, "not_significant", "the log says 29 minutes")
	if v.Reportability != ReportNotReportable || v.Clocks[0].State != ClockStopped || !strings.Contains(*v.Clocks[0].Stopped, "29 minutes") {
		t.Errorf("not significant: %s %+v", v.Reportability, v.Clocks[0])
	}
	v = w.assess("ana", nil, "undecided", "the log was of another host")
	if v.Reportability != Undecided || v.Clocks[0].State != ClockRunning || !v.Clocks[0].DueAt.Equal(due) {
		t.Errorf("undecided again: %s %+v", v.Reportability, v.Clocks[0])
	}
	if !strings.Contains(w.said(), "run again with the instants they had: early_warning due 2026-11-21 10:00:00Z") {
		t.Errorf("the entry does not say that clocks run: %s", w.said())
	}
}

func TestAssessRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		cmd  Assess
		want error
		says string
	}{
		{"a fact there is none of", Assess{Facts: said{"users": "1"}}, ErrInvalid, `no fact "users"`},
		{"a value that cannot be read", Assess{Facts: said{"death": "perhaps"}}, ErrInvalid, "yes, possible or no"},
		{"all mistakes at once", Assess{Facts: said{"death": "perhaps", "users_limited": "few"}}, ErrInvalid, "users_limited"},
		{"another decision", Assess{Decision: "maybe", Reason: "x"}, ErrInvalid, "significant, not_significant or undecided"},
		{"no reason", Assess{Decision: "significant"}, ErrInvalid, "why"},
		{"not significant without a reason", Assess{Decision: "not_significant", Reason: " "}, ErrInvalid, "why"},
		{"an entity that is not there", Assess{Entity: "acme"}, ErrInvalid, `"acme"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := cloud(t)
			tt.cmd.Person, tt.cmd.ID = by("ana"), first
			n := len(w.entries)
			if _, err := w.try(tt.cmd); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v that says %q", err, tt.want, tt.says)
			}
			if len(w.entries) != n {
				t.Error("a refused assessment left an entry")
			}
		})
	}
	t.Run("a report has gone out", func(t *testing.T) {
		w := cloud(t)
		w.do(Submit{Person: by("ana"), ID: first, Stages: []string{"early_warning"}})
		decide := Assess{Person: by("ana"), ID: first, Decision: "not_significant", Reason: "a drill"}
		w.do(decide)
		if got := w.incident(first).judgement("cloud").Decision; got == DecidedNotSignificant || len(w.incident(first).Withdrawals) != 1 {
			t.Errorf("decided %s, with %d withdrawals to do", got, len(w.incident(first).Withdrawals))
		}
		if _, err := w.try(decide); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "withdrawal or a correction") {
			t.Errorf("got %v", err)
		}
	})
}

// New facts re-open it when they meet a criterion that was not met before; the
// clocks run again as if they had never stopped.
func TestNewFactsReopen(t *testing.T) {
	prove := map[string]struct {
		step   func(*world)
		reopen bool
	}{
		"a criterion becomes met":        {func(w *world) { w.assess("ben", said{"complete_unavailability": "31m"}, "", "") }, true},
		"none becomes met":               {func(w *world) { w.assess("ben", said{"complete_unavailability": "30m"}, "", "") }, false},
		"one that was overruled is told": {func(w *world) { w.assess("ben", said{"death": "possible"}, "", "") }, false},
		"an alert that says malice":      {func(w *world) { w.receive(firing("B", w.now, "pod", "b", "nis2_malicious", "yes")) }, true},
		"an alert that says nothing":     {func(w *world) { w.receive(firing("B", w.now, "pod", "b")) }, false},
		"one that does not fire":         {func(w *world) { w.receive(resolved("B", w.now, w.now, "pod", "b", "nis2_malicious", "yes")) }, false},
		"facts say malice":               {func(w *world) { w.do(SetFacts{Person: by("ben"), ID: first, Malicious: new(classify.Yes)}) }, true},
		"by hand":                        {func(w *world) { w.do(Reopen{Person: by("ben"), ID: first, Reason: "more hosts"}) }, true},
	}
	for name, tt := range prove {
		t.Run(name, func(t *testing.T) {
			w := cloud(t)
			w.assess("ana", said{"death": "possible", "data_compromised": "yes"}, "not_significant", "nobody was in the room")
			was := w.incident(first).Clocks
			dues := make([]time.Time, len(was))
			for n := range was {
				dues[n] = was[n].DueAt
			}
			w.wait(5 * time.Hour)
			tt.step(w)
			v := w.incident(first).View(w.now)
			if !tt.reopen {
				if v.Reportability != ReportNotReportable || v.Clocks[0].State != ClockStopped {
					t.Errorf("re-opened: %s", w.said())
				}
				return
			}
			if v.Reportability != Undecided || v.Significance.Decision != Undecided || v.Clocks[0].State != ClockRunning {
				t.Errorf("not re-opened: %s %s %s", v.Reportability, v.Significance.Decision, v.Clocks[0].State)
			}
			for n, c := range v.Clocks {
				if !c.DueAt.Equal(dues[n]) {
					t.Errorf("%s is due %s, before %s", c.Stage, c.DueAt, dues[n])
				}
			}
			if !strings.HasPrefix(w.said(), "re-opened: ") || !strings.Contains(w.said(), "early_warning due") {
				t.Errorf("the timeline does not say why: %s", w.said())
			}
		})
	}
}

// A person who looked at what an alert claims, and decided, is not overruled by
// the next alert that claims the same.
func TestAnAlertClaimsOnce(t *testing.T) {
	w := cloud(t)
	w.assess("ana", said{"data_compromised": "yes"}, "not_significant", "a test file")
	w.receive(firing("B", w.now, "pod", "b", "nis2_malicious", "yes"))
	if v := w.incident(first).View(w.now); v.Reportability != Undecided {
		t.Fatalf("not re-opened: %s", w.said())
	}
	w.assess("ana", said{"malicious_suspected": "no"}, "not_significant", "it was our own scanner")
	w.wait(time.Hour)
	w.receive(firing("B", w.now, "pod", "c", "nis2_malicious", "yes"))
	if v := w.incident(first).View(w.now); v.Reportability != ReportNotReportable {
		t.Errorf("re-opened again: %s", w.said())
	}
	w.assess("ben", said{"malicious_suspected": "yes"}, "", "")
	if v := w.incident(first).View(w.now); v.Reportability != Undecided {
		t.Errorf("a person's word does not re-open it: %s", w.said())
	}
}

// A criterion that was overruled, then not met, then met again is news.
func TestOverruledWhileMet(t *testing.T) {
	w := cloud(t)
	w.assess("ana", said{"complete_unavailability": "31m"}, "not_significant", "the probe failed, not the service")
	w.assess("ana", said{"complete_unavailability": "5m"}, "", "")
	if w.incident(first).Reportability != ReportNotReportable {
		t.Fatalf("re-opened: %s", w.said())
	}
	w.assess("ben", said{"complete_unavailability": "45m"}, "", "")
	if w.incident(first).Reportability != Undecided {
		t.Errorf("not re-opened: %s", w.said())
	}
}

func TestReopen(t *testing.T) {
	w := opened(t)
	if _, err := w.try(Reopen{Person: by("ana"), ID: first, Reason: "x"}); !errors.Is(err, ErrRefused) {
		t.Errorf("an open incident: %v", err)
	}
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: HandledAt}})
	w.do(MarkNotReportable{by("ana"), first, "below every threshold"})
	w.do(Close{by("ana"), first})
	if _, err := w.try(Reopen{Person: by("ana"), ID: first}); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	w.do(Reopen{Person: by("ben"), ID: first, Reason: "a customer called"})
	v := w.incident(first).View(w.now)
	if v.Status != StatusHandled || v.ClosedAt != nil || v.Reportability != Undecided || v.Clocks[0].State != ClockRunning {
		t.Errorf("%s, closed %v, %s, %s", v.Status, v.ClosedAt, v.Reportability, v.Clocks[0].State)
	}
}

// A clock that runs again on a closed incident would remind nobody.
func TestSignificantAfterAllIsNotClosed(t *testing.T) {
	w := cloud(t)
	w.do(MarkNotReportable{by("ana"), first, "a drill"})
	w.do(Close{by("ana"), first})
	v := w.assess("ben", nil, "significant", "it was no drill")
	if v.Status != Open || v.ClosedAt != nil || v.Reportability != Mandatory || v.Clocks[0].State != ClockRunning {
		t.Errorf("%s, closed %v, %s, %s", v.Status, v.ClosedAt, v.Reportability, v.Clocks[0].State)
	}
}

func TestSecondPerson(t *testing.T) {
	w := cloud(t)
	w.rules.SecondPerson = true
	w.do(MarkNotReportable{by("ana"), first, "a drill"})
	v := w.incident(first).View(w.now)
	if p := v.Significance.Proposed; p == nil || p.By != "ana" || p.Reason != "a drill" || v.Reportability != Undecided || v.Clocks[0].State != ClockRunning {
		t.Fatalf("the clocks run until it is confirmed: %+v %s", p, v.Clocks[0].State)
	}
	if _, err := w.try(MarkNotReportable{by("ana"), first, "a drill"}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "another person") {
		t.Errorf("the same person twice: %v", err)
	}
	if _, err := w.try(Assess{Person: Person{By: Actor{Name: "ana", Via: "cli"}}, ID: first, Decision: "not_significant", Reason: "x"}); !errors.Is(err, ErrRefused) {
		t.Errorf("the same person by another route: %v", err)
	}
	v = w.assess("ben", nil, "not_significant", "") // confirms with the reason given
	if v.Reportability != ReportNotReportable || *v.Significance.By != "ben" || v.Significance.Reason != "a drill" || v.Significance.Proposed != nil {
		t.Errorf("confirmed: %s %+v", v.Reportability, v.Significance)
	}
	if !strings.Contains(w.said(), "proposed by ana") {
		t.Errorf("the entry does not name both: %s", w.said())
	}

	w = cloud(t)
	w.rules.SecondPerson = true
	w.assess("ana", nil, "not_significant", "a drill")
	w.assess("ana", said{"complete_unavailability": "31m"}, "", "")
	if p := w.incident(first).View(w.now).Significance.Proposed; p != nil {
		t.Error("a proposal outlives facts that contradict it")
	}
	if v := w.assess("ana", nil, "significant", "down for long"); v.Reportability != Mandatory {
		t.Errorf("that it is significant takes one person: %s", v.Reportability)
	}
}

// What one entity, or NIS2, decides leaves the others' clocks alone.
func TestDecisionReachesItsOwnClocks(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.rules.Tracks = []Track{
		{Entity: "acme", Regimes: []regime.ID{"nis2", "gdpr"}, Types: []significance.EntityType{"online_marketplace"}, Place: regime.Place{Zone: time.UTC}},
		{Entity: "grid", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}},
	}
	w.receive(firing("B", w.now))
	if _, err := w.try(Assess{Person: by("ana"), ID: first}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "acme, grid") {
		t.Errorf("no entity named: %v", err)
	}
	states := func() string {
		var out []string
		for _, c := range w.incident(first).View(w.now).Clocks {
			if c.Stage == "early_warning" || c.Stage == "notification" && c.Regime == "gdpr" {
				out = append(out, c.Entity+"/"+string(c.Regime)+":"+c.State)
			}
		}
		return strings.Join(out, " ")
	}
	w.do(Assess{Person: by("ana"), ID: first, Entity: "acme", Decision: "not_significant", Reason: "few users"})
	if got := states(); got != "acme/nis2:stopped acme/gdpr:running grid/nis2:running" {
		t.Errorf("after acme's decision: %s", got)
	}
	if v := w.incident(first).View(w.now); v.Reportability != Undecided || v.Significance.Decision != Undecided || len(v.Significance.Entities) != 2 {
		t.Errorf("%s %+v", v.Reportability, v.Significance)
	}
	w.do(MarkNotReportable{by("ana"), first, "no personal data, no disruption"})
	if got := states(); got != "acme/nis2:stopped acme/gdpr:stopped grid/nis2:stopped" {
		t.Errorf("after the whole was decided: %s", got)
	}
	w.do(Assess{Person: by("ana"), ID: first, Entity: "grid", Decision: "significant", Reason: "the substation tripped"})
	if got, v := states(), w.incident(first).View(w.now); got != "acme/nis2:stopped acme/gdpr:stopped grid/nis2:running" || v.Reportability != Mandatory || v.Significance.Entity != "grid" {
		t.Errorf("after grid's decision: %s, %s for %s", got, v.Reportability, v.Significance.Entity)
	}
}

// An old journal's decision reads as it did.
func TestRetiredNotReportable(t *testing.T) {
	w := opened(t)
	e := Entry{Seq: w.state.Size, At: w.now, Kind: NotReportable{}.Kind(), About: first, Event: NotReportable{Meta: by("ana").metaFor(first), Reason: "a drill"}}
	w.state.Apply(e)
	w.entries = append(w.entries, e)
	v := w.incident(first).View(w.now)
	if v.Reportability != ReportNotReportable || v.Significance.Decision != DecidedNotSignificant || *v.Significance.By != "ana" || v.Clocks[0].State != ClockStopped {
		t.Errorf("%s %+v", v.Reportability, v.Significance)
	}
}

// A stage that is new after the decision is no more owed than the others.
func TestNewStagesStayStopped(t *testing.T) {
	w := opened(t)
	w.do(MarkNotReportable{by("ana"), first, "a drill"})
	w.wait(90 * 24 * time.Hour)
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: HandledAt}})
	for _, c := range w.incident(first).Clocks {
		if c.Open() {
			t.Errorf("%s runs", c.Stage)
		}
	}
}

func TestRecurringSets(t *testing.T) {
	w := cloud(t)
	w.assess("ana", said{"root_cause": "full disk", "financial_loss_eur": "300k"}, "not_significant", "small")
	w.wait(30 * 24 * time.Hour)
	w.receive(firing("C", w.now))
	second := ID("INC-2026-0002")
	w.do(Assess{Person: by("ana"), ID: second, Facts: said{"root_cause": "Full  disk"}})
	sets, err := w.rules.Recurring(w.state, "")
	if err != nil || len(sets) != 1 || sets[0].Result != significance.Unknown || !slices.Equal(sets[0].WithoutLoss, []string{"INC-2026-0002"}) {
		t.Fatalf("%+v, %v", sets, err)
	}
	w.do(Assess{Person: by("ana"), ID: second, Facts: said{"financial_loss_eur": "200001"}})
	if met := w.incident(second).View(w.now).Significance.Advice.Met; !slices.Equal(met, []string{"recurring"}) {
		t.Errorf("met %v: the record counts what recurs", met)
	}
	if sets, _ := w.rules.Recurring(w.state, "default"); len(sets) != 1 || sets[0].Result != significance.Met {
		t.Errorf("%+v", sets)
	}
	if _, err := w.rules.Recurring(w.state, "acme"); !errors.Is(err, ErrNoEntity) {
		t.Errorf("an entity there is none of: %v", err)
	}
}

func TestAssessmentAsksNext(t *testing.T) {
	w := cloud(t)
	a, err := w.rules.Assessment(w.state, first, "", said{"scheduled_maintenance": "no", "users_limited": "unknown"}, []significance.FactID{"financial_loss_eur"})
	if err != nil || a.Next == nil || a.Next.Fact != significance.PotentialLoss {
		t.Fatalf("next %+v, %v", a.Next, err)
	}
	for _, q := range a.Questions {
		if q.Fact == "misconfigured_names" || q.Fact == "relying_parties_in_union" {
			t.Errorf("%s does not matter for a cloud provider", q.Fact)
		}
		if q.Fact == significance.UsersInUnion && (q.Answer == nil || q.Shown != "200 000") {
			t.Errorf("users in the Union: %+v", q)
		}
	}
	if w.incident(first).Judgements != nil {
		t.Error("asking changed the record")
	}
	if _, err := w.rules.Assessment(w.state, first, "", said{"death": "perhaps"}, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a supposed value that cannot be read: %v", err)
	}
}
