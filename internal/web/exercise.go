package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// Exercise is a tabletop exercise that the service is run for. Its methods are
// safe for concurrent use.
type Exercise interface {
	// Board is how it stands, for somebody. With script it holds what only the
	// facilitator may see before it happens.
	Board(viewer string, script bool) Board
	// Do does what somebody asks for; a facilitator may do more. Errors are those
	// of commands.
	Do(ctx context.Context, by incident.Person, facilitator bool, act ExerciseAct) error
}

// ExerciseAct is what people do to an exercise besides acting on incidents. Which
// fields an act takes is said beside each.
type ExerciseAct struct {
	// Act is one of attend, leave, decide, answer, gap and lesson, and for the
	// facilitator pause, resume, rewind, hint, remedy, end and approve too.
	Act string `json:"-"`

	Name       string `json:"name"`           // attend, leave: another than who sends it, for the facilitator
	Part       string `json:"part"`           // attend: participant, facilitator, evaluator or observer
	Seat       string `json:"seat"`           // attend: a participant's id in the scenario
	Role       string `json:"role"`           // attend, approve: what somebody is in the house
	Management bool   `json:"management"`     // attend: a member of the management body
	Point      string `json:"decision_point"` // decide
	Choice     string `json:"choice"`         // decide
	Reason     string `json:"reason"`         // decide, pause, rewind
	Hint       string `json:"hint"`           // hint: its id; empty for one in Text
	Question   string `json:"question"`       // answer: its id
	Text       string `json:"text"`           // hint, answer, gap, lesson
	Gap        string `json:"gap"`            // remedy: which gap
	Action     string `json:"action"`         // remedy
	Owner      string `json:"owner"`          // remedy
	Due        string `json:"due"`            // remedy: a day such as 2027-01-31
	To         string `json:"to"`             // rewind: an offset such as 2h30m
}

// Board is how an exercise stands: the answer of GET /api/v1/exercise.
type Board struct {
	Exercise string `json:"exercise"`
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	Briefing string `json:"briefing"`
	// State is running, paused, rewinding or ended.
	State string  `json:"state"`
	Auto  bool    `json:"auto"`
	Speed float64 `json:"speed"`
	// ScenarioTime is what the clock of the exercise shows, Offset that since its
	// start and Left what is left, both of scenario time.
	ScenarioTime time.Time `json:"scenario_time"`
	Offset       string    `json:"offset"`
	Left         string    `json:"left"`

	Happened   []BoardEvent    `json:"happened"`
	Decisions  []BoardDecision `json:"decisions"`
	Attendance []BoardPerson   `json:"attendance"`
	Questions  []BoardQuestion `json:"questions"`
	Score      BoardScore      `json:"score"`
	// Script is nil for everybody but the facilitator.
	Script *BoardScript `json:"script,omitzero"`
}

// BoardEvent is what was put in.
type BoardEvent struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Offset string    `json:"offset"`
	Kind   string    `json:"kind"`
	From   string    `json:"from,omitzero"`
	To     []string  `json:"to,omitempty"`
	Text   string    `json:"text"`
	Late   bool      `json:"late"`
}

// BoardDecision is a decision point that has come.
type BoardDecision struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Options  []string `json:"options"`
	For      []string `json:"for,omitempty"`
	Answers  []string `json:"answers"` // who chose what, and why, a sentence each
}

// BoardPerson is somebody who takes part.
type BoardPerson struct {
	Name      string `json:"name"`
	Part      string `json:"part"`
	Seat      string `json:"seat,omitzero"`
	Confirmed bool   `json:"confirmed"`
}

// BoardQuestion is one to be answered after the exercise.
type BoardQuestion struct {
	ID  string `json:"id"`
	Ask string `json:"ask"`
}

// BoardScore is the score so far.
type BoardScore struct {
	Points int `json:"points"` // of what was done in time
	Of     int `json:"of"`     // of what was to be done by now
	Met    int `json:"met"`
	Missed int `json:"missed"`
}

// BoardScript is what the facilitator sees besides.
type BoardScript struct {
	Next     []BoardNext     `json:"next"`
	Expected []BoardExpected `json:"expected"`
	Hints    []BoardHint     `json:"hints"`
}

// BoardNext is an inject or a decision point to come.
type BoardNext struct {
	ID     string `json:"id"`
	Offset string `json:"offset"`
	In     string `json:"in"` // scenario time
	What   string `json:"what"`
	Note   string `json:"note,omitzero"`
}

