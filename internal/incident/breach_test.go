package incident

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/regime"
)

// saas is a processor with three contracts, and controller of its staff's data.
func saas() Track {
	return Track{
		Entity: "saas", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC},
		DataSets: []DataSet{
			{Name: "tickets", Role: Processor, Categories: []string{"contact details"}},
			{Name: "payroll", Role: Processor},
			{Name: "staff", Role: Controller},
		},
		Contracts: []Contract{
			{Name: "c-north", Controller: "North Hospital", NotifyWithin: 24 * time.Hour, DataSets: []string{"tickets"}, Source: "clause 9.2"},
			{Name: "c-south", Controller: "South City", NotifyWithin: 48 * time.Hour, DataSets: []string{"tickets", "payroll"}},
			{Name: "c-west", Controller: "West Bank", DataSets: []string{"payroll"}},
		},
	}
}

// processing is an incident of a processor, detected at 10:00, one hour ago.
func processing(t *testing.T) *world {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.rules.Tracks = []Track{saas()}
	w.receive(firing("B", w.now))
	w.wait(time.Hour)
	return w
}

func sets(names ...string) *[]DataSet {
	out := make([]DataSet, len(names))
	for n, name := range names {
		out[n].Name = name
	}
	return &out
}

func (w *world) breach(f BreachFacts) {
	w.t.Helper()
	w.do(RecordBreach{Person: by("ana"), ID: first, Facts: f})
}

// notices are the clocks towards controllers, by contract.
func (w *world) notices() map[string]*Clock {
	out := map[string]*Clock{}
	for n := range w.incident(first).Clocks {
		if c := w.incident(first).Clocks[n]; c.Regime == GDPRProcessor {
			out[c.Counterparty] = &c
		}
	}
	return out
}

func TestWhichContractsAreConcerned(t *testing.T) {
	for _, tt := range []struct {
		name        string
		data        *[]DataSet
		controllers *[]string
		want        string
	}{
		{"one data set of two contracts", sets("tickets"), nil, "c-north c-south"},
		{"another", sets("payroll"), nil, "c-south c-west"},
		{"both", sets("tickets", "payroll"), nil, "c-north c-south c-west"},
		{"data of its own", sets("staff"), nil, ""},
		{"data that no contract names may be anybody's", &[]DataSet{{Name: "logs", Role: Processor}}, nil, "c-north c-south c-west"},
		{"narrowed down by controller", sets("tickets"), &[]string{"North Hospital"}, "c-north"},
		{"narrowed down by contract", sets("tickets"), &[]string{"c-south"}, "c-south"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := processing(t)
			w.breach(BreachFacts{DataSets: tt.data, Controllers: tt.controllers})
			var got []string
			for name := range w.notices() {
				got = append(got, name)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("notices owed under %v, want %s", got, tt.want)
			}
		})
	}
}

// The target runs from detection, the due instant from awareness of the
// breach, each in the contract's own hours.
func TestNoticeClocks(t *testing.T) {
	w := processing(t)
	w.breach(BreachFacts{DataSets: sets("tickets", "payroll")})
	detected := at("2026-11-20T10:00:00Z")
	for name, want := range map[string]time.Duration{"c-north": 24 * time.Hour, "c-south": 48 * time.Hour} {
		if c := w.notices()[name]; !c.TargetAt.Equal(detected.Add(want)) || !c.DueAt.Equal(detected.Add(want)) || c.Basis != "detection" {
			t.Errorf("%s before awareness: %+v", name, c)
		}
	}
	aware := at("2026-11-20T10:45:00Z")
	w.breach(BreachFacts{AwareAt: &aware})
	c := w.notices()["c-north"]
	if !c.TargetAt.Equal(detected.Add(24*time.Hour)) || !c.DueAt.Equal(aware.Add(24*time.Hour)) || c.Basis != "awareness" || !c.OuterReadingAt.IsZero() {
		t.Errorf("after awareness: %+v", c)
	}
	if c.Title != "Notice to North Hospital" || c.Source != "GDPR Art. 33(2); contract c-north, clause 9.2" || c.ClockID.String() != "saas/gdpr_processor/controller_notice/c-north" {
		t.Errorf("%s from %q, id %s", c.Title, c.Source, c.ClockID)
	}
	// A contract without a figure: owed at once and never said to be late.
	open := w.notices()["c-west"]
	if !open.DueAt.IsZero() || !open.Deadline().Equal(detected) || open.Late(w.now.AddDate(1, 0, 0)) || open.State(w.now) != ClockRunning {
		t.Errorf("without a figure: %+v", open)
	}
	if !strings.HasSuffix(open.Source, "without undue delay, no figure agreed") {
		t.Errorf("source %q", open.Source)
	}
}

