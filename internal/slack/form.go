package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/incident"
)

// QuestionKind is how a question is answered.
type QuestionKind int

// Kinds of question. The zero value is a line of text.
const (
	Line QuestionKind = iota
	Paragraph
	Choice  // one of the options
	Choices // any number of them
	Instant // a time to the minute; its answer is the Unix time in seconds
)

// Question is one field of a form.
type Question struct {
	// Name is that of the answer. It is unique within the form.
	Name, Label, Hint string
	Kind              QuestionKind
	Options           []Option // of a choice, at most 100
	Initial           string   // the answer that stands there already
	Optional          bool
	Max               int // characters of a text; 0 for [maxSection]
}

// Option is one answer to choose. A value over 150 characters cannot be chosen.
type Option struct{ Value, Label string }

// Form is what a person is asked before an action.
type Form struct {
	Title, Submit string // at most 24 characters
	Intro         string // mrkdwn that was made safe
	Questions     []Question
	// Entity is whom an assessment is for, and Seen the [incident.Assessment]'s
	// version that the form shows. A form carries both unseen.
	Entity, Seen string
}

// Limits of modals (SL-17, SL-18).
const (
	maxModalBlocks = 100
	maxModalTitle  = 24
	maxLabel       = 150
	maxHint        = 1_000
	maxOptions     = 100
	maxOptionText  = 75
	maxOptionValue = 150
	maxAnswer3000  = 3_000
	maxMetadata    = 3_000
)

// answerID is the action id of every question; its block id is the name.
const answerID = "answer"

// formContext is what a form carries unseen: which action it is for.
type formContext struct {
	Incident incident.ID `json:"incident"`
	Entity   string      `json:"entity,omitempty"`
	Seen     string      `json:"seen,omitempty"`
}

// modal is the view that asks the questions. What does not fit is counted and
// left to the incident's page.
func (f Form) modal(kind Kind, id incident.ID) (slackapi.ModalViewRequest, error) {
	carried, err := json.Marshal(formContext{id, f.Entity, f.Seen})
	if err == nil && chars(string(carried)) > maxMetadata {
		err = errors.New("slack: a form carries too much")
	}
	if err != nil {
		return slackapi.ModalViewRequest{}, err
	}
	m := slackapi.ModalViewRequest{
		Type: slackapi.VTModal, Title: plainText(f.Title, maxModalTitle), Submit: plainText(f.Submit, maxModalTitle), Close: plainText("Cancel", maxModalTitle),
		CallbackID: callbackPrefix + string(kind), PrivateMetadata: string(carried),
	}
	if f.Intro != "" {
		m.Blocks.BlockSet = append(m.Blocks.BlockSet, section(f.Intro))
	}
	questions := f.Questions
	if room := maxModalBlocks - len(m.Blocks.BlockSet); len(questions) > room {
		questions = questions[:room-1]
	}
	for _, q := range questions {
		m.Blocks.BlockSet = append(m.Blocks.BlockSet, q.block())
	}
	if rest := len(f.Questions) - len(questions); rest > 0 {
		m.Blocks.BlockSet = append(m.Blocks.BlockSet, section("_and "+plural(rest, "more question")+", on the incident's page_"))
	}
	return m, nil
}

const callbackPrefix = "nis2clock_"

// block is the question as Slack shows it.
func (q Question) block() slackapi.Block {
	b := slackapi.NewInputBlock(q.Name, plainText(q.Label, maxLabel), nil, q.element())
	if q.Hint != "" {
		b.Hint = plainText(q.Hint, maxHint)
	}
	b.Optional = q.Optional
	return b
}

func (q Question) element() slackapi.BlockElement {
	options := make([]*slackapi.OptionBlockObject, 0, len(q.Options))
	initial := []*slackapi.OptionBlockObject(nil)
	for _, o := range q.Options {
		if len(options) == maxOptions || chars(o.Value) > maxOptionValue {
			break
		}
		option := slackapi.NewOptionBlockObject(o.Value, plainText(o.Label, maxOptionText), nil)
		options = append(options, option)
		if o.Value == q.Initial {
			initial = append(initial, option)
		}
	}
	switch q.Kind {
	case Choice:
		e := slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeStatic, nil, answerID, options...)
		if len(initial) > 0 {
			e.InitialOption = initial[0]
		}
		return e
	case Choices:
		e := slackapi.NewOptionsMultiSelectBlockElement(slackapi.MultiOptTypeStatic, nil, answerID, options...)
		e.InitialOptions = initial
		return e
	case Instant:
		e := slackapi.NewDateTimePickerBlockElement(answerID)
		if at, err := strconv.ParseInt(q.Initial, 10, 64); err == nil {
			e.InitialDateTime = at
		}
		return e
	}
	e := slackapi.NewPlainTextInputBlockElement(nil, answerID)
	e.Multiline, e.MaxLength = q.Kind == Paragraph, q.limit()
	if !q.Optional {
		e.MinLength = 1
	}
	if chars(q.Initial) <= q.limit() {
		e.InitialValue = q.Initial
	}
	return e
}

