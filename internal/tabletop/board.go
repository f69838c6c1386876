package tabletop

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/writeup"
	"nis2clock/internal/web"

	"github.com/prometheus/common/model"
)

var _ web.Exercise = (*Exercise)(nil)

// span is an offset as scenarios write it, to the second.
func span(d time.Duration) string { return model.Duration(d.Truncate(time.Second)).String() }

// score computes the scorecard of a record.
func (x *Exercise) score(e scorecard.Exercise, last *scorecard.Scorecard) scorecard.Scorecard {
	return scorecard.Score(scorecard.Input{Scenario: x.o.Scenario, Exercise: e, Incidents: x.Incidents(), Last: last})
}

// Board implements [web.Exercise].
func (x *Exercise) Board(viewer string, withScript bool) web.Board {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.moving {
		return web.Board{Scenario: x.o.Scenario.Name, Title: x.o.Scenario.Title, State: "rewinding", ScenarioTime: x.clock.Now()}
	}
	if err := x.rec.read(context.Background(), x.app); err != nil {
		x.o.Logger.Error("The board is as of an earlier entry", "err", err)
	}
	s, e := x.o.Scenario, x.recorded()
	now := x.clock.Now()
	b := web.Board{
		Exercise: e.ID, Scenario: s.Name, Title: s.Title, Briefing: s.Briefing, State: "running", Auto: e.Auto, Speed: e.Speed,
		ScenarioTime: now, Offset: span(now.Sub(s.Start)), Left: span(max(s.At(s.Length).Sub(now), 0)),
	}
	switch {
	case x.rec.over:
		b.State = "ended"
	case x.clock.Paused():
		b.State = "paused"
	}
	card := x.score(e, nil)
	for _, r := range card.Results {
		switch r.Outcome {
		case scorecard.Met, scorecard.Late:
			b.Score.Met++
		case scorecard.Missed, scorecard.Violated:
			b.Score.Missed++
		}
	}
	b.Score.Points, b.Score.Of = card.Points, card.Of
	seat := x.rec.seat(viewer)
	for _, d := range e.Injects {
		i, ok := s.Inject(d.ID)
		if ok && i.Kind != scenario.AlertsInject && (withScript || len(i.To) == 0 || seat == "" || slices.Contains(i.To, seat)) {
			b.Happened = append(b.Happened, web.BoardEvent{
				ID: i.ID, At: d.At.Scenario, Offset: span(d.At.Scenario.Sub(s.Start)), Kind: string(i.Kind), From: i.From, To: i.To, Text: said(i), Late: d.Late,
			})
		}
	}
	for _, h := range e.Hints {
		b.Happened = append(b.Happened, web.BoardEvent{
			ID: h.Hint, At: h.At.Scenario, Offset: span(h.At.Scenario.Sub(s.Start)), Kind: "hint", From: "the facilitator", Text: h.Text,
		})
	}
	slices.SortStableFunc(b.Happened, func(a, c web.BoardEvent) int { return c.At.Compare(a.At) }) // the newest first
	for _, p := range s.Decisions {
		if !x.rec.asked[p.ID].IsZero() {
			b.Decisions = append(b.Decisions, web.BoardDecision{ID: p.ID, Question: p.Question, Options: p.Options, For: p.For, Answers: answers(e, p.ID)})
		}
	}
	for _, p := range e.Attendance {
		b.Attendance = append(b.Attendance, web.BoardPerson{Name: p.Name, Part: string(p.Part), Seat: p.Seat, Confirmed: !p.Confirmed.IsZero()})
	}
	for _, q := range s.Questions {
		b.Questions = append(b.Questions, web.BoardQuestion{ID: q.ID, Ask: q.Ask})
	}
	if withScript {
		b.Script = x.script(e, card, now)
	}
	return b
}

// said is what participants read of an inject.
func said(i scenario.Inject) string {
	if i.Kind == scenario.OutageInject && i.Text == "" {
		return i.Outage.Vendor + " does not answer"
	}
	return i.Text
}

// answers are those at a decision point, a sentence each.
func answers(e scorecard.Exercise, point string) (out []string) {
	for _, d := range e.Decisions {
		if d.Point == point && !d.Undone {
			out = append(out, fmt.Sprintf("%s: %s, because %s", d.Name, d.Choice, d.Reason))
		}
	}
	return out
}

