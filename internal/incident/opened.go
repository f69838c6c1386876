package incident

import (
	"cmp"
	"fmt"
	"nis2clock/internal/classify"
	"strings"
	"time"
)

// Opened begins an incident. With an alert it is the one entry an alert that
// opens an incident costs.
type Opened struct {
	Meta
	Title       string            `json:"title"`
	Summary     string            `json:"summary,omitzero"`
	Exercise    bool              `json:"exercise,omitzero"`
	DetectedAt  time.Time         `json:"detected_at"`
	ReceivedAt  time.Time         `json:"received_at"`
	Severity    string            `json:"severity,omitzero"`
	Category    classify.Category `json:"category,omitzero"`
	Service     string            `json:"service,omitzero"`
	Malicious   classify.Answer   `json:"malicious,omitzero"`
	CrossBorder classify.Answer   `json:"cross_border,omitzero"`
	Regimes     []string          `json:"regimes,omitempty"`
	Entities    []string          `json:"entities,omitempty"`
	Correlation string            `json:"correlation,omitzero"`
	Previous    ID                `json:"previous,omitzero"`
	Reason      string            `json:"reason"`
	TriageBy    time.Time         `json:"triage_by,omitzero"`
	Alert       *Alert            `json:"alert,omitzero"`
	Body        string            `json:"body,omitzero"` // SHA-256 of the webhook body it came in
	Receipt     *Receipt          `json:"receipt,omitzero"`
	Clocks      []Clock           `json:"clocks"`
	Law         Law               `json:"law"`

	// Reportability is what was decided when it was opened; empty: undecided.
	Reportability string `json:"reportability,omitzero"`
}

func (Opened) Kind() string { return "incident.opened/v1" }

func (Opened) lasting() string { return "that there was an incident" }

func (e Opened) Describe() string {
	s := fmt.Sprintf("incident opened: %s; detected %s", e.Title, utc(e.DetectedAt))
	if e.Previous != "" {
		s += "; the same event as " + string(e.Previous) + " before"
	}
	return s
}

func (ev Opened) apply(s *State, e Entry) {
	i := &Incident{
		ID: ev.ID, Title: ev.Title, Summary: ev.Summary, Status: Open, Reportability: cmp.Or(ev.Reportability, Undecided), Exercise: ev.Exercise,
		Severity: ev.Severity, Category: ev.Category, Service: ev.Service, Malicious: ev.Malicious, CrossBorder: ev.CrossBorder,
		Regimes: ev.Regimes, Entities: ev.Entities, Correlation: ev.Correlation, Previous: ev.Previous, Reason: ev.Reason, TriageBy: ev.TriageBy,
		DetectedAt: ev.DetectedAt, ReceivedAt: ev.ReceivedAt, OpenedAt: e.At, Clocks: ev.Clocks, clocksShared: true, Warnings: ev.Law.Warnings,
	}
	s.add(i)
	if ev.Alert != nil {
		a := *ev.Alert
		s.addAlert(i, &a)
	}
	s.touch(e)
}

// Declare opens an incident by hand.
type Declare struct {
	Person
	Title      string
	Summary    string
	DetectedAt time.Time
	Severity   string
	Regimes    []string
}

func (c Declare) decide(r *Rules, d *decision) (any, error) {
	if id, done, err := c.repeated(d); err != nil || done {
		return id, err
	}
	if strings.TrimSpace(c.Title) == "" {
		return nil, invalid("a declared incident needs a title")
	}
	detected := c.DetectedAt.UTC()
	switch {
	case c.DetectedAt.IsZero():
		return nil, invalid("a declared incident needs detected_at: when it was first noticed, as RFC 3339 with offset")
	case detected.After(d.now):
		return nil, invalid("detected_at %s lies in the future", utc(detected))
	}
	if names := r.unboundRegimes(c.Regimes); len(names) > 0 {
		return nil, invalid("regimes names %s, which binds no entity here: leave it out, or name it with the entity in the configuration", quoted(names))
	}
	id := d.s.nextID(r.Exercise, d.now)
	ev := Opened{
		Meta: c.metaFor(id), Title: cleanTitle(c.Title), Summary: c.Summary, Exercise: r.Exercise,
		DetectedAt: detected, ReceivedAt: d.now, Severity: c.Severity, Regimes: c.Regimes,
		Malicious: "unknown", CrossBorder: "unknown", Reason: "declared by " + c.By.String(),
	}
	ev.Clocks, ev.Law = r.clocks(&Incident{DetectedAt: detected, Regimes: c.Regimes})
	d.emit(ev)
	return id, nil
}
