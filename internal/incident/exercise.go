package incident

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// NoteExercise records a step of the tabletop exercise that the journal is of:
// its start, an inject, a pause. The real service refuses it.
type NoteExercise struct {
	Person
	// What is the kind of step, such as paused; Text says it in a sentence.
	What, Text string
	// Real is wall time, which is another than the exercise's.
	Real time.Time
	// Data is a JSON object whose shape What decides; nil for none.
	Data jsontext.Value
}

func (c NoteExercise) decide(r *Rules, d *decision) (any, error) {
	switch {
	case !r.Exercise:
		return nil, refused("this is the real service's journal: an exercise has its own")
	case c.What == "" || strings.TrimSpace(c.Text) == "":
		return nil, invalid("a step of an exercise needs to be named and said")
	}
	if _, done, err := c.repeated(d); err != nil || done {
		return nil, err
	}
	d.emit(c.Event())
	return nil, nil
}

// Event is the entry that the command leads to.
func (c NoteExercise) Event() ExerciseNoted {
	return ExerciseNoted{Meta: c.metaFor(""), What: c.What, Text: c.Text, Real: c.Real.UTC(), Data: c.Data}
}

// ExerciseNoted is a step of an exercise. It stands in no real journal. The
// state does not change by it: who runs the exercise reads it back.
type ExerciseNoted struct {
	Meta
	What string         `json:"what"`
	Text string         `json:"text"`
	Real time.Time      `json:"real"`
	Data jsontext.Value `json:"data,omitzero"`
}

func (ExerciseNoted) Kind() string { return "exercise.noted/v1" }

func (ExerciseNoted) lasting() string { return "how the exercise went" }

func (e ExerciseNoted) Describe() string { return "exercise " + e.What + ": " + e.Text }

func (ExerciseNoted) apply(*State, Entry) {}
