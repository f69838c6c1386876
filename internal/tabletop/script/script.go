// Package script turns what a scripted participant does into the command that a
// person's click would be. It sends nothing.
package script

import (
	"cmp"
	"errors"
	"fmt"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
	"nis2clock/internal/significance"
	"nis2clock/internal/tabletop/scenario"
)

// ErrNoCommand is returned by [Command] for a deed that is none of the desk's: a
// choice at a decision point, which the exercise records, and an approval, for
// which a report must be rendered.
var ErrNoCommand = errors.New("no command of the desk")

// Stage is what a step is played on.
type Stage struct {
	Scenario *scenario.Scenario
	// Person is who does it, with a key of the step.
	Person incident.Person
	// Incident is the step's incident; empty for a step that needs none.
	Incident incident.ID
	// Name is how the one in a seat signs in.
	Name     func(seat string) string
	Runbooks *runbook.Library
	// Answers is the number of the authority's message in the incident, for
	// answer_authority; 0 for none.
	Answers int
}

// Command is what the step asks of the desk.
func Command(st scenario.Step, on Stage) (incident.Command, error) {
	by, id := on.Person, on.Incident
	at := on.Scenario.At(st.Time)
	date := func(name incident.DateName) incident.SetDate {
		return incident.SetDate{Person: by, ID: id, Date: incident.DateID{Date: name, Entity: st.Entity, Regime: st.Regime}, At: at, Reason: st.Reason}
	}
	switch st.Do {
	case scenario.Acknowledge:
		return incident.Acknowledge{Person: by, ID: id}, nil
	case scenario.TakeCommand:
		return incident.TakeCommand{Person: by, ID: id}, nil
	case scenario.HandOver:
		return incident.HandOver{Person: by, ID: id, To: on.Name(st.To), Reason: st.Reason}, nil
	case scenario.Declare:
		return incident.Declare{Person: by, Title: st.Title, Summary: st.Text, DetectedAt: at, Severity: st.Severity}, nil
	case scenario.ReportEvent:
		return incident.ReportSuspicion{Person: by, What: st.Text, Reporter: incident.Reporter{Kind: incident.ByStaff, Name: by.By.Name}, NoticedAt: at}, nil
	case scenario.AddNote:
		return incident.AddNote{Person: by, ID: id, Text: st.Text}, nil
	case scenario.SetFacts:
		return facts(st, by, id), nil
	case scenario.Assess:
		said := map[significance.FactID]string{}
		for name, value := range st.Facts {
			said[significance.FactID(name)] = value
		}
		return incident.Assess{Person: by, ID: id, Entity: st.Entity, Facts: said}, nil
	case scenario.Decide:
		return incident.Assess{Person: by, ID: id, Entity: st.Entity, Decision: st.Decision, Reason: st.Reason}, nil
	case scenario.Aware:
		return date(incident.AwareAt), nil
	case scenario.ImpactEnded:
		return date(incident.ImpactEndedAt), nil
	case scenario.Recovered:
		return date(incident.RecoveredAt), nil
	case scenario.Handled:
		return date(incident.HandledAt), nil
	case scenario.Redetect:
		return incident.Redetect{Person: by, ID: id, At: at, Reason: st.Reason}, nil
	case scenario.Breach:
		return incident.RecordBreach{Person: by, ID: id, Entity: st.Entity, Facts: *st.Breach}, nil
	case scenario.SetReportFields:
		fields := map[string][]string{}
		for name, value := range st.Fields {
			fields[name] = []string{value}
		}
		return incident.SetReportFields{Person: by, ID: id, Fields: fields}, nil
	case scenario.Submit:
		return incident.Submit{
			Person: by, ID: id, Entity: st.Entity, Regime: string(st.Regime), Stages: st.Stages, IncompleteReason: cmp.Or(st.Reason, "exercise: the script fills in no form"),
			Submission: incident.Submission{SentAt: at, Channel: "exercise", Reference: st.Reference},
		}, nil
	case scenario.RecordMessage, scenario.AnswerAuthority:
		return on.message(st)
	case scenario.Communicate:
		return incident.RecordCommunication{Person: by, ID: id, Communication: incident.Communication{
			Kind: st.Kind, Lang: "en", Audience: st.Audience, Channel: st.Channel, Text: st.Text,
		}}, nil
	case scenario.Tick:
		return on.Runbooks.Tick(by, id, st.Runbook, st.RunbookStep, true, st.Text)
	case scenario.SetTLP:
		return incident.SetTLP{Person: by, ID: id, TLP: st.TLP, Reason: st.Reason}, nil
	case scenario.OutOfBand:
		return incident.SetOutOfBand{Person: by, ID: id, On: true, Reason: st.Reason}, nil
	case scenario.HoldIncident:
		return incident.Hold{Person: by, ID: id, Reason: st.Reason}, nil
	case scenario.CloseIncident:
		return incident.Close{Person: by, ID: id}, nil
	case scenario.Reopen:
		return incident.Reopen{Person: by, ID: id, Reason: st.Reason}, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNoCommand, st.Do)
}

func facts(st scenario.Step, by incident.Person, id incident.ID) incident.SetFacts {
	said := func(a classify.Answer) *classify.Answer {
		if a == "" {
			return nil
		}
		return &a
	}
	c := incident.SetFacts{
		Person: by, ID: id, Malicious: said(st.Malicious), CrossBorder: said(st.CrossBorder),
		AffectsTrustService: said(st.AffectsTrustService), OngoingAtFinalDue: said(st.Ongoing), Reason: st.Reason,
	}
	if st.Text != "" {
		c.Summary = &st.Text
	}
	return c
}

// message records the authority's message of the step's inject, as of when it
// came, or the answer to it.
func (on Stage) message(st scenario.Step) (incident.Command, error) {
	i, ok := on.Scenario.Inject(st.Inject)
	if !ok {
		return nil, fmt.Errorf("step at %s: there is no inject %q", st.At, st.Inject)
	}
	m := incident.AuthorityMessage{
		Direction: incident.In, Kind: i.Authority.Kind, At: on.Scenario.At(i.At), Regime: i.Authority.Regime, Stages: i.Authority.Stages,
		Authority: i.From, Reference: i.Authority.Reference, Text: i.Text,
	}
	if i.Authority.Within > 0 {
		m.RespondBy = m.At.Add(i.Authority.Within)
	}
	if st.Do == scenario.AnswerAuthority {
		m = incident.AuthorityMessage{
			Direction: incident.Out, Kind: incident.OtherMessage, Regime: i.Authority.Regime, Authority: i.From, Reference: i.Authority.Reference,
			Text: st.Text, Answers: on.Answers,
		}
	}
	return incident.RecordMessage{Person: on.Person, ID: on.Incident, Message: m}, nil
}
