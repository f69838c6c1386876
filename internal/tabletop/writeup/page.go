package writeup

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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

var steps = map[string]string{
	"acknowledge": "acknowledgement", "command": "command taken", "assess": "first assessment", "aware": "awareness recorded", "decide": "decision on significance",
}

func (p *page) times() []Step {
	var out []Step
	for _, t := range p.c.Times {
		row := Step{What: steps[t.What], By: t.By, Scenario: "never", Real: "never", Before: "–"}
		if c := p.c.Compared; c != nil {
			if n := slices.IndexFunc(c.Rows, func(r scorecard.Row) bool { return r.What == scorecard.TimeTo+t.What }); n >= 0 {
				row.Before = c.Rows[n].Before + better(c.Rows[n].Better)
			}
		}
		if !t.At.IsZero() {
			row.Scenario, row.Real = scorecard.Short(t.Took.Scenario), scorecard.Short(t.Took.Real)
		}
		out = append(out, row)
	}
	return out
}

func (p *page) reports() []Report {
	var out []Report
	for _, r := range p.c.Reports {
		row := Report{Title: r.Title, Of: source(r.Source), Due: p.instant(r.DueAt), Sent: "not sent"}
		if len(p.s.Entities) > 1 {
			row.Of = r.Entity + ": " + row.Of
		}
		if r.DueAt.IsZero() {
			row.Due = "without undue delay"
		}
		if r.SubmittedAt != nil {
			row.Sent = p.instant(*r.SubmittedAt)
			if !r.RealAt.IsZero() {
				row.Sent += "\n" + p.clock(r.RealAt) + " in the room"
			}
		}
		switch {
		case r.SubmittedAt != nil && r.Late:
			row.Result, row.Bad = "LATE by "+scorecard.Short(-r.Margin), true
		case r.SubmittedAt != nil && r.Margin > 0:
			row.Result = "in time, " + scorecard.Short(r.Margin) + " before"
		case r.SubmittedAt != nil:
			row.Result = "sent"
		case r.State == incident.ClockOverdue:
			row.Result, row.Bad = "OVERDUE", true
		default:
			row.Result = "not yet due"
		}
		out = append(out, row)
	}
	return out
}

// source is the Union act of a citation that names the national one before it,
// by its short name.
func source(cited string) string {
	if _, union, ok := strings.Cut(cited, "; for "); ok {
		cited = union
	}
	return strings.NewReplacer("Directive (EU) 2022/2555", "NIS2 Directive", "Regulation (EU) 2016/679", "GDPR", "Regulation (EU) No 910/2014", "eIDAS").Replace(cited)
}

// notOwed is why no report was owed, if somebody decided so.
func (p *page) notOwed() string {
	for _, a := range p.e.Actions {
		if a.Do == scenario.Decide && a.Decision == incident.DecidedNotSignificant && !a.Undone {
			return "it was decided that the incident is not significant."
		}
	}
	return ""
}

var outcomes = map[scorecard.Outcome]string{
	scorecard.Met: "met", scorecard.Late: "LATE", scorecard.Missed: "MISSED", scorecard.Avoided: "avoided", scorecard.Violated: "DONE", scorecard.NotCounted: "not counted",
}

func (p *page) results() []Result {
	var out []Result
	for _, r := range p.c.Results {
		row := Result{What: upper(r.What), Weight: strconv.Itoa(r.Weight), Within: p.within(r), Scenario: "–", Real: "–", Result: outcomes[r.Outcome]}
		row.Bad = r.Outcome == scorecard.Late || r.Outcome == scorecard.Missed || r.Outcome == scorecard.Violated
		if !r.At.IsZero() {
			row.Scenario, row.Real = scorecard.Short(r.Took.Scenario), scorecard.Short(r.Took.Real)
			if r.At.Scenario.Before(r.Since.Scenario) {
				row.Scenario, row.Real = "before", "before"
			}
		}
		if r.Hinted {
			row.Result += ", after a hint"
		}
		out = append(out, row)
	}
	return out
}

func (p *page) within(r scorecard.Result) string {
	x, _ := p.s.Expect(r.ID)
	switch {
	case x.Never:
		return "never"
	case x.Before == scenario.DueAt:
		return "its deadline"
	case x.Before == scenario.TargetAt:
		return "the house's target"
	case x.Within > 0:
		return span(x.Within)
	}
	return "the end"
}

