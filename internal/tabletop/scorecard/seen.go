package scorecard

import (
	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/tabletop/scenario"
)

// dates are the deeds that record a date.
var dates = map[incident.DateName]scenario.Deed{
	incident.AwareAt: scenario.Aware, incident.ImpactEndedAt: scenario.ImpactEnded,
	incident.RecoveredAt: scenario.Recovered, incident.HandledAt: scenario.Handled,
}

// Seen is the action that a journal entry records; false for one that records
// none of a participant's. The caller fills in the seat and the real time.
func Seen(e incident.Entry) (Action, bool) {
	if e.Event == nil { // erased
		return Action{}, false
	}
	by := e.Event.Actor()
	if by == incident.System {
		return Action{}, false
	}
	a := Action{
		At: Moment{Scenario: e.At}, Name: by.Name, Via: by.Via, Incident: string(e.About), Entry: e.Seq, What: e.Event.Describe(),
	}
	switch ev := e.Event.(type) {
	case incident.Acknowledged:
		a.Do = scenario.Acknowledge
	case incident.CommandTaken:
		a.Do = scenario.TakeCommand
	case incident.CommandHandedOver:
		a.Do = scenario.HandOver
	case incident.Opened:
		if ev.Alert != nil {
			return Action{}, false
		}
		a.Do, a.Of = scenario.Declare, ev.DetectedAt
	case incident.SuspicionReported:
		a.Do, a.Of = scenario.ReportEvent, ev.NoticedAt
	case incident.Noted:
		a.Do = scenario.AddNote
	case incident.FactsSet:
		a.Do = scenario.SetFacts
		a.Facts = answers(ev)
	case incident.Assessed:
		if len(ev.Said) == 0 {
			return Action{}, false // a decision is recorded with the criteria, but assesses nothing
		}
		a.Do, a.Entity = scenario.Assess, ev.Entity
	case incident.Decided:
		if ev.Proposed {
			return Action{}, false // it binds nobody yet
		}
		a.Do, a.Entity, a.Decision = scenario.Decide, ev.Entity, ev.Decision
	case incident.Dated:
		do, ok := dates[ev.Date]
		if !ok {
			return Action{}, false
		}
		a.Do, a.Entity, a.Regime, a.Of = do, ev.Entity, ev.Regime, ev.Now
	case incident.DetectionMoved:
		a.Do, a.Of = scenario.Redetect, ev.Now
	case incident.BreachRecorded:
		a.Do, a.Entity = scenario.Breach, ev.Entity
		if ev.Facts.AwareAt != nil {
			a.Of = *ev.Facts.AwareAt
		}
	case incident.ReportFieldsSet:
		a.Do = scenario.SetReportFields
	case incident.ReportApproved:
		a.Do, a.Entity, a.Regime, a.Stages = scenario.Approve, ev.Entity, regime.ID(ev.Regime), []string{ev.Stage}
	case incident.Submitted:
		a.Do, a.Entity, a.Regime, a.Stages, a.Of = scenario.Submit, ev.Entity, regime.ID(ev.Regime), ev.Stages, ev.Submission.SentAt
	case incident.MessageRecorded:
		a.Do, a.Kind, a.Of = scenario.RecordMessage, string(ev.Message.Kind), ev.Message.At
		if ev.Message.Direction == incident.Out {
			a.Do = scenario.AnswerAuthority
		}
	case incident.CommunicationSent:
		a.Do, a.Kind, a.Of = scenario.Communicate, ev.Communication.Kind, ev.Communication.At
	case incident.RunbookTicked:
		if !ev.Done {
			return Action{}, false
		}
		a.Do, a.Runbook = scenario.Tick, ev.Runbook
	case incident.TLPSet:
		a.Do = scenario.SetTLP
	case incident.OutOfBandSet:
		if !ev.On {
			return Action{}, false
		}
		a.Do = scenario.OutOfBand
	case incident.Held:
		a.Do = scenario.HoldIncident
	case incident.Closed:
		a.Do = scenario.CloseIncident
	case incident.Reopened:
		a.Do, a.Entity = scenario.Reopen, ev.Entity
	default:
		return Action{}, false
	}
	return a, true
}

// answers are the questions that the entry answers, other than with unknown.
func answers(ev incident.FactsSet) []string {
	var out []string
	if ev.Summary != nil {
		out = append(out, "summary")
	}
	for _, f := range []struct {
		name   string
		answer *classify.Answer
	}{
		{"malicious", ev.Malicious}, {"cross_border", ev.CrossBorder}, {"affects_trust_service", ev.AffectsTrustService}, {"ongoing", ev.OngoingAtFinalDue},
	} {
		if f.answer != nil && *f.answer != classify.Unknown {
			out = append(out, f.name)
		}
	}
	return out
}
