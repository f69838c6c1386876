package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Role is what an effect is for.
type Role string

const (
	// Page calls the incident commander.
	Page Role = "page"
	// Post puts the incident's message where the team reads.
	Post Role = "post"
	// Update brings that message up to date. It is idempotent and so needs no
	// intent.
	Update Role = "update"
	// Reminder speaks about one clock.
	Reminder Role = "reminder"
	// Ask shows a proposal to those who may confirm it.
	Ask Role = "ask"
	// Heartbeat says that the sender of alerts has gone quiet.
	Heartbeat Role = "heartbeat"
	// Triage says that nobody has assessed a suspicious event, or decided on an
	// incident that an alert asked to be decided on, in time.
	Triage Role = "triage"
	// Escalate calls somebody else because nobody has answered.
	Escalate Role = "escalate"
	// PagerAcknowledge tells a pager that somebody has answered one of its
	// alerts, PagerResolve that it is over. Both are idempotent (PD-7) and so
	// need no intent; no other channel can say them.
	PagerAcknowledge Role = "acknowledge"
	PagerResolve     Role = "resolve"
)

// Effect is something to be said to the outside world. Its key names it for
// good: retries, the vendor's own de-duplication and the search after a crash
// all go by it.
type Effect struct {
	Key  string `json:"key"`
	Role Role   `json:"role"`
	// For is the channel it is meant for; Channel the one that is tried, which
	// differs once the first refused for good.
	For     string `json:"for"`
	Channel string `json:"channel"`
	// To is whom on the channel For, where it is not those it is configured to
	// tell: a service at a pager, a person or an address for mail.
	To string `json:"to,omitzero"`
	// Of is the key of the effect whose alert a pager is told about.
	Of string `json:"of,omitzero"`
	// After is for how long nobody had answered; of an escalation only.
	After Span `json:"after,omitzero"`
	// Clock is what a reminder or an escalation speaks about, Thresholds what a
	// reminder covers.
	Clock      ClockID  `json:"clock,omitzero"`
	Thresholds []Passed `json:"thresholds,omitempty"`
	// Covers is what the clocks had passed when the message said that the incident
	// is there: no reminder says it again. Of a page and a post only.
	Covers []ClockPassed `json:"covers,omitempty"`
	// Proposal is the number of what is asked.
	Proposal int `json:"proposal,omitzero"`
	// Revision is the incident's revision that is shown.
	Revision uint64 `json:"revision,omitzero"`
	// Names are those who are gathered in an incident's room, Only whether nobody
	// else may be there.
	Names []string `json:"names,omitempty"`
	Only  bool     `json:"only,omitzero"`
}

// ClockPassed is what a clock has passed.
type ClockPassed struct {
	Clock      ClockID  `json:"clock"`
	Thresholds []Passed `json:"thresholds"` // in order of time
}

// Covering is what the effect says that the clock has passed; nil for nothing.
func (e Effect) Covering(id ClockID) []Passed {
	for _, c := range e.Covers {
		if c.Clock == id {
			return c.Thresholds
		}
	}
	return nil
}

func (e Effect) describe() string {
	s := fmt.Sprintf("%s through %s", e.Role, e.Channel)
	if e.To != "" && e.Channel == e.For {
		s += " to " + e.To
	}
	if e.Of != "" {
		s += " of " + e.Of
	}
	if e.Role == Escalate {
		s += fmt.Sprintf(": nobody has answered for %s", e.After)
	}
	if e.Role == Reminder {
		s += fmt.Sprintf(" about %s (%s)", e.Clock.Stage, passedNames(e.Thresholds))
	}
	for n, c := range e.Covers {
		sep := ", "
		if n == 0 {
			sep = ", which says that these have passed: "
		}
		s += fmt.Sprintf("%s%s (%s)", sep, c.Clock.Stage, passedNames(c.Thresholds))
	}
	return s
}

