package writeup

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/report/pdf"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

// Page is what the template is given. Everything is text as it is to be read.
type Page struct {
	ID, Title, Date, Entities string
	Auto, Complete            bool
	Warnings                  []string
	Panel                     pdf.Markdown // the result in a line

	Aim            string
	Tests          []string
	ScenarioTime   string
	RealTime       string // with the speed; empty in a rehearsal
	Interruptions  string
	Plan, Runbooks []string
	Record         string

	People   []Person
	Standing []string // sentences on who was there and who was not

	// Headings of the two columns of time, and a sentence on them.
	Scenario, ScenarioLower, Real, RealLower, TwoTimes string

	Times     []Step
	Reports   []Report
	NotOwed   string
	Score     string
	Results   []Result
	Decisions []Decision
	Gaps      []string
	Lessons   []string
	Remedies  []Remedy
	Compared  string // with the exercise before; empty without one
	Answers   []Answer
	// Unanswered are the evaluation questions that nobody answered.
	Unanswered string
	Course     []Event
	Approved   string
}

// Person is one who took part.
type Person struct{ Name, Part, Confirmed string }

// Step is one of the first steps and how long it took.
type Step struct{ What, Scenario, Real, Before, By string }

// Report is a report against its deadline.
type Report struct {
	Title, Of, Due, Sent, Result string
	Bad                          bool
}

// Result is what became of an expected action.
type Result struct {
	What, Weight, Within, Scenario, Real, Result string
	Bad                                          bool
}

// Decision is what was decided at a decision point.
type Decision struct{ Question, Choice, Reason, By string }

// Remedy is a line of the remediation register.
type Remedy struct {
	ID, Gap, Action, Owner, Due, State string
	Bad                                bool
}

// Answer is an evaluation question with what was said.
type Answer struct {
	Ask, About string
	Said       []string
}

// Event is a line of the exercise's course: what happened, or what it let one
// know and how long it took to show.
type Event struct {
	At, Real, What, Lag, RealLag string
	Bad                          bool
}

// page makes the parts of a [Page].
type page struct {
	Source
	e *scorecard.Exercise
	c *scorecard.Scorecard
	s *scenario.Scenario
}

func newPage(src Source) (Page, error) {
	p := page{Source: src, e: &src.Exercise, c: &src.Scorecard, s: src.Scenario}
	e := p.e
	if e.Ended.IsZero() {
		return Page{}, fmt.Errorf("write up %s: it has not ended", e.ID)
	}
	out := Page{
		ID: e.ID, Title: e.Title, Date: p.day(src.dated()), Entities: p.entities(), Auto: e.Auto, Complete: e.Complete,
		Aim: p.s.Aim, Tests: p.s.Tests, Interruptions: p.interruptions(), Plan: documents(e.Plan), Runbooks: followed(e.Runbooks),
		Record:   fmt.Sprintf("Scenario %s, SHA-256 %s…\nProgram %s, law %s…\nJournal: %s", e.Scenario, clip(e.SHA256, 16), e.Program, clip(e.Law, 23), plural(int(e.Journal.Size), "entry", "entries")),
		Scenario: "Scenario time", ScenarioLower: "scenario time", Real: "Real time", RealLower: "real time", Lessons: e.Lessons,
		People: p.people(), Standing: p.standing(), Times: p.times(), Reports: p.reports(), Results: p.results(), Score: p.score(),
		Decisions: p.decisions(), Gaps: p.gaps(), Remedies: p.remedies(), Compared: p.compared(), Course: p.course(),
	}
	out.ScenarioTime = fmt.Sprintf("%s to %s (%s)", p.instant(e.Started.Scenario), p.instant(e.Ended.Scenario), span(e.Ended.Scenario.Sub(e.Started.Scenario)))
	if e.Ended.Real.IsZero() {
		out.Date = "scenario of " + p.day(e.Started.Scenario)
	}
	if e.Auto {
		out.TwoTimes = fmt.Sprintf("All times are those of the scenario, in %s: waits were jumped.", p.s.Zone)
	} else {
		until := p.instant(e.Ended.Real)
		if p.day(e.Started.Real) == p.day(e.Ended.Real) {
			until = e.Ended.Real.In(p.s.Zone).Format("15:04")
		}
		out.RealTime = fmt.Sprintf("%s to %s (%s), %s", p.instant(e.Started.Real), until, span(e.Ended.Real.Sub(e.Started.Real)), speed(e))
		out.TwoTimes = fmt.Sprintf("Scenario time is what the law counts in the exercise; real time is what people took in the room, without pauses. Instants are in %s.", p.s.Zone)
	}
	out.Panel = p.panel()
	out.Answers, out.Unanswered = p.answers()
	out.Warnings = p.warnings()
	if len(out.Reports) == 0 {
		out.NotOwed = p.notOwed()
	}
	if a := src.Approval; a != nil {
		out.Approved = fmt.Sprintf("Approved by %s, %s, on %s.", a.By, a.Role, p.instant(a.At))
	}
	return out, nil
}

