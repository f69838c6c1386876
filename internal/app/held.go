package app

import (
	"fmt"
	"time"

	"nis2clock/internal/incident"

	"github.com/prometheus/client_golang/prometheus"
)

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
		open, late := 0, 0
		for _, e := range s.HeldExercises() {
			for _, r := range e.Remediation {
				if r.Open() {
					open++
				}
				if r.Open() && !now.Before(r.Due.AddDate(0, 0, 1)) {
					late++
				}
			}
		}
		if open > 0 {
			notes = append(notes, fmt.Sprintf("%d remediation items of tabletop exercises are open, %d of them overdue: nis2clock tabletop register lists them", open, late))
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
