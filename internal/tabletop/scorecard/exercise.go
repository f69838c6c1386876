package scorecard

import (
	"time"

	"nis2clock/internal/regime"
	"nis2clock/internal/tabletop/scenario"
)

// Moment is one instant on both clocks: that of the scenario and that of the
// room. Real is zero in a rehearsal without people, whose waits are jumped.
type Moment struct {
	Scenario time.Time `json:"scenario"`
	Real     time.Time `json:"real,omitzero"`
}

// IsZero reports whether it never happened.
func (m Moment) IsZero() bool { return m.Scenario.IsZero() }

// Exercise is the record of one exercise: what was planned, what was put in,
// what people did. It holds no score. Lists are in the order in which things
// happened. A nil list is an empty one.
type Exercise struct {
	ID       string `json:"id"`       // of the exercise, unique in its data folder
	Scenario string `json:"scenario"` // its name
	Title    string `json:"title"`
	SHA256   string `json:"scenario_sha256"` // of the scenario's file, in hex
	// Auto is true for a rehearsal in which scripted participants act.
	Auto bool `json:"auto"`
	// Speed is how many scenario seconds pass in a real one; 0 where waits were
	// jumped.
	Speed   float64 `json:"speed"`
	Started Moment  `json:"started"`
	Ended   Moment  `json:"ended"`
	// Complete is false when it was stopped before the scenario's end.
	Complete bool `json:"complete"`

	Program  string     `json:"program"`   // version of the program
	Law      string     `json:"law"`       // digest of the regime data
	Plan     []Document `json:"plan"`      // versions of the plans tested
	Runbooks []Document `json:"runbooks"`  // and of the runbooks in force, followed or not
	Journal  Head       `json:"journal"`   // as of Ended
	Incident []string   `json:"incidents"` // EX- ids, in the order they were opened

	Attendance []Attendance `json:"attendance"`
	Injects    []Delivered  `json:"injects"`
	Actions    []Action     `json:"actions"`
	Decisions  []Decision   `json:"decisions"`
	Hints      []HintGiven  `json:"hints"`
	Pauses     []Pause      `json:"pauses"`
	Rewinds    []Rewind     `json:"rewinds"`
	Restarts   []Moment     `json:"restarts"` // of the program, in the middle

	Answers     []Answer `json:"answers"`
	Gaps        []Gap    `json:"gaps"` // that people named; the scorecard finds others
	Remediation []Remedy `json:"remediation"`
	Lessons     []string `json:"lessons"`
}

// Document is a version of a plan or runbook.
type Document struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Version  string `json:"version,omitzero"` // as its owner counts; a runbook: the day of its review
	SHA256   string `json:"sha256"`           // in hex
	Overdue  bool   `json:"overdue"`          // its review was due before the exercise
	Followed int    `json:"followed"`         // steps of it that were ticked
	Steps    int    `json:"steps"`
}

// Head is the journal as it was.
type Head struct {
	Size uint64 `json:"size"`
	Root string `json:"root"` // as its checkpoint prints it
}

// Part is what somebody does in an exercise.
type Part string

// Parts. Facilitator and evaluator take no seat of the scenario.
const (
	Participates Part = "participant"
	Facilitates  Part = "facilitator"
	Evaluates    Part = "evaluator"
	Observes     Part = "observer"
)

// Attendance is one person. A rehearsal without people has none.
type Attendance struct {
	Name string `json:"name"` // as they sign in
	Part Part   `json:"part"`
	Seat string `json:"seat,omitzero"` // the participant's id in the scenario
	Role string `json:"role,omitzero"` // of one without a seat: what they are in the house
	// Management is true for a member of the management body.
	Management bool `json:"management"`
	// Confirmed is when the person said so; zero while nobody but the facilitator
	// says they were there. Via is how: slack, page, cli.
	Confirmed Moment `json:"confirmed,omitzero"`
	Via       string `json:"via,omitzero"`
	Left      Moment `json:"left,omitzero"` // before the end
}

