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

// answerJSON is an answer as JSON. A clock that has not started stands in target and clocks only, and has no status; one whose
// outer reading counts from an event that has not happened has none.
type answerJSON struct {
	ID       string `json:"id,omitzero"`
	Exercise bool   `json:"exercise,omitzero"`
	Due      struct {
		Target       instants `json:"target"`
		Conservative instants `json:"conservative"`
		OuterReading instants `json:"outer_reading"`
	} `json:"due"`
	SubmissionStatus map[string]statuses  `json:"submission_status"`
	Clocks           map[string]clockJSON `json:"clocks"`
	Overlay          *overlayJSON         `json:"overlay,omitzero"`
	Warnings         []string             `json:"warnings,omitzero"`
}

// clockJSON is where a clock comes from and how its instants were counted.
type clockJSON struct {
	Regime     regime.ID         `json:"regime"`
	Stage      regime.StageID    `json:"stage"`
	Title      string            `json:"title"`
	Basis      regime.Event      `json:"basis"`
	Projected  bool              `json:"projected,omitzero"`
	Source     string            `json:"source"`
	Confidence regime.Confidence `json:"confidence"`
	Confirmed  bool              `json:"confirmed"` // whether the wording was read
	How        map[string]string `json:"how"`       // by reading
}

// overlayJSON is the Member State whose overlay was applied.
type overlayJSON struct {
	State      string            `json:"state"`
	Name       string            `json:"name"`
	Regime     regime.ID         `json:"regime"`
	Act        string            `json:"act"`
	InForce    bool              `json:"in_force"`
	Since      string            `json:"since,omitzero"`
	Authority  string            `json:"authority"`
	Portal     string            `json:"portal,omitzero"`
	Languages  []string          `json:"languages"`
	Zone       string            `json:"zone"`
	Source     string            `json:"source"`
	Confidence regime.Confidence `json:"confidence"`
	Confirmed  bool              `json:"confirmed"`
	Reviewed   string            `json:"reviewed"`
	Notes      []string          `json:"notes"`
}

func (a Answer) json() answerJSON {
	j := answerJSON{ID: a.ID, Exercise: a.Exercise, SubmissionStatus: map[string]statuses{}, Clocks: map[string]clockJSON{}, Warnings: a.Warnings}
	j.Due.Target, j.Due.Conservative, j.Due.OuterReading = instants{}, instants{}, instants{}
	for _, c := range a.Clocks {
		j.Due.Target[c.Name] = c.TargetAt
		j.Clocks[c.Name] = a.clockJSON(c)
		if c.Projected {
			continue
		}
		at := a.submittedAt(c)
		j.Due.Conservative[c.Name] = c.DueAt
		if !at.IsZero() {
			j.SubmissionStatus[c.Name] = statuses{conservative: status(c.DueAt, at)}
		}
		if c.OuterReadingAt.IsZero() {
			continue
		}
		j.Due.OuterReading[c.Name] = c.OuterReadingAt
		if !at.IsZero() {
			j.SubmissionStatus[c.Name][outerReading] = status(c.OuterReadingAt, at)
		}
	}
	if s, ok := a.overlay(); ok {
		j.Overlay = &overlayJSON{
			State: s.Code, Name: s.Name, Regime: s.Regime, Act: s.Act, InForce: s.InForce, Since: s.Since,
			Authority: s.Authority, Portal: s.Portal, Languages: s.Languages, Zone: s.Zone,
			Source: s.Source, Confidence: s.Confidence, Confirmed: s.Confidence == regime.Verified, Reviewed: s.Reviewed, Notes: s.Notes,
		}
	}
	return j
}

func (a Answer) clockJSON(c regime.Clock) clockJSON {
	j := clockJSON{
		Regime: c.Regime, Stage: c.Stage, Title: a.title(c), Basis: c.Basis, Projected: c.Projected,
		Source: c.Source, Confidence: c.Confidence, Confirmed: c.Confidence == regime.Verified,
		How: map[string]string{target: c.How.Target, conservative: c.How.Due},
	}
	if c.How.Outer != "" {
		j.How[outerReading] = c.How.Outer
	}
	return j
}

// overlay is the Member State whose overlay one of the clocks follows.
func (a Answer) overlay() (regime.State, bool) {
	if a.State == nil {
		return regime.State{}, false
	}
	for _, r := range a.Regimes {
		if r.ID == a.State.Regime {
			return *a.State, true
		}
	}
	return regime.State{}, false
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
//	 "submission_status":{CLOCK:{"conservative":"on_time","outer_reading":"late"}},
//	 "clocks":{CLOCK:{"regime":"nis2","stage":"notification","title":…,"basis":"awareness","source":…,
//	                  "confidence":"verified","confirmed":true,"how":{"target":…,"conservative":…,"outer_reading":…}}},
//	 "overlay":{"state":"PT","act":…,"source":…,"confidence":"secondary","confirmed":false,…}}
//
// T is RFC 3339 in UTC. There is an id for a vector only, an overlay where a Member State's was applied; "exercise":true and "warnings":[…] stand there where they apply.
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
