package slack

import (
	"fmt"
	"maps"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/significance"
)

// askEntity is the question for whom an incident is assessed.
const askEntity = "entity"

// maxFactAnswer is room for a number, a length of time or a few words.
const maxFactAnswer = 500

// assessForm asks for what is known of the incident and for a decision; with
// several entities it asks for whom first.
func (c *Clerk) assessForm(v incident.View, entity string) (*Form, string) {
	if entity == "" && len(v.Significance.Entities) > 1 {
		return chooseEntity(v)
	}
	a, err := c.Desk.Assessment(v.ID, entity, nil, nil)
	if err != nil {
		return nil, fmt.Sprintf("%s cannot be assessed here: use its page, or nis2clock incident assess.", v.ID)
	}
	f := &Form{Title: "Assess significance", Submit: "Record", Entity: a.Entity, Seen: a.Version, Intro: assessIntro(a)}
	left := 0
	for _, q := range a.Questions {
		if asked := factQuestion(q); chars(asked.Initial) <= asked.limit() {
			f.Questions = append(f.Questions, asked)
		} else {
			left++ // what cannot be shown must not be written over
		}
	}
	if left > 0 {
		f.Intro += "\n_" + plural(left, "answer") + " too long for Slack: on the incident's page._"
	}
	f.Questions = append(f.Questions, decisionQuestions(a)...)
	return f, ""
}

// chooseEntity asks for whom the incident is assessed.
func chooseEntity(v incident.View) (*Form, string) {
	var names []Option
	for _, e := range v.Significance.Entities {
		if len(names) < maxOptions && chars(e.Entity) <= maxOptionValue {
			names = append(names, Option{e.Entity, e.Entity + ": " + strings.ReplaceAll(e.Decision, "_", " ")})
		}
	}
	if len(names) == 0 {
		return nil, fmt.Sprintf("The entities of %s cannot be shown here: use its page, or nis2clock incident assess.", v.ID)
	}
	intro := "*" + escape(string(v.ID), maxFact) + "* concerns several legal entities. Each is assessed by itself."
	if more := len(v.Significance.Entities) - len(names); more > 0 {
		intro += " _" + plural(more, "more") + ", on the incident's page._"
	}
	return &Form{
		Title: "Assess significance", Submit: "Next", Intro: intro,
		Questions: []Question{{Name: askEntity, Label: "For which entity?", Kind: Choice, Options: names}},
	}, ""
}

// assessIntro says what is assessed and what the criteria make of it so far.
func assessIntro(a incident.Assessment) string {
	s := "Is *" + escape(string(a.Incident), maxFact) + "* significant"
	if a.Entity != "default" {
		s += " for *" + escape(a.Entity, maxFact) + "*"
	}
	act := "Directive (EU) 2022/2555 Art. 23(3)"
	if len(a.Types) > 0 {
		act = "Implementing Regulation (EU) 2024/2690"
	}
	return s + "? (" + act + ")\n" + verdict(a.Advice) + "\nLeave open what nobody knows yet. The criteria advise, a person decides."
}

// verdict is what the criteria say, in mrkdwn.
func verdict(a significance.Advice) string {
	return "So far the criteria say *" + escape(strings.ReplaceAll(string(a.Verdict), "_", " "), maxFact) + "*. " + foreign(a.Because, maxReason)
}

// factQuestion asks for a fact in the way of its kind, with what is known.
func factQuestion(q incident.AssessmentQuestion) Question {
	out := Question{
		Name: incident.FactQuestion + string(q.Fact), Label: q.Question, Hint: q.Hint(), Kind: Line, Optional: true, Max: maxFactAnswer, Initial: q.Standing(),
		Options: options(q.Options()),
	}
	switch {
	case out.Options != nil:
		out.Kind, out.Optional = Choice, false
	case q.Kind == significance.Periods:
		out.Max = maxAnswer3000
	}
	return out
}

func options(answers []incident.AnswerOption) (out []Option) {
	for _, a := range answers {
		out = append(out, Option(a))
	}
	return out
}

// decisionQuestions ask for the decision and its reason.
func decisionQuestions(a incident.Assessment) []Question {
	choices := options(a.Decisions())
	return []Question{
		{Name: incident.DecisionQuestion, Label: "Your decision", Kind: Choice, Options: choices, Initial: choices[0].Value},
		{Name: incident.ReasonQuestion, Label: "Why?", Hint: "With a decision only. An authority may ask for it years from now.", Kind: Paragraph, Optional: true},
	}
}

// Next implements [Office]: after the entity its assessment is asked for.
func (c *Clerk) Next(a Action) (*Form, error) {
	entity := a.Answers.Get(askEntity)
	if a.Kind != Assess || a.Entity != "" || entity == "" {
		return nil, nil
	}
	a.Entity = entity
	return c.Form(a)
}

// outOfDate is the refusal of a form that shows what is no longer so; nil where
// it does not.
func (f *Form) outOfDate(a Action) *Refusal {
	if f.Seen == a.Seen {
		return nil
	}
	return &Refusal{Text: fmt.Sprintf("Somebody assessed %s since this form was opened, or what is known of it has changed. Nothing was recorded: press Assess again and look at what it says now.", a.Incident)}
}

// assessed is the command of what a person answered: only what they changed is
// said by them. Slack leaves an answer out that was emptied; one that was too
// long to be shown was not asked.
func (c *Clerk) assessed(a Action) (incident.Proposable, *Refusal) {
	shown, err := c.Desk.Assessment(a.Incident, a.Entity, nil, nil)
	if err != nil {
		return nil, &Refusal{Text: "This assessment cannot be recorded: close the form and open it again."}
	}
	said := map[string][]string{}
	maps.Copy(said, a.Answers)
	for _, q := range shown.Questions {
		if asked := factQuestion(q); len(said[asked.Name]) == 0 && chars(asked.Initial) <= asked.limit() {
			said[asked.Name] = []string{""}
		}
	}
	cmd, found := shown.Answered(said)
	cmd.Seen = a.Seen
	var wrong faults
	for _, f := range found {
		wrong.at(f.Question, f.Text)
	}
	if r := wrong.refusal(); r != nil {
		return nil, r
	}
	return cmd, nil
}

// afterAssessing says what the criteria make of it now, and what to do next.
func (c *Clerk) afterAssessing(a Action) string {
	now, err := c.Desk.Assessment(a.Incident, a.Entity, nil, nil)
	if err != nil {
		return ""
	}
	s := fmt.Sprintf(" The criteria say %s. %s", strings.ReplaceAll(string(now.Advice.Verdict), "_", " "), now.Advice.Because)
	v, ok := c.Desk.Incident(a.Incident)
	if ok && now.Decision == incident.DecidedSignificant && v.AwareAt == nil {
		s += " When did you become aware that it is significant? Record that on its page, or with nis2clock incident aware."
	}
	return s
}

// decidesNotReportable reports whether the command decides what the button Not
// significant does, and so is bound by the same policy.
func decidesNotReportable(cmd incident.Proposable) bool {
	a, ok := cmd.(incident.Assess)
	return ok && a.Decision == incident.DecidedNotSignificant
}
