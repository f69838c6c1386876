package tabletop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
)

// happening is something that the scenario has in store.
type happening struct {
	at   time.Duration
	rank int // of those at one instant: an inject, then a question, then a step
	do   func(context.Context) error
}

// happenings are what has not happened yet, in order.
func (x *Exercise) happenings() (out []happening) {
	s := x.o.Scenario
	for _, i := range s.Injects {
		if !x.rec.injected[i.ID] {
			out = append(out, happening{i.At, 0, func(ctx context.Context) error { return x.inject(ctx, i) }})
		}
	}
	for _, d := range s.Decisions {
		if x.rec.asked[d.ID].IsZero() {
			out = append(out, happening{d.At, 1, func(ctx context.Context) error { return x.ask(ctx, d) }})
		}
	}
	if x.o.Auto {
		for n, st := range s.Auto {
			if !x.rec.played[n] {
				out = append(out, happening{st.At, 2, func(ctx context.Context) error { return x.play(ctx, n, st) }})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b happening) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	return out
}

// Run lets the scenario happen until its end, until somebody ends it, or until
// ctx does: then it can be gone on with, and the error is ctx's.
func (x *Exercise) Run(ctx context.Context) error {
	for {
		next, over, err := x.turn(ctx)
		if r := x.request(); r != nil && err == nil {
			if err := x.retake(ctx, *r); err != nil {
				return err
			}
			continue
		}
		switch {
		case err != nil:
			return err
		case over:
			return nil
		case x.o.Speed == 0:
			x.clock.Jump(next)
		default:
			if err := x.wait(ctx, next); err != nil {
				return err
			}
		}
	}
}

// request is the rewind that was asked for, once; nil for none.
func (x *Exercise) request() *rewinding {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.asked
	x.asked = nil
	return r
}

// turn does what is due and returns when to look again.
func (x *Exercise) turn(ctx context.Context) (next time.Time, over bool, err error) {
	if next, over, err = x.happen(ctx); err != nil || over || x.o.Speed != 0 {
		return next, over, err
	}
	due, err := x.app.Settle(ctx)
	if err == nil && !due.IsZero() && due.Before(next) {
		next = due
	}
	return next, false, err
}

// happen lets everything that is due happen, and returns when the next is.
func (x *Exercise) happen(ctx context.Context) (next time.Time, over bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.rec.read(ctx, x.app); err != nil || x.rec.over {
		return time.Time{}, true, err
	}
	end := x.o.Scenario.At(x.o.Scenario.Length)
	for _, h := range x.happenings() {
		if at := x.o.Scenario.At(h.at); at.After(x.clock.Now()) {
			return at, false, nil
		}
		if err := context.Cause(ctx); err != nil {
			return time.Time{}, false, err
		}
		err := h.do(ctx)
		if failed, ok := errors.AsType[*wayIn](err); ok && x.o.Speed != 0 && ctx.Err() == nil { // the next would overtake it
			if x.failed[failed.inject] == nil {
				x.o.Logger.Warn("An inject cannot be put in; it is tried again", "inject", failed.inject, "err", failed.err)
			}
			x.failed[failed.inject] = failed.err
			return x.clock.Now().Add(times(retryAfter, x.o.Speed)), false, nil
		} else if err != nil {
			return time.Time{}, false, err
		}
	}
	if end.After(x.clock.Now()) {
		return end, false, nil
	}
	if err := x.note(ctx, incident.Person{By: incident.System}, stepEnded, "the scenario is over", ended{Complete: true}); err != nil {
		return time.Time{}, false, err
	}
	x.clock.Pause()
	return end, true, nil
}

// wait returns when the clock has reached t, was set, or somebody asked for
// something.
func (x *Exercise) wait(ctx context.Context, t time.Time) error {
	changed := x.clock.Changed()
	timer := time.NewTimer(max(x.clock.Until(t), time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case <-changed:
	case <-x.wake:
	}
	return nil
}

// lateAfter is how much later than planned an inject is called late, in real
// time.
const lateAfter = 5 * time.Second

// retryAfter is how long an inject that could not be put in waits, in real time.
const retryAfter = 2 * time.Second

// late says whether an inject planned for at comes late now, and why.
func (x *Exercise) late(id string, at time.Duration) (bool, string) {
	behind := x.clock.Now().Sub(x.o.Scenario.At(at))
	if x.o.Speed == 0 || times(behind, 1/x.o.Speed) < lateAfter {
		return false, ""
	}
	why := "the exercise was interrupted"
	if err := x.failed[id]; err != nil {
		why = "its way in failed: " + err.Error()
	}
	return true, fmt.Sprintf("%s of scenario time after its instant: %s", incident.Words(behind), why)
}

// ask notes that a decision point has come.
func (x *Exercise) ask(ctx context.Context, d scenario.DecisionPoint) error {
	return x.note(ctx, incident.Person{By: incident.System}, stepAsked, d.Question, decision{d.ID})
}