// panel is the result in a line.
func (p *page) panel() pdf.Markdown {
	late, owed := 0, 0
	for _, r := range p.c.Reports {
		if r.Late || r.State == incident.ClockOverdue {
			late++
		}
		if r.Late || r.State == incident.ClockOverdue || r.SubmittedAt != nil {
			owed++
		}
	}
	open := 0
	for _, r := range p.e.Remediation {
		if r.Open() {
			open++
		}
	}
	tone := "done"
	if late > 0 || p.c.Percent < 60 {
		tone = "late"
	} else if len(p.c.Gaps) > 0 {
		tone = "due"
	}
	reports := "none owed"
	if owed > 0 {
		reports = fmt.Sprintf("%d of %d in time", owed-late, owed)
	}
	if p.e.Auto {
		return pdf.Status(pdf.Standing{
			State: fmt.Sprintf("Script: %d\u00a0%% of what is expected", p.c.Percent), Tone: tone, Facts: [][2]string{{"Reports", reports}, {"Persons", "none"}},
		})
	}
	return pdf.Status(pdf.Standing{
		State: fmt.Sprintf("%d\u00a0%% of what was expected", p.c.Percent), Tone: tone,
		Facts: [][2]string{{"Reports", reports}, {"Gaps", strconv.Itoa(len(p.c.Gaps))}, {"Open remediation", strconv.Itoa(open)}},
	})
}

// warnings are what takes away from the exercise as evidence.
func (p *page) warnings() []string {
	var out []string
	if !p.e.Complete {
		out = append(out, "The exercise was stopped before the scenario's end. What was not yet due then is not counted.")
	}
	if p.e.Auto {
		return out
	}
	if !p.c.Management {
		out = append(out, "No member of the management body took part.")
	}
	if len(p.c.Absent) > 0 {
		out = append(out, "Nobody took the seat of: "+strings.Join(p.c.Absent, ", ")+".")
	}
	if !p.c.Apart {
		out = append(out, "Facilitator and evaluator were not two persons apart from the participants.")
	}
	if len(p.c.Unconfirmed) > 0 {
		out = append(out, "Not confirmed by the persons themselves: the attendance of "+strings.Join(p.c.Unconfirmed, ", ")+".")
	}
	return out
}

func (p *page) entities() string {
	var all []string
	for _, e := range p.s.Entities {
		what := []string{}
		for _, w := range []string{words(e.Class), e.Sector, e.MemberState} {
			if w != "" {
				what = append(what, w)
			}
		}
		all = append(all, fmt.Sprintf("%s (%s)", cmp.Or(e.LegalName, e.Name), strings.Join(what, "; ")))
	}
	return strings.Join(all, "\n")
}

func speed(e *scorecard.Exercise) string {
	if e.Speed == 0 {
		return "waits were jumped"
	}
	return strconv.FormatFloat(e.Speed, 'f', -1, 64) + " times as fast as real time"
}

