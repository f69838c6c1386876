package scorecard_test

import (
	"slices"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

const small = `title: Small
aim: to be scored
briefing: Nothing yet.
start: 2027-03-09T12:00:00+01:00
tz: Europe/Berlin
length: 2d
tests: [annex 3.5.5]
entities: [{name: one, member_state: DE}]
participants:
  - {id: oncall, role: Engineer, access: responder, required: true}
  - {id: lead, role: Commander, access: commander, required: true}
  - {id: boss, role: Managing director, access: commander, management: true}
injects:
  - {id: alert, at: 0s, alerts: [{labels: {alertname: A}}], allows: [{know: that it burns, shown_by: [ack, aware]}]}
  - {id: found, at: 2h, fact: {text: It spreads.}}
expect:
  - {id: ack, do: acknowledge, by: [oncall], after: alert, within: 15m, weight: 2}
  - {id: aware, do: aware, after: found, within: 1h, weight: 4}
  - {id: early, do: submit, stage: early_warning, before: due, weight: 3}
  - {id: hush, do: decide, decision: not_significant, never: true, weight: 1}
decisions:
  - {id: cut, at: 1h, question: Cut?, options: [now, later]}
hints:
  - {id: think, for: aware, after: 30m, text: Think.}
`

var start = time.Date(2027, 3, 9, 11, 0, 0, 0, time.UTC)

// at is an offset of the scenario, played at 60 times the speed.
func at(offset time.Duration) scorecard.Moment {
	return scorecard.Moment{Scenario: start.Add(offset), Real: start.AddDate(0, -4, 0).Add(offset / 60)}
}

func did(do scenario.Deed, seat string, offset time.Duration) scorecard.Action {
	return scorecard.Action{Do: do, Seat: seat, Name: seat + "'s name", At: at(offset), Incident: "EX-2027-0001"}
}

func sent(offset time.Duration) scorecard.Action {
	a := did(scenario.Submit, "lead", offset)
	a.Entity, a.Regime, a.Stages, a.Of = "one", "nis2", []string{"early_warning"}, a.At.Scenario
	return a
}

// played is an exercise in which everything was done in time; the incident is
// as of its end.
func played(t *testing.T) scorecard.Input {
	t.Helper()
	s, err := scenario.Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	due := start.Add(26*time.Hour + 30*time.Minute)
	return scorecard.Input{
		Scenario: s,
		Exercise: scorecard.Exercise{
			ID: "TTX-2", Scenario: "small", Started: at(0), Ended: at(48 * time.Hour), Complete: true, Speed: 60,
			Injects:   []scorecard.Delivered{{ID: "alert", Planned: start, At: at(0), Incidents: []string{"EX-2027-0001"}}, {ID: "found", Planned: start.Add(2 * time.Hour), At: at(2 * time.Hour)}},
			Actions:   []scorecard.Action{did(scenario.Acknowledge, "oncall", 10*time.Minute), did(scenario.Aware, "lead", 150*time.Minute), sent(20 * time.Hour)},
			Decisions: []scorecard.Decision{{Point: "cut", Seat: "lead", Name: "lead's name", Choice: "now", Reason: "it spreads", Asked: at(time.Hour), At: at(90 * time.Minute)}},
			Attendance: []scorecard.Attendance{
				{Name: "a", Part: scorecard.Participates, Seat: "oncall", Confirmed: at(0)}, {Name: "b", Part: scorecard.Participates, Seat: "lead", Confirmed: at(0)},
				{Name: "c", Part: scorecard.Participates, Seat: "boss", Confirmed: at(0)}, {Name: "d", Part: scorecard.Facilitates, Confirmed: at(0)}, {Name: "e", Part: scorecard.Evaluates, Confirmed: at(0)},
			},
		},
		Incidents: []incident.View{{ID: "EX-2027-0001", Clocks: []incident.ClockView{
			{ClockID: incident.ClockID{Entity: "one", Regime: "nis2", Stage: "early_warning"}, State: incident.ClockSubmitted, DueAt: due, TargetAt: due.Add(-time.Hour), SubmittedAt: new(start.Add(20 * time.Hour))},
			{ClockID: incident.ClockID{Entity: "one", Regime: "gdpr", Stage: "notification"}, State: incident.ClockStopped, DueAt: due},
		}}},
	}
}

func TestOutcomes(t *testing.T) {
	const minute, hour = time.Minute, time.Hour
	for _, c := range []struct {
		name    string
		change  func(*scorecard.Input)
		id      string
		want    scorecard.Outcome
		percent int
	}{
		{"all in time", func(*scorecard.Input) {}, "ack", scorecard.Met, 100},
		{"the last second in time", func(in *scorecard.Input) { in.Exercise.Actions[0].At = at(15*minute - time.Second) }, "ack", scorecard.Met, 100},
		{"a target is exclusive", func(in *scorecard.Input) { in.Exercise.Actions[0].At = at(15 * minute) }, "ack", scorecard.Late, 90},
		{"not by whom it was expected", func(in *scorecard.Input) { in.Exercise.Actions[0].Seat = "lead" }, "ack", scorecard.Missed, 80},
		{"undone by a rewind", func(in *scorecard.Input) { in.Exercise.Actions[0].Undone = true }, "ack", scorecard.Missed, 80},
		{"undone and done again", func(in *scorecard.Input) {
			in.Exercise.Actions[0].Undone = true
			in.Exercise.Actions = append(in.Exercise.Actions, did(scenario.Acknowledge, "oncall", 5*minute))
		}, "ack", scorecard.Met, 100},
		{"before it was expected", func(in *scorecard.Input) { in.Exercise.Actions[1].At = at(hour) }, "aware", scorecard.Met, 100},
		{"its inject never came", func(in *scorecard.Input) {
			in.Exercise.Injects[1].At = scorecard.Moment{}
			in.Exercise.Actions = slices.Delete(in.Exercise.Actions, 1, 2)
		}, "aware", scorecard.NotCounted, 100},
		{"counted from when its inject came, late", func(in *scorecard.Input) {
			in.Exercise.Injects[1].At, in.Exercise.Actions[1].At = at(5*hour), at(5*hour+50*minute)
		}, "aware", scorecard.Met, 100},
		{"ended before it was due", func(in *scorecard.Input) {
			in.Exercise.Ended = at(150 * minute)
			in.Exercise.Actions = in.Exercise.Actions[:1]
		}, "aware", scorecard.NotCounted, 100},
		{"ended after it was due", func(in *scorecard.Input) {
			in.Exercise.Ended = at(180 * minute)
			in.Exercise.Actions = in.Exercise.Actions[:1]
		}, "aware", scorecard.Missed, 42},
		{"a report at its deadline is late", func(in *scorecard.Input) {
			in.Exercise.Actions[2] = sent(26*hour + 30*minute)
		}, "early", scorecard.Late, 85},
		{"a report is sent when the record says, not when it was recorded", func(in *scorecard.Input) {
			in.Exercise.Actions[2].At = at(27 * hour)
		}, "early", scorecard.Met, 100},
		{"a report of another regime", func(in *scorecard.Input) { in.Exercise.Actions[2].Regime = "gdpr" }, "early", scorecard.Missed, 70},
		{"what must not happen", func(in *scorecard.Input) {
			a := did(scenario.Decide, "lead", hour)
			a.Decision = "not_significant"
			in.Exercise.Actions = append(in.Exercise.Actions, a)
		}, "hush", scorecard.Violated, 90},
		{"what must not happen did not", func(in *scorecard.Input) {
			a := did(scenario.Decide, "lead", hour)
			a.Decision = "significant"
			in.Exercise.Actions = append(in.Exercise.Actions, a)
		}, "hush", scorecard.Avoided, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := played(t)
			c.change(&in)
			got := scorecard.Score(in)
			n := slices.IndexFunc(got.Results, func(r scorecard.Result) bool { return r.ID == c.id })
			if r := got.Results[n]; r.Outcome != c.want {
				t.Errorf("%s is %s (target %s, done %s): want %s", c.id, r.Outcome, r.Target, r.At.Scenario, c.want)
			}
			if got.Percent != c.percent {
				t.Errorf("score %d %% (%d met, %d late of %d): want %d", got.Percent, got.Points, got.Late, got.Of, c.percent)
			}
			bad := slices.ContainsFunc(got.Gaps, func(g scorecard.Gap) bool { return g.Expected == c.id })
			if want := c.want == scorecard.Late || c.want == scorecard.Missed || c.want == scorecard.Violated; bad != want {
				t.Errorf("gaps are %v: names %s is %v", got.Gaps, c.id, bad)
			}
		})
	}
}

