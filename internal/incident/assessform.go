package incident

import (
	"fmt"
	"strings"

	"nis2clock/internal/significance"
)

// Names of the questions of a form that asks an [Assessment]. A fact's has
// FactQuestion before its name.
const (
	FactQuestion     = "fact:"
	DecisionQuestion = "decision"
	ReasonQuestion   = "reason"
)

// Answers that are no value of a fact, and no decision.
const (
	factUnknown = "unknown"
	asItIs      = "as_it_is"
)

// AnswerOption is an answer that can be chosen.
type AnswerOption struct{ Value, Label string }

// Options are the answers to choose from; none where the answer is written.
func (q AssessmentQuestion) Options() []AnswerOption {
	switch q.Kind {
	case significance.YesNo:
		return []AnswerOption{{"yes", "Yes"}, {"no", "No"}, {factUnknown, "Not known"}}
	case significance.Effect:
		return []AnswerOption{{"yes", "Yes"}, {"possible", "Not yet, but it could"}, {"no", "No"}, {factUnknown, "Not known"}}
	}
	return nil
}

// Hint says how the answer is written and what it means.
func (q AssessmentQuestion) Hint() string {
	if q.Options() != nil {
		return q.Explain
	}
	return "Write " + q.Form + ". " + q.Explain
}

// Standing is the answer that stands in the form, as it is written.
func (q AssessmentQuestion) Standing() string {
	choice := q.Options() != nil
	switch {
	case q.Answer == nil && choice:
		return factUnknown
	case q.Answer == nil:
		return ""
	case q.Answer.Estimated && !choice:
		return "~" + string(q.Answer.Value)
	}
	return string(q.Answer.Value)
}

// Decisions are the answers to [DecisionQuestion]. The first, which stands
// there, leaves it as it is.
func (a Assessment) Decisions() []AnswerOption {
	options := []AnswerOption{
		{asItIs, "Leave it: " + strings.ReplaceAll(a.Decision, "_", " ")},
		{DecidedSignificant, "Significant"},
		{DecidedNotSignificant, "Not significant: its clocks stop"},
	}
	if a.Decision != Undecided {
		options = append(options, AnswerOption{Undecided, "Take the decision back"})
	}
	return options
}

// AnswerFault says in a sentence what is wrong with the answer to a question.
type AnswerFault struct{ Question, Text string }

// Answered is the command of what a person answered, by question: of the facts
// only what they changed is said by them. A question without an answer was not
// asked; one with an empty answer is unknown now. The faults are in the order of
// the questions.
func (a Assessment) Answered(said map[string][]string) (Assess, []AnswerFault) {
	answer := func(question string) string { return strings.TrimSpace(strings.Join(said[question], "")) }
	cmd := Assess{ID: a.Incident, Entity: a.Entity, Facts: map[significance.FactID]string{}, Reason: answer(ReasonQuestion)}
	var wrong []AnswerFault
	fault := func(question, text string) { wrong = append(wrong, AnswerFault{question, text}) }
	for _, q := range a.Questions {
		question := FactQuestion + string(q.Fact)
		now := answer(question)
		if _, asked := said[question]; !asked || now == q.Standing() {
			continue
		}
		if now == "" {
			now = factUnknown
		}
		if now == factUnknown && q.Answer != nil && q.Answer.Origin != significance.FromPerson {
			fault(question, fmt.Sprintf("This comes from the %s: it can be answered otherwise, but not taken back here.", q.Answer.Origin))
			continue
		}
		if _, _, err := significance.Parse(q.Fact, now); err != nil {
			fault(question, "Write "+q.Form+", or leave it empty.")
			continue
		}
		cmd.Facts[q.Fact] = now
	}
	if d := answer(DecisionQuestion); d != asItIs {
		cmd.Decision = d
	}
	switch {
	case cmd.Decision != "" && cmd.Reason == "":
		fault(ReasonQuestion, "A decision needs its reason.")
	case cmd.Decision == "" && cmd.Reason != "":
		fault(DecisionQuestion, "The reason is of a decision: choose one, or leave the reason empty.")
	case cmd.Decision == "" && len(cmd.Facts) == 0 && len(wrong) == 0:
		fault(DecisionQuestion, "Nothing was answered or changed, and nothing decided.")
	}
	return cmd, wrong
}