func (p *page) score() string {
	c := p.c
	return fmt.Sprintf("By weight, %d of %d were met in time and %d late, which counts half: %d\u00a0%%. Times run from the inject that calls for the action.", c.Points, c.Of, c.Late, c.Percent)
}

func (p *page) decisions() []Decision {
	var out []Decision
	for _, d := range p.c.Decisions {
		row := Decision{Question: d.Question, Choice: upper(d.Choice), Reason: d.Reason}
		if d.Choice != "" {
			row.By = fmt.Sprintf("%s, %s after the question in scenario time", d.By, scorecard.Short(d.Took.Scenario))
			if !p.e.Auto {
				row.By += ", " + scorecard.Short(d.Took.Real) + " in real time"
			}
		}
		out = append(out, row)
	}
	return out
}

func (p *page) gaps() []string {
	var out []string
	for _, g := range p.c.Gaps {
		s := g.Text
		if g.By != "" {
			s += " (" + g.By + ")"
		}
		out = append(out, s)
	}
	return out
}

func (p *page) remedies() []Remedy {
	now := p.dated()
	var out []Remedy
	for _, r := range p.e.Remediation {
		row := Remedy{ID: r.ID, Gap: r.Gap, Action: r.Action, Owner: r.Owner, Due: r.Due.Format("2 Jan 2006"), State: "open"}
		switch {
		case !r.Open():
			row.State = "closed " + r.Closed.Format("2 Jan 2006")
			if r.Outcome != "" {
				row.State += ": " + r.Outcome
			}
		case r.Overdue(now):
			row.State, row.Bad = "OVERDUE", true
		}
		if r.Exercise != p.e.ID {
			row.Gap += " (from " + r.Exercise + ")"
		}
		out = append(out, row)
	}
	return out
}

// compared sets the figures beside those of the exercise before.
func (p *page) compared() string {
	c := p.c.Compared
	if c == nil {
		return ""
	}
	when := c.EndedAt.Real
	if when.IsZero() {
		when = c.EndedAt.Scenario
	}
	out := fmt.Sprintf("The exercise before, %s of %s, played the same scenario.", c.Exercise, p.day(when))
	if !c.Same {
		out = fmt.Sprintf("The exercise before, %s of %s, played another scenario (%s): figures compare only roughly.", c.Exercise, p.day(when), c.Scenario)
	}
	for _, r := range c.Rows {
		if !strings.HasPrefix(r.What, scorecard.TimeTo) {
			out += fmt.Sprintf(" %s: %s then, %s now%s.", r.What, r.Before, r.Now, better(r.Better))
		}
	}
	return out
}

func better(n int) string {
	switch {
	case n > 0:
		return " (now better)"
	case n < 0:
		return " (now worse)"
	}
	return ""
}

func (p *page) answers() (given []Answer, none string) {
	var open []string
	for _, q := range p.s.Questions {
		a := Answer{Ask: q.Ask, About: q.About}
		for _, said := range p.e.Answers {
			if said.Question == q.ID {
				a.Said = append(a.Said, said.Text+" ("+said.By+")")
			}
		}
		if len(a.Said) == 0 {
			open = append(open, q.Ask)
			continue
		}
		given = append(given, a)
	}
	return given, strings.Join(open, " ")
}

