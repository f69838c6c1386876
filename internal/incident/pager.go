package incident

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// PagerWord is what a pager says has happened to one of its alerts.
type PagerWord string

const (
	// PagerTriggered: the alert is there, under a name of the pager's own.
	PagerTriggered PagerWord = "triggered"
	// PagerAcknowledged: somebody, or something, has answered it there.
	PagerAcknowledged PagerWord = "acknowledged"
	// PagerUnacknowledged: it wakes people again, by a person or a time-out there.
	PagerUnacknowledged PagerWord = "unacknowledged"
	// PagerResolved: it was ended there, which ends nothing here.
	PagerResolved PagerWord = "resolved"
	// PagerReopened: it is there again after it was ended.
	PagerReopened PagerWord = "reopened"
	// PagerPassedOn: it wakes somebody else now.
	PagerPassedOn PagerWord = "passed_on"
	// PagerAnnotated: somebody wrote something to it.
	PagerAnnotated PagerWord = "annotated"
)

// HearPager takes over what a pager says about an alert of the incident. The
// reply is the incident's id, or empty when there is no such alert: that is no
// error, since the pager may hold others.
type HearPager struct {
	// Person is who did it there, and under which key it was delivered.
	Person
	// Human is whether a person did it: only they acknowledge (PD-18).
	Human bool
	// Stranger: nobody of those the configuration names is that user of the pager. Their
	// acknowledgement counts, since the pager has stopped waking people; what
	// they write or whom they pass it on to is on record and changes nothing.
	Stranger bool
	// Barred: they are somebody in the configuration who may not act now. Their
	// acknowledgement does not count, and others go on being called.
	Barred bool
	// ID and Effect are the incident and the key of the effect whose alert it
	// is. When both are empty, Alert names it.
	ID     ID
	Effect string
	// Alert is the pager's own name of it, and URL where it is shown.
	Alert, URL string
	// Event is the pager's own name of what happened: it counts once.
	Event string
	Word  PagerWord
	// Text is what was written, or to whom it was passed on.
	Text string
	// At is when it happened there; later than now is taken for now.
	At time.Time
}

func (c HearPager) decide(_ *Rules, d *decision) (any, error) {
	if c.ID == "" && c.Alert != "" {
		at, ok := d.s.pagerAlerts[c.Alert]
		if !ok {
			return ID(""), nil
		}
		c.ID, c.Effect = at.id, at.effect
	}
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done || c.Event != "" && i.heard[c.Event] {
		return c.ID, err
	}
	at := c.At.UTC()
	if at.IsZero() || at.After(d.now) {
		at = d.now
	}
	answered := c.Human && !c.Barred && (c.Word == PagerAcknowledged || c.Word == PagerResolved)
	n := i.alarm(c.Effect)
	if answered && (i.Acknowledged == nil || n >= 0 && !i.Answers(i.Alarms[n]) || i.Unanswered(at)) {
		if n >= 0 && at.Before(i.Alarms[n].At) { // the pager's clock runs behind ours
			at = i.Alarms[n].At
		}
		d.emit(Acknowledged{Meta: Meta{ID: c.ID, By: c.By}, At: at})
	}
	link := PagerLinked{Meta: Meta{ID: c.ID, By: c.By}, Effect: c.Effect, Alert: c.Alert, URL: c.URL}
	if c.Alert != "" && d.s.pagerAlerts[c.Alert] != (pagerAlert{c.ID, c.Effect}) {
		d.emit(link)
	}
	if c.Word != PagerTriggered {
		d.emit(PagerHeard{Meta: c.metaFor(c.ID), Effect: c.Effect, Event: c.Event, Word: c.Word, Human: c.Human, Stranger: c.Stranger, Barred: c.Barred, Text: c.Text, HappenedAt: at})
	}
	return c.ID, nil
}

// pagerAlert is which effect an alert at a pager comes from.
type pagerAlert struct {
	id     ID
	effect string
}

// PagerLinked says how a pager calls the alert of an effect.
type PagerLinked struct {
	Meta
	Effect string `json:"effect"`
	Alert  string `json:"alert"`
	URL    string `json:"url,omitzero"`
}

func (PagerLinked) Kind() string { return "pager.linked/v1" }

func (e PagerLinked) Describe() string {
	return fmt.Sprintf("%s calls the alert %s %s", e.By.Via, e.Effect, cmp.Or(e.URL, e.Alert))
}

func (ev PagerLinked) apply(s *State, _ Entry) {
	if s.pagerAlerts == nil {
		s.pagerAlerts = map[string]pagerAlert{}
	}
	s.pagerAlerts[ev.Alert] = pagerAlert{ev.ID, ev.Effect}
}

// PagerHeard says what happened to an alert at a pager.
type PagerHeard struct {
	Meta
	Effect     string    `json:"effect"`
	Event      string    `json:"event,omitzero"`
	Word       PagerWord `json:"word"`
	Human      bool      `json:"human,omitzero"` // a person did it
	Stranger   bool      `json:"stranger,omitzero"`
	Barred     bool      `json:"barred,omitzero"`
	Text       string    `json:"text,omitzero"`
	HappenedAt time.Time `json:"happened_at"`
}

func (PagerHeard) Kind() string { return "pager.heard/v1" }

func (e PagerHeard) Describe() string {
	s := e.By.Via + ": " + spaced(string(e.Word))
	if e.Text != "" {
		s += ": " + e.Text
	}
	switch answers := e.Word == PagerAcknowledged || e.Word == PagerResolved; {
	case answers && e.Barred:
		s += "; it does not count, they may not act here"
	case answers:
		s += "; this stops no clock"
	}
	_, alert, _ := strings.Cut(e.Effect, "/")
	if alert != "" {
		s += " (alert " + alert + ")"
	}
	if e.Stranger {
		s += "; nobody in the configuration is this user"
	}
	return s
}

func (ev PagerHeard) applyTo(_ *State, i *Incident, _ Entry) {
	if i.heard == nil {
		i.heard = map[string]bool{}
	}
	i.heard[ev.Event] = true
	n := i.alarm(ev.Effect)
	if n < 0 && ev.Word == PagerReopened {
		if a := (Alarm{Key: ev.Effect, Channel: ev.By.Via, At: ev.HappenedAt, Again: true}); !i.Over(a) {
			i.Alarms = append(i.Alarms, a)
		}
		return
	}
	if n < 0 || ev.HappenedAt.Before(i.Alarms[n].heardAt) { // of a delivery that others overtook
		return
	}
	a := &i.Alarms[n]
	a.heardAt = ev.HappenedAt
	switch ev.Word {
	case PagerAcknowledged:
		a.Acknowledged = ev.HappenedAt
	case PagerUnacknowledged, PagerReopened:
		a.At, a.Again, a.Acknowledged = ev.HappenedAt, true, time.Time{}
	case PagerResolved:
		i.lower(ev.Effect)
	}
}

func (PagerLinked) logged() string { return messages }