// Five real minutes at 60 times the speed are not five hours, and what a pause
// took is nobody's time.
func TestTwoTimes(t *testing.T) {
	in := played(t)
	// A pause of a quarter of an hour at five minutes of scenario time.
	from := at(5 * time.Minute)
	in.Exercise.Pauses = []scorecard.Pause{{From: from, To: scorecard.Moment{Scenario: from.Scenario, Real: from.Real.Add(15 * time.Minute)}}}
	for n := range in.Exercise.Actions {
		in.Exercise.Actions[n].At.Real = in.Exercise.Actions[n].At.Real.Add(15 * time.Minute)
	}
	d := &in.Exercise.Decisions[0]
	d.Asked.Real, d.At.Real = d.Asked.Real.Add(15*time.Minute), d.At.Real.Add(15*time.Minute)
	got := scorecard.Score(in)
	if ack := got.Times[0]; ack.Took.Scenario.String() != "10m" || ack.Took.Real.String() != "10s" {
		t.Errorf("acknowledging took %v: want 10 minutes of the scenario, 10 seconds of the room", ack.Took)
	}
	// One that is not over yet counts up to the action.
	in.Exercise.Pauses[0].To = scorecard.Moment{}
	if ack := scorecard.Score(in).Times[0]; ack.Took.Real != incident.Span(5*time.Second) {
		t.Errorf("acknowledging in a pause took %v: want the 5 seconds before it", ack.Took.Real)
	}
	in.Exercise.Actions[0].At.Real = time.Time{}
	if ack := scorecard.Score(in).Times[0]; ack.Took.Real != 0 || ack.Took.Scenario.String() != "10m" {
		t.Errorf("without real times it took %v", ack.Took)
	}
	if d := got.Decisions[0]; d.Took.Scenario.String() != "30m" || d.Took.Real.String() != "30s" || d.Reason != "it spreads" {
		t.Errorf("the decision is %+v: want 30 minutes, 30 seconds after the question", d)
	}
}

