package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// Stages of what tells an authority that a report no longer stands. No period
// runs for them. Some Member States have a form to withdraw a report, others
// take a correction.
const (
	StageWithdrawal regime.StageID = "withdrawal"
	StageCorrection regime.StageID = "correction"
)

// retracts reports whether the stage is one of those.
func retracts(stage string) bool {
	return stage == string(StageWithdrawal) || stage == string(StageCorrection)
}

// Withdrawal is a task: an authority was told of the incident, which turned
// out not to be reportable, and has to be told so before that is decided. The
// clocks of its other reports run until then.
type Withdrawal struct {
	Stamp
	Retraction
	Reason string // of the decision that is held up
}

// Retraction names reports that went to the authority of one entity under one
// regime.
type Retraction struct {
	Entity  string           `json:"entity"`
	Regime  regime.ID        `json:"regime"`
	Reports []regime.StageID `json:"reports"` // their stages
	// LastSentAt is when the last of them was sent.
	LastSentAt time.Time `json:"last_sent_at"`
}

func (t Retraction) String() string {
	var names []string
	for _, stage := range t.Reports {
		names = append(names, string(stage))
	}
	return fmt.Sprintf("%s under %s (%s)", t.Entity, t.Regime, strings.Join(names, ", "))
}

// standing are the reports in scope that went to an authority and were not
// taken back since.
func (i *Incident) standing(scope string) []Retraction {
	var out []Retraction
	for n := range i.Clocks {
		c := &i.Clocks[n]
		if !within(scope, c) || c.Submitted == nil || i.byBreach(c) {
			continue
		}
		at := slices.IndexFunc(out, func(t Retraction) bool { return t.Entity == c.Entity && t.Regime == c.Regime })
		if at < 0 {
			at, out = len(out), append(out, Retraction{Entity: c.Entity, Regime: c.Regime})
		}
		t := &out[at]
		t.Reports = append(t.Reports, c.Stage)
		if c.Submitted.SentAt.After(t.LastSentAt) {
			t.LastSentAt = c.Submitted.SentAt
		}
	}
	return slices.DeleteFunc(out, func(t Retraction) bool { _, ok := i.retracted(t); return ok })
}

// retracted is when the authority was told that the reports no longer stand. A
// correction says so only after the task was opened: before, it may have
// corrected anything.
func (i *Incident) retracted(t Retraction) (time.Time, bool) {
	w := i.withdrawal(t)
	for n := len(i.Submissions) - 1; n >= 0; n-- {
		s := i.Submissions[n]
		said := slices.Contains(s.Stages, string(StageWithdrawal)) || slices.Contains(s.Stages, string(StageCorrection)) && w != nil && !s.Record.At.Before(w.At)
		if said && s.Entity == t.Entity && s.Regime == string(t.Regime) && !s.SentAt.Before(t.LastSentAt) {
			return s.SentAt, true
		}
	}
	return time.Time{}, false
}

// withdrawal is the task to take those reports back; nil without one.
func (i *Incident) withdrawal(t Retraction) *Withdrawal {
	at := slices.IndexFunc(i.Withdrawals, func(w Withdrawal) bool { return w.Entity == t.Entity && w.Regime == t.Regime })
	if at < 0 {
		return nil
	}
	return &i.Withdrawals[at]
}

// unretracted are the tasks that are still to be done.
func (i *Incident) unretracted() (out []Retraction) {
	for _, w := range i.Withdrawals {
		if _, done := i.retracted(w.Retraction); !done {
			out = append(out, w.Retraction)
		}
	}
	return out
}

// unasked are the reports that no task is about, or only one about those
// before the last of them.
func (i *Incident) unasked(standing []Retraction) []Retraction {
	return slices.DeleteFunc(slices.Clone(standing), func(t Retraction) bool {
		w := i.withdrawal(t)
		return w != nil && !w.LastSentAt.Before(t.LastSentAt)
	})
}

// withdraws checks a submission that takes reports back.
func (c *Submit) withdraws(i *Incident, stage string) error {
	sent := slices.ContainsFunc(i.Clocks, func(cl Clock) bool {
		return cl.Entity == c.Entity && string(cl.Regime) == c.Regime && cl.Submitted != nil
	})
	if !sent {
		return refused("%s reported nothing under %s: there is nothing that a %s could be of", c.Entity, c.Regime, stage)
	}
	return nil
}

// WithdrawalOpened opens a task for each entity and regime under which reports
// had been sent when somebody decided that the incident is not reportable.
type WithdrawalOpened struct {
	Meta
	Of     []Retraction `json:"of"`
	Reason string       `json:"reason"` // of the decision
}

// Kind implements [Event].
func (WithdrawalOpened) Kind() string { return "incident.withdrawal_opened/v1" }

// Describe implements [Event].
func (e WithdrawalOpened) Describe() string {
	var of []string
	for _, t := range e.Of {
		of = append(of, t.String())
	}
	return "not reportable, thinks " + e.By.Name + because(e.Reason) + "; the authority has to be told first, by a withdrawal or correction for " + strings.Join(of, " and ") + "; the clocks run on"
}

func (e WithdrawalOpened) applyTo(_ *State, i *Incident, at Entry) {
	i.Withdrawals = slices.Clone(i.Withdrawals)
	for _, t := range e.Of {
		i.Withdrawals = slices.DeleteFunc(i.Withdrawals, func(w Withdrawal) bool { return w.Entity == t.Entity && w.Regime == t.Regime })
		i.Withdrawals = append(i.Withdrawals, Withdrawal{Stamp: Stamp{By: e.By, At: at.At}, Retraction: t, Reason: e.Reason})
	}
}

// keepReports ends the tasks in scope that were not done: the incident is
// reportable after all.
func (i *Incident) keepReports(scope string) {
	i.Withdrawals = slices.DeleteFunc(slices.Clone(i.Withdrawals), func(w Withdrawal) bool {
		_, done := i.retracted(w.Retraction)
		return !done && (scope == "" || w.Entity == scope && w.Regime == nis2)
	})
}

// WithdrawalView is a [Withdrawal] as the API shows it.
type WithdrawalView struct {
	Retraction
	Reason   string     `json:"reason"`
	OpenedBy string     `json:"opened_by"`
	OpenedAt time.Time  `json:"opened_at"`
	DoneAt   *time.Time `json:"done_at"` // when the authority was told
}

func (i *Incident) withdrawalViews() []WithdrawalView {
	out := []WithdrawalView{}
	for _, w := range i.Withdrawals {
		v := WithdrawalView{Retraction: w.Retraction, Reason: w.Reason, OpenedBy: w.By.Name, OpenedAt: w.At}
		v.Reports = slices.Clone(w.Reports)
		if at, ok := i.retracted(w.Retraction); ok {
			v.DoneAt = &at
		}
		out = append(out, v)
	}
	return out
}

// withdrawalWarning says what is to be done; empty while nothing is.
func (i *Incident) withdrawalWarning() string {
	todo := i.unretracted()
	if len(todo) == 0 {
		return ""
	}
	var of []string
	for _, t := range todo {
		of = append(of, t.String())
	}
	return "Tell the authority that the incident is not reportable, by a withdrawal or a correction as the State provides, for " + strings.Join(of, " and ") +
		"; record it as submission of the stage withdrawal or correction, and decide again. Until then the clocks run."
}
