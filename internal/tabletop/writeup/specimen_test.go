package writeup

import (
	"slices"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/playtest"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

// fixed stands for digests, so that goldens hold what a reader sees.
const fixed = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

// rehearsal is the write-up of a shipped scenario's script.
func rehearsal(t testing.TB, name string) Source {
	t.Helper()
	s, err := scenario.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	e, views := playtest.Auto(t, s)
	e.ID, e.Law, e.SHA256, e.Journal = "TTX-2027-0001", fixed, fixed, scorecard.Head{Size: 80, Root: fixed}
	return Source{Scenario: s, Exercise: e, Scorecard: scorecard.Score(scorecard.Input{Scenario: s, Exercise: e, Incidents: views})}
}

// people is an exercise with people at 72 times the speed, who forgot and
// delayed some things. It was stopped after 80 hours of scenario time.
func people(t testing.TB) Source {
	t.Helper()
	s, err := scenario.Open("privilege-escalation")
	if err != nil {
		t.Fatal(err)
	}
	const speed = 72
	end := s.At(80 * time.Hour)
	var steps []scenario.Step
	for _, st := range s.Auto {
		switch {
		case s.At(st.At).After(end), st.Do == scenario.Tick, st.Point == "press":
			continue
		case st.Do == scenario.Assess:
			st.At = 2 * time.Hour // late
		case st.Do == scenario.Submit && slices.Contains(st.Stages, "notification"):
			st.At, st.Time = 75*time.Hour, 75*time.Hour // past its deadline
		}
		steps = append(steps, st)
	}
	slices.SortStableFunc(steps, func(a, b scenario.Step) int { return int(a.At - b.At) })
	e, views := playtest.Steps(t, s, steps, 80*time.Hour)
	e.ID, e.Auto, e.Speed, e.Complete, e.Program = "TTX-2026-0002", false, speed, false, "1.4.0"
	e.Law, e.SHA256 = fixed, fixed
	began := time.Date(2026, time.November, 18, 8, 0, 0, 0, time.UTC)
	real := func(m scorecard.Moment) scorecard.Moment {
		m.Real = began.Add(m.Scenario.Sub(s.Start) / speed)
		if m.Scenario.After(s.At(26 * time.Hour)) {
			m.Real = m.Real.Add(6 * time.Minute) // the pause
		}
		return m
	}
	at := func(d time.Duration) scorecard.Moment { return real(scorecard.Moment{Scenario: s.At(d).UTC()}) }
	e.Started, e.Ended = at(0), at(80*time.Hour)
	names := map[string]string{"oncall": "A. Muster", "commander": "B. Beispiel", "security": "C. Sample", "board": "D. Vorstand"}
	for n := range e.Injects {
		e.Injects[n].At = real(e.Injects[n].At)
	}
	late := &e.Injects[6] // the authority's request
	late.At, late.Late, late.Why = at(26*time.Hour+20*time.Minute), true, "the program was restarted"
	for n := range e.Actions {
		e.Actions[n].At, e.Actions[n].Name, e.Actions[n].Via = real(e.Actions[n].At), names[e.Actions[n].Seat], "slack"
	}
	for n := range e.Decisions {
		d := &e.Decisions[n]
		d.At, d.Asked, d.Name = real(d.At), real(d.Asked), names[d.Seat]
	}
	e.Attendance = []scorecard.Attendance{
		{Name: "A. Muster", Part: scorecard.Participates, Seat: "oncall", Confirmed: at(0), Via: "slack"},
		{Name: "B. Beispiel", Part: scorecard.Participates, Seat: "commander", Confirmed: at(time.Minute), Via: "slack"},
		{Name: "D. Vorstand", Part: scorecard.Participates, Seat: "board", Left: at(30 * time.Hour)},
		{Name: "C. Sample", Part: scorecard.Participates, Seat: "security", Confirmed: at(2 * time.Minute), Via: "cli"},
		{Name: "E. Leitner", Part: scorecard.Facilitates, Role: "Head of operations", Confirmed: at(0), Via: "page"},
		{Name: "F. Prüfer", Part: scorecard.Evaluates, Role: "Internal audit", Confirmed: at(0), Via: "page"},
	}
	e.Hints = []scorecard.HintGiven{{Hint: "granted", Text: s.Hints[0].Text, By: "E. Leitner", At: at(100 * time.Minute)}}
	e.Pauses = []scorecard.Pause{{From: scorecard.Moment{Scenario: s.At(26 * time.Hour).UTC(), Real: at(26 * time.Hour).Real}, To: scorecard.Moment{Scenario: s.At(26 * time.Hour).UTC(), Real: at(26 * time.Hour).Real.Add(6 * time.Minute)}, By: "E. Leitner", Reason: "fire alarm in the building"}}
	e.Restarts = []scorecard.Moment{at(26*time.Hour + 20*time.Minute)}
	e.Plan = []scorecard.Document{{Name: "irp", Title: "Incident response plan", Version: "3.2", SHA256: fixed}}
	e.Runbooks = []scorecard.Document{{Name: "privileged-account", Title: "Privileged account", Version: "2026-11-16", SHA256: fixed, Steps: 17, Followed: 3}, {Name: "ransomware", Title: "Ransomware", Version: "2026-11-16", SHA256: fixed, Steps: 18}}
	e.Journal = scorecard.Head{Size: 214, Root: fixed}
	e.Answers = []scorecard.Answer{
		{Question: "aware", By: "B. Beispiel", Text: "When the list of secrets was read out. We could have asked for it an hour earlier."},
		{Question: "management", By: "F. Prüfer", Text: "Nothing was decided: the managing director had left before the press asked."},
	}
	e.Gaps = []scorecard.Gap{{ID: "g1", Text: "Nobody knew where the audit log of the cluster is kept.", By: "F. Prüfer"}}
	e.Lessons = []string{"Ask after every denied request whether another one was granted."}
	e.Remediation = []scorecard.Remedy{
		{ID: "R-2026-0001", Exercise: "TTX-2026-0001", Gap: "The second on-call number was out of date.", Action: "Check the numbers every month", Owner: "A. Muster", Due: day("2026-10-31"), Opened: day("2026-05-12")},
		{ID: "R-2026-0002", Exercise: "TTX-2026-0002", Gap: "Nobody knew where the audit log of the cluster is kept.", Action: "Name it in the runbook; alert on granted bindings", Owner: "C. Sample", Due: day("2026-12-15"), Opened: day("2026-11-18")},
		{ID: "R-2026-0003", Exercise: "TTX-2026-0001", Gap: "No template for the press.", Action: "Write one", Owner: "D. Vorstand", Due: day("2026-09-30"), Opened: day("2026-05-12"), Closed: day("2026-09-12"), Outcome: "in the plan since 3.2"},
	}
	last := scorecard.Scorecard{
		Exercise: "TTX-2026-0001", Scenario: "privilege-escalation", Percent: 58, EndedAt: scorecard.Moment{Scenario: s.Start, Real: day("2026-05-12")},
		Times: []scorecard.Time{
			{What: "acknowledge", At: at(0), Took: scorecard.Elapsed{Scenario: incident.Span(26 * time.Minute)}}, {What: "command", At: at(0), Took: scorecard.Elapsed{Scenario: incident.Span(9 * time.Minute)}},
			{What: "assess"}, {What: "aware", At: at(0), Took: scorecard.Elapsed{Scenario: incident.Span(50 * time.Minute)}}, {What: "decide"},
		},
		Gaps: make([]scorecard.Gap, 9),
	}
	return Source{Scenario: s, Exercise: e, Scorecard: scorecard.Score(scorecard.Input{Scenario: s, Exercise: e, Incidents: views, Last: &last})}
}

func day(s string) time.Time {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return at
}
