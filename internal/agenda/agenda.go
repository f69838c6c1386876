// Package agenda computes what ought to have been said by now about an
// incident: pages, the message where the team reads, reminders.
//
// Nothing is scheduled. [Due] looks at the incident, the policy and an
// instant, subtracts what the journal shows as delivered and returns the
// rest; a crash, a restart, a long sleep or a fast exercise are all the same
// function called again. [Next] says when to look again.
//
// The package is pure: no I/O, no clock.
package agenda

import (
	"slices"
	"strconv"
	"time"

	"nis2clock/internal/incident"
)

// UpdateEvery is the least time between two updates of an incident's message,
// so that an alert storm costs few calls (SL-11).
const UpdateEvery = 5 * time.Second

// Item is one effect that is due.
type Item struct {
	// ID is empty for an effect about the service itself.
	ID     incident.ID
	Effect incident.Effect
	// InDoubt is true when the effect was intended and no outcome is known: it
	// is in flight, or a crash came between the two.
	InDoubt bool
	// Intended is the effect as it was last intended: what is found of one in
	// doubt. Since then further thresholds may have passed.
	Intended incident.Effect
	// Attempts counts the tries that failed on this channel.
	Attempts int
	// Refused are the channels that refused the effect for good, when it now
	// goes another way; Reason is what they said.
	Refused []string
	Reason  string
	// Since is when it ought to have been said.
	Since time.Time
	// NotBefore is when it may be tried next; zero for at once.
	NotBefore time.Time
	// Unreachable is true when every channel has refused it for good. It is
	// tried again from the start at NotBefore.
	Unreachable bool
}

// Due is what ought to have been said about the incident by now and may be
// tried now.
func Due(i *incident.Incident, p *incident.ReminderPolicy, now time.Time) []Item {
	return ready(Owed(i, p, now), now)
}

// Owed is what ought to have been said about the incident by now, also what
// waits for its next try.
func Owed(i *incident.Incident, p *incident.ReminderPolicy, now time.Time) []Item {
	if p == nil {
		return nil
	}
	p = open(i, p)
	var items []Item
	wanted(i, p, now, func(e incident.Effect, since time.Time) {
		items = append(items, item(i.ID, e, i.Pending[e.Key], p.Channels, since))
	})
	return items
}

// open is the policy without the channels that are closed to an incident out of
// band: an attacker may be reading them, so that only pagers are left, also for
// what a pager refuses.
func open(i *incident.Incident, p *incident.ReminderPolicy) *incident.ReminderPolicy {
	if !i.OutOfBand {
		return p
	}
	only := *p
	only.Channels, only.Rooms = p.Pagers, ""
	return &only
}

// ready leaves out what waits for its next try.
func ready(items []Item, now time.Time) []Item {
	return slices.DeleteFunc(items, func(it Item) bool { return it.NotBefore.After(now) })
}

// wanted calls add with every effect the incident wants at now and that was
// not delivered.
func wanted(i *incident.Incident, p *incident.ReminderPolicy, now time.Time, add func(incident.Effect, time.Time)) {
	live := i.Status != incident.StatusClosed && i.Reportability != incident.ReportNotReportable
	opening := openings(i, p, now)
	for _, e := range opening {
		add(e, i.OpenedAt)
	}
	triage(i, p, now, add)
	if i.Status != incident.StatusClosed { // a breach may be owed although the incident is not
		for n := range i.Clocks {
			reminders(i, &i.Clocks[n], p, opening, now, add)
		}
	}
	for _, c := range p.Calls(i, now) {
		if !c.At.After(now) && i.Done[c.Effect.Key].IsZero() {
			add(c.Effect, c.At)
		}
	}
	settle(i, p, add)
	room(i, p, now, add)
	for _, ch := range p.Channels {
		if slices.Contains(p.Pagers, ch) {
			continue
		}
		if live {
			questions(i, ch, now, add)
		}
		if m := i.Message; m != nil && m.Channel == ch && stale(i, m, now) && !now.Before(m.At.Add(UpdateEvery)) {
			add(incident.Effect{Key: key(i.ID, "update", ch), Role: incident.Update, For: ch, Revision: i.Revision}, i.UpdatedAt)
		}
	}
}

// stale reports whether the message shows what is no longer so. That people
// were called again after somebody had answered is no content and yet shown.
func stale(i *incident.Incident, m *incident.Message, now time.Time) bool {
	calledAgain := i.Acknowledged != nil && i.Unanswered(now) && !i.Unanswered(m.At)
	return m.Revision < i.Revision || i.ExpiredSince(m.At, now) || calledAgain
}

