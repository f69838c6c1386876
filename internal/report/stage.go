package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/report/field"
)

// ErrStage: there is no such report.
var ErrStage = errors.New("no such report")

// stage is one kind of report.
type stage struct {
	// ID is what people ask for: "early_warning", or "gdpr/notification" for
	// another regime than nis2.
	ID     string
	Regime string
	Name   string // within the regime, as clocks call it
	// Template is its file below the templates' folder, without ".md".
	Template string
	Form     field.Form
	// TitleKey and ActKey are texts of the catalogue; Title stands in for a
	// stage that only the regimes' data know.
	TitleKey, ActKey, Title string
	Article                 string
}

// stages are those with a form of their own. The CRA's two regimes ask for the
// same, and share templates.
var stages = func() []stage {
	all := []stage{
		{ID: "early_warning", Form: field.EarlyWarning, Article: "23(4)(a)"},
		{ID: "notification", Form: field.Notification, Article: "23(4)(b)"},
		{ID: "intermediate_report", Form: field.Intermediate, Article: "23(4)(c)"},
		{ID: "progress_report", Form: field.Intermediate, Article: "23(4)(e)"},
		{ID: "final_report", Form: field.Final, Article: "23(4)(d)"},
		{ID: "withdrawal", Form: field.Withdrawal, Article: "23(4)"},
		{ID: "correction", Form: field.Correction, Article: "23(4)"},
		{ID: "post_incident_review", Form: field.Final, Article: "21(2)(b)"},
		{ID: "recipients_notice", Form: field.Notice, Article: "23(1), (2)"},
	}
	for n := range all {
		s := &all[n]
		s.Regime, s.Name, s.Template, s.TitleKey, s.ActKey = "nis2", s.ID, s.ID, "stage_"+s.ID, "act_nis2"
	}
	all = append(all,
		stage{ID: "gdpr/notification", Form: field.GDPR, Article: "33"},
		stage{ID: "dora/initial", Form: field.DORAInitial, Article: "19(4)(a)"},
		stage{ID: "dora/intermediate", Form: field.DORAIntermediate, Article: "19(4)(b)"},
		stage{ID: "dora/final", Form: field.DORAFinal, Article: "19(4)(c)"},
		stage{ID: "cra_vulnerability/early_warning", Form: field.CRAEarlyWarning, Article: "14(2)(a)"},
		stage{ID: "cra_vulnerability/notification", Form: field.CRANotification, Article: "14(2)(b)"},
		stage{ID: "cra_vulnerability/final", Form: field.CRAFinal, Article: "14(2)(c)"},
		stage{ID: "cra_severe_incident/early_warning", Form: field.CRAEarlyWarning, Article: "14(4)(a)"},
		stage{ID: "cra_severe_incident/notification", Form: field.CRANotification, Article: "14(4)(b)"},
		stage{ID: "cra_severe_incident/final", Form: field.CRAFinal, Article: "14(4)(c)"},
	)
	for n := range all {
		s := &all[n]
		if s.Regime != "" {
			continue
		}
		s.Regime, s.Name, _ = strings.Cut(s.ID, "/")
		law, _, _ := strings.Cut(s.Regime, "_")
		s.Template, s.TitleKey, s.ActKey = law+"/"+s.Name, "stage_"+law+"_"+s.Name, "act_"+law
	}
	return all
}()

// worksheet is the stage that lists a portal's fields instead of a report's.
const worksheet = "worksheet"

// Stages are the ids of all reports there are, worksheet included.
func Stages() []string {
	var ids []string
	for _, s := range stages {
		ids = append(ids, s.ID)
	}
	return append(ids, worksheet)
}

// Asked are the reports that an incident asks for, in no language: that of every
// clock that runs or was met, each entity's; a review once the handling has
// ended; a withdrawal once somebody found that an incident that was reported is
// not reportable. A correction, an answer and a notice to recipients are asked for by
// people, not by the record.
func Asked(v incident.View) []Request {
	var asked []Request
	sent := false
	for _, c := range v.Clocks {
		sent = sent || c.SubmittedAt != nil
		owed := Request{Stage: incident.JoinStage(string(c.Regime), string(c.Stage)), Entity: c.Entity}
		if c.Counterparty == "" && (c.SubmittedAt != nil || c.State != incident.ClockStopped) && !slices.Contains(asked, owed) {
			asked = append(asked, owed)
		}
	}
	if sent && v.Reportability == incident.ReportNotReportable || len(v.Withdrawals) > 0 {
		asked = append(asked, Request{Stage: "withdrawal"})
	}
	if v.HandledAt != nil {
		asked = append(asked, Request{Stage: "post_incident_review"})
	}
	return asked
}

// findStage reads an id. A stage that only the incident's clocks know, as one
// that a Member State adds, is written as a notification under its own title.
func findStage(id string, v incident.View) (stage, error) {
	id = strings.TrimPrefix(id, "nis2/")
	if n := slices.IndexFunc(stages, func(s stage) bool { return s.ID == id }); n >= 0 {
		return stages[n], nil
	}
	regime, name, ok := strings.Cut(id, "/")
	if !ok {
		regime, name = "nis2", id
	}
	for _, c := range v.Clocks {
		if string(c.Regime) == regime && string(c.Stage) == name {
			return stage{ID: id, Regime: regime, Name: name, Template: "notification", Form: field.Notification, Title: c.Title, Article: c.Source}, nil
		}
	}
	return stage{}, fmt.Errorf("%w: %q; there is %s", ErrStage, id, strings.Join(Stages(), ", "))
}

// title is the stage's name in a language.
func (s stage) title(l *catalogue.Language) string {
	if s.TitleKey == "" {
		return s.Title
	}
	return l.Say(s.TitleKey)
}

// act is the law that asks for it.
func (s stage) act(l *catalogue.Language) string {
	if s.ActKey == "" {
		return s.Article
	}
	return l.Say(s.ActKey) + ", " + l.Say("art", "n", s.Article)
}

// file is its id as part of a file name.
func (s stage) file() string { return strings.ReplaceAll(s.ID, "/", "-") }