// What is empty stays as it was before clocks had counterparties.
func TestClockIDWithoutCounterparty(t *testing.T) {
	id := ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}
	raw, err := Encode(Intended{Effect: Effect{Key: "k", Clock: id}})
	if err != nil {
		t.Fatal(err)
	}
	if id.String() != "default/nis2/early_warning" || !strings.Contains(string(raw), `"clock":{"entity":"default","regime":"nis2","stage":"early_warning"}`) {
		t.Errorf("%s, %s", id, raw)
	}
}

func TestControllersAreToldOneByOne(t *testing.T) {
	w := processing(t)
	w.breach(BreachFacts{DataSets: sets("tickets")})
	if _, err := w.try(Submit{Person: by("ana"), ID: first, Regime: "gdpr_processor", Stages: []string{"controller_notice"}}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "North Hospital, South City") {
		t.Errorf("told nobody in particular: %v", err)
	}
	if _, err := w.try(Submit{Person: by("ana"), ID: first, Controller: "West Bank"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("told a controller that is not concerned: %v", err)
	}
	w.do(Submit{Person: by("ana"), ID: first, Controller: "North Hospital", Submission: Submission{Channel: "e-mail", Reference: "mail 17", SHA256: "ab"}})
	if n := w.notices(); n["c-north"].State(w.now) != ClockSubmitted || n["c-south"].State(w.now) != ClockRunning {
		t.Errorf("north %s, south %s", n["c-north"].State(w.now), n["c-south"].State(w.now))
	}
	w.wait(47 * time.Hour) // the contract with 48 h: exactly at its end
	w.do(Submit{Person: by("ben"), ID: first, Controller: "c-south"})
	v := w.incident(first).View(w.now)
	list := v.Breaches[0].Controllers
	if len(list) != 2 || list[0].Controller != "North Hospital" || list[0].By != "ana" || list[0].SHA256 != "ab" || list[0].Late || !list[1].Late {
		t.Errorf("told: %+v", list)
	}
	if s := v.Submissions; len(s) != 2 || s[0].To != "North Hospital" || s[1].To != "South City" || s[1].RecordedBy != "ben" {
		t.Errorf("submissions: %+v", s)
	}
	for _, c := range v.Clocks {
		if c.Regime == "nis2" && c.SubmittedAt != nil {
			t.Error("telling a controller closed a report to the authority")
		}
	}
}

// A contract that turns out not to be concerned stops with that reason and
// starts again when it is after all; one that was told stays told.
func TestControllersConcernedChange(t *testing.T) {
	w := processing(t)
	w.breach(BreachFacts{DataSets: sets("tickets")})
	due := w.notices()["c-south"].DueAt
	w.do(Submit{Person: by("ana"), ID: first, Controller: "c-north"})
	w.breach(BreachFacts{Controllers: &[]string{"c-north"}})
	w.do(SetDate{Person: by("ana"), ID: first, Date: DateID{Date: HandledAt}}) // all clocks are computed anew
	if c := w.notices()["c-south"]; c.State(w.now) != ClockStopped || !strings.Contains(c.Stopped, "not concerned") {
		t.Errorf("not concerned: %+v", c)
	}
	if v := w.incident(first).View(w.now).Breaches[0].Controllers; v[1].Concerned {
		t.Errorf("still concerned: %+v", v[1])
	}
	// By now the contract has another period: what was owed is what is owed.
	w.rules.Tracks[0].Contracts[1].NotifyWithin = 500 * time.Hour
	w.breach(BreachFacts{Controllers: &[]string{}})
	n := w.notices()
	if c := n["c-south"]; c.State(w.now) != ClockRunning || !c.DueAt.Equal(due) {
		t.Errorf("concerned again: %+v, want due %s", c, due)
	}
	if n["c-north"].State(w.now) != ClockSubmitted {
		t.Errorf("told before: %s", n["c-north"].State(w.now))
	}
}

// Settings that change or go away take no duty along.
func TestNoticeOutlivesItsContract(t *testing.T) {
	w := processing(t)
	w.breach(BreachFacts{DataSets: sets("tickets")})
	w.rules.Tracks[0].Contracts = nil
	w.do(SetDate{Person: by("ana"), ID: first, At: w.now, Date: DateID{Date: AwareAt}})
	if n := w.notices(); len(n) != 2 || !n["c-north"].Open() {
		t.Errorf("notices %v", n)
	}
}

// A processor owes the authority nothing; a controller 72 hours, unless a risk
// is unlikely, with the reason kept.
func TestControllersClock(t *testing.T) {
	risk := func(r Risk, why string) BreachFacts { return BreachFacts{Risk: &r, RiskReason: &why} }
	w := processing(t)
	notification := ClockID{Entity: "saas", Regime: "gdpr", Stage: "notification"}
	w.breach(BreachFacts{DataSets: sets("tickets")})
	if _, ok := w.incident(first).Clock(notification); ok {
		t.Error("a processor got the controller's clock")
	}
	if v := w.incident(first).View(w.now).Breaches[0]; v.Notified || !strings.Contains(v.Reason, "processor of every data set") {
		t.Errorf("not notified because: %s", v.Reason)
	}
	w.breach(BreachFacts{DataSets: sets("tickets", "staff")})
	c, ok := w.incident(first).Clock(notification)
	if !ok || c.State(w.now) != ClockRunning || !c.DueAt.Equal(at("2026-11-23T10:00:00Z")) {
		t.Fatalf("controller's clock: %+v", c)
	}
	aware := at("2026-11-20T10:30:00Z")
	w.breach(BreachFacts{AwareAt: &aware})
	if c, _ = w.incident(first).Clock(notification); !c.DueAt.Equal(aware.Add(72*time.Hour)) || !c.TargetAt.Equal(at("2026-11-23T10:00:00Z")) {
		t.Errorf("after awareness of the breach: %+v", c)
	}
	w.breach(risk(RiskUnlikely, "encrypted, the key is safe"))
	c, _ = w.incident(first).Clock(notification)
	v := w.incident(first).View(w.now).Breaches[0]
	if c.State(w.now) != ClockStopped || !strings.HasSuffix(v.Reason, "encrypted, the key is safe") {
		t.Errorf("risk unlikely: clock %s, reason %q", c.State(w.now), v.Reason)
	}
	w.breach(risk(RiskHigh, "the key was on the same disk"))
	if c, _ = w.incident(first).Clock(notification); c.State(w.now) != ClockRunning {
		t.Errorf("risk high: clock %s", c.State(w.now))
	}
	w.do(Submit{Person: by("ana"), ID: first, Regime: "gdpr", Stages: []string{"notification"}, Submission: Submission{Reference: "DPA-9"}})
	reg := w.state.Breaches(w.now)
	if len(reg) != 1 || !reg[0].Notified || *reg[0].Reference != "DPA-9" || reg[0].Reason != "" || reg[0].Incident != first {
		t.Errorf("register: %+v", reg)
	}
	if h := reg[0].History; len(h) != 5 || !strings.Contains(h[3].Text, "risk: unlikely; because: encrypted") || h[3].By != "ana" {
		t.Errorf("history: %+v", h)
	}
}

// That an incident is not significant under NIS2 says nothing about personal
// data.
func TestNotReportableLeavesGDPRAlone(t *testing.T) {
	w := processing(t)
	w.breach(BreachFacts{DataSets: sets("tickets", "staff")})
	w.do(Submit{Person: by("ana"), ID: first, Controller: "c-north"})
	w.do(MarkNotReportable{by("ben"), first, "below every threshold"})
	for _, c := range w.incident(first).Clocks {
		want := ClockRunning
		switch {
		case c.Regime == "nis2":
			want = ClockStopped
		case c.Counterparty == "c-north":
			want = ClockSubmitted
		}
		if got := c.State(w.now); got != want {
			t.Errorf("%s is %s, want %s", c.ClockID, got, want)
		}
	}
	if _, err := w.try(Close{by("ben"), first}); !errors.Is(err, ErrRefused) {
		t.Errorf("closed with notices open: %v", err)
	}
}

// A breach found after the decision still starts its own clocks, and none of
// the others.
func TestBreachFoundAfterNotReportable(t *testing.T) {
	w := processing(t)
	w.rules.Tracks[0].Regimes = []regime.ID{"nis2", "gdpr"}
	w.do(Declare{Person: by("ana"), Title: "two", DetectedAt: w.now})
	const second ID = "INC-2026-0002"
	w.do(MarkNotReportable{by("ben"), second, "below every threshold"})
	w.do(RecordBreach{Person: by("ana"), ID: second, Facts: BreachFacts{DataSets: sets("staff", "payroll")}})
	open := 0
	for _, c := range w.incident(second).Clocks {
		if c.Open() {
			open++
		}
		if c.Open() != (c.Regime == "gdpr" || c.Regime == GDPRProcessor) {
			t.Errorf("%s is %s", c.ClockID, c.State(w.now))
		}
	}
	if open != 3 {
		t.Errorf("%d clocks are open, want the authority's and two controllers'", open)
	}
}

func TestBreachRefusals(t *testing.T) {
	future, past := at("2026-11-20T11:00:01Z"), at("2026-11-20T10:30:00Z")
	minus, text, none := int64(-1), "x", ""
	risk, odd := RiskLikely, Risk("some")
	for _, tt := range []struct {
		name   string
		entity string
		facts  BreachFacts
		says   string
	}{
		{"nothing", "", BreachFacts{}, "nothing is said"},
		{"no data set yet", "", BreachFacts{Nature: &text}, "tickets, payroll, staff"},
		{"unknown entity", "other", BreachFacts{DataSets: sets("tickets")}, "saas"},
		{"a data set without a role", "", BreachFacts{DataSets: sets("logs")}, "say logs=controller or logs=processor"},
		{"a role against the settings", "", BreachFacts{DataSets: &[]DataSet{{Name: "staff", Role: Processor}}}, "controller by the settings"},
		{"awareness in the future", "", BreachFacts{DataSets: sets("staff"), AwareAt: &future}, "future"},
		{"fewer than none", "", BreachFacts{DataSets: sets("staff"), Subjects: &Approximately{Number: &minus}}, "less than none"},
		{"risk without a reason", "", BreachFacts{DataSets: sets("staff"), Risk: &risk}, "risk_reason"},
		{"risk with an empty reason", "", BreachFacts{DataSets: sets("staff"), Risk: &risk, RiskReason: &none}, "risk_reason"},
		{"unknown risk", "", BreachFacts{DataSets: sets("staff"), Risk: &odd, RiskReason: &text}, "unlikely"},
		{"advice by nobody", "", BreachFacts{DataSets: sets("staff"), Advice: &Advice{Text: "notify", At: past}}, "officer"},
		{"advice in the future", "", BreachFacts{DataSets: sets("staff"), Advice: &Advice{By: "dpo", Text: "notify", At: future}}, "future"},
		{"not informing without a reason", "", BreachFacts{DataSets: sets("staff"), Informing: &Informing{Decision: DoNotInform}}, "Art. 34(3)"},
		{"informed, but not to be", "", BreachFacts{DataSets: sets("staff"), Informing: &Informing{Decision: InformNotYet, Reason: "x", At: past}}, "not_yet"},
		{"another answer", "", BreachFacts{DataSets: sets("staff"), Informing: &Informing{Decision: "maybe"}}, "not_yet"},
		{"told by nobody", "", BreachFacts{DataSets: sets("staff"), ToldBy: &ToldBy{At: past}}, "processor"},
		{"a controller without a contract", "", BreachFacts{DataSets: sets("tickets"), Controllers: &[]string{"East"}}, "East"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := processing(t)
			n := len(w.entries)
			_, err := w.try(RecordBreach{Person: by("ana"), ID: first, Entity: tt.entity, Facts: tt.facts})
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a refusal that says %q", err, tt.says)
			}
			if len(w.entries) != n {
				t.Error("a refused command left an entry")
			}
		})
	}
	w := processing(t)
	w.breach(BreachFacts{DataSets: sets("staff"), AwareAt: &past})
	earlier := at("2026-11-20T10:15:00Z")
	if _, err := w.try(RecordBreach{Person: by("ana"), ID: first, Facts: BreachFacts{AwareAt: &earlier}}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "10:30") {
		t.Errorf("awareness changed without a reason: %v", err)
	}
	w.breach(BreachFacts{AwareAt: &earlier, Reason: &text})
}

