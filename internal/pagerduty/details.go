package pagerduty

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// The custom details are the only part of an event that grows with the
// incident, so they are kept to budgets of text. JSON writes one byte of text
// as at most six (\u003c), and what it puts around a string takes no more than
// six times stringOverhead: the three budgets and the bounded rest stay below
// maxEvent even then. In ordinary text they are below 55 KB, up to which
// PagerDuty promises to hand things on in order (PD-17).
const (
	alertText      = 24_000
	clockText      = 14_000
	incompleteText = 4_000
	stringOverhead = 5

	maxAlerts      = 20
	maxClocks      = 30
	maxIncomplete  = 10
	maxLabels      = 24 // of one alert; so many annotations too
	maxName        = 64
	maxLabel       = 200
	maxAnnotation  = 400
	maxSentence    = 300
	maxDescription = 1000
)

// details are an incident's custom details. Instants are UTC; texts are plain
// and cut. What is said of time left is as of said_at.
type details struct {
	Exercise       string   `json:"exercise,omitempty"`
	Incident       string   `json:"incident"`
	Title          string   `json:"title"`
	Summary        string   `json:"summary,omitempty"`
	Status         string   `json:"status,omitempty"`
	Reportability  string   `json:"reportability,omitempty"`
	SaidAt         string   `json:"said_at,omitempty"`
	DetectedAt     string   `json:"detected_at,omitempty"`
	AwareAt        string   `json:"aware_at"`
	AcknowledgedBy string   `json:"acknowledged_by,omitempty"`
	Commander      string   `json:"commander,omitempty"`
	OnCall         string   `json:"on_call,omitempty"` // while there is no commander
	Thresholds     []string `json:"thresholds_passed,omitempty"`
	LateBy         string   `json:"late_by,omitempty"`
	Fallback       string   `json:"fallback,omitempty"`
	Repeat         string   `json:"repeat,omitempty"`
	Incomplete     []string `json:"incomplete,omitempty"`
	MoreIncomplete string   `json:"more_incomplete,omitempty"`

	Clocks     []clockDetails `json:"clocks,omitempty"`
	MoreClocks string         `json:"more_clocks,omitempty"`
	Alerts     []alertDetails `json:"alerts,omitempty"`
	MoreAlerts string         `json:"more_alerts,omitempty"`
}

type clockDetails struct {
	Clock       string `json:"clock"`
	State       string `json:"state"`
	Standing    string `json:"standing"`
	Passed      string `json:"passed,omitempty"` // by the time of the opening
	TargetAt    string `json:"target_at,omitempty"`
	DueAt       string `json:"due_at,omitempty"`
	SubmittedAt string `json:"submitted_at,omitempty"`
	Source      string `json:"source,omitempty"`
}

