package tabletop

import (
	"context"
	"fmt"
	"time"

	"nis2clock/internal/app"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/writeup"

	"github.com/go-json-experiment/json"
)

// Kinds of step, the What of [incident.ExerciseNoted], and the shape of its data.
const (
	stepStarted    = "started"     // scorecard.Exercise, as planned
	stepRestarted  = "restarted"   // none
	stepInjected   = "injected"    // scorecard.Delivered, without its instant
	stepAsked      = "asked"       // decision: a decision point has come
	stepPlayed     = "played"      // played: a scripted participant's step is done
	stepPaused     = "paused"      // scorecard.Pause, without its instants
	stepResumed    = "resumed"     // none
	stepLeftBehind = "left_behind" // none: a rewind goes on in another take
	stepRewound    = "rewound"     // rewound
	stepHint       = "hint"        // scorecard.HintGiven
	stepAttends    = "attends"     // scorecard.Attendance
	stepLeft       = "left"        // scorecard.Attendance: the name
	stepDecided    = "decided"     // scorecard.Decision
	stepAnswered   = "answered"    // scorecard.Answer
	stepGap        = "gap"         // scorecard.Gap
	stepLesson     = "lesson"      // none: it is the text
	stepRemedy     = "remedy"      // scorecard.Remedy
	stepEnded      = "ended"       // ended
	stepApproved   = "approved"    // writeup.Approval
)

type decision struct {
	Point string `json:"decision_point"`
}

type played struct {
	Step int `json:"step"` // its index in the scenario's script
}

type ended struct {
	Complete bool `json:"complete"`
}

// record is what the journal tells of an exercise so far.
type record struct {
	scorecard.Exercise
	begun, over bool
	paused      bool
	approval    *writeup.Approval // nil while nobody vouches for the write-up
	size        uint64            // entries read
	last        time.Time

	// anchor is the newest step, from which the real time of entries counts.
	anchor scorecard.Moment

	injected map[string]bool
	asked    map[string]scorecard.Moment
	played   map[int]bool
}

func newRecord() *record {
	return &record{injected: map[string]bool{}, asked: map[string]scorecard.Moment{}, played: map[int]bool{}}
}

// read takes in what was written since.
func (r *record) read(ctx context.Context, a *app.App) error {
	log := a.Journal()
	for raw, err := range log.Read(ctx, r.size, log.Head().Size) {
		if err != nil {
			return fmt.Errorf("read the exercise's journal: %w", err)
		}
		e, err := desk.Decode(raw)
		if err != nil {
			return fmt.Errorf("read the exercise's journal: %w", err)
		}
		if err := r.apply(e); err != nil {
			return fmt.Errorf("entry %d of the exercise's journal: %w", e.Seq, err)
		}
		r.size, r.last = e.Seq+1, e.At
	}
	return nil
}

// moment is when the entry was made, on both clocks.
func (r *record) moment(at time.Time) scorecard.Moment {
	m := scorecard.Moment{Scenario: at}
	if r.Speed == 0 || r.anchor.IsZero() {
		return m
	}
	m.Real = r.anchor.Real
	if !r.paused {
		m.Real = m.Real.Add(times(at.Sub(r.anchor.Scenario), 1/r.Speed))
	}
	return m
}

// apply takes in one entry.
func (r *record) apply(e incident.Entry) error {
	if step, ok := e.Event.(incident.ExerciseNoted); ok {
		return r.step(e.At, step)
	}
	if o, ok := e.Event.(incident.Opened); ok {
		r.Incident = append(r.Incident, string(o.ID))
	}
	if a, ok := scorecard.Seen(e); ok {
		a.At = r.moment(e.At)
		r.Actions = append(r.Actions, a)
	}
	return nil
}

// data reads the step's data.
func data[T any](ev incident.ExerciseNoted) (v T, err error) {
	if len(ev.Data) > 0 {
		err = json.Unmarshal(ev.Data, &v)
	}
	return v, err
}

