package script_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/script"
	"nis2clock/runbooks"
)

func stage(t *testing.T) script.Stage {
	t.Helper()
	s, err := scenario.Open("privilege-escalation")
	if err != nil {
		t.Fatal(err)
	}
	books, err := runbook.Load(runbook.Folder{FS: runbooks.FS})
	if err != nil {
		t.Fatal(err)
	}
	return script.Stage{
		Scenario: s, Incident: "EX-2027-0001", Person: incident.Person{By: incident.Actor{Name: "lead", Via: "script"}},
		Name: func(seat string) string { return seat + "'s name" }, Runbooks: books, Answers: 3,
	}
}

// Whatever a scenario can have people do, a script can do too; but for what the
// desk does not know.
func TestEveryDeedIsACommand(t *testing.T) {
	on := stage(t)
	none := []scenario.Deed{scenario.Approve, scenario.Choose}
	for _, do := range scenario.Deeds() {
		st := scenario.Step{Do: do, Inject: "feedback", Runbook: "ransomware", RunbookStep: "isolate", Breach: &incident.BreachFacts{}}
		cmd, err := script.Command(st, on)
		if slices.Contains(none, do) {
			if !errors.Is(err, script.ErrNoCommand) {
				t.Errorf("%s gives %T, %v: want ErrNoCommand", do, cmd, err)
			}
			continue
		}
		if err != nil || cmd == nil {
			t.Errorf("%s gives %T, %v", do, cmd, err)
		}
	}
}

// What is recorded is recorded as of when it was, not as of the step.
func TestCommands(t *testing.T) {
	on := stage(t)
	at := func(offset time.Duration) time.Time { return on.Scenario.At(offset) }
	command := func(st scenario.Step) incident.Command {
		cmd, err := script.Command(st, on)
		if err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	if c := command(scenario.Step{Do: scenario.Aware, At: 2 * time.Hour, Time: time.Hour, Entity: "platform"}).(incident.SetDate); !c.At.Equal(at(time.Hour)) || c.Date.Entity != "platform" || c.Date.Date != incident.AwareAt {
		t.Errorf("awareness is %+v", c)
	}
	if c := command(scenario.Step{Do: scenario.HandOver, To: "board"}).(incident.HandOver); c.To != "board's name" {
		t.Errorf("command is offered to %q: want the one who sits there", c.To)
	}
	in := command(scenario.Step{Do: scenario.RecordMessage, At: 27 * time.Hour, Time: 27 * time.Hour, Inject: "feedback"}).(incident.RecordMessage).Message
	if !in.At.Equal(at(26*time.Hour)) || !in.RespondBy.Equal(at(74*time.Hour)) || in.Direction != incident.In || !slices.Equal(in.Stages, []string{"intermediate_report"}) {
		t.Errorf("the authority's message is %+v: want it as of when it came, with the date it sets", in)
	}
	out := command(scenario.Step{Do: scenario.AnswerAuthority, Inject: "feedback", Text: "Here."}).(incident.RecordMessage).Message
	if out.Direction != incident.Out || out.Answers != 3 || !out.RespondBy.IsZero() {
		t.Errorf("the answer is %+v", out)
	}
	facts := command(scenario.Step{Do: scenario.SetFacts, Malicious: "yes"}).(incident.SetFacts)
	if facts.Malicious == nil || *facts.Malicious != "yes" || facts.CrossBorder != nil || facts.Summary != nil {
		t.Errorf("facts are %+v: want what was said, and nothing else", facts)
	}
	if _, err := script.Command(scenario.Step{Do: scenario.RecordMessage, Inject: "none"}, on); err == nil {
		t.Error("a message of no inject is recorded")
	}
	if _, err := script.Command(scenario.Step{Do: scenario.Tick, Runbook: "ransomware", RunbookStep: "none"}, on); !errors.Is(err, runbook.ErrUnknown) {
		t.Errorf("a step that is not there: %v", err)
	}
}
