// Package playtest plays a scenario's script on the rules alone: no service, no
// journal, no waiting. It is for tests, which get from it what a run would have
// recorded.
package playtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/script"
	"nis2clock/runbooks"
)

// Auto plays a scenario to its end as a rehearsal without people. Who acts is
// called after the seat.
func Auto(t testing.TB, s *scenario.Scenario) (scorecard.Exercise, []incident.View) {
	t.Helper()
	return play(t, s)
}

// Steps plays other steps in the place of the script, up to an offset. They have
// to be in order.
func Steps(t testing.TB, s *scenario.Scenario, steps []scenario.Step, until time.Duration) (scorecard.Exercise, []incident.View) {
	t.Helper()
	other := *s
	other.Auto, other.Length = steps, until
	other.Injects = slices.DeleteFunc(slices.Clone(s.Injects), func(i scenario.Inject) bool { return i.At > until })
	return play(t, &other)
}

type stage struct {
	t        testing.TB
	s        *scenario.Scenario
	rules    *incident.Rules
	state    *incident.State
	runbooks *runbook.Library
	e        scorecard.Exercise
	opened   map[string]incident.ID // by inject
	message  map[string]int         // number in the incident, by inject
}

func play(t testing.TB, s *scenario.Scenario) (scorecard.Exercise, []incident.View) {
	t.Helper()
	cfg, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	rules := *cfg.Rules()
	rules.Exercise = true
	books, err := runbook.Load(runbook.Folder{FS: runbooks.FS})
	if err != nil {
		t.Fatal(err)
	}
	p := &stage{t: t, s: s, rules: &rules, state: incident.NewState(), runbooks: books, opened: map[string]incident.ID{}, message: map[string]int{}}
	p.e = scorecard.Exercise{
		ID: "TTX-0001", Scenario: s.Name, Title: s.Title, SHA256: s.SHA256, Auto: true, Complete: true, Program: "test", Law: rules.Law.Digest(),
		Started: scorecard.Moment{Scenario: s.Start}, Ended: scorecard.Moment{Scenario: s.At(s.Length)},
	}
	injects, steps := s.Injects, s.Auto
	for len(injects)+len(steps) > 0 {
		if len(injects) > 0 && (len(steps) == 0 || injects[0].At <= steps[0].At) {
			p.inject(injects[0])
			injects = injects[1:]
			continue
		}
		p.step(len(s.Auto)-len(steps), steps[0])
		steps = steps[1:]
	}
	var views []incident.View
	for _, id := range p.state.IDs() {
		i, _ := p.state.Incident(id)
		views = append(views, i.View(s.At(s.Length)))
		p.e.Incident = append(p.e.Incident, string(id))
	}
	return p.e, views
}

func (p *stage) inject(i scenario.Inject) {
	p.t.Helper()
	at := p.s.At(i.At)
	d := scorecard.Delivered{ID: i.ID, Planned: at.UTC(), At: scorecard.Moment{Scenario: at.UTC()}}
	if i.Kind == scenario.AlertsInject {
		for _, a := range i.Alerts {
			dl := incident.Delivery{
				Fingerprint: classify.Fingerprint(a.Labels), Labels: a.Labels, Annotations: a.Annotations, GeneratorURL: a.GeneratorURL,
				StartsAt: at.Add(-a.Started).UTC(), Firing: !a.Resolved,
			}
			if a.Resolved {
				dl.EndsAt = at.UTC()
			}
			reply, _ := p.do(at, incident.ReceiveBatch{By: incident.Actor{Name: "alertmanager", Via: "webhook"}, ReceivedAt: at, Alerts: []incident.Delivery{dl}})
			for _, id := range reply.(incident.Receiving).Incidents {
				p.opened[i.ID] = id
				d.Incidents = append(d.Incidents, string(id))
			}
		}
	}
	p.e.Injects = append(p.e.Injects, d)
}

func (p *stage) step(n int, st scenario.Step) {
	p.t.Helper()
	at := p.s.At(st.At)
	if st.Do == scenario.Choose {
		point, _ := p.s.Decision(st.Point)
		now := scorecard.Moment{Scenario: at.UTC()}
		p.e.Decisions = append(p.e.Decisions, scorecard.Decision{
			Point: st.Point, Name: st.By, Seat: st.By, Choice: st.Choice, Reason: st.Reason, At: now, Asked: scorecard.Moment{Scenario: p.s.At(point.At).UTC()},
		})
		p.e.Actions = append(p.e.Actions, scorecard.Action{Do: st.Do, At: now, Name: st.By, Seat: st.By, Via: "script", What: "chose: " + st.Choice, Point: st.Point})
		return
	}
	id, ok := p.opened[st.Inject]
	if !ok && len(p.state.IDs()) > 0 {
		id = p.state.IDs()[0]
	}
	cmd, err := script.Command(st, script.Stage{
		Scenario: p.s, Incident: id, Name: func(seat string) string { return seat }, Runbooks: p.runbooks, Answers: p.message[st.Inject],
		Person: incident.Person{By: incident.Actor{Name: st.By, Via: "script"}, Key: fmt.Sprintf("step %d", n), Digest: fmt.Sprint(n)},
	})
	if err != nil {
		p.t.Fatalf("%s: step at %s, %s: %v", p.s.Name, st.At, st.Do, err)
	}
	_, entries := p.do(at, cmd)
	for _, e := range entries {
		if m, ok := e.Event.(incident.MessageRecorded); ok {
			p.message[st.Inject] = m.Message.Number
		}
		if a, ok := scorecard.Seen(e); ok {
			a.Seat = st.By
			p.e.Actions = append(p.e.Actions, a)
		}
	}
	if !slices.ContainsFunc(entries, func(e incident.Entry) bool { _, ok := scorecard.Seen(e); return ok }) {
		p.t.Errorf("%s: step at %s, %s: nothing came of it", p.s.Name, st.At, st.Do)
	}
}

func (p *stage) do(at time.Time, cmd incident.Command) (any, []incident.Entry) {
	p.t.Helper()
	reply, entries, err := p.rules.Execute(p.state, at, cmd)
	if err != nil {
		p.t.Fatalf("%s: at %s: %T: %v", p.s.Name, at.Sub(p.s.Start), cmd, err)
	}
	return reply, entries
}
