package incident

import (
	"slices"
	"time"
)

// Alarm is an alert that a pager holds, or may hold, for the incident. It
// stays there until the pager is told that it is over: PagerDuty knows neither
// clocks nor submissions.
type Alarm struct {
	// Key is that of the effect which raised it, and what the pager knows it by.
	Key     string
	Channel string
	To      string  // whom there; see [Effect.To]
	Clock   ClockID // zero: it is about the incident as a whole
	// At is when it was delivered; before that, when it was intended.
	At time.Time
	// Acknowledged is when the pager came to know that somebody has answered;
	// zero while it wakes people.
	Acknowledged time.Time
	// Again is true once it wakes people anew, since At.
	Again bool

	heardAt time.Time // when the newest thing happened that the pager told of it
}

// Over reports whether nothing about the alarm asks for anybody any more: its
// clock has ended, or all have, or the incident is closed.
func (i *Incident) Over(a Alarm) bool {
	if i.Status == StatusClosed {
		return true
	}
	if a.Clock != (ClockID{}) {
		c, ok := i.Clock(a.Clock)
		return !ok || !c.Open()
	}
	if len(i.Clocks) == 0 {
		return i.Reportability == ReportNotReportable
	}
	return !slices.ContainsFunc(i.Clocks, func(c Clock) bool { return c.Open() })
}

// Answers reports whether an acknowledgement covers the alarm. The first one
// covers all that says the incident is there; what a clock has to say is
// covered by one that came after it was said.
func (i *Incident) Answers(a Alarm) bool {
	if i.Acknowledged == nil {
		return false
	}
	return a.Clock == (ClockID{}) && !a.Again || !i.AnsweredAt.Before(a.At)
}

// Unanswered reports whether a pager held something at at that nobody has
// answered.
func (i *Incident) Unanswered(at time.Time) bool {
	return slices.ContainsFunc(i.Alarms, func(a Alarm) bool {
		return !a.At.After(at) && a.Acknowledged.IsZero() && !i.Over(a) && !i.Answers(a)
	})
}

// raises reports whether an effect of that role makes an alert at a pager.
func (r Role) raises() bool { return r != Update && r != PagerAcknowledge && r != PagerResolve }

// raise notes that the pager may hold an alert for the effect from now on. A
// try that did not get through may have been taken all the same; when it was,
// and somebody has answered it there since, another try wakes nobody (PD-8).
func (o *outbox) raise(e Effect, at time.Time) {
	if n := o.alarm(e.Key); n >= 0 {
		if o.Alarms[n].Acknowledged.IsZero() {
			o.Alarms[n].At = at
		}
		return
	}
	a := Alarm{Key: e.Key, Channel: e.Channel, Clock: e.Clock, At: at, Again: e.Role == Triage}
	if e.Channel == e.For {
		a.To = e.To
	}
	o.Alarms = append(o.Alarms, a)
}

func (o *outbox) alarm(key string) int {
	return slices.IndexFunc(o.Alarms, func(a Alarm) bool { return a.Key == key })
}

// lower forgets an alarm that the pager does not hold.
func (o *outbox) lower(key string) {
	if n := o.alarm(key); n >= 0 {
		o.Alarms = slices.Delete(o.Alarms, n, n+1)
	}
}

// answered notes that the pager knows of an acknowledgement.
func (o *outbox) answered(key string, at time.Time) {
	if n := o.alarm(key); n >= 0 {
		o.Alarms[n].Acknowledged = at
	}
}

// alarming is the outbox to note the effect's alarm in; nil when its channel
// is no pager or it is about no incident.
func (s *State) alarming(id ID, e Effect) *outbox {
	i := s.incidents[id]
	if i == nil || s.Policy == nil || !e.Role.raises() || !slices.Contains(s.Policy.Pagers, e.Channel) {
		return nil
	}
	return &i.outbox
}