func (q Question) limit() int {
	if q.Max == 0 {
		return maxAnswer3000
	}
	return min(q.Max, maxAnswer3000)
}

// check says what is wrong with the answers, each with its question; nil for
// nothing. Slack checks the same before, but whoever signs the request may send
// anything.
func (f Form) check(answers url.Values) *Refusal {
	var wrong faults
	for _, q := range f.Questions {
		wrong.at(q.Name, q.fault(answers[q.Name]))
	}
	return wrong.refusal()
}

// fault is what is wrong with the answers to the question; empty for nothing.
func (q Question) fault(answers []string) string {
	for _, a := range answers {
		switch q.Kind {
		case Line, Paragraph:
			if utf8.RuneCountInString(a) > q.limit() {
				return fmt.Sprintf("At most %d characters.", q.limit())
			}
		case Choice, Choices:
			if !slices.ContainsFunc(q.Options, func(o Option) bool { return o.Value == a }) {
				return noChoice
			}
		case Instant:
			if _, err := strconv.ParseInt(a, 10, 64); err != nil {
				return "This is not a time."
			}
		}
	}
	if !q.Optional && strings.TrimSpace(strings.Join(answers, "")) == "" {
		return "Please answer this."
	}
	return ""
}

const noChoice = "This is no longer one of the choices: close the form and open it again."

// faults are what is wrong with a form's answers, in the order of its questions.
type faults []struct{ question, text string }

// at adds a fault unless the text is empty.
func (f *faults) at(question, text string) {
	if text != "" {
		*f = append(*f, struct{ question, text string }{question, text})
	}
}

// refusal is nil where there is no fault.
func (f faults) refusal() *Refusal {
	if len(f) == 0 {
		return nil
	}
	r := &Refusal{Question: f[0].question, Text: f[0].text}
	for _, other := range f[1:] {
		if r.More == nil {
			r.More = map[string]string{}
		}
		r.More[other.question] = other.text
	}
	return r
}

// instantOf is the answer to an Instant question; zero without one.
func instantOf(answers url.Values, name string) time.Time {
	at, err := strconv.ParseInt(answers.Get(name), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}

// plainText is an object of text without mark-up, which Slack still unescapes.
func plainText(s string, limit int) *slackapi.TextBlockObject {
	return slackapi.NewTextBlockObject(slackapi.PlainTextType, escape(s, limit), false, false)
}

// told is the view that takes a form's place once it was sent: it says what
// came of it.
func told(title, text string) *slackapi.ModalViewRequest {
	return &slackapi.ModalViewRequest{
		Type: slackapi.VTModal, Title: plainText(title, maxModalTitle), Close: plainText("Close", maxModalTitle),
		Blocks: slackapi.Blocks{BlockSet: []slackapi.Block{section(foreign(text, maxSection))}},
	}
}

// formAnswers reads what the person answered, by question.
func formAnswers(values map[string]map[string]fieldValue) url.Values {
	out := url.Values{}
	for name, fields := range values {
		f, ok := fields[answerID]
		if !ok {
			continue
		}
		switch {
		case f.SelectedOption != nil:
			out.Set(name, f.SelectedOption.Value)
		case f.SelectedDateTime != nil:
			out.Set(name, strconv.FormatInt(*f.SelectedDateTime, 10))
		case f.Value != nil:
			out.Set(name, strings.TrimSpace(*f.Value))
		}
		for _, o := range f.SelectedOptions {
			out.Add(name, o.Value)
		}
	}
	return out
}

// fieldValue is one answer as Slack sends it.
type fieldValue struct {
	Value          *string `json:"value"`
	SelectedOption *struct {
		Value string `json:"value"`
	} `json:"selected_option"`
	SelectedOptions []struct {
		Value string `json:"value"`
	} `json:"selected_options"`
	SelectedDateTime *int64 `json:"selected_date_time"`
}
