package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// A Threshold is a point of a clock at which people are reminded: a share of
// the period gone ("75%"), or a lead before its end ("1h"; "0s" is expiry).
type Threshold struct {
	percent float64       // of the period, 0 < percent < 100, when not zero; kept as written, so that it reads back as itself
	lead    time.Duration // otherwise
}

// ParseThreshold reads "75%" or a Go duration.
func ParseThreshold(s string) (Threshold, error) {
	if p, ok := strings.CutSuffix(s, "%"); ok {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || !(n > 0 && n < 100) {
			return Threshold{}, fmt.Errorf("%q is not a share of the period between 0%% and 100%%", s)
		}
		return Threshold{percent: n}, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return Threshold{}, fmt.Errorf("%q is neither a share of the period such as 75%% nor a time before the end such as 1h", s)
	}
	return Threshold{lead: d}, nil
}

// String is the threshold's name: what ParseThreshold reads.
func (t Threshold) String() string {
	if t.percent > 0 {
		return strconv.FormatFloat(t.percent, 'f', -1, 64) + "%"
	}
	return shortDuration(t.lead)
}

// MarshalText implements [encoding.TextMarshaler].
func (t Threshold) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *Threshold) UnmarshalText(b []byte) (err error) {
	*t, err = ParseThreshold(string(b))
	return err
}

// At is the instant the threshold is passed on a clock of an incident that
// was detected at detected. It goes by [Clock.Deadline].
func (t Threshold) At(c *Clock, detected time.Time) time.Time {
	end := c.Deadline()
	if t.percent == 0 {
		return end.Add(-t.lead)
	}
	start := c.StartedAt
	if end.Equal(c.TargetAt) && c.Basis != string(regime.FromRequest) {
		start = detected // the house rule counts from detection
	}
	return start.Add(time.Duration(float64(end.Sub(start)) * t.percent / 100))
}

// shortDuration writes 1h0m0s as 1h and 90m0s as 1h30m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Passed is a threshold that has been passed, and when.
type Passed struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// Span is a duration that is written as Go writes it, such as 1h30m.
type Span time.Duration

// String is what UnmarshalText reads.
func (s Span) String() string { return shortDuration(time.Duration(s)) }

// MarshalText implements [encoding.TextMarshaler].
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Span) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	*s = Span(d)
	return err
}

// ReminderPolicy is when people are reminded and which channels there are.
type ReminderPolicy struct {
	Reminders []Threshold `json:"reminders"`
	// OverdueEvery is how often a missed deadline is repeated; a target of the
	// house at most once a day until the law's own instant is a day away.
	OverdueEvery Span `json:"overdue_every"`
	// PageFrom is the first threshold that pages; earlier ones are only posted,
	// where there is a channel to post to.
	PageFrom Threshold `json:"page_from"`
	// Channels are the configured ones, by name; Pagers those that wake people.
	Channels []string `json:"channels"`
	Pagers   []string `json:"pagers"`
	// Heartbeat is the alert that must keep coming, and how long it may stay away.
	Heartbeat       string `json:"heartbeat,omitzero"`
	HeartbeatWithin Span   `json:"heartbeat_within,omitzero"`
	// Escalation is who else is called while nobody answers.
	Escalation Escalation `json:"escalation,omitzero"`
	// Rooms is the channel that gives each incident a room of its own; empty for
	// none. It is not among Channels.
	Rooms string `json:"rooms,omitzero"`
}

// Equal reports whether two policies remind alike.
func (p ReminderPolicy) Equal(q ReminderPolicy) bool {
	return slices.Equal(p.Reminders, q.Reminders) && p.OverdueEvery == q.OverdueEvery && p.PageFrom == q.PageFrom &&
		slices.Equal(p.Channels, q.Channels) && slices.Equal(p.Pagers, q.Pagers) && p.Heartbeat == q.Heartbeat && p.HeartbeatWithin == q.HeartbeatWithin &&
		p.Escalation.Equal(q.Escalation) && p.Rooms == q.Rooms
}

func (p ReminderPolicy) names() []string {
	names := make([]string, len(p.Reminders))
	for i, t := range p.Reminders {
		names[i] = t.String()
	}
	return names
}