// BoardExpected is an action that the scenario expects, and what came of it.
type BoardExpected struct {
	ID     string `json:"id"`
	What   string `json:"what"`
	Target string `json:"target"`
	State  string `json:"state"` // open, met, late, missed, avoided or violated
	By     string `json:"by,omitzero"`
	Weight int    `json:"weight"`
}

// BoardHint is one that may be given.
type BoardHint struct {
	ID    string `json:"id"`
	For   string `json:"for"`
	Text  string `json:"text"`
	Given bool   `json:"given"`
}

// exerciseHeader marks every answer of an exercise.
const exerciseHeader = "X-Nis2clock-Exercise"

// errNoExercise answers where the service is the real one.
func errNoExercise() error {
	return fmt.Errorf("%w: no exercise runs here, this is the real service; nis2clock tabletop run starts one", incident.ErrRefused)
}

func (s *server) board(w http.ResponseWriter, r *http.Request) error {
	if s.Exercise == nil {
		return errNoExercise()
	}
	return s.write(w, http.StatusOK, s.Exercise.Board(person(r).Name, false))
}

func (s *server) script(w http.ResponseWriter, r *http.Request) error {
	if s.Exercise == nil {
		return errNoExercise()
	}
	return s.write(w, http.StatusOK, s.Exercise.Board(person(r).Name, true))
}

// exerciseAct does what the path says, from JSON, and answers with the board.
func (s *server) exerciseAct(facilitator bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.Exercise == nil {
			return errNoExercise()
		}
		var in ExerciseAct
		p, err := read(r, &in)
		if err != nil {
			return err
		}
		in.Act = r.PathValue("act")
		if err := s.Exercise.Do(r.Context(), p, facilitator, in); err != nil {
			return err
		}
		return s.write(w, http.StatusOK, s.Exercise.Board(person(r).Name, facilitator))
	}
}

// exercisePage shows the board; with script, the facilitator's.
func (s *server) exercisePage(script bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.Exercise == nil {
			return errNoExercise()
		}
		who := person(r)
		b := s.Exercise.Board(who.Name, script)
		render(w, s.Logger, http.StatusOK, "exercise", struct {
			Board
			Who                             access.Identity
			MayAct, MayAdmin, Present, Mine bool
			Now                             string
			Rows                            []clockRow
		}{b, who, who.Role.Has(access.MayAct), who.Role.Has(access.MayAdmin), attends(b, who.Name), !script, utc(b.ScenarioTime), s.openClocks(who)})
		return nil
	}
}

func attends(b Board, name string) bool {
	for _, p := range b.Attendance {
		if p.Name == name && p.Confirmed {
			return true
		}
	}
	return false
}

// openClocks are the clocks that owe a report, of incidents that somebody may
// know of, as the front page shows them.
func (s *server) openClocks(who access.Identity) (rows []clockRow) {
	now := s.Desk.Now()
	s.Desk.View(func(st *incident.State) {
		for _, id := range without(st.IDs(), st.Hidden(who.Sees)) {
			i, _ := st.Incident(id)
			v := i.View(now)
			for _, c := range v.Clocks {
				if c.SubmittedAt == nil && c.Stopped == nil {
					rows = append(rows, s.clockRow(v, c))
				}
			}
		}
	})
	return rows
}

// exerciseForm does what a form of the page asks for, and shows the page again.
func (s *server) exerciseForm(facilitator bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.Exercise == nil {
			return errNoExercise()
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		if err := r.ParseForm(); err != nil {
			return errBadRequest{fmt.Errorf("read the form: %w", err)}
		}
		f := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
		by := actor(r)
		by.Via = "page"
		act := ExerciseAct{
			Act: r.PathValue("act"), Name: f("name"), Part: f("part"), Seat: f("seat"), Role: f("role"), Management: f("management") != "", Point: f("decision_point"),
			Choice: f("choice"), Reason: f("reason"), Hint: f("hint"), Question: f("question"), Text: f("text"), Gap: f("gap"), Action: f("action"), Owner: f("owner"), Due: f("due"), To: f("to"),
		}
		if err := s.Exercise.Do(r.Context(), incident.Person{By: by}, facilitator, act); err != nil {
			return err
		}
		to := "/exercise"
		if facilitator {
			to = "/exercise/script"
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
}
