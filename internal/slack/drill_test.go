package slack

import (
	"context"
	"errors"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/incident"
)

// plainOffice answers as an office does that knows of no exercise.
type plainOffice struct{}

func (plainOffice) Act(_ context.Context, a Action) (string, error) {
	if a.Kind == Reject {
		return "", &Refusal{Question: "why", Text: "say why"}
	}
	return "Acknowledged.", nil
}
func (plainOffice) Say(context.Context, string, string, string) (string, error) {
	return "[EXERCISE] EX-2027-0001", nil
}
func (plainOffice) Form(a Action) (*Form, error) {
	if a.Kind == Acknowledge {
		return nil, nil
	}
	return &Form{Title: "Note"}, nil
}
func (plainOffice) Next(Action) (*Form, error)                { return &Form{Title: "The next page"}, nil }
func (plainOffice) Home(string) slackapi.HomeTabViewRequest   { return homeView(section("1 open")) }
func (plainOffice) Thread(string, string) (incident.ID, bool) { return "EX-2027-0001", true }
func (plainOffice) Mark(context.Context, Marked) error        { return errors.New("not durable") }

// Whatever an exercise tells people in private is marked, once.
func TestDrillMarks(t *testing.T) {
	o := Drill(plainOffice{})
	for _, tt := range []struct{ name, got, want string }{
		{"an answer to a button", first(o.Act(t.Context(), Action{Kind: Acknowledge})), "[EXERCISE] Acknowledged."},
		{"an answer that is marked", first(o.Say(t.Context(), "U1", "k", "list")), "[EXERCISE] EX-2027-0001"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	_, err := o.Act(t.Context(), Action{Kind: Reject})
	if r, ok := errors.AsType[*Refusal](err); !ok || r.Text != "[EXERCISE] say why" || r.Question != "why" {
		t.Errorf("a refusal: %#v", err)
	}
	if f, err := o.Form(Action{Kind: Note}); err != nil || !strings.HasPrefix(f.Intro, "*EXERCISE") || f.Title != "Note" {
		t.Errorf("a form: %+v, %v", f, err)
	}
	if f, err := o.Next(Action{Kind: Assess}); err != nil || !strings.HasPrefix(f.Intro, "*EXERCISE") || f.Title != "The next page" {
		t.Errorf("the form after it: %+v, %v", f, err)
	}
	if f, err := o.Form(Action{Kind: Acknowledge}); f != nil || err != nil {
		t.Errorf("what needs no form: %+v, %v", f, err)
	}
	if v := o.Home("U1"); len(v.Blocks.BlockSet) != 2 || !strings.Contains(v.Blocks.BlockSet[0].(*slackapi.SectionBlock).Text.Text, "EXERCISE") {
		t.Errorf("the app's page: %+v", v)
	}
}

func first(s string, _ error) string { return s }