type alertDetails struct {
	Status       string            `json:"status"`
	StartsAt     string            `json:"starts_at,omitempty"`
	EndsAt       string            `json:"ends_at,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	More         string            `json:"more,omitempty"`
	GeneratorURL string            `json:"generator_url,omitempty"`
}

// callDetails are those of an incident of which no more may be said.
type callDetails struct {
	Incident string `json:"incident"`
}

// serviceDetails are the custom details of a notice about the service itself.
type serviceDetails struct {
	Text     string `json:"text"`
	Since    string `json:"since,omitempty"`
	Fallback string `json:"fallback,omitempty"`
	Repeat   string `json:"repeat,omitempty"`
}

func heartbeatDetails(n dispatch.Notice) serviceDetails {
	return serviceDetails{Text: words(n.Text, maxDescription), Since: instant(n.Since), Fallback: fallback(n), Repeat: repeat(n)}
}

func incidentDetails(n dispatch.Notice, zone *time.Location) details {
	v := &n.Incident
	d := details{
		Incident: words(string(n.ID), maxField), Title: words(v.Title, maxField), Summary: words(v.Summary, maxDescription),
		Status: words(v.Status, maxName), Reportability: words(v.Reportability, maxName),
		SaidAt: instant(n.Now), DetectedAt: instant(v.DetectedAt), AwareAt: instantOf(v.AwareAt),
		Fallback: fallback(n), Repeat: repeat(n),
	}
	if v.Exercise {
		d.Exercise = "This is an exercise. Nothing has happened."
	}
	if d.AwareAt == "" {
		d.AwareAt = "not recorded"
	}
	if v.AcknowledgedBy != nil {
		d.AcknowledgedBy = words(*v.AcknowledgedBy, maxField)
	}
	if v.Commander != nil {
		d.Commander = words(*v.Commander, maxField)
	} else if v.ProposedCommander != nil {
		d.OnCall = words(v.ProposedCommander.Name, maxField)
	}
	for _, p := range n.Effect.Thresholds[:min(len(n.Effect.Thresholds), maxLabels)] {
		d.Thresholds = append(d.Thresholds, words(p.Name, maxName))
	}
	if late := lateBy(n); late > 0 {
		d.LateBy = incident.Words(late)
	}
	d.Incomplete, d.MoreIncomplete = fit(v.Incomplete, maxIncomplete, incompleteText, func(s string) (string, int) {
		s = words(s, maxSentence)
		return s, cost(s)
	})
	d.Clocks, d.MoreClocks = fit(v.Clocks, maxClocks, clockText, func(c incident.ClockView) (clockDetails, int) {
		return describeClock(&c, n, zone)
	})
	d.Alerts, d.MoreAlerts = fit(v.Alerts, maxAlerts, alertText, describeAlert)
	return d
}

func describeClock(c *incident.ClockView, n dispatch.Notice, zone *time.Location) (clockDetails, int) {
	d := clockDetails{
		Clock: clockName(c.ClockID, c.Title), State: words(c.State, maxName), Standing: standing(c, n.Now, zone),
		Passed:   words(dispatch.Passed(n.Effect.Covering(c.ClockID)), maxLabel),
		TargetAt: instant(c.TargetAt), DueAt: instant(c.DueAt), SubmittedAt: instantOf(c.SubmittedAt), Source: words(c.Source, maxLabel),
	}
	return d, cost(d.Clock, d.State, d.Standing, d.Passed, d.TargetAt, d.DueAt, d.SubmittedAt, d.Source)
}

func describeAlert(a incident.AlertView) (alertDetails, int) {
	labels, moreLabels, n := pairs(a.Labels, maxLabel)
	annotations, moreAnnotations, m := pairs(a.Annotations, maxAnnotation)
	d := alertDetails{
		Status: words(a.Status, maxName), StartsAt: instant(a.StartsAt), EndsAt: instantOf(a.EndsAt),
		Labels: labels, Annotations: annotations, GeneratorURL: dispatch.Defang(address(a.GeneratorURL)),
	}
	if moreLabels+moreAnnotations > 0 {
		d.More = fmt.Sprintf("and %d more labels, %d more annotations", moreLabels, moreAnnotations)
	}
	return d, n + m + cost(d.Status, d.StartsAt, d.EndsAt, d.More, d.GeneratorURL)
}

// pairs are the first labels or annotations by name, how many more there are,
// and what they cost.
func pairs(all map[string]string, limit int) (kept map[string]string, more, spent int) {
	names := slices.Sorted(maps.Keys(all))
	if len(names) > maxLabels {
		names, more = names[:maxLabels], len(names)-maxLabels
	}
	kept = make(map[string]string, len(names))
	for _, name := range names {
		k, v := words(name, maxName), words(all[name], limit)
		kept[k] = v
		spent += cost(k, v)
	}
	return kept, more, spent
}

// fit describes the first items: at most limit, and as many as together cost
// no more than the budget. It says how many were left out.
func fit[T, D any](items []T, limit, budget int, describe func(T) (D, int)) (kept []D, more string) {
	for _, item := range items[:min(len(items), limit)] {
		d, cost := describe(item)
		if budget -= cost; budget < 0 {
			break
		}
		kept = append(kept, d)
	}
	if n := len(items) - len(kept); n > 0 {
		more = fmt.Sprintf("and %d more", n)
	}
	return kept, more
}

// cost is what strings take of a budget of text.
func cost(strings ...string) int {
	n := 0
	for _, s := range strings {
		n += len(s) + stringOverhead
	}
	return n
}

// fallback says that another channel ought to have said this.
func fallback(n dispatch.Notice) string {
	if len(n.Refused) == 0 {
		return ""
	}
	return refusal(n)[len(". "):]
}

func repeat(n dispatch.Notice) string {
	if !n.Repeat {
		return ""
	}
	return "The same may have been said before."
}