// Delivered is an inject. One that was never delivered has no At.
type Delivered struct {
	ID      string    `json:"id"`
	Planned time.Time `json:"planned"` // scenario time
	At      Moment    `json:"at,omitzero"`
	// Late is true when it came later than planned because the exercise was
	// interrupted or its way in failed; Why says so.
	Late bool   `json:"late"`
	Why  string `json:"why,omitzero"`
	// Incidents are EX- ids that it opened.
	Incidents []string `json:"incidents"`
}

// Action is what somebody did, as the journal or the exercise recorded it.
type Action struct {
	Do       scenario.Deed `json:"do"`
	At       Moment        `json:"at"`
	Name     string        `json:"name"`          // who, as they sign in
	Seat     string        `json:"seat,omitzero"` // their seat; empty for whoever has none
	Via      string        `json:"via"`           // slack, api, cli, page, script
	Incident string        `json:"incident,omitzero"`
	Entry    uint64        `json:"entry,omitzero"` // sequence number in the journal
	What     string        `json:"what"`           // in one sentence

	Entity   string    `json:"entity,omitzero"`
	Regime   regime.ID `json:"regime,omitzero"`
	Stages   []string  `json:"stages,omitempty"`
	Decision string    `json:"decision,omitzero"`
	Kind     string    `json:"kind,omitzero"`
	Facts    []string  `json:"facts,omitempty"` // those of [scenario.StatedFacts] that it answers
	Runbook  string    `json:"runbook,omitzero"`
	Point    string    `json:"decision_point,omitzero"`
	// Of is the instant that it records, where that is another than its own:
	// awareness, a submission. Scenario time.
	Of time.Time `json:"of,omitzero"`
	// Undone is true when the facilitator rewound past it.
	Undone bool `json:"undone"`
}

// Decision is an answer at a decision point.
type Decision struct {
	Point  string `json:"decision_point"`
	Name   string `json:"name"`
	Seat   string `json:"seat,omitzero"`
	Choice string `json:"choice"`
	Reason string `json:"reason"`
	Asked  Moment `json:"asked"`
	At     Moment `json:"at"`
	Undone bool   `json:"undone"`
}

// HintGiven is a hint, whoever gave it.
type HintGiven struct {
	Hint string `json:"hint"` // its id; empty for one that the scenario lacks
	Text string `json:"text"`
	By   string `json:"by"`
	At   Moment `json:"at"`
}

// Pause is a time in which the scenario's clock stood. To is zero while it
// stands; both have the same scenario time.
type Pause struct {
	From   Moment `json:"from"`
	To     Moment `json:"to,omitzero"`
	By     string `json:"by"`
	Reason string `json:"reason,omitzero"`
}

// Rewind is a step back of the scenario's clock.
type Rewind struct {
	At     Moment    `json:"at"`
	To     time.Time `json:"to"` // scenario time
	By     string    `json:"by"`
	Reason string    `json:"reason,omitzero"`
}

// Answer is an answer to one of the scenario's evaluation questions.
type Answer struct {
	Question string `json:"question"` // its id
	By       string `json:"by"`
	Text     string `json:"text"`
}

// Gap is a weakness that the exercise showed.
type Gap struct {
	ID   string `json:"id"` // unique in the exercise
	Text string `json:"text"`
	By   string `json:"by,omitzero"` // who named it; empty: it was computed
	// Expected is the expected action that shows it, if one does.
	Expected string `json:"expected,omitzero"`
}

// Remedy is a line of the remediation register. It outlives the exercise that
// opened it.
type Remedy struct {
	ID       string    `json:"id"`       // unique in the house, such as R-2026-0003
	Exercise string    `json:"exercise"` // that opened it
	Gap      string    `json:"gap"`      // its text
	Action   string    `json:"action"`
	Owner    string    `json:"owner"`
	Due      time.Time `json:"due"` // real time, midnight UTC of the day
	Opened   time.Time `json:"opened"`
	Closed   time.Time `json:"closed,omitzero"` // zero while it is open
	Outcome  string    `json:"outcome,omitzero"`
}

// Open reports whether it is still to be done.
func (r Remedy) Open() bool { return r.Closed.IsZero() }

// Overdue reports whether it is still to be done at now and the day for it is
// over.
func (r Remedy) Overdue(now time.Time) bool { return r.Open() && !now.Before(r.Due.AddDate(0, 0, 1)) }