// course is what was put in, what it let one know and what disturbed it, in
// order.
func (p *page) course() []Event {
	type event struct {
		at     scorecard.Moment
		what   string
		inject string
		bad    bool
	}
	var all []event
	for _, d := range p.e.Injects {
		i, _ := p.s.Inject(d.ID)
		what := injected(i)
		switch {
		case d.At.IsZero():
			all = append(all, event{at: scorecard.Moment{Scenario: d.Planned}, what: "NOT DELIVERED: " + what + because(d.Why), bad: true})
		case d.Late:
			all = append(all, event{d.At, fmt.Sprintf("LATE, planned for %s: %s%s", p.instant(d.Planned), what, because(d.Why)), d.ID, true})
		default:
			all = append(all, event{d.At, what, d.ID, false})
		}
	}
	for _, h := range p.e.Hints {
		all = append(all, event{at: h.At, what: fmt.Sprintf("Hint by %s: %s", h.By, h.Text)})
	}
	for _, h := range p.e.Pauses {
		what := "Paused by " + h.By
		if !h.To.Real.IsZero() {
			what += " for " + span(h.To.Real.Sub(h.From.Real)) + " of real time"
		}
		all = append(all, event{at: h.From, what: what + because(h.Reason)})
	}
	for _, r := range p.e.Rewinds {
		all = append(all, event{at: r.At, what: fmt.Sprintf("Rewound by %s to %s%s", r.By, p.instant(r.To), because(r.Reason))})
	}
	for _, at := range p.e.Restarts {
		all = append(all, event{at: at, what: "The program was started again"})
	}
	slices.SortStableFunc(all, func(a, b event) int {
		if !a.at.Real.IsZero() && !b.at.Real.IsZero() { // a rewind turns scenario time back
			return a.at.Real.Compare(b.at.Real)
		}
		return a.at.Scenario.Compare(b.at.Scenario)
	})
	var out []Event
	for _, e := range all {
		row := Event{At: e.at.Scenario.In(p.s.Zone).Format("2 Jan 15:04"), Real: p.clock(e.at.Real), What: e.what, Bad: e.bad}
		for n, k := range p.of(e.inject) {
			row.What += "\n→ " + k.What
			scenario, real := p.lag(k)
			if n == 0 {
				row.Lag, row.RealLag = scenario, real
				continue
			}
			row.Lag += "; " + scenario
			row.RealLag += "; " + real
		}
		out = append(out, row)
	}
	return out
}

// of is what an inject let one know.
func (p *page) of(inject string) []scorecard.Known {
	var out []scorecard.Known
	for _, k := range p.c.Known {
		if k.Inject == inject {
			out = append(out, k)
		}
	}
	return out
}

// lag is how long it took until it showed that something was known.
func (p *page) lag(k scorecard.Known) (scenario, real string) {
	switch {
	case k.Shown.IsZero():
		return "not at all", "not at all"
	case k.Shown.Scenario.Before(k.At.Scenario):
		return "before", "before"
	}
	return scorecard.Short(k.Lag.Scenario), scorecard.Short(k.Lag.Real)
}

// injected is an inject in a few words.
func injected(i scenario.Inject) string {
	switch i.Kind {
	case scenario.AlertsInject:
		a, state := i.Alerts[0], ""
		name := cmp.Or(a.Annotations["summary"], a.Labels["alertname"])
		if a.Resolved {
			state = " (resolved)"
		}
		if n := len(i.Alerts); n > 1 {
			return fmt.Sprintf("%d alerts, the first %s%s", n, name, state)
		}
		return "Alert: " + name + state
	case scenario.MessageInject:
		return "Message from " + i.From
	case scenario.JournalistInject:
		return "Press: " + i.From
	case scenario.AuthorityInject:
		return upper(string(i.Authority.Kind)) + " of the authority: " + i.From
	case scenario.OutageInject:
		return fmt.Sprintf("Outage of %s for %s", i.Outage.Vendor, span(i.Outage.Lasts))
	}
	return "Found: " + first(i.Text)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// first is the beginning of a text: its first sentence, if that is short.
func first(text string) string {
	const most = 90
	text, _, _ = strings.Cut(text, ". ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	text = string([]rune(text)[:most])
	if n := strings.LastIndexByte(text, ' '); n > 0 {
		text = text[:n]
	}
	return text + " …"
}

// instant is a date and time in the scenario's zone.
func (p *page) instant(t time.Time) string { return t.In(p.s.Zone).Format("2 Jan 2006 15:04") }

// clock is a time of day in the room, with seconds: five real minutes hold much.
func (p *page) clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(p.s.Zone).Format("15:04:05")
}

func (p *page) day(t time.Time) string { return t.In(p.s.Zone).Format("2 January 2006") }

func span(d time.Duration) string { return scorecard.Short(incident.Span(d)) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func clip(s string, n int) string { return s[:min(n, len(s))] }

// upper is a text with a capital at its head.
func upper(s string) string { return head(s, unicode.ToUpper) }

// lower is a text that goes on in a sentence.
func lower(s string) string { return head(s, unicode.ToLower) }

func head(s string, change func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(change(r)) + s[n:]
}

func words(s string) string { return strings.ReplaceAll(s, "_", " ") }
