package app

import (
	"fmt"
	"time"

	"nis2clock/internal/incident"

	"github.com/prometheus/client_golang/prometheus"
)

// maxRemedies bounds the lines of remediation registers among the notes.
const maxRemedies = 10

// heldNotes say that an exercise is overdue, and what is still to be done after
// the ones before. A rehearsal without people counts as none.
func (a *App) heldNotes() (notes []string) {
	if a.o.Exercise != nil {
		return nil
	}
	now, every := a.o.Now(), a.cfg.Exercise.WarnAfter
	a.desk.View(func(s *incident.State) {
		if due, last := s.ExerciseDue(every); every > 0 && !due.IsZero() && !now.Before(due) {
			was := "none is recorded"
			if last != nil {
				was = "the last, " + last.Exercise + ", ended on " + last.EndedAt.Format(time.DateOnly)
			}
			notes = append(notes, fmt.Sprintf("a tabletop exercise with people is due since %s: %s; nis2clock tabletop run starts one, tabletop record takes its write-up", due.UTC().Format(time.DateOnly), was))
		}
		more := 0
		for _, e := range s.HeldExercises() {
			for _, r := range e.Remediation {
				switch {
				case !r.Open():
				case len(notes) > maxRemedies:
					more++
				default:
					due := "due on"
					if !now.Before(r.Due.AddDate(0, 0, 1)) {
						due = "overdue since"
					}
					notes = append(notes, fmt.Sprintf("to do after the exercise %s: %s, by %s, %s %s; nis2clock tabletop done %s closes it", e.Exercise, r.Action, r.Owner, due, r.Due.Format(time.DateOnly), r.ID))
				}
			}
		}
		if more > 0 {
			notes = append(notes, fmt.Sprintf("and %d more to do after exercises: nis2clock tabletop register lists them", more))
		}
	})
	return notes
}

// heldMetrics show when the next exercise is due and what is open after those
// before.
func (a *App) heldMetrics() []prometheus.Collector {
	view := func(f func(*incident.State) float64) func() float64 {
		return func() (v float64) {
			a.desk.View(func(s *incident.State) { v = f(s) })
			return v
		}
	}
	out := []prometheus.Collector{prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nis2clock_exercise_remediation_open", Help: "Remediation items of tabletop exercises that are still to be done.",
	}, view(func(s *incident.State) (n float64) {
		for _, e := range s.HeldExercises() {
			for _, r := range e.Remediation {
				if r.Open() {
					n++
				}
			}
		}
		return n
	}))}
	if every := a.cfg.Exercise.WarnAfter; every > 0 && a.o.Exercise == nil {
		out = append(out, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nis2clock_exercise_due_timestamp_seconds", Help: "When the next tabletop exercise with people should have been held.",
		}, view(func(s *incident.State) float64 {
			due, _ := s.ExerciseDue(every)
			return float64(due.Unix())
		})))
	}
	return out
}
