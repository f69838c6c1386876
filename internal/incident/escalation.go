package incident

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Escalation is who else is called while nobody answers. The zero value calls
// nobody else.
//
// A ladder begins when the incident is opened, and again when a clock first has
// something to say that wakes people and its report is not submitted. What a
// clock had passed before the opening begins one only where the clock has steps
// of its own: the opening says it. A ladder ends with an acknowledgement from
// after its beginning, or with the clock. So an incident that was acknowledged
// and forgotten climbs again with every threshold that nobody answers.
type Escalation struct {
	// Steps are climbed where neither of the two below says otherwise.
	Steps []Step `json:"steps,omitempty"`
	// Severities are for incidents of a severity, in lower case.
	Severities map[string][]Step `json:"severities,omitempty"`
	// Clocks are for what a clock has to say, by its stage or by regime/stage.
	Clocks map[string][]Step `json:"clocks,omitempty"`
	// Quiet are the hours in which no clock wakes anybody.
	Quiet QuietHours `json:"quiet,omitzero"`
}

// Step is who is called once nobody has answered for that long.
type Step struct {
	After Span     `json:"after"`
	To    []Target `json:"to"`
}

// Target is a channel, and whom it tells, when not those it is configured to.
// It is written channel, or channel/whom.
type Target struct{ Channel, To string }

func (t Target) String() string {
	if t.To == "" {
		return t.Channel
	}
	return t.Channel + "/" + t.To
}

// MarshalText implements [encoding.TextMarshaler].
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *Target) UnmarshalText(b []byte) error {
	t.Channel, t.To, _ = strings.Cut(string(b), "/")
	return nil
}

// Check refuses a step that calls nobody, or not later than the one before.
func Check(steps []Step) error {
	if len(steps) == 0 {
		return invalid("an escalation needs a step: leave it out to call nobody else")
	}
	for n, s := range steps {
		switch {
		case len(s.To) == 0:
			return invalid("step %d calls nobody: give it somebody in to, or leave it out", n+1)
		case s.After < 0:
			return invalid("step %d is %s before the beginning", n+1, -s.After)
		case n > 0 && s.After <= steps[n-1].After:
			return invalid("step %d comes after %s, no later than the one before it", n+1, s.After)
		}
	}
	return nil
}

// Targets are all those that are ever called.
func (e Escalation) Targets() []Target {
	var out []Target
	add := func(steps []Step) {
		for _, s := range steps {
			out = append(out, s.To...)
		}
	}
	add(e.Steps)
	for _, m := range []map[string][]Step{e.Severities, e.Clocks} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			add(m[name])
		}
	}
	return out
}

// Equal reports whether two call alike.
func (e Escalation) Equal(f Escalation) bool { return reflect.DeepEqual(e, f) }

// own are the steps for what the clock has to say where they are not the usual.
func (e Escalation) own(c *Clock) (steps []Step, ok bool) {
	if steps, ok = e.Clocks[string(c.Regime)+"/"+string(c.Stage)]; !ok {
		steps, ok = e.Clocks[string(c.Stage)]
	}
	return steps, ok
}

// ladder are the steps for what the clock has to say; nil for the opening.
func (e Escalation) ladder(i *Incident, c *Clock) []Step {
	if c != nil {
		if steps, ok := e.own(c); ok {
			return steps
		}
	}
	if steps, ok := e.Severities[strings.ToLower(strings.TrimSpace(i.Severity))]; ok {
		return steps
	}
	return e.Steps
}

// QuietHours are a part of each day, in a zone; From after Until spans
// midnight. The zero value is never. They hold back what a clock wakes people
// for until the clock is inside its last quarter; a new incident they never
// hold back.
type QuietHours struct {
	From  Minute `json:"from"`
	Until Minute `json:"until"` // not included
	Zone  string `json:"zone"`  // IANA; that of the first entity
}

// Minute is a time of day in minutes from midnight, written 22:00.
type Minute int

func (m Minute) String() string { return fmt.Sprintf("%02d:%02d", int(m)/60, int(m)%60) }

// MarshalText implements [encoding.TextMarshaler].
func (m Minute) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *Minute) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time of day such as 22:00", b)
	}
	*m = Minute(t.Hour()*60 + t.Minute())
	return nil
}

// zoneNames remembers zones: reading one takes far longer than all else that
// is asked of a clock, and every clock is asked.
var zoneNames sync.Map // string to *time.Location, nil for one that is not known

// named is the zone of that name; nil when it is not known.
func named(name string) *time.Location {
	if zone, ok := zoneNames.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = nil
	}
	zoneNames.Store(name, zone)
	return zone
}