func TestHints(t *testing.T) {
	in := played(t)
	in.Exercise.Hints = []scorecard.HintGiven{{Hint: "think", At: at(3 * time.Hour)}, {Text: "in the facilitator's words", At: at(time.Minute)}}
	if r := scorecard.Score(in).Results[1]; r.Hinted {
		t.Error("a hint that came after the action counts")
	}
	in.Exercise.Hints[0].At = at(2 * time.Hour)
	if r := scorecard.Score(in).Results[1]; !r.Hinted {
		t.Error("a hint that came before the action does not count")
	}
}

// The first of several actions shows what was known.
func TestKnown(t *testing.T) {
	in := played(t)
	if k := scorecard.Score(in).Known; len(k) != 1 || k[0].ShownBy != "ack" || k[0].Lag.Scenario.String() != "10m" || k[0].Lag.Real.String() != "10s" {
		t.Errorf("known is %+v: want shown by ack after 10 minutes", k)
	}
	in.Exercise.Actions = in.Exercise.Actions[1:]
	if k := scorecard.Score(in).Known; k[0].ShownBy != "aware" {
		t.Errorf("without the acknowledgement it is shown by %q", k[0].ShownBy)
	}
	in.Exercise.Actions = nil
	if k := scorecard.Score(in).Known; !k[0].Shown.IsZero() {
		t.Errorf("nothing shows it, and it is shown at %v", k[0].Shown)
	}
}

func TestAttendance(t *testing.T) {
	in := played(t)
	got := scorecard.Score(in)
	if !got.Apart || !got.Management || len(got.Absent)+len(got.Unconfirmed) > 0 || len(got.Gaps) > 0 {
		t.Errorf("apart %v, management %v, absent %v, unconfirmed %v, gaps %v: want all well", got.Apart, got.Management, got.Absent, got.Unconfirmed, got.Gaps)
	}
	who := in.Exercise.Attendance
	in.Exercise.Attendance = slices.Concat(who[1:2], who[3:4]) // neither engineer, director nor evaluator
	in.Exercise.Attendance[1].Confirmed = scorecard.Moment{}
	got = scorecard.Score(in)
	if got.Apart || got.Management || !slices.Equal(got.Absent, []string{"Engineer"}) || !slices.Equal(got.Unconfirmed, []string{"d"}) || len(got.Gaps) != 2 {
		t.Errorf("apart %v, management %v, absent %v, unconfirmed %v, gaps %v", got.Apart, got.Management, got.Absent, got.Unconfirmed, got.Gaps)
	}
	both := slices.Clone(who)
	both[4].Name = "d"
	in.Exercise.Attendance = both
	if scorecard.Score(in).Apart {
		t.Error("one person facilitates and evaluates, and they count as apart")
	}
	// A member of the management body in another seat is one all the same.
	other := slices.Clone(who[:2])
	other[1].Management = true
	in.Exercise.Attendance = other
	if !scorecard.Score(in).Management {
		t.Error("a member of the management body took a seat, and does not count")
	}
}

// A runbook that nobody opened may be as old as it likes.
func TestOverdueDocuments(t *testing.T) {
	in := played(t)
	in.Exercise.Runbooks = []scorecard.Document{{Name: "idle", Title: "Idle", Overdue: true}, {Name: "used", Title: "Used", Overdue: true, Followed: 1}, {Name: "fresh", Title: "Fresh", Followed: 2}}
	in.Exercise.Plan = []scorecard.Document{{Name: "plan", Title: "Plan", Overdue: true}}
	var ids []string
	for _, g := range scorecard.Score(in).Gaps {
		ids = append(ids, g.ID)
	}
	if want := []string{"review-plan", "review-used"}; !slices.Equal(ids, want) {
		t.Errorf("gaps are %v, want %v", ids, want)
	}
}

