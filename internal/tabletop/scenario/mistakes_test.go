package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"nis2clock/internal/tabletop/scenario"
	"nis2clock/runbooks"
)

// least is a scenario with one of everything that mistakes are made in.
const least = `title: Least
aim: to be short
briefing: Nothing is wrong yet.
start: 2027-03-09T14:10:00+01:00
tz: Europe/Berlin
length: 2d
tests: [annex 3.5.5]
entities:
  - {name: one, type: managed_service_provider, member_state: DE}
participants:
  - {id: oncall, role: Engineer, access: responder}
  - {id: lead, role: Commander, access: commander}
injects:
  - {id: first, at: 0s, alerts: [{labels: {alertname: A}}]}
  - {id: second, at: 1h, fact: {text: It spreads., to: [lead]}, allows: [{know: that it spreads, shown_by: [aware]}]}
  - {id: asked, at: 2h, authority: {kind: request, from: CSIRT, text: Send it., stages: [intermediate_report], respond_within: 1d}}
expect:
  - {id: aware, do: aware, by: [lead], after: second, within: 1h}
  - {id: early, do: submit, stage: early_warning, before: due}
decisions:
  - {id: cut, at: 1h, question: Cut?, options: [yes it is, no it is not]}
hints:
  - {id: hint, for: aware, after: 30m, text: Look.}
auto:
  - {at: 5m, by: oncall, do: acknowledge}
  - {at: 2h, by: lead, do: aware, time: 1h30m}
  - {at: 3h, by: lead, do: submit, stages: [early_warning]}
clocks:
  - {stage: early_warning, due: "2027-03-10T15:40:00+01:00"}
`

func TestLeast(t *testing.T) {
	s, err := scenario.Parse("least.yaml", []byte(least))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.At(s.Injects[1].At).String(); got != "2027-03-09 15:10:00 +0100 CET" {
		t.Errorf("the second inject is at %s: want an hour after the start, in its zone", got)
	}
	if st := s.Auto[1]; st.At.String() != "2h0m0s" || st.Time.String() != "1h30m0s" || s.Auto[2].Time != s.Auto[2].At {
		t.Errorf("times of steps are %s and %s, %s: want what is recorded where it is given, else when", st.At, st.Time, s.Auto[2].Time)
	}
}

