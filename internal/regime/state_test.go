package regime

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// Every State of the Union says where its clocks come from and how sure they are.
func TestBuiltinStates(t *testing.T) {
	states := Builtin().States()
	if len(states) != 27 {
		t.Errorf("got %d States, want 27", len(states))
	}
	none := ""
	for _, s := range states {
		zone(t, s.Zone)
		law, ok := Builtin().In(s.Regime, s.Code)
		if !ok || s.Regime != "nis2" {
			t.Errorf("%s: no law on %s", s.Code, s.Regime)
		}
		if s.Holidays != s.Code {
			t.Errorf("%s has the holidays of %s", s.Code, s.Holidays)
		}
		if !s.InForce {
			none += s.Code + " "
		}
		for _, stage := range law.Stages {
			rules := []Rule{stage.Rule}
			for _, e := range stage.Except {
				rules = append(rules, e.Rule)
			}
			for _, r := range rules {
				if s.InForce == strings.Contains(r.Source, "no act") || strings.Contains(r.Source, s.Act) != s.InForce && r.Confidence != Verified {
					t.Errorf("%s %s: source is %q", s.Code, stage.ID, r.Source)
				}
				if s.Confidence == Memory && r.Confidence != Memory {
					t.Errorf("%s %s: %s, but the State is %s", s.Code, stage.ID, r.Confidence, s.Confidence)
				}
			}
		}
	}
	if want := "ES FR IE "; none != want {
		t.Errorf("no act in force in %s, want %s", none, want)
	}
	for code, want := range map[string]Confidence{"AT": Verified, "DE": Verified, "FI": Verified, "CY": Secondary, "PT": Secondary, "HU": Memory, "PL": Memory, "HR": Memory} {
		if s, _ := Builtin().State(code); s.Confidence != want {
			t.Errorf("%s: confidence is %s, want %s", code, s.Confidence, want)
		}
	}
	if _, ok := Builtin().State("EL"); ok {
		t.Error("got a State EL")
	}
}

