package incident

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// ClockID names one clock of an incident: the report one entity owes under
// one stage of one regime; where the same report is owed to several, to one
// counterparty.
type ClockID struct {
	Entity string         `json:"entity"`
	Regime regime.ID      `json:"regime"`
	Stage  regime.StageID `json:"stage"`
	// Counterparty is the contract under which the report is owed, unique
	// within the entity; empty where it is owed to an authority.
	Counterparty string `json:"counterparty,omitzero"`
}

// String is entity/regime/stage, and /counterparty where there is one. The
// first three hold no slash, so that no two clocks share it.
func (c ClockID) String() string {
	s := c.Entity + "/" + string(c.Regime) + "/" + string(c.Stage)
	if c.Counterparty != "" {
		s += "/" + c.Counterparty
	}
	return s
}

// Clock is a stage running for one incident. Its instants are results that
// were computed when the entry was written; zero means "none". DueAt is zero
// where the law says "without undue delay" and nobody agreed on a figure: such
// a clock is never late, and its target, the instant of detection, has passed
// at once.
type Clock struct {
	ClockID
	Title          string    `json:"title"`
	Confidence     string    `json:"confidence"` // how sure we are of Source
	MemberState    string    `json:"member_state,omitzero"`
	Authority      string    `json:"authority,omitzero"`
	Basis          string    `json:"basis"`
	Projected      bool      `json:"projected,omitzero"`
	Awaits         string    `json:"awaits,omitzero"` // what starts its period, of a projected clock; see [regime.Anchor.String]
	StartedAt      time.Time `json:"started_at"`
	TargetAt       time.Time `json:"target_at"`
	DueAt          time.Time `json:"due_at"`
	OuterReadingAt time.Time `json:"outer_reading_at,omitzero"`
	Source         string    `json:"source"`
	// IfOngoing cites the rule that takes the place of this one when the incident is still ongoing at DueAt, Art. 23(4)(e).
	IfOngoing string `json:"if_ongoing,omitzero"`

	// What ended it. The first submission is kept; a later one moves nothing.
	Submitted *Submission `json:"submitted,omitzero"`
	StoppedAt time.Time   `json:"stopped_at,omitzero"`
	Stopped   string      `json:"stopped,omitzero"`
}

// Open reports whether the report is still owed.
func (c *Clock) Open() bool { return c.Submitted == nil && c.StoppedAt.IsZero() }

// Deadline is the instant reminders go by: the earlier of target and due.
func (c *Clock) Deadline() time.Time {
	return regime.Clock{TargetAt: c.TargetAt, DueAt: c.DueAt}.AlarmAt()
}

// States of a clock, all measured against DueAt.
const (
	ClockProjected = "projected"
	ClockRunning   = "running"
	ClockSubmitted = "submitted"
	ClockOverdue   = "overdue"
	ClockStopped   = "stopped"
)

// State is what the clock is at now.
func (c *Clock) State(now time.Time) string {
	switch {
	case c.Submitted != nil:
		return ClockSubmitted
	case !c.StoppedAt.IsZero():
		return ClockStopped
	case regime.Overdue(c.DueAt, now):
		return ClockOverdue
	case c.Projected:
		return ClockProjected
	}
	return ClockRunning
}

// Late reports whether the report went out, or is still missing, after DueAt.
// A stopped clock is never late.
func (c *Clock) Late(now time.Time) bool {
	switch {
	case c.Submitted != nil:
		return regime.Late(c.DueAt, c.Submitted.instants().LastAt())
	case !c.StoppedAt.IsZero():
		return false
	}
	return regime.Overdue(c.DueAt, now)
}

// setClocks takes over newly computed instants and keeps what ended a clock,
// also of one that is no longer owed. What begins after a decision that
// nothing is to be reported is stopped by it too, but for what the authority
// asked.
func (i *Incident) setClocks(clocks []Clock) {
	old := i.Clocks
	i.Clocks = slices.Clone(clocks)
	for n := range i.Clocks {
		c := &i.Clocks[n]
		at := slices.IndexFunc(old, func(o Clock) bool { return o.ClockID == c.ClockID })
		switch {
		case at >= 0:
			c.Submitted, c.StoppedAt, c.Stopped = old[at].Submitted, old[at].StoppedAt, old[at].Stopped
		case c.Basis != string(regime.FromRequest):
			// A stage that is new is no more owed than the others; what an
			// authority asks for is.
			at = slices.IndexFunc(old, func(o Clock) bool {
				return o.Entity == c.Entity && o.Regime == c.Regime && strings.HasPrefix(o.Stopped, stoppedBy)
			})
			if at >= 0 {
				c.StoppedAt, c.Stopped = old[at].StoppedAt, old[at].Stopped
			}
		}
	}
	for _, o := range old {
		if _, owed := i.Clock(o.ClockID); !owed && !o.Open() {
			i.Clocks = append(i.Clocks, o)
		}
	}
}