// Personal data found to be concerned after the end opens the incident again
// where something is owed; what is only added to the register does not.
func TestBreachOfAClosedIncident(t *testing.T) {
	w := processing(t)
	w.do(MarkNotReportable{by("ben"), first, "below every threshold"})
	w.do(Close{by("ben"), first})
	w.breach(BreachFacts{DataSets: sets("tickets")})
	if i := w.incident(first); i.Status != Open || !i.ClosedAt.IsZero() {
		t.Errorf("%s, closed at %s, with notices owed", i.Status, i.ClosedAt)
	}
	w.do(Submit{Person: by("ana"), ID: first, Controller: "c-north"})
	w.do(Submit{Person: by("ana"), ID: first, Controller: "c-south"})
	w.do(Close{by("ben"), first})
	text := "the dump was deleted"
	w.breach(BreachFacts{Measures: &text})
	if i := w.incident(first); i.Status != StatusClosed {
		t.Errorf("%s after a word for the register", i.Status)
	}
}

// Without data sets of its own in the settings, a name in a contract is data
// that the entity processes.
func TestContractsNameTheData(t *testing.T) {
	w := processing(t)
	w.rules.Tracks[0].DataSets = nil
	w.breach(BreachFacts{DataSets: sets("tickets")})
	if n := w.notices(); len(n) != 2 || w.incident(first).Breach("saas").DataSets[0].Role != Processor {
		t.Errorf("notices %v", n)
	}
}