// script is what only the facilitator sees.
func (x *Exercise) script(e scorecard.Exercise, card scorecard.Scorecard, now time.Time) *web.BoardScript {
	s, out := x.o.Scenario, &web.BoardScript{}
	var at []time.Duration
	add := func(id string, due time.Duration, what, note string) {
		n, _ := slices.BinarySearchFunc(at, due+1, cmp.Compare) // after those of the same instant
		at = slices.Insert(at, n, due)
		out.Next = slices.Insert(out.Next, n, web.BoardNext{ID: id, Offset: span(due), In: span(max(s.At(due).Sub(now), 0)), What: what, Note: note})
	}
	for _, i := range s.Injects {
		if !x.rec.injected[i.ID] {
			what := string(i.Kind) + " " + i.ID
			if i.Text != "" {
				what += ": " + i.Text
			}
			add(i.ID, i.At, what, i.Note)
		}
	}
	for _, d := range s.Decisions {
		if x.rec.asked[d.ID].IsZero() {
			add(d.ID, d.At, "decision: "+d.Question, d.Consider)
		}
	}
	for _, r := range card.Results {
		target := "none"
		if !r.Target.IsZero() {
			target = span(r.Target.Sub(s.Start))
		}
		out.Expected = append(out.Expected, web.BoardExpected{
			ID: r.ID, What: r.What, Target: target, State: state(r.Outcome), By: r.By, Weight: r.Weight,
		})
	}
	for _, h := range s.Hints {
		given := slices.ContainsFunc(e.Hints, func(g scorecard.HintGiven) bool { return g.Hint == h.ID })
		out.Hints = append(out.Hints, web.BoardHint{ID: h.ID, For: h.For, Text: h.Text, Given: given})
	}
	return out
}

// state is the outcome so far, in a word.
func state(o scorecard.Outcome) string {
	if o == scorecard.NotCounted {
		return "open"
	}
	return string(o)
}

// control are what only a facilitator may do.
var control = map[string]bool{"pause": true, "resume": true, "rewind": true, "hint": true, "remedy": true, "end": true, "approve": true}

// noteWithin bounds the wait for a step to be durable.
const noteWithin = 10 * time.Second

// Do implements [web.Exercise].
func (x *Exercise) Do(ctx context.Context, by incident.Person, facilitator bool, act web.ExerciseAct) error {
	// Who goes away in the middle leaves no step that is half taken in.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.moving {
		return refused("the exercise is being rewound: ask again in a moment")
	}
	if err := x.rec.read(ctx, x.app); err != nil {
		return err
	}
	if control[act.Act] && !facilitator {
		return refused("only the facilitator may %s: ask them", act.Act)
	}
	if x.rec.over && (act.Act == "pause" || act.Act == "resume" || act.Act == "rewind" || act.Act == "end" || act.Act == "decide" || act.Act == "hint") {
		return refused("the exercise has ended")
	}
	defer func() {
		select {
		case x.wake <- struct{}{}:
		default:
		}
	}()
	switch act.Act {
	case "pause":
		if x.o.Speed == 0 || x.clock.Paused() {
			return refused("the clock stands")
		}
		x.clock.Pause()
		err := x.note(ctx, by, stepPaused, because("paused", act.Reason), scorecard.Pause{By: by.By.Name, Reason: act.Reason})
		if err != nil {
			x.clock.Resume()
		}
		return err
	case "resume":
		if !x.clock.Paused() {
			return refused("the clock runs")
		}
		err := x.note(ctx, by, stepResumed, because("resumed", act.Reason), nil)
		if err == nil {
			x.clock.Resume()
		}
		return err
	case "rewind":
		return x.rewind(by, act)
	case "hint":
		return x.hint(ctx, by, act)
	case "end":
		stood := !x.clock.Pause()
		err := x.note(ctx, by, stepEnded, because("ended by the facilitator", act.Reason), ended{})
		if err != nil && !stood {
			x.clock.Resume()
		}
		return err
	case "approve":
		return x.approve(ctx, by, act)
	case "attend", "leave":
		return x.attend(ctx, by, facilitator, act)
	case "decide":
		return x.decide(ctx, by, x.rec.seat(by.By.Name), act)
	}
	return x.say(ctx, by, act)
}

func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// hint gives one of the scenario's hints, or one in the facilitator's words.
func (x *Exercise) hint(ctx context.Context, by incident.Person, act web.ExerciseAct) error {
	text := act.Text
	if act.Hint != "" {
		n := slices.IndexFunc(x.o.Scenario.Hints, func(h scenario.Hint) bool { return h.ID == act.Hint })
		if n < 0 {
			return invalid("there is no hint %q", act.Hint)
		}
		text = x.o.Scenario.Hints[n].Text
	}
	if text == "" {
		return invalid("a hint needs text, or the id of one of the scenario's")
	}
	if err := x.note(ctx, by, stepHint, text, scorecard.HintGiven{Hint: act.Hint, Text: text, By: by.By.Name}); err != nil {
		return err
	}
	x.tell(fmt.Sprintf("hint/%d", len(x.rec.Hints)), "A hint from the facilitator: "+text)
	return nil
}