// step takes in one step.
func (r *record) step(at time.Time, ev incident.ExerciseNoted) (err error) {
	now := scorecard.Moment{Scenario: at}
	if ev.What == stepStarted {
		if r.Exercise, err = data[scorecard.Exercise](ev); err != nil {
			return err
		}
		r.begun = true
	}
	if r.Speed != 0 {
		now.Real = ev.Real
		r.anchor = now
	}
	switch ev.What {
	case stepStarted:
		r.Started = now
	case stepRestarted:
		r.Restarts = append(r.Restarts, now)
	case stepInjected:
		d, err := data[scorecard.Delivered](ev)
		d.At = now
		r.Injects, r.injected[d.ID] = append(r.Injects, d), true
		return err
	case stepAsked:
		d, err := data[decision](ev)
		r.asked[d.Point] = now
		return err
	case stepPlayed:
		p, err := data[played](ev)
		r.played[p.Step] = true
		return err
	case stepPaused:
		p, err := data[scorecard.Pause](ev)
		p.From = now
		r.Pauses, r.paused = append(r.Pauses, p), true
		return err
	case stepResumed:
		if n := len(r.Pauses); n > 0 {
			r.Pauses[n-1].To = now
		}
		r.paused = false
	case stepRewound:
		d, err := data[rewound](ev)
		r.rewind(now, d)
		return err
	case stepHint:
		h, err := data[scorecard.HintGiven](ev)
		h.At = now
		r.Hints = append(r.Hints, h)
		return err
	case stepAttends, stepLeft:
		return r.attend(now, ev)
	case stepDecided:
		d, err := data[scorecard.Decision](ev)
		d.Asked, d.At = r.asked[d.Point], now
		r.Decisions = append(r.Decisions, d)
		r.Actions = append(r.Actions, chosen(d, ev))
		return err
	case stepAnswered:
		a, err := data[scorecard.Answer](ev)
		r.Answers = append(r.Answers, a)
		return err
	case stepGap:
		g, err := data[scorecard.Gap](ev)
		r.Gaps = append(r.Gaps, g)
		return err
	case stepLesson:
		r.Lessons = append(r.Lessons, ev.Text)
	case stepRemedy:
		m, err := data[scorecard.Remedy](ev)
		r.Remediation = append(r.Remediation, m)
		return err
	case stepApproved:
		a, err := data[writeup.Approval](ev)
		r.approval = &a
		return err
	case stepEnded:
		e, err := data[ended](ev)
		r.Ended, r.Complete, r.over = now, e.Complete, true
		return err
	}
	return nil
}

// attend takes in that somebody takes part, or no longer. What is said again
// replaces what was said, but for a confirmation, which stays.
func (r *record) attend(now scorecard.Moment, ev incident.ExerciseNoted) error {
	p, err := data[scorecard.Attendance](ev)
	if err != nil {
		return err
	}
	for n := range r.Attendance {
		was := &r.Attendance[n]
		switch {
		case was.Name != p.Name:
			continue
		case ev.What == stepLeft:
			was.Left = now
			return nil
		}
		if was.Confirmed.IsZero() && p.Via != "" {
			was.Confirmed, was.Via = now, p.Via
		}
		p.Confirmed, p.Via, p.Left = was.Confirmed, was.Via, was.Left
		*was = p
		return nil
	}
	if ev.What == stepLeft {
		return nil
	}
	if p.Via != "" {
		p.Confirmed = now
	}
	r.Attendance = append(r.Attendance, p)
	return nil
}

// chosen is a decision as an action.
func chosen(d scorecard.Decision, ev incident.ExerciseNoted) scorecard.Action {
	return scorecard.Action{Do: "choose", At: d.At, Name: d.Name, Seat: d.Seat, Via: ev.By.Via, Point: d.Point, What: ev.Text}
}

// seat is the participant's id of the person; empty for none.
func (r *record) seat(name string) string {
	for _, p := range r.Attendance {
		if p.Name == name {
			return p.Seat
		}
	}
	return ""
}

// exercise is the record with every action's seat. Those of a rehearsal are the
// names.
func (r *record) exercise() scorecard.Exercise {
	e := r.Exercise
	e.Actions = append([]scorecard.Action(nil), r.Actions...)
	for n := range e.Actions {
		switch a := &e.Actions[n]; {
		case a.Seat != "":
		case r.Auto:
			a.Seat = a.Name
		default:
			a.Seat = r.seat(a.Name)
		}
	}
	return e
}