// questions adds what waits for somebody's confirmation.
func questions(i *incident.Incident, ch string, now time.Time, add func(incident.Effect, time.Time)) {
	for n := range i.Motions {
		p := &i.Motions[n]
		if key := key(i.ID, "proposal", strconv.Itoa(p.Number), ch); p.State(now) == incident.ProposalOpen && i.Done[key].IsZero() {
			add(incident.Effect{Key: key, Role: incident.Ask, For: ch, Proposal: p.Number, Revision: i.Revision}, p.Made.At)
		}
	}
}

// reminders adds at most one effect per channel for the clock: it covers all
// thresholds passed since the last that an opening does not carry.
func reminders(i *incident.Incident, c *incident.Clock, p *incident.ReminderPolicy, opening []incident.Effect, now time.Time, add func(incident.Effect, time.Time)) {
	if !c.Open() {
		return
	}
	for _, ch := range p.Channels {
		passed := p.Pending(c, i.DetectedAt, ch, told(i, c, p, ch, opening), now)
		if len(passed) == 0 || slices.Contains(p.Pagers, ch) && !p.HeldUntil(c, i.DetectedAt, now).IsZero() {
			continue
		}
		// The instant stands in the key because a threshold can be passed again,
		// when its clock has moved: under the old key nobody would be paged (PD-8).
		last := passed[len(passed)-1]
		e := incident.Effect{
			Key:  key(i.ID, c.ClockID.String(), last.Name, last.At.UTC().Format("20060102T150405Z"), ch),
			Role: incident.Reminder, For: ch, Clock: c.ClockID, Thresholds: passed, Revision: i.Revision,
		}
		// One that was intended and not yet delivered takes the newly passed
		// thresholds with it, under the key it has: it is looked for by that key. Not
		// so at a pager, which may have taken it and lost the answer: under a key it
		// knows, what was passed since would wake nobody (PD-8).
		for _, out := range i.Pending {
			if slices.Contains(p.Pagers, ch) {
				break
			}
			if out.Role == incident.Reminder && out.For == ch && out.Clock == c.ClockID {
				e.Key = out.Key
				break
			}
		}
		add(e, passed[0].At)
	}
}

// item settles on which channel the effect is tried, and when.
func item(id incident.ID, e incident.Effect, out *incident.Outgoing, channels []string, since time.Time) Item {
	it := Item{ID: id, Effect: e, Since: since}
	it.Effect.Channel = e.For
	if out == nil {
		return it
	}
	it.Intended, it.Attempts, it.Refused, it.Reason = out.Effect, out.Attempts, out.Refused, out.Reason
	it.InDoubt, it.NotBefore = out.RetryAt.IsZero(), out.RetryAt
	if e.Of != "" || e.Role.OfRoom() { // nobody else knows the alert, or has the room
		channels = nil
	}
	name, ok := way(e, out, channels)
	if !ok { // from the start: a key or a channel may have been mended
		it.Unreachable, it.NotBefore = true, again(out)
		return it
	}
	it.Effect.Channel = name
	return it
}

// Again is how long an effect rests that every channel has refused for good.
// It is not given up: a refusal may have been a wrong key.
const Again = time.Hour

func again(out *incident.Outgoing) time.Time { return out.TriedAt.Add(Again) }

// way is the channel an effect goes next: the one it is meant for, else the
// first configured one that has not refused it. It is false when every one has.
func way(e incident.Effect, out *incident.Outgoing, channels []string) (string, bool) {
	if !slices.Contains(out.Refused, e.For) {
		return e.For, true
	}
	for _, ch := range channels {
		if !slices.Contains(out.Refused, ch) {
			return ch, true
		}
	}
	return "", false
}

// Next is the first instant after now at which [Due] can return something
// new; zero when only an entry can change that.
func Next(i *incident.Incident, p *incident.ReminderPolicy, now time.Time) time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if p == nil {
		return next
	}
	for _, out := range i.Pending {
		consider(out.RetryAt)
		if len(out.Refused) > 0 {
			consider(again(out))
		}
	}
	if r := i.Room; r.IsOpen() && r.Message != nil && stale(i, r.Message, now) {
		consider(r.Message.At.Add(BriefEvery))
	}
	if untriaged(i) {
		consider(i.TriageBy)
	}
	if m := i.Message; m != nil {
		if stale(i, m, now) {
			consider(m.At.Add(UpdateEvery))
		}
		for n := range i.Motions {
			consider(i.Motions[n].ExpiresAt)
		}
	}
	if i.Status == incident.StatusClosed {
		return next
	}
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Open() {
			consider(p.NextAfter(c, i.DetectedAt, now))
			consider(p.HeldUntil(c, i.DetectedAt, now))
		}
	}
	for _, c := range p.Calls(i, now) {
		consider(c.At)
	}
	return next
}

// key names an effect for good.
func key(id incident.ID, parts ...string) string {
	k := string(id)
	for _, p := range parts {
		k += "/" + p
	}
	return k
}