// Coverage is what one channel has already been told about one clock. It goes
// by threshold, so that a clock which moves earlier fires what it newly passed
// and nothing twice, and by the instant the threshold had then, so that on a
// clock which moves later what lies ahead again is said again.
type Coverage struct {
	Done map[string]time.Time
	// Overdue is how far past the deadline has been covered, and OverdueAt the
	// instant that was.
	Overdue   time.Duration
	OverdueAt time.Time
}

// has reports whether the channel was told that the threshold was passed at
// at, or later.
func (cov Coverage) has(name string, at time.Time) bool {
	done, ok := cov.Done[name]
	return ok && !at.After(done)
}

// With is the coverage once the channel was told of these too.
func (cov Coverage) With(passed []Passed) Coverage {
	if len(passed) > 0 {
		cov.Done = maps.Clone(cov.Done)
		cov.cover(passed)
	}
	return cov
}

const overduePrefix = "overdue "

// speaks reports whether the channel is told when the clock passes t.
func (p ReminderPolicy) speaks(t Threshold, channel string, c *Clock, detected time.Time) bool {
	if !slices.Contains(p.Reminders, t) || !slices.Contains(p.Channels, channel) {
		return false
	}
	if !slices.Contains(p.Pagers, channel) || len(p.Pagers) == len(p.Channels) {
		return true
	}
	return !t.At(c, detected).Before(p.PageFrom.At(c, detected))
}

// Pending are the thresholds of the clock that have been passed at now and
// that the channel has yet to be told of, in order of time.
func (p ReminderPolicy) Pending(c *Clock, detected time.Time, channel string, cov Coverage, now time.Time) []Passed {
	var out []Passed
	for _, t := range p.Reminders {
		if at := t.At(c, detected); !at.After(now) && !cov.has(t.String(), at) && p.speaks(t, channel, c, detected) {
			out = append(out, Passed{Name: t.String(), At: at})
		}
	}
	slices.SortStableFunc(out, func(a, b Passed) int { return a.At.Compare(b.At) })
	if late, ok := p.owesOverdue(c, channel, cov, now); ok {
		out = append(out, late)
	}
	return out
}

// owesOverdue is the newest overdue reminder passed at now, when the channel
// has yet to be told of it.
func (p ReminderPolicy) owesOverdue(c *Clock, channel string, cov Coverage, now time.Time) (Passed, bool) {
	d := p.overdue(c, now)
	if d == 0 || !slices.Contains(p.Channels, channel) {
		return Passed{}, false
	}
	at := c.Deadline().Add(d)
	if d <= cov.Overdue && !at.After(cov.OverdueAt) {
		return Passed{}, false
	}
	return Passed{Name: overduePrefix + shortDuration(d), At: at}, true
}

// unhurried is how often at most the house's own missed target is repeated while
// what the law asks for is further away than that: a final report of an incident
// that goes on may be legally due weeks after its target (Art. 23(4)(e)), and
// nobody stays awake for that.
const unhurried = 24 * time.Hour

// overdue is the newest overdue reminder passed at now, as a time past the
// deadline; zero when there is none.
func (p ReminderPolicy) overdue(c *Clock, now time.Time) time.Duration {
	if p.OverdueEvery <= 0 {
		return 0
	}
	every := time.Duration(p.OverdueEvery)
	d := max(now.Sub(c.Deadline()), 0).Truncate(every)
	if c.Deadline().Add(d).Before(c.DueAt.Add(-unhurried)) {
		return d.Truncate(max(every, unhurried.Truncate(every)))
	}
	return d
}

// overdueAfter is the instant of the first overdue reminder after t; zero when
// there is none.
func (p ReminderPolicy) overdueAfter(c *Clock, t time.Time) time.Time {
	if p.OverdueEvery <= 0 {
		return time.Time{}
	}
	every, from := time.Duration(p.OverdueEvery), c.Deadline()
	after := func(t time.Time, step time.Duration) time.Time {
		return from.Add(max(t.Sub(from), 0).Truncate(step) + step)
	}
	next, hurry := after(t, every), c.DueAt.Add(-unhurried)
	if !next.Before(hurry) {
		return next
	}
	next = after(t, max(every, unhurried.Truncate(every)))
	if first := after(hurry.Add(-1), every); first.Before(next) {
		return first
	}
	return next
}