// Where a State differs from the Directive, and nowhere else.
func TestStatesDiffer(t *testing.T) {
	want := map[string][]string{
		"CY": {"early_warning: 6 hours from awareness"},
		"CZ": {
			"progress_report: 30 days from submission of notification, conservative from submission of early_warning",
			"final_report: 30 days from submission of notification, conservative from submission of early_warning",
		},
		"FI": {"early_warning: 24 hours from detection", "notification: 72 hours from detection", "notification if trust_service_affected: 24 hours from detection"},
		"HR": {"progress_report: 30 days from submission of notification", "final_report: 30 days from submission of notification"},
		"LT": {
			"progress_report: 1 month from submission of notification, conservative from submission of early_warning",
			"final_report: 1 month from submission of notification, conservative from submission of early_warning",
		},
		"LU": {"early_warning: 24 hours from detection"},
		"PT": {
			"end_of_impact_notification: 24 hours from impact_end",
			"progress_report: 30 working days from submission of end_of_impact_notification",
			"final_report: 30 working days from submission of end_of_impact_notification",
		},
		"SI": {"notification if trust_service_affected: 24 hours from detection"},
	}
	directive, _ := Builtin().Regime("nis2")
	known := map[string]bool{}
	for _, text := range texts(directive) {
		known[text] = true
	}
	got := map[string][]string{}
	for _, s := range Builtin().States() {
		law, _ := Builtin().In("nis2", s.Code)
		for _, text := range texts(law) {
			if !known[text] {
				got[s.Code] = append(got[s.Code], text)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func texts(r Regime) []string {
	var all []string
	text := func(name string, r Rule) {
		s := name + ": " + Limit{r.Period, r.Anchor}.String()
		if r.ConservativeAnchor != (Anchor{}) {
			s += ", conservative from " + r.ConservativeAnchor.String()
		}
		all = append(all, s)
	}
	for _, s := range r.Stages {
		text(string(s.ID), s.Rule)
		for _, e := range s.Except {
			text(string(s.ID)+" if "+string(e.If), e.Rule)
		}
	}
	return all
}

func TestIn(t *testing.T) {
	gdpr, _ := Builtin().Regime("gdpr")
	if got, ok := Builtin().In("gdpr", "CY"); !ok || !cmp.Equal(got, gdpr) {
		t.Errorf("GDPR in CY: got %v, %v", got, ok)
	}
	for _, tt := range []struct {
		id    ID
		state string
	}{{"nis3", "CY"}, {"nis2", "EL"}, {"nis2", ""}} {
		if _, ok := Builtin().In(tt.id, tt.state); ok {
			t.Errorf("got %s in %q", tt.id, tt.state)
		}
	}
	// Asking for a State changes nothing elsewhere.
	law, _ := Builtin().Regime("nis2")
	if s, _ := law.Stage("notification"); s.Source != "Directive (EU) 2022/2555 Art. 23(4)(b)" || s.Anchor.Event != FromAwareness {
		t.Errorf("NIS2 itself cites %q from %s", s.Source, s.Anchor)
	}
}

// Lithuania's law by its letter: the month runs from the early warning, and the outer reading waits for the notification.
func TestLithuania(t *testing.T) {
	law, _ := Builtin().In("nis2", "LT")
	f := Facts{AwareAt: instant(t, "2026-03-10T08:15:00Z"), Submitted: map[StageID]Submission{"early_warning": {LoggedAt: instant(t, "2026-03-10T12:00:00Z")}}}
	for _, c := range law.Explained(f, Place{Zone: zone(t, "Europe/Vilnius")}) {
		if c.Stage != "final_report" {
			continue
		}
		want := "final_report | submission | 2026-03-10T12:00:00Z | 2026-04-10T07:15:00Z | 2026-04-10T11:00:00Z | -"
		if got := line(c); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

const goodState = `state: XX
name: Somewhere
zone: Europe/Vienna
holidays: XX
languages: [de, fr]
act: Act 9
in_force: true
since: 2026-01-01
authority: Office
portal: Portal
source: here
confidence: secondary
reviewed: 2026-11-22
notes:
  - A note
regime: one
start: detection
hour_rounding: none
stages:
  - id: second
    period: 3 days
  - id: third
    before: second
    title: Third
    period: 9 hours
    from: submission of first
    source: Art. 4
    confidence: memory
`

func TestOverlay(t *testing.T) {
	set, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(good)}, "states/xx.yaml": {Data: []byte(goodState)}})
	if err != nil {
		t.Fatal(err)
	}
	state, _ := set.State("XX")
	want := State{
		Code: "XX", Name: "Somewhere", Zone: "Europe/Vienna", Holidays: "XX", Languages: []string{"de", "fr"},
		Act: "Act 9", InForce: true, Since: "2026-01-01", Authority: "Office", Portal: "Portal", Regime: "one",
		Notes: []string{"A note"}, Source: "here", Confidence: Secondary, Reviewed: "2026-11-22",
	}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("State (-want +got):\n%s", diff)
	}
	law, _ := set.In("one", "XX")
	first := Rule{ClockName: "first", Period: Period{5, Hours}, Anchor: Anchor{Event: FromDetection}, ExactHours: true,
		Source: "XX, Act 9; for Art. 1", Confidence: Secondary}
	third := Rule{ClockName: "third", Period: Period{9, Hours}, Anchor: Anchor{Event: FromSubmission, Stage: "first"}, ExactHours: true,
		Source: "Art. 4", Confidence: Memory}
	second := Rule{ClockName: "second", Period: Period{3, Days}, Anchor: Anchor{Event: FromSubmission, Stage: "first"}, ExactHours: true,
		Source: "XX, Act 9; for Art. 2", Confidence: Secondary}
	except := Rule{ClockName: "second", Period: Period{1, Months}, Anchor: Anchor{Event: FromHandling}, ExactHours: true,
		Source: "XX, Act 9; for Art. 3", Confidence: Secondary}
	stages := []Stage{
		{ID: "first", Title: "First", Rule: first},
		{ID: "third", Title: "Third", Rule: third},
		{ID: "second", Title: "Second", OnlyIf: OngoingWhenDue, Rule: second, Except: []Exception{{TrustServiceAffected, except}}},
	}
	if diff := cmp.Diff(stages, law.Stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}

func TestStateRefused(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"an unknown key", "name: Some", "title: Some", `:2: unknown field "title"`},
		{"an unknown key of a stage", "    period: 3 days", "    perod: 3 days", `:21: unknown field "perod"`},
		{"no code", "state: XX\n", "", ":1: state is missing"},
		{"a bad code", "state: XX", "state: xx", `:1: state: bad State "xx"`},
		{"an unknown zone", "Europe/Vienna", "Europe/Viena", `:3: zone: unknown zone "Europe/Viena"`},
		{"the host's zone", "Europe/Vienna", "Local", `:3: zone: unknown zone "Local"`},
		{"a bad language", "[de, fr]", "[de, french]", `:5: languages: bad code "french"`},
		{"no language", "[de, fr]", "[]", `:5: languages are missing`},
		{"in force or not", "in_force: true\n", "", ":1: in_force is missing"},
		{"a bad truth", "in_force: true", "in_force: maybe", ":7: "},
		{"a bad date", "2026-01-01", "January", `:8: since: bad date "January"`},
		{"an unknown confidence", "confidence: secondary", "confidence: M", `:12: confidence: unknown confidence "M"`},
		{"an unknown regime", "regime: one", "regime: two", `:16: regime: no regime "two" is known`},
		{"an unknown start", "start: detection", "start: detected", `:17: start: unknown "detected": want detection`},
		{"an unknown rounding", "hour_rounding: none", "hour_rounding: up", `:18: hour_rounding: unknown "up"`},
		{"a bad period", "3 days", "3 dayz", `:21: period: bad period "3 dayz"`},
		{"an anchor that does not exist", "    period: 3 days", "    from: submission of fourth", `:21: stage "second" is counted from the submission of "fourth"`},
		{"an anchor to itself", "    period: 3 days", "    conservative_from: submission of second", `:21: stage "second" is counted from the submission of "second"`},
		{"a place for a stage that has one", "    period: 3 days", "    before: first", `:21: before: stage "second" has its place already`},
		{"a place before no stage", "before: second", "before: fourth", `:23: before: one has no stage "fourth"`},
		{"a stage listed twice", "id: third", "id: second", `stage "second" is listed twice`},
		{"an added stage without source", "    source: Art. 4\n", "", ":22: source is missing"},
		{"an exception without condition", "    period: 3 days", "    except: [{period: 1 day, from: handling, source: x, confidence: memory}]", ":21: if is missing"},
		{"an empty file", goodState, "", ":1: the file is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken := strings.Replace(goodState, tt.from, tt.to, 1)
			if broken == goodState {
				t.Fatal("the table breaks nothing")
			}
			set, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(good)}, "states/xx.yaml": {Data: []byte(broken)}})
			if err == nil || set != nil {
				t.Fatalf("got %v, %v, want nothing and an error", set, err)
			}
			if first, _, _ := strings.Cut(err.Error(), "\n"); !strings.HasPrefix(first, "states/xx.yaml:") || !strings.Contains(first, tt.want) {
				t.Errorf("got error\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

// An operator's folder adds and overrides, and leaves the set it began with alone.
func TestWith(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	base, err := Load(fstest.MapFS{"a.yaml": file(good), "states/xx.yaml": file(goodState)})
	if err != nil {
		t.Fatal(err)
	}
	period := func(s *Set, stage StageID) string {
		law, ok := s.In("one", "XX")
		if !ok {
			t.Fatal("no law in XX")
		}
		found, _ := law.Stage(stage)
		return found.Period.String()
	}
	// The regime is overridden, and the State's overlay applies to it as it now is.
	longer, err := base.With(fstest.MapFS{"mine.yaml": file(strings.Replace(good, "5 hours", "7 hours", 1))})
	if err != nil {
		t.Fatal(err)
	}
	if got := period(longer, "first") + ", " + period(longer, "second"); got != "7 hours, 3 days" {
		t.Errorf("overridden regime: got %s", got)
	}
	shorter, err := longer.With(fstest.MapFS{"states/mine.yaml": file(strings.Replace(goodState, "3 days", "2 days", 1))})
	if err != nil {
		t.Fatal(err)
	}
	if got := period(shorter, "first") + ", " + period(shorter, "second"); got != "7 hours, 2 days" {
		t.Errorf("overridden State: got %s", got)
	}
	more, err := base.With(fstest.MapFS{
		"b.yaml":         file(strings.Replace(good, "id: one", "id: two", 1)),
		"states/yy.yaml": file(strings.NewReplacer("XX", "YY", "regime: one", "regime: two").Replace(goodState)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(more.Regimes()) != 2 || len(more.States()) != 2 || len(base.Regimes()) != 1 || len(base.States()) != 1 {
		t.Errorf("added: got %d regimes and %d States, and left %d and %d", len(more.Regimes()), len(more.States()), len(base.Regimes()), len(base.States()))
	}
	digests := map[string]bool{}
	for _, s := range []*Set{base, longer, shorter, more} {
		digests[s.Digest()] = true
	}
	if len(digests) != 4 || period(base, "first") != "5 hours" {
		t.Errorf("got %d digests of 4 sets, and the first stage of the first runs %s", len(digests), period(base, "first"))
	}

	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"an empty folder":         {fstest.MapFS{}, "no .yaml file there"},
		"a mistake":               {fstest.MapFS{"b.yaml": file("id: two\n")}, "b.yaml:1: title is missing"},
		"a mistake in a State":    {fstest.MapFS{"states/yy.yaml": file("state: YY\n")}, "states/yy.yaml:1: name is missing"},
		"a State twice":           {fstest.MapFS{"states/a.yaml": file(goodState), "states/b.yaml": file(goodState)}, `states/b.yaml:1: State "XX" is defined in states/a.yaml already`},
		"an overlay that misfits": {fstest.MapFS{"b.yaml": file(good[:strings.Index(good, "  - id: second")])}, `states/xx.yaml:`},
	} {
		if set, err := base.With(tt.files); err == nil || set != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v, want an error with %q", name, set, err, tt.want)
		}
	}
}

// Whatever the bytes, a State's file ends with FILE:LINE or with clocks that can be counted.
func FuzzState(f *testing.F) {
	f.Add([]byte(goodState))
	f.Add([]byte("state: XX\nregime: one\nstages: [{id: first, except: [{if: x}]}]"))
	f.Add([]byte("stages: [a]"))
	facts := Facts{DetectedAt: instant(f, "2027-01-31T23:30:00Z")}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(good)}, "states/xx.yaml": {Data: data}})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "states/xx.yaml:") || strings.Contains(err.Error(), "yaml:0:") {
				t.Errorf("no file or line in %q", err)
			}
			return
		}
		for _, s := range set.States() {
			law, ok := set.In(s.Regime, s.Code)
			if clocks := law.Explained(facts, Place{}); !ok || (len(clocks) == 0 && law.Stages[0].OnlyIf == "" && law.Stages[0].Period.Unit != AsRequested) {
				t.Errorf("%s: no clocks", s.Code)
			}
		}
	})
}