// approve notes who vouches for the write-up.
func (x *Exercise) approve(ctx context.Context, by incident.Person, act web.ExerciseAct) error {
	switch {
	case x.o.Auto:
		return refused("nobody vouches for a rehearsal")
	case !x.rec.over:
		return refused("the exercise has not ended: its write-up is approved afterwards")
	case act.Role == "":
		return invalid("say what you are in the house: role")
	}
	a := writeup.Approval{By: by.By.Name, Role: act.Role, At: x.o.Wall().UTC().Truncate(time.Second)}
	return x.note(ctx, by, stepApproved, fmt.Sprintf("%s, %s, approves the write-up", a.By, a.Role), a)
}

// parts are those people may take.
var parts = []scorecard.Part{scorecard.Participates, scorecard.Facilitates, scorecard.Evaluates, scorecard.Observes}

// attend notes that somebody takes part, or goes. What people say of themselves
// confirms it; what the facilitator says of others does not.
func (x *Exercise) attend(ctx context.Context, by incident.Person, facilitator bool, act web.ExerciseAct) error {
	if x.o.Auto {
		return refused("this is a rehearsal with scripted participants: nobody takes part")
	}
	p := scorecard.Attendance{Name: act.Name, Part: scorecard.Part(act.Part), Seat: act.Seat, Role: act.Role, Management: act.Management}
	if p.Name == "" {
		p.Name = by.By.Name
	}
	if p.Name != by.By.Name && !facilitator {
		return refused("people say for themselves that they take part; the facilitator may note others")
	}
	if p.Name == by.By.Name {
		p.Via = by.By.Via
	}
	if act.Act == "leave" {
		return x.note(ctx, by, stepLeft, p.Name+" leaves", p)
	}
	known := slices.IndexFunc(x.rec.Attendance, func(a scorecard.Attendance) bool { return a.Name == p.Name })
	if known >= 0 && act.Part == "" && act.Seat == "" { // it is said already what they do
		was := x.rec.Attendance[known]
		was.Via, was.Confirmed = p.Via, scorecard.Moment{}
		return x.note(ctx, by, stepAttends, p.Name+" takes part", was)
	}
	if p.Part == "" {
		p.Part = scorecard.Participates
	}
	seat, ok := x.o.Scenario.Participant(p.Seat)
	switch {
	case !slices.Contains(parts, p.Part):
		return invalid("part %q is none of participant, facilitator, evaluator, observer", p.Part)
	case p.Part == scorecard.Participates && !ok:
		return invalid("seat %q is none of %s", p.Seat, strings.Join(x.seats(), ", "))
	case p.Part != scorecard.Participates && p.Seat != "":
		return invalid("a %s takes no seat", p.Part)
	}
	p.Management = p.Management || seat.Management
	return x.note(ctx, by, stepAttends, fmt.Sprintf("%s takes part as %s %s", p.Name, p.Part, p.Seat), p)
}

func (x *Exercise) seats() (out []string) {
	for _, p := range x.o.Scenario.Participants {
		out = append(out, p.ID)
	}
	return out
}

// say notes what people say about the exercise itself.
func (x *Exercise) say(ctx context.Context, by incident.Person, act web.ExerciseAct) error {
	name := by.By.Name
	switch act.Act {
	case "answer":
		if !slices.ContainsFunc(x.o.Scenario.Questions, func(q scenario.Question) bool { return q.ID == act.Question }) {
			return invalid("there is no question %q", act.Question)
		} else if act.Text == "" {
			return invalid("an answer needs text")
		}
		return x.note(ctx, by, stepAnswered, act.Question+": "+act.Text, scorecard.Answer{Question: act.Question, By: name, Text: act.Text})
	case "gap":
		if act.Text == "" {
			return invalid("a gap needs text")
		}
		return x.note(ctx, by, stepGap, act.Text, scorecard.Gap{ID: fmt.Sprintf("gap-%d", len(x.rec.Gaps)+1), Text: act.Text, By: name})
	case "lesson":
		return x.note(ctx, by, stepLesson, act.Text, nil)
	case "remedy":
		due, err := time.Parse(time.DateOnly, act.Due)
		switch {
		case err != nil:
			return invalid("due %q is not a day such as 2027-01-31", act.Due)
		case act.Action == "" || act.Owner == "" || act.Gap == "":
			return invalid("a line of the remediation register needs gap, action, owner and due")
		}
		id := fmt.Sprintf("R-%s-%d", x.rec.ID, len(x.rec.Remediation)+1)
		return x.note(ctx, by, stepRemedy, act.Action+", by "+act.Owner, scorecard.Remedy{
			ID: id, Exercise: x.rec.ID, Gap: act.Gap, Action: act.Action, Owner: act.Owner, Due: due, Opened: x.o.Wall().UTC(),
		})
	}
	return invalid("there is no act %q", act.Act)
}