func TestReports(t *testing.T) {
	got := scorecard.Score(played(t)).Reports
	if len(got) != 1 || got[0].Margin.String() != "6h30m" || got[0].Late || !got[0].RealAt.Equal(at(20*time.Hour).Real) {
		t.Errorf("reports are %+v: want one, six and a half hours before its deadline; what was stopped is not owed", got)
	}
}

// An exercise is compared with the one before; a rehearsal with none.
func TestCompared(t *testing.T) {
	in := played(t)
	last := scorecard.Score(in)
	last.Exercise = "TTX-1"
	in.Exercise.Actions[0].At = at(20 * time.Minute)
	in.Exercise.Actions[1].At = at(125 * time.Minute)
	in.Last = &last
	c := scorecard.Score(in).Compared
	if c == nil || !c.Same || c.Exercise != "TTX-1" {
		t.Fatalf("compared is %+v", c)
	}
	better := map[string]int{}
	for _, r := range c.Rows {
		better[r.What] = r.Better
	}
	for what, want := range map[string]int{"Score": -1, scorecard.TimeTo + "acknowledge": -1, scorecard.TimeTo + "aware": 1, scorecard.TimeTo + "assess": 0, "Gaps": -1, "Reports late or not sent": 0} {
		if got, ok := better[what]; !ok || got != want {
			t.Errorf("%s: better %d (there: %v), want %d", what, got, ok, want)
		}
	}
	in.Exercise.Auto = true
	if scorecard.Score(in).Compared != nil {
		t.Error("a rehearsal is compared with an exercise")
	}
}

func TestRemedy(t *testing.T) {
	r := scorecard.Remedy{Due: time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC)}
	for at, want := range map[string]bool{"2026-10-31T23:59:59Z": false, "2026-11-01T00:00:00Z": true} {
		now, err := regime.ParseInstant(at)
		if err != nil {
			t.Fatal(err)
		}
		if r.Overdue(now) != want {
			t.Errorf("at %s it is overdue: %v", at, !want)
		}
	}
	if r.Closed = r.Due; r.Overdue(start) || r.Open() {
		t.Error("what is closed is overdue")
	}
}

// What the service or a pager did is nobody's action, and a proposal binds
// nobody yet.
func TestSeen(t *testing.T) {
	by := incident.Meta{ID: "EX-2027-0001", By: incident.Actor{Name: "a", Via: "slack"}}
	system := incident.Meta{ID: "EX-2027-0001", By: incident.System}
	for _, c := range []struct {
		event incident.Event
		want  scenario.Deed
	}{
		{incident.Acknowledged{Meta: by}, scenario.Acknowledge},
		{incident.Acknowledged{Meta: system}, ""},
		{incident.Decided{Meta: by, Decision: "significant"}, scenario.Decide},
		{incident.Decided{Meta: by, Decision: "not_significant", Proposed: true}, ""},
		{incident.Assessed{Meta: by}, ""},
		{incident.Dated{Meta: by, DateID: incident.DateID{Date: incident.AwareAt}}, scenario.Aware},
		{incident.Dated{Meta: by, DateID: incident.DateID{Date: incident.ClassifiedAt}}, ""},
		{incident.MessageRecorded{Meta: by, Message: incident.AuthorityMessage{Direction: incident.In}}, scenario.RecordMessage},
		{incident.MessageRecorded{Meta: by, Message: incident.AuthorityMessage{Direction: incident.Out}}, scenario.AnswerAuthority},
		{incident.RunbookTicked{Meta: by, Done: false}, ""},
		{incident.RunbookTicked{Meta: by, Done: true}, scenario.Tick},
		{incident.Opened{Meta: by, Alert: &incident.Alert{}}, ""},
		{incident.Opened{Meta: by}, scenario.Declare},
		{incident.TokenCreated{Meta: by}, ""},
	} {
		a, ok := scorecard.Seen(incident.Entry{Seq: 7, At: start, About: "EX-2027-0001", Kind: c.event.Kind(), Event: c.event})
		if ok != (c.want != "") || a.Do != c.want {
			t.Errorf("%s %+v is seen as %q: want %q", c.event.Kind(), c.event, a.Do, c.want)
		}
		if ok && (a.Name != "a" || a.Via != "slack" || a.Entry != 7 || !a.At.Scenario.Equal(start) || a.What == "") {
			t.Errorf("%s: the action is %+v", c.event.Kind(), a)
		}
	}
	if _, ok := scorecard.Seen(incident.Entry{Kind: "incident.opened/v1"}); ok {
		t.Error("an erased entry is seen as an action")
	}
}