// end is when the quiet hours that now lies in are over; zero when now lies in
// none. A zone that is not known here has no quiet hours.
func (q QuietHours) end(now time.Time) time.Time {
	if q.From == q.Until {
		return time.Time{}
	}
	zone := named(q.Zone)
	if zone == nil {
		return time.Time{}
	}
	local := now.In(zone)
	at := Minute(local.Hour()*60 + local.Minute())
	in := q.From <= at && at < q.Until
	days := 0
	if q.From > q.Until {
		in = at >= q.From || at < q.Until
		if at >= q.From {
			days = 1
		}
	}
	if !in {
		return time.Time{}
	}
	return time.Date(local.Year(), local.Month(), local.Day()+days, 0, int(q.Until), 0, 0, zone).UTC()
}

// lastQuarter is when the last quarter of the clock's period begins.
func lastQuarter(c *Clock, detected time.Time) time.Time {
	return Threshold{percent: 75}.At(c, detected)
}

// HeldUntil is until when the quiet hours hold back what the clock would wake
// people for at now; zero for not at all.
func (p ReminderPolicy) HeldUntil(c *Clock, detected, now time.Time) time.Time {
	end := p.Escalation.Quiet.end(now)
	last := lastQuarter(c, detected)
	if end.IsZero() || !now.Before(last) {
		return time.Time{}
	}
	if last.Before(end) {
		return last
	}
	return end
}

// firstCall is when the clock first woke people, or was to, after since; zero
// when it did not by now.
func (p ReminderPolicy) firstCall(i *Incident, c *Clock, since, now time.Time) time.Time {
	var first time.Time
	consider := func(t time.Time) {
		if t.After(since) && !t.After(now) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	from := p.PageFrom.At(c, i.DetectedAt)
	for _, t := range p.Reminders {
		if at := t.At(c, i.DetectedAt); !at.Before(from) {
			consider(at)
		}
	}
	if late := p.overdueAfter(c, since); !late.IsZero() {
		consider(late)
	}
	if first.IsZero() {
		return first
	}
	if first.Before(i.OpenedAt) { // nobody could answer before
		first = i.OpenedAt
	}
	if held := p.HeldUntil(c, i.DetectedAt, first); !held.IsZero() {
		first = held
	}
	return first
}

// Call is an effect of the escalation: it is due at At.
type Call struct {
	Effect Effect
	At     time.Time
}

// Calls are all that the escalation has ever owed the incident under ladders
// that nobody has answered at now, and those still to come of them, in no
// order. What was delivered is among them.
func (p ReminderPolicy) Calls(i *Incident, now time.Time) []Call {
	var out []Call
	climb := func(steps []Step, c *Clock, base time.Time) {
		times := map[Target]int{}
		for _, s := range steps {
			for _, to := range s.To {
				n := times[to]
				times[to]++
				plain := to.To == "" && slices.Contains(p.Channels, to.Channel)
				if !slices.Contains(p.Channels, to.Channel) || plain && s.After == 0 {
					continue // the channel speaks at the beginning by itself
				}
				e := Effect{Role: Escalate, For: to.Channel, To: to.To, After: s.After, Revision: i.Revision}
				about := "opened"
				if c != nil {
					e.Clock, about = c.ClockID, c.ClockID.String()
				}
				// The step's number stands in the key, not its delay: a delay that was
				// changed calls nobody twice.
				e.Key = fmt.Sprintf("%s/%s/call/%s/%s/%d", i.ID, about, base.UTC().Format("20060102T150405Z"), to, n+1)
				at := base.Add(time.Duration(s.After))
				if c != nil {
					if held := p.HeldUntil(c, i.DetectedAt, at); !held.IsZero() {
						at = held
					}
				}
				out = append(out, Call{e, at})
			}
		}
	}
	if i.Status == StatusClosed {
		return nil
	}
	if i.Acknowledged == nil && i.Reportability != ReportNotReportable && i.Reportability != Voluntary {
		climb(p.Escalation.ladder(i, nil), nil, i.OpenedAt)
	}
	for n := range i.Clocks {
		c := &i.Clocks[n]
		if !c.Open() {
			continue
		}
		// What passed before the opening is said by it, and its ladder calls the same
		// people, unless the clock has others.
		since := i.AnsweredAt
		if _, own := p.Escalation.own(c); !own && i.OpenedAt.After(since) {
			since = i.OpenedAt
		}
		if base := p.firstCall(i, c, since, now); !base.IsZero() {
			climb(p.Escalation.ladder(i, c), c, base)
		}
	}
	return out
}
