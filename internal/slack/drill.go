package slack

import (
	"context"
	"errors"
	"strings"

	slackapi "github.com/slack-go/slack"
)

// Drill is the office of an exercise: it marks whatever people are told in
// private as one, as messages about an exercise's incidents are.
func Drill(o Office) Office { return drillOffice{o} }

type drillOffice struct{ Office }

const drillMark = "[EXERCISE] "

func drilled(text string) string {
	if text == "" || strings.HasPrefix(text, drillMark) {
		return text
	}
	return drillMark + text
}

// refused marks what a refusal tells people.
func refused(err error) error {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return &Refusal{Question: r.Question, Text: drilled(r.Text)}
	}
	return err
}

// Act implements [Office].
func (d drillOffice) Act(ctx context.Context, a Action) (string, error) {
	reply, err := d.Office.Act(ctx, a)
	return drilled(reply), refused(err)
}

// Say implements [Office].
func (d drillOffice) Say(ctx context.Context, user, key, words string) (string, error) {
	reply, err := d.Office.Say(ctx, user, key, words)
	return drilled(reply), refused(err)
}

// Form implements [Office].
func (d drillOffice) Form(a Action) (*Form, error) {
	return drilledForm(d.Office.Form(a))
}

// Next implements [Office].
func (d drillOffice) Next(a Action) (*Form, error) {
	return drilledForm(d.Office.Next(a))
}

func drilledForm(f *Form, err error) (*Form, error) {
	if f != nil {
		marked := *f
		marked.Intro = strings.TrimSpace(drill + "\n" + f.Intro)
		f = &marked
	}
	return f, refused(err)
}

// Home implements [Office].
func (d drillOffice) Home(user string) slackapi.HomeTabViewRequest {
	v := d.Office.Home(user)
	v.Blocks.BlockSet = append([]slackapi.Block{section(drill)}, v.Blocks.BlockSet...)
	return v
}