// interruptions says what disturbed the course.
func (p *page) interruptions() string {
	late := 0
	for _, d := range p.e.Injects {
		if d.Late {
			late++
		}
	}
	var parts []string
	for _, n := range []struct {
		n         int
		one, many string
	}{
		{len(p.e.Pauses), "pause", "pauses"}, {len(p.e.Rewinds), "rewind", "rewinds"}, {len(p.e.Hints), "hint given", "hints given"},
		{len(p.e.Restarts), "restart of the program", "restarts of the program"}, {late, "inject late", "injects late"},
	} {
		if n.n > 0 {
			parts = append(parts, plural(n.n, n.one, n.many))
		}
	}
	if len(parts) == 0 {
		return "none: no pause, rewind, hint, restart or late inject"
	}
	return strings.Join(parts, ", ")
}

// followed are the runbooks of which a step was ticked, and how many were not.
func followed(all []scorecard.Document) []string {
	var some []scorecard.Document
	idle := 0
	for _, d := range all {
		if d.Followed > 0 {
			some = append(some, d)
		} else {
			idle++
		}
	}
	out := documents(some)
	if len(out) > 0 && idle > 0 {
		out = append(out, "Not followed: "+plural(idle, "other", "others"))
	}
	return out
}

func documents(all []scorecard.Document) []string {
	var out []string
	for _, d := range all {
		s := d.Title
		if d.Version != "" {
			s += ", version " + d.Version
		}
		s += ", SHA-256 " + clip(d.SHA256, 16) + "…"
		if d.Steps > 0 {
			s += fmt.Sprintf(", %d of %d steps ticked", d.Followed, d.Steps)
		}
		if d.Overdue {
			s += ", REVIEW OVERDUE"
		}
		out = append(out, s)
	}
	return out
}

var parts = map[scorecard.Part]string{
	scorecard.Participates: "Participant", scorecard.Facilitates: "Facilitator", scorecard.Evaluates: "Evaluator", scorecard.Observes: "Observer",
}

func (p *page) people() []Person {
	var out []Person
	for _, a := range p.e.Attendance {
		seat, _ := p.s.Participant(a.Seat)
		row := Person{Name: a.Name, Part: parts[a.Part], Confirmed: "not confirmed"}
		if what := cmp.Or(seat.Role, a.Role); what != "" {
			row.Part += ", " + lower(what)
		}
		if a.Management || seat.Management && a.Part == scorecard.Participates {
			row.Part += " (management body)"
		}
		if !a.Confirmed.IsZero() {
			row.Confirmed = "confirmed " + p.clock(a.Confirmed.Real)
			if a.Via != "" {
				row.Confirmed += ", " + a.Via
			}
		}
		if !a.Left.IsZero() {
			row.Confirmed += ", left at " + p.clock(a.Left.Real)
		}
		out = append(out, row)
	}
	return out
}

// standing says what management did and who was missing.
func (p *page) standing() []string {
	if p.e.Auto {
		return nil
	}
	var out []string
	if p.c.Management {
		n := 0
		for _, d := range p.e.Decisions {
			if s, ok := p.s.Participant(d.Seat); ok && s.Management && !d.Undone {
				n++
			}
		}
		acts := 0
		for _, a := range p.e.Actions {
			if s, ok := p.s.Participant(a.Seat); ok && s.Management && !a.Undone && a.Do != scenario.Choose {
				acts++
			}
		}
		did := fmt.Sprintf("%s at decision points and %s on record", plural(n, "decision", "decisions"), plural(acts, "other action", "other actions"))
		if n+acts == 0 {
			did = "it decided and did nothing on record"
		}
		out = append(out, "The management body took part: "+did+".")
	}
	var empty []string
	for _, seat := range p.s.Participants {
		if !slices.ContainsFunc(p.e.Attendance, func(a scorecard.Attendance) bool { return a.Seat == seat.ID && a.Part == scorecard.Participates }) {
			empty = append(empty, seat.Role)
		}
	}
	if len(empty) > 0 {
		out = append(out, "Seats that nobody took: "+strings.Join(empty, ", ")+".")
	}
	if p.c.Apart {
		out = append(out, "Facilitator and evaluator were two persons, and neither took a seat.")
	}
	return out
}
