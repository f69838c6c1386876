package incident

import (
	"fmt"
	"maps"
	"time"
)

// Attached adds an occurrence to an incident. When it proves an earlier
// detection, or names more entities or regimes, the new instants stand beside
// it.
type Attached struct {
	Meta
	Alert      Alert     `json:"alert"`
	ReceivedAt time.Time `json:"received_at"`
	Body       string    `json:"body,omitzero"`
	Receipt    *Receipt  `json:"receipt,omitzero"`
	Redetected *Redated  `json:"redetected,omitzero"`
	Widened    *Widened  `json:"widened,omitzero"`
}

func (Attached) Kind() string { return "alert.attached/v1" }

func (e Attached) Describe() string {
	return fmt.Sprintf("alert %s joined (%s), started %s%s%s", name(e.Alert.Labels), e.Alert.Status, utc(e.Alert.StartsAt), e.Redetected.describe(), e.Widened.describe())
}

// AlertResolved ends an occurrence. It stops no clock.
type AlertResolved struct {
	Meta
	Series     string    `json:"series"`
	StartsAt   time.Time `json:"starts_at"` // of the occurrence as known before
	Earlier    time.Time `json:"earlier_start,omitzero"`
	EndsAt     time.Time `json:"ends_at"`
	Body       string    `json:"body,omitzero"`
	Receipt    *Receipt  `json:"receipt,omitzero"`
	Redetected *Redated  `json:"redetected,omitzero"`
}

func (AlertResolved) Kind() string { return "alert.resolved/v1" }

func (e AlertResolved) Describe() string {
	return fmt.Sprintf("alert %s resolved at %s; this stops no clock%s", e.Series, utc(e.EndsAt), e.Redetected.describe())
}

// AlertMoved is a live alert whose start moved backwards (AM-8).
type AlertMoved struct {
	Meta
	Series     string    `json:"series"`
	StartsAt   time.Time `json:"starts_at"`
	Earlier    time.Time `json:"earlier_start"`
	Body       string    `json:"body,omitzero"`
	Receipt    *Receipt  `json:"receipt,omitzero"`
	Redetected *Redated  `json:"redetected,omitzero"`
}

func (AlertMoved) Kind() string { return "alert.moved/v1" }

func (e AlertMoved) Describe() string {
	return fmt.Sprintf("alert %s now says it started %s, earlier than %s%s", e.Series, utc(e.Earlier), utc(e.StartsAt), e.Redetected.describe())
}

// Redated is a fact that changed and what the clocks are since.
type Redated struct {
	Was    time.Time `json:"was,omitzero"`
	Now    time.Time `json:"now"`
	Clocks []Clock   `json:"clocks"`
	Law    Law       `json:"law"`
}

// describe names the instants on both sides of a changed fact.
func (r *Redated) describe() string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("; detection moved from %s to %s, clocks are earlier: %s", utc(r.Was), utc(r.Now), dues(r.Clocks))
}

// redetect takes over an earlier detection and the instants computed from it.
func (i *Incident) redetect(r *Redated) {
	if r == nil {
		return
	}
	i.DetectedAt = r.Now
	i.recounted(Recount{Clocks: r.Clocks, Law: r.Law})
}

func (s *State) addAlert(i *Incident, a *Alert) {
	refs := s.occurrences[a.series()]
	if len(refs) > 0 { // one that flaps for weeks keeps its labels once
		last := refs[len(refs)-1].alert
		a.Labels, a.Annotations = shared(a.Labels, last.Labels), shared(a.Annotations, last.Annotations)
	}
	i.Alerts = append(i.Alerts, a)
	s.occurrences[a.series()] = append(refs, occurrenceRef{i, a})
	if a.Found == FoundInPrometheus {
		s.found = append(s.found, occurrenceRef{i, a})
	}
}

func (s *State) findAlert(series string, starts time.Time) *Alert {
	for _, ref := range s.occurrences[series] {
		if ref.alert.StartsAt.Equal(starts) {
			return ref.alert
		}
	}
	return nil
}

func (a *Alert) moveStart(earlier time.Time) {
	if !earlier.IsZero() {
		a.StartsAt = earlier
	}
}

// shared is the one of two equal maps that is kept anyway. Neither is ever
// changed.
func shared(m, kept map[string]string) map[string]string {
	if maps.Equal(m, kept) {
		return kept
	}
	return m
}

// occurrence finds where an alert is kept.
type occurrenceRef struct {
	incident *Incident
	alert    *Alert
}

func (ev Attached) applyTo(s *State, i *Incident, _ Entry) {
	a := ev.Alert
	s.addAlert(i, &a)
	i.redetect(ev.Redetected)
	i.widen(ev.Widened)
}

func (ev AlertResolved) applyTo(s *State, i *Incident, _ Entry) {
	if a := s.findAlert(ev.Series, ev.StartsAt); a != nil {
		a.Status, a.EndsAt = Resolved, ev.EndsAt
		a.moveStart(ev.Earlier)
	}
	i.redetect(ev.Redetected)
}

func (ev AlertMoved) applyTo(s *State, i *Incident, _ Entry) {
	if a := s.findAlert(ev.Series, ev.StartsAt); a != nil {
		a.moveStart(ev.Earlier)
	}
	i.redetect(ev.Redetected)
}
