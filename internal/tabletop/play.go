package tabletop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/script"
	"nis2clock/internal/web"
)

// play has a scripted participant act. x.mu is held. It is done once, also when
// a crash comes before it is noted: the step is its key.
func (x *Exercise) play(ctx context.Context, n int, st scenario.Step) error {
	if err := x.act(ctx, n, st); err != nil {
		return fmt.Errorf("%s, step %d of the script (%s by %s at %s): %w", x.o.Scenario.Name, n+1, st.Do, st.By, st.At, err)
	}
	return x.note(ctx, incident.Person{By: incident.System}, stepPlayed, fmt.Sprintf("step %d of the script is done: %s", n+1, st.Do), played{n})
}

func (x *Exercise) act(ctx context.Context, n int, st scenario.Step) error {
	by := incident.Person{By: incident.Actor{Name: st.By, Via: "script"}, Key: fmt.Sprintf("script/%d", n), Digest: x.o.Scenario.SHA256}
	if st.Do == scenario.Choose {
		return x.decide(ctx, by, st.By, web.ExerciseAct{Point: st.Point, Choice: st.Choice, Reason: st.Reason})
	}
	id, err := x.incidentOf(st)
	if err != nil {
		return err
	}
	if st.Do == scenario.Approve {
		p, _ := x.o.Scenario.Participant(st.By)
		for _, stage := range st.Stages {
			if st.Regime != "" && st.Regime != "nis2" {
				stage = string(st.Regime) + "/" + stage
			}
			cmd, err := x.app.Freeze(ctx, by, string(p.May), id, web.Approval{Entity: st.Entity, Stage: stage, Reason: st.Reason})
			if err != nil {
				return err
			}
			if _, err := x.app.Desk().Do(ctx, cmd); err != nil {
				return err
			}
		}
		return nil
	}
	cmd, err := script.Command(st, script.Stage{
		Scenario: x.o.Scenario, Person: by, Incident: id, Runbooks: x.app.Runbooks(), Answers: x.message(id, st),
		Name: func(seat string) string { return seat },
	})
	if err != nil {
		return err
	}
	_, err = x.app.Desk().Do(ctx, cmd)
	return err
}

var errNoIncident = errors.New("there is no incident to act on")

// incidentOf is the step's incident: that which an inject of alerts opened, else
// the first. One that is declared or reported needs none.
func (x *Exercise) incidentOf(st scenario.Step) (id incident.ID, err error) {
	if st.Do == scenario.Declare || st.Do == scenario.ReportEvent {
		return "", nil
	}
	if i, ok := x.o.Scenario.Inject(st.Inject); ok && i.Kind == scenario.AlertsInject {
		if opened := x.openedBy(i); len(opened) > 0 {
			return incident.ID(opened[0]), nil
		}
		return "", fmt.Errorf("%w: inject %s opened none", errNoIncident, i.ID)
	}
	x.app.Desk().View(func(s *incident.State) {
		if all := s.IDs(); len(all) > 0 {
			id = all[0]
		}
	})
	if id == "" {
		return "", errNoIncident
	}
	return id, nil
}

// message is the number of the authority's message that the step answers; 0 for
// none.
func (x *Exercise) message(id incident.ID, st scenario.Step) (number int) {
	i, ok := x.o.Scenario.Inject(st.Inject)
	if !ok || st.Do != scenario.AnswerAuthority {
		return 0
	}
	x.app.Desk().View(func(s *incident.State) {
		if in, ok := s.Incident(id); ok {
			for _, m := range in.Messages {
				if m.Direction == incident.In && m.Text == i.Text {
					number = m.Number
				}
			}
		}
	})
	return number
}

// decide notes an answer at a decision point. x.mu is held.
func (x *Exercise) decide(ctx context.Context, by incident.Person, seat string, act web.ExerciseAct) error {
	point, ok := x.o.Scenario.Decision(act.Point)
	switch {
	case !ok || x.rec.asked[act.Point].IsZero():
		return refused("nobody was asked %q yet: see the decisions of the exercise's page", act.Point)
	case !slices.Contains(point.Options, act.Choice):
		return invalid("choice %q is none of %q", act.Choice, point.Options)
	case act.Reason == "":
		return invalid("a decision needs its reason")
	}
	d := scorecard.Decision{Point: act.Point, Name: by.By.Name, Seat: seat, Choice: act.Choice, Reason: act.Reason}
	return x.note(ctx, by, stepDecided, fmt.Sprintf("%s: %s, because %s", point.Question, act.Choice, act.Reason), d)
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", incident.ErrInvalid, fmt.Sprintf(format, args...))
}

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", incident.ErrRefused, fmt.Sprintf(format, args...))
}
