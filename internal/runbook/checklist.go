package runbook

import (
	"regexp"
	"slices"
	"time"

	"nis2clock/internal/incident"
)

// Checklist is a runbook as it stands in one incident: the JSON of the API.
type Checklist struct {
	Name      string     `json:"name"`
	Title     string     `json:"title"`
	Owner     string     `json:"owner"`
	Reviewed  string     `json:"reviewed"`
	ReviewDue string     `json:"review_due"`
	Overdue   bool       `json:"review_overdue"`
	Digest    string     `json:"digest"`
	Why       []string   `json:"why"` // it fits; empty for one that was chosen by hand
	Done      int        `json:"done"`
	Total     int        `json:"total"`
	Steps     []StepView `json:"steps"`
}

// StepView is one box.
type StepView struct {
	ID      string     `json:"id"`
	Section string     `json:"section"`
	Title   string     `json:"title"`
	Text    string     `json:"text"` // Markdown
	HTML    string     `json:"-"`
	Done    bool       `json:"done"`
	By      *string    `json:"by"` // who last ticked it, or took the tick back
	At      *time.Time `json:"at"`
	Note    string     `json:"note"`
	// Changed: it was ticked in another version of the runbook.
	Changed bool `json:"changed"`
}

// Checklist is the runbook with the incident's ticks, and with its id in the
// commands. Ticks of steps that this version does not have any more do not count.
func (m Match) Checklist(id incident.ID, ticks []incident.Tick, now time.Time) Checklist {
	r := m.Runbook
	c := Checklist{
		Name: r.Name, Title: r.Title, Owner: r.Owner, Reviewed: r.Reviewed.Format(time.DateOnly), ReviewDue: r.ReviewDue().Format(time.DateOnly),
		Overdue: r.Overdue(now), Digest: r.Digest, Why: append([]string{}, m.Why...), Done: r.done(ticks), Total: len(r.Steps), Steps: []StepView{},
	}
	for _, s := range r.Steps {
		v := StepView{ID: s.ID, Section: s.Section, Title: s.Title, Text: about(s.Text, id), HTML: about(s.HTML, id)}
		if t, ok := r.tick(ticks, s.ID); ok {
			v.Done, v.By, v.At, v.Note, v.Changed = t.Done, new(t.By.Name), new(t.At), t.Note, t.Version != r.Digest
		}
		c.Steps = append(c.Steps, v)
	}
	return c
}

// about puts the incident where its commands say ID, so that they can be copied.
func about(text string, id incident.ID) string {
	return ofIncident.ReplaceAllString(text, "${1}"+string(id))
}

var ofIncident = regexp.MustCompile(`\b(nis2clock (?:incident [a-z-]+|report) )ID\b`)

// tick is what was said of a step in an incident; false where nothing was.
func (r *Runbook) tick(ticks []incident.Tick, step string) (incident.Tick, bool) {
	n := slices.IndexFunc(ticks, func(t incident.Tick) bool { return t.Runbook == r.Name && t.StepRef.Step == step })
	if n < 0 {
		return incident.Tick{}, false
	}
	return ticks[n], true
}

// done counts the steps that are ticked.
func (r *Runbook) done(ticks []incident.Tick) (n int) {
	for _, t := range ticks {
		if t.Runbook != r.Name || !t.Done {
			continue
		}
		if _, ok := r.Step(t.StepRef.Step); ok {
			n++
		}
	}
	return n
}

// InUse are the runbooks that fit the incident in order of fit, and then those
// that were chosen by hand, which have no reason.
func (l *Library) InUse(v incident.View) []Match {
	out := l.For(v)
	for _, used := range v.Runbooks {
		if slices.ContainsFunc(out, func(m Match) bool { return m.Name == used.Name }) {
			continue
		}
		if r, err := l.Get(used.Name); err == nil {
			out = append(out, Match{Runbook: r})
		}
	}
	return out
}

// Progress is the runbooks of an incident in short, as its JSON has them:
// those in use, and those that are not in the library any more, as their ticks
// tell them.
func (l *Library) Progress(v incident.View, ticks []incident.Tick) []incident.RunbookView {
	out := []incident.RunbookView{}
	for _, m := range l.InUse(v) {
		out = append(out, incident.RunbookView{Name: m.Name, Title: m.Title, Done: m.done(ticks), Total: len(m.Steps)})
	}
	for _, used := range v.Runbooks {
		if _, err := l.Get(used.Name); err != nil {
			out = append(out, used)
		}
	}
	return out
}