// A mistake is one line that says where and why.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"offsets out of order", "at: 2h, authority", "at: 30m, authority", `x.yaml:16: inject "asked" is at 30m, before the one above it at 1h: put injects in the order of their offsets`},
		{"unknown participant", "to: [lead]", "to: [boss]", `x.yaml:15: to: there is no participant "boss"`},
		{"nobody can do it", "access: commander", "access: responder", `x.yaml:18: expected action "aware": none of lead may record awareness (it takes the right to decide): nobody could do it`},
		{"only one who may not", "by: [lead], after", "by: [oncall], after", `x.yaml:18: expected action "aware": none of oncall may record awareness (it takes the right to decide): nobody could do it`},
		{"unknown key", "aim: to be short", "goal: to be short", `x.yaml:2: unknown field "goal"`},
		{"unknown key inside", "respond_within: 1d", "respond_by: 1d", `x.yaml:16: unknown field "respond_by"`},
		{"unknown action", "do: aware, by: [lead], after", "do: panic, by: [lead], after", `x.yaml:18: do: there is no action "panic": want one of acknowledge, `},
		{"a key of another action", "stage: early_warning, before: due", "stage: early_warning, before: due, runbook: ransomware", `x.yaml:19: do: submit: runbook says nothing of it: leave it out`},
		{"unknown inject", "after: second", "after: third", `x.yaml:18: after: there is no inject "third"`},
		{"unknown expected action", "shown_by: [aware]", "shown_by: [awake]", `x.yaml:15: shown_by: there is no expected action "awake"`},
		{"unknown stage", "{stage: early_warning, due", "{stage: warning, due", `x.yaml:29: regime nis2 asks for no report "warning"`},
		{"two kinds of inject", "fact: {text: It spreads., to: [lead]}", "fact: {text: It spreads.}, outage: {vendor: slack, lasts: 1h}", `x.yaml:15: inject "second" is fact and outage at once: make each an inject of its own`},
		{"no kind of inject", "fact: {text: It spreads., to: [lead]}, ", "", `x.yaml:15: inject "second" does nothing: give one of alerts, message, fact, outage, authority, journalist`},
		{"alert without a name", "labels: {alertname: A}", "labels: {job: A}", `x.yaml:14: an alert without the label alertname: Alertmanager sends none`},
		{"id twice", "id: second", "id: first", `x.yaml:15: injects: id "first" is taken: give each its own`},
		{"offset after the end", "at: 2h, authority", "at: 3d, authority", `x.yaml:16: at 3d lies after the scenario's length 2d`},
		{"no length of time", "at: 1h, fact", "at: soon, fact", `x.yaml:15: at: "soon" is not a length of time such as 90m or 2d4h`},
		{"two targets", "within: 1h}", "within: 1h, before: due}", `x.yaml:18: before is for the submission of one stage, which has a deadline: give within`},
		{"never with a target", "before: due}", "before: due, never: true}", `x.yaml:19: never and a target at once: what must not happen has no time for it`},
		{"weight", "before: due}", "before: due, weight: 11}", `x.yaml:19: weight is 11: want 1 to 10`},
		{"one option", "options: [yes it is, no it is not]", "options: [yes it is]", `x.yaml:21: decision "cut" has 1 options: a decision needs two or more`},
		{"step by one who may not", "by: lead, do: aware", "by: oncall, do: aware", `x.yaml:26: by: oncall is responder and may not record awareness (it takes the right to decide)`},
		{"the future", "time: 1h30m", "time: 2h30m", `x.yaml:26: time 2h30m lies after the step at 2h: nobody records the future`},
		{"steps out of order", "at: 2h, by: lead", "at: 1m, by: lead", `x.yaml:26: a step at 1m stands below one at 5m: put steps in the order of their offsets`},
		{"entity as the configuration refuses it", "member_state: DE", "member_state: UK", `x.yaml:9: entities[0].member_state: "UK" is not a Member State: want two capital letters such as DE`},
		{"start without offset", "14:10:00+01:00", "14:10:00", `x.yaml:4: start: "2027-03-09T14:10:00" has no offset from UTC: add it, as in 2027-03-09T14:10:00+01:00, or Z for UTC`},
		{"zone", "tz: Europe/Berlin", "tz: Berlin", `x.yaml:5: tz: `},
		{"program as participant", "access: responder", "access: intake", `x.yaml:11: access: role intake is for programs`},
		{"alias", "tests: [annex 3.5.5]", "tests: &t [annex 3.5.5]\nquestions: *t", `: an alias: write it out, so that each entry can be read by itself`},
		{"empty", least, "", `x.yaml:1: the file is empty`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(least, c.old, c.new, 1)
			if text == least {
				t.Fatalf("%q does not stand in the file", c.old)
			}
			_, err := scenario.Parse("x.yaml", []byte(text))
			if err == nil {
				t.Fatal("it is accepted")
			}
			found := false
			for line := range strings.SplitSeq(err.Error(), "\n") { // a mistake may cause others
				found = found || strings.Contains(line, c.want)
				if !strings.HasPrefix(line, "x.yaml:") {
					t.Errorf("a line does not say where: %s", line)
				}
			}
			if !found {
				t.Errorf("it says\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

// Too much is refused in one line, before anything is made of it.
func TestTooManyInjects(t *testing.T) {
	var b strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&b, "  - {id: i%d, at: 1h, fact: {text: x}}\n", n)
	}
	text := strings.Replace(least, "expect:\n", b.String()+"expect:\n", 1)
	_, err := scenario.Parse("x.yaml", []byte(text))
	if err == nil || err.Error() != "x.yaml:1: 10003 injects: a scenario has at most 500" {
		t.Errorf("10 000 injects: %v", err)
	}
	_, err = scenario.Parse("x.yaml", []byte(least+"#"+strings.Repeat("x", scenario.MaxFile)))
	if err == nil || !strings.HasPrefix(err.Error(), "x.yaml:1: the file has ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file of more than %d bytes: %v", scenario.MaxFile, err)
	}
}

// All mistakes of a file are named together.
func TestMistakesTogether(t *testing.T) {
	text := strings.NewReplacer("access: commander", "access: boss", "kind: request", "kind: plea", "after: second", "after: never").Replace(least)
	_, err := scenario.Parse("x.yaml", []byte(text))
	if err == nil {
		t.Fatal("it is accepted")
	}
	for _, want := range []string{"x.yaml:12: access: ", "x.yaml:16: kind \"plea\"", "x.yaml:18: after: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in\n%v", want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	for _, name := range []string{"quiet-night", "ransomware-weekend"} {
		data, err := runbooks.Scenarios.ReadFile("tabletop/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := scenario.Parse("x.yaml", data)
		if err != nil {
			return
		}
		for n, i := range s.Injects {
			if n > 0 && i.At < s.Injects[n-1].At || i.At > s.Length {
				t.Errorf("inject %s is out of order or past the end", i.ID)
			}
		}
		if _, err := s.Config(); err != nil {
			t.Errorf("what was accepted cannot be played: %v", err)
		}
	})
}
