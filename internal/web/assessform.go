package web

import (
	"net/http"
	"slices"
	"strings"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/significance"
)

// assessForms ask, for each entity, what is known of the incident and for a
// decision; whoever may not decide answers the rest.
func assessForms(s *server, v incident.View, who access.Identity) (out []*form, err error) {
	var entities []string
	for _, c := range v.Clocks {
		if !slices.Contains(entities, c.Entity) {
			entities = append(entities, c.Entity)
		}
	}
	for _, entity := range entities {
		a, err := s.Desk.Assessment(v.ID, entity, nil, nil)
		if err != nil {
			return nil, err
		}
		act := "Directive (EU) 2022/2555 Art. 23(3)"
		if len(a.Types) > 0 {
			act = "Implementing Regulation (EU) 2024/2690"
		}
		f := &form{
			For: entity, Title: "Significance", Button: "Record assessment", Seen: a.Version,
			State: entity + ", " + strings.ReplaceAll(a.Decision, "_", " ") + waiting(v, entity) + "; the criteria say " + strings.ReplaceAll(string(a.Advice.Verdict), "_", " ") + ". " + a.Advice.Because,
			Intro: "Is it significant? (" + act + ") Leave open what nobody knows yet. The criteria advise, a person decides.",
		}
		for _, q := range a.Questions {
			f.Fields = append(f.Fields, field{
				Name: incident.FactQuestion + string(q.Fact), Label: q.Question, Hint: q.Hint(), Value: q.Standing(), Choices: choices(q.Options()), Long: q.Kind == significance.Periods,
			})
		}
		if who.Role.Has(access.MayDecide) {
			decisions := choices(a.Decisions())
			f.Fields = append(f.Fields,
				field{Name: incident.DecisionQuestion, Label: "Your decision", Choices: decisions, Value: decisions[0].Value},
				field{Name: incident.ReasonQuestion, Label: "Why?", Hint: "With a decision only. An authority may ask for it years from now.", Long: true},
			)
		}
		out = append(out, f)
	}
	return out, nil
}

// waiting says which decision on an entity waits for a second person; empty for
// none.
func waiting(v incident.View, entity string) string {
	for _, e := range slices.Concat(v.Significance.Entities, []incident.EntitySignificance{v.Significance.EntitySignificance}) {
		if e.Entity == entity && e.Proposed != nil {
			return " (" + strings.ReplaceAll(e.Proposed.Decision, "_", " ") + ", says " + e.Proposed.By + ": a second person must decide the same)"
		}
	}
	return ""
}

func choices(answers []incident.AnswerOption) (out []choice) {
	for _, a := range answers {
		out = append(out, choice(a))
	}
	return out
}

// assessed is the command of a form of [assessForms].
func assessed(s *server, r *http.Request, v incident.View, f *form, by incident.Person) (incident.Command, error) {
	a, err := s.Desk.Assessment(v.ID, f.For, nil, nil)
	if err != nil {
		return nil, err
	}
	cmd, wrong := a.Answered(f.said)
	if cmd.Decision != "" {
		if err := may(r, access.MayDecide); err != nil {
			return nil, err
		}
	}
	if f.Seen != a.Version {
		f.Faults[""] = "somebody assessed it since this page was opened, or what is known of it has changed: look at what stands here now, and answer anew"
		return cmd, nil
	}
	for _, w := range wrong {
		if !slices.ContainsFunc(f.Fields, func(q field) bool { return q.Name == w.Question }) {
			w.Question = "" // not asked of whoever may not decide
		}
		f.Faults[w.Question] = w.Text
	}
	cmd.Person, cmd.Seen = by, f.Seen
	return cmd, nil
}
