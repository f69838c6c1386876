package tabletop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/web"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/common/model"
)

// Nothing is taken out of a journal. A rewind therefore begins another take: a
// journal with a key of its own, in the folder take-N of the data folder, that
// holds what had happened by then. The one before stays beside it as it was, and
// what was done in it since stands in the new one's first step as undone.

// rewound is the data of that step.
type rewound struct {
	Rewind scorecard.Rewind `json:"rewind"`
	// Before is the exercise as it was recorded when it was rewound; its journal
	// is the take before.
	Before scorecard.Exercise `json:"before"`
}

// rewinding is a rewind that was asked for.
type rewinding struct {
	by     incident.Person
	to     time.Time
	reason string
}

// rewind takes the facilitator's request; [Exercise.Run] does it. x.mu is held.
func (x *Exercise) rewind(by incident.Person, act web.ExerciseAct) error {
	offset, err := model.ParseDuration(act.To)
	to := x.o.Scenario.At(time.Duration(offset))
	switch {
	case x.o.Speed == 0:
		return refused("a rehearsal at full speed is over before it could be rewound")
	case err != nil:
		return invalid("to %q is no offset such as 2h30m", act.To)
	case !to.Before(x.clock.Now()):
		return refused("%s lies ahead: the exercise is at %s", act.To, span(x.clock.Now().Sub(x.o.Scenario.Start)))
	}
	x.asked = &rewinding{by, to, act.Reason}
	return nil
}

// take is the n-th take's folder.
func take(data string, n int) string {
	if n == 1 {
		return data
	}
	return filepath.Join(data, "take-"+strconv.Itoa(n))
}

// takes is the number of takes in a data folder, at least 1.
func takes(data string) (int, error) {
	for n := 2; ; n++ {
		if _, err := os.Stat(take(data, n)); errors.Is(err, fs.ErrNotExist) {
			return n - 1, nil
		} else if err != nil {
			return 0, fmt.Errorf("look for the takes of the exercise: %w", err)
		}
	}
}

// retake begins the next take.
func (x *Exercise) retake(ctx context.Context, r rewinding) error {
	x.mu.Lock()
	x.moving = true
	defer func() {
		x.mu.Lock()
		x.moving = false
		x.mu.Unlock()
	}()
	now := scorecard.Moment{Scenario: x.clock.Now(), Real: x.o.Wall().UTC()}
	x.clock.Pause()
	err := x.rec.read(ctx, x.app)
	if err == nil {
		err = x.note(ctx, r.by, stepLeftBehind, because("rewound to "+span(r.to.Sub(x.o.Scenario.Start)), r.reason), nil)
	}
	before := x.recorded()
	x.mu.Unlock()
	if err != nil {
		return err
	}
	n, err := takes(x.o.Data)
	if err != nil {
		return err
	}
	step := incident.NoteExercise{Person: r.by, What: stepRewound, Text: because("back at "+span(r.to.Sub(x.o.Scenario.Start)), r.reason), Real: now.Real}
	if step.Data, err = json.Marshal(rewound{Rewind: scorecard.Rewind{At: now, To: r.to, By: r.by.By.Name, Reason: r.reason}, Before: before}); err != nil {
		return fmt.Errorf("rewind: %w", err)
	}
	if err := x.copyTake(ctx, take(x.o.Data, n+1), r.to, step.Event()); err != nil {
		return fmt.Errorf("rewind: %w", err)
	}
	listen := x.app.Addr() // the same, also where any was asked for
	if err := x.app.Stop(); err != nil {
		return fmt.Errorf("rewind: %w", err)
	}

	x.mu.Lock()
	defer x.mu.Unlock()
	x.o.Listen, x.rec = listen, newRecord()
	x.clock.Set(r.to, x.o.Wall(), true)
	if err := x.serve(ctx); err != nil {
		return fmt.Errorf("rewind: %w", err)
	}
	if err := x.rec.read(ctx, x.app); err != nil {
		return err
	}
	x.clock.Set(r.to, x.o.Wall(), false)
	return nil
}

// copyTake makes a data folder of what the present one holds up to an instant,
// and of the step that says so. It is there whole or not at all.
func (x *Exercise) copyTake(ctx context.Context, dir string, to time.Time, step incident.Event) error {
	making := dir + ".new"
	if err := os.RemoveAll(making); err != nil { // of a crash in the middle
		return err
	}
	name, _, _ := strings.Cut(x.app.Journal().VerifierKey(), "+")
	log, err := journal.Open(making, journal.Options{Name: name})
	if err != nil {
		return err
	}
	if err := errors.Join(x.copyEntries(ctx, log, to, step), log.Close()); err != nil {
		return err
	}
	for _, file := range []string{access.AdminFile, access.IntakeFile} {
		raw, err := os.ReadFile(filepath.Join(x.dir, file))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(making, file), raw, 0o600); err != nil {
			return err
		}
	}
	if err := os.CopyFS(filepath.Join(making, "vault"), os.DirFS(filepath.Join(x.dir, "vault"))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(making, dir)
}

// copyEntries copies those up to an instant, at least to the start of the
// exercise, and tokens made since, which stay valid; then comes the step.
func (x *Exercise) copyEntries(ctx context.Context, log journal.Log, to time.Time, step incident.Event) error {
	var batch []journal.Record
	var last time.Time
	begun, past := false, false
	from := x.app.Journal()
	for e, err := range from.Read(ctx, 0, from.Head().Size) {
		if err != nil {
			return err
		}
		past = past || begun && e.At.After(to)
		if !past {
			last = e.At
		}
		if !past || strings.HasPrefix(e.Kind, "access.") {
			batch = append(batch, journal.Record{At: last, Kind: e.Kind, Incident: e.Incident, Payload: e.Payload})
		}
		if !begun && e.Kind == (incident.ExerciseNoted{}).Kind() {
			decoded, err := desk.Decode(e)
			if err != nil {
				return err
			}
			begun = decoded.Event.(incident.ExerciseNoted).What == stepStarted
		}
	}
	if to.After(last) {
		last = to
	}
	payload, err := incident.Encode(step)
	if err != nil {
		return err
	}
	_, err = log.Append(ctx, 0, append(batch, journal.Record{At: last, Kind: step.Kind(), Payload: payload}))
	return err
}

// rewind takes over what the take before tells of the exercise itself. What was
// done since the instant it went back to is undone.
func (r *record) rewind(now scorecard.Moment, d rewound) {
	b := d.Before
	r.Attendance, r.Hints, r.Pauses, r.Rewinds, r.Restarts = b.Attendance, b.Hints, b.Pauses, append(b.Rewinds, d.Rewind), b.Restarts
	r.Answers, r.Gaps, r.Remediation, r.Lessons = b.Answers, b.Gaps, b.Remediation, b.Lessons
	r.Started = b.Started
	if n := len(r.Pauses); n > 0 && r.Pauses[n-1].To.IsZero() {
		r.Pauses[n-1].To = scorecard.Moment{Scenario: r.Pauses[n-1].From.Scenario, Real: d.Rewind.At.Real}
	}
	r.paused = false
	r.Actions, r.Decisions = b.Actions, b.Decisions
	for n := range r.Actions {
		a := &r.Actions[n]
		a.Undone = a.Undone || a.At.Scenario.After(d.Rewind.To)
	}
	for n := range r.Decisions {
		a := &r.Decisions[n]
		a.Undone = a.Undone || a.At.Scenario.After(d.Rewind.To)
	}
}