// coverAdded marks as covered what next adds to p for a channel and the clock
// has already passed: a changed policy never fires backwards, and what p
// itself still owes stays owed.
func (p ReminderPolicy) coverAdded(next ReminderPolicy, c *Clock, detected time.Time, channel string, cov *Coverage, now time.Time) {
	var passed []Passed
	for _, t := range next.Reminders {
		if at := t.At(c, detected); !at.After(now) && next.speaks(t, channel, c, detected) && !p.speaks(t, channel, c, detected) {
			passed = append(passed, Passed{Name: t.String(), At: at})
		}
	}
	if late, ok := next.owesOverdue(c, channel, *cov, now); ok {
		if _, before := p.owesOverdue(c, channel, *cov, now); !before {
			passed = append(passed, late)
		}
	}
	cov.cover(passed)
}

// NextAfter is the first instant after now at which Pending can grow; zero
// when it never will.
func (p ReminderPolicy) NextAfter(c *Clock, detected, now time.Time) time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, t := range p.Reminders {
		consider(t.At(c, detected))
	}
	consider(p.overdueAfter(c, now))
	return next
}

// cover records that the thresholds were dealt with.
func (cov *Coverage) cover(passed []Passed) {
	for _, p := range passed {
		rest, ok := strings.CutPrefix(p.Name, overduePrefix)
		if !ok {
			if cov.Done == nil {
				cov.Done = map[string]time.Time{}
			}
			if !cov.has(p.Name, p.At) {
				cov.Done[p.Name] = p.At
			}
			continue
		}
		if d, err := time.ParseDuration(rest); err == nil {
			cov.Overdue = max(cov.Overdue, d)
		}
		if p.At.After(cov.OverdueAt) {
			cov.OverdueAt = p.At
		}
	}
}

// PolicyAdopted records which reminders the service gives from here on, so
// that a changed policy never fires backwards.
type PolicyAdopted struct {
	Meta
	Policy ReminderPolicy `json:"policy"`
}

func (PolicyAdopted) Kind() string { return "policy.adopted/v1" }

func (PolicyAdopted) lasting() string { return "which reminders were in force" }

func (e PolicyAdopted) Describe() string {
	escalation := ""
	if to := e.Policy.Escalation.Targets(); len(to) > 0 {
		escalation = "; while nobody answers, also " + strings.Trim(fmt.Sprint(to), "[]")
	}
	return fmt.Sprintf("reminders at %s, then every %s overdue; channels %s%s",
		strings.Join(e.Policy.names(), ", "), e.Policy.OverdueEvery, cmp.Or(strings.Join(e.Policy.Channels, ", "), "none configured"), escalation)
}

// applyPolicy takes over a reminder policy. What it adds and an open clock
// has already passed counts as covered: a changed policy never fires
// backwards.
func (ev PolicyAdopted) apply(s *State, e Entry) {
	p := ev.Policy
	for _, id := range s.order {
		i := s.incidents[id]
		for n := range i.Clocks {
			c := &i.Clocks[n]
			if !c.Open() {
				continue
			}
			for _, channel := range p.Channels {
				if s.Policy != nil {
					s.Policy.coverAdded(p, c, i.DetectedAt, channel, i.coverage(c.ClockID, channel), e.At)
				}
			}
		}
	}
	s.Policy, s.PolicyAt = &p, e.At
}

// AdoptPolicy records the reminder policy when it differs from the one in force.
type AdoptPolicy struct {
	By     Actor // who had the configuration read; [System] when zero
	Policy ReminderPolicy
}

func (c AdoptPolicy) decide(_ *Rules, d *decision) (any, error) {
	if d.s.Policy == nil || !d.s.Policy.Equal(c.Policy) {
		d.emit(PolicyAdopted{Meta: Meta{By: cmp.Or(c.By, System)}, Policy: c.Policy})
	}
	return nil, nil
}
