package deadline

import (
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/regime"
)

// The readings by the names that JSON and vectors use.
const (
	target       = "target"
	conservative = "conservative"
	outerReading = "outer_reading"
)

// instants are due instants by the name of the clock.
type instants map[string]time.Time

// statuses are "on_time" or "late" by reading.
type statuses map[string]string

// answerJSON is an answer as JSON. A clock that has not started stands in target only, and has no status.
type answerJSON struct {
	ID       string `json:"id,omitzero"`
	Exercise bool   `json:"exercise,omitzero"`
	Due      struct {
		Target       instants `json:"target"`
		Conservative instants `json:"conservative"`
		OuterReading instants `json:"outer_reading"`
	} `json:"due"`
	SubmissionStatus map[string]statuses `json:"submission_status"`
	Warnings         []string            `json:"warnings,omitzero"`
}

func (a Answer) json() answerJSON {
	j := answerJSON{ID: a.ID, Exercise: a.Exercise, SubmissionStatus: map[string]statuses{}, Warnings: a.Warnings}
	j.Due.Target, j.Due.Conservative, j.Due.OuterReading = instants{}, instants{}, instants{}
	for _, c := range a.Clocks {
		j.Due.Target[c.Name] = c.TargetAt
		if c.Projected {
			continue
		}
		j.Due.Conservative[c.Name], j.Due.OuterReading[c.Name] = c.DueAt, c.OuterReadingAt
		if at := a.submittedAt(c); !at.IsZero() {
			j.SubmissionStatus[c.Name] = statuses{
				conservative: status(c.DueAt, at),
				outerReading: status(c.OuterReadingAt, at),
			}
		}
	}
	return j
}

func status(dueAt, at time.Time) string {
	if regime.Late(dueAt, at) {
		return "late"
	}
	return "on_time"
}

// WriteJSON writes one answer as an object:
//
//	{"id":"V01","due":{"target":{CLOCK:T},"conservative":{CLOCK:T},"outer_reading":{CLOCK:T}},
//	 "submission_status":{CLOCK:{"conservative":"on_time","outer_reading":"late"}}}
//
// T is RFC 3339 in UTC. There is an id for a vector only; "exercise":true and "warnings":[…] stand there where they apply.
func (a Answer) WriteJSON(w io.Writer) error { return writeJSON(w, a.json()) }

// WriteJSON writes answers as an array of the objects that [Answer.WriteJSON] describes.
func WriteJSON(w io.Writer, answers []Answer) error {
	list := make([]answerJSON, len(answers))
	for i, a := range answers {
		list[i] = a.json()
	}
	return writeJSON(w, list)
}

func writeJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
