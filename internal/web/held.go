package web

import (
	"net/http"
	"time"

	"nis2clock/internal/incident"
)

// heldExercises is the answer of GET /api/v1/exercises.
type heldExercises struct {
	// DueAt is when the next exercise with people should have been held; null
	// where nobody asked to be warned. Overdue: that is over.
	DueAt     *time.Time              `json:"due_at"`
	Overdue   bool                    `json:"overdue"`
	Exercises []incident.HeldExercise `json:"exercises"` // in the order of their end
}

func (s *server) heldExercises() heldExercises {
	var out heldExercises
	now := s.Desk.Now()
	s.Desk.View(func(st *incident.State) {
		out.Exercises = st.HeldExercises()
		if s.ExerciseEvery == 0 {
			return
		}
		if due, _ := st.ExerciseDue(s.ExerciseEvery); !due.IsZero() {
			out.DueAt, out.Overdue = &due, !now.Before(due)
		}
	})
	return out
}

func (s *server) listHeld(w http.ResponseWriter, _ *http.Request) error {
	return s.write(w, http.StatusOK, s.heldExercises())
}

// recordHeld takes over what a write-up says of an exercise that was held.
func (s *server) recordHeld(w http.ResponseWriter, r *http.Request) error {
	var in incident.HeldExercise
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if _, err := s.command(r, incident.RecordHeldExercise{Person: p, Held: in}); err != nil {
		return err
	}
	return s.write(w, http.StatusCreated, s.heldExercises())
}

// closeRemedy ends a line of the remediation register.
func (s *server) closeRemedy(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Outcome string `json:"outcome"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if _, err := s.command(r, incident.CloseRemedy{Person: p, Remedy: r.PathValue("item"), Outcome: in.Outcome}); err != nil {
		return err
	}
	return s.write(w, http.StatusOK, s.heldExercises())
}