func passedNames(passed []Passed) string {
	names := make([]string, len(passed))
	for i, p := range passed {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// Outgoing is an effect that was intended and is not yet done.
type Outgoing struct {
	Effect
	IntendedAt time.Time
	Attempts   int
	TriedAt    time.Time // when the last try failed
	RetryAt    time.Time // zero: no try has failed, it is in flight or in doubt
	Refused    []string  // channels that refused for good
	Reason     string    // of the last failure
}

// Message is the incident's message in a channel.
type Message struct {
	Channel  string
	Ref      string
	Revision uint64    // what it shows
	At       time.Time // when it was last written
}

// Delivery bookkeeping of one incident, or of the service as a whole.
type outbox struct {
	Pending map[string]*Outgoing
	Done    map[string]time.Time // pages, posts and questions, by key
	Message *Message
	Alarms  []Alarm // oldest first
	Room    *Room   // nil without one
}

// intend, deliver and fail fold the three effect events.
func (o *outbox) intend(e Effect, at time.Time) {
	if o.Pending == nil {
		o.Pending = map[string]*Outgoing{}
	}
	p := o.Pending[e.Key]
	if p == nil {
		p = &Outgoing{IntendedAt: at}
		o.Pending[e.Key] = p
	}
	p.Effect = e
	p.RetryAt = time.Time{}
}

func (o *outbox) deliver(e Effect, ref string, at time.Time) {
	delete(o.Pending, e.Key)
	switch e.Role {
	case Page, Escalate, Heartbeat, Triage, Post, Ask:
		if o.Done == nil {
			o.Done = map[string]time.Time{}
		}
		o.Done[e.Key] = at
	case PagerAcknowledge:
		o.answered(e.Of, at)
	case PagerResolve:
		o.lower(e.Of)
	case OpenRoom, Gather, Brief, CloseRoom:
		o.roomed(e, ref, at)
	}
	// A channel that gives no reference cannot change what it said.
	if (e.Role == Post && ref != "" || e.Role == Update) && e.Channel == e.For {
		if e.Role == Update && o.Message != nil {
			ref = o.Message.Ref
		}
		o.Message = &Message{Channel: e.Channel, Ref: ref, Revision: e.Revision, At: at}
	}
}

func (o *outbox) fail(e Effect, reason string, permanent bool, retry time.Time, at time.Time) {
	if e.Role == Update && permanent {
		delete(o.Pending, e.Key) // this revision is given up; the next is tried
		if o.Message != nil {
			o.Message.Revision, o.Message.At = e.Revision, at
		}
		return
	}
	if o.Pending == nil || o.Pending[e.Key] == nil {
		o.intend(e, at)
	}
	p := o.Pending[e.Key]
	p.Effect = e
	p.TriedAt = at
	p.Attempts++
	p.Reason = reason
	p.RetryAt = retry
	if slices.Contains(p.Refused, e.Channel) {
		p.Refused = nil // every channel had refused it: this is a new round
	}
	if permanent {
		p.Refused = append(p.Refused, e.Channel)
		p.Attempts = 0
		p.RetryAt = at // the next channel is tried at once
	}
}

// Intended says an effect on the outside world is about to be tried.
type Intended struct {
	Meta
	Effect Effect `json:"effect"`
	Repeat bool   `json:"repeat,omitzero"` // it may have been said before
}

func (Intended) Kind() string { return "effect.intended/v1" }

func (Intended) logged() string { return messages }

func (e Intended) Describe() string { return "about to " + e.Effect.describe() }

// Delivered says an effect took place.
type Delivered struct {
	Meta
	Effect Effect `json:"effect"`
	// Ref is the vendor's name for it: a Slack ts, a PagerDuty dedup key.
	Ref string `json:"ref,omitzero"`
	// Found is true when it was in doubt and turned out to have happened.
	Found bool `json:"found,omitzero"`
}

func (Delivered) Kind() string { return "effect.delivered/v1" }

func (Delivered) logged() string { return messages }

func (e Delivered) Describe() string { return e.Effect.describe() + ": delivered" }

// Failed says a try did not work.
type Failed struct {
	Meta
	Effect    Effect    `json:"effect"`
	Reason    string    `json:"reason"`
	Permanent bool      `json:"permanent,omitzero"`
	RetryAt   time.Time `json:"retry_at,omitzero"`
}

func (Failed) Kind() string { return "effect.failed/v1" }

func (Failed) logged() string { return messages }

func (e Failed) Describe() string {
	if e.Permanent {
		return e.Effect.describe() + ": refused for good: " + e.Reason
	}
	return e.Effect.describe() + ": failed, will be tried again: " + e.Reason
}

func (ev Delivered) apply(s *State, e Entry) {
	s.box(ev.ID).deliver(ev.Effect, ev.Ref, e.At)
	if o := s.alarming(ev.ID, ev.Effect); o != nil {
		o.raise(ev.Effect, e.At)
	}
	if i := s.incidents[ev.ID]; i != nil {
		if ev.Effect.Role == Reminder {
			i.coverage(ev.Effect.Clock, ev.Effect.For).cover(ev.Effect.Thresholds)
		}
		for _, c := range ev.Effect.Covers {
			i.coverage(c.Clock, ev.Effect.For).cover(c.Thresholds)
		}
	}
}

func (ev Intended) apply(s *State, e Entry) {
	s.box(ev.ID).intend(ev.Effect, e.At)
	if o := s.alarming(ev.ID, ev.Effect); o != nil {
		o.raise(ev.Effect, e.At)
	}
}

func (ev Failed) apply(s *State, e Entry) {
	if o := s.alarming(ev.ID, ev.Effect); o != nil && ev.Permanent {
		o.lower(ev.Effect.Key)
	}
	s.box(ev.ID).fail(ev.Effect, ev.Reason, ev.Permanent, ev.RetryAt, e.At)
}

// box is the outbox of an incident, or of the service when id is empty.
func (s *State) box(id ID) *outbox {
	if i := s.incidents[id]; i != nil {
		return &i.outbox
	}
	return &s.ops
}

// Intend records that an effect is about to be tried.
type Intend struct {
	ID     ID // empty for the service itself
	Effect Effect
	Repeat bool
}

func (c Intend) decide(_ *Rules, d *decision) (any, error) {
	d.emit(Intended{Meta: Meta{ID: c.ID, By: System}, Effect: c.Effect, Repeat: c.Repeat})
	return nil, nil
}

// Deliver records that an effect took place.
type Deliver struct {
	ID     ID
	Effect Effect
	Ref    string
	Found  bool
}

func (c Deliver) decide(_ *Rules, d *decision) (any, error) {
	d.emit(Delivered{Meta: Meta{ID: c.ID, By: System}, Effect: c.Effect, Ref: c.Ref, Found: c.Found})
	return nil, nil
}

// Fail records that a try did not work, and when the next one is due.
type Fail struct {
	ID        ID
	Effect    Effect
	Reason    string
	Permanent bool
	RetryAt   time.Time
}

func (c Fail) decide(_ *Rules, d *decision) (any, error) {
	d.emit(Failed{Meta: Meta{ID: c.ID, By: System}, Effect: c.Effect, Reason: c.Reason, Permanent: c.Permanent, RetryAt: c.RetryAt.UTC()})
	return nil, nil
}
