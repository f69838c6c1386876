package slack

import (
	"encoding/json"
	"fmt"
	"testing"

	slackapi "github.com/slack-go/slack"
)

// FuzzForm: whatever a form asks, Slack takes it (SL-17, SL-18).
func FuzzForm(f *testing.F) {
	f.Add("label", "hint", "initial", uint8(3), uint8(2))
	f.Add("", "<!channel>", "\x00", uint8(250), uint8(200))
	f.Fuzz(func(t *testing.T, label, hint, initial string, questions, options uint8) {
		form := Form{Title: label, Submit: hint, Intro: escape(hint, maxSection)}
		for n := range questions {
			q := Question{Name: fmt.Sprint("q", n), Label: "Q" + label, Hint: hint, Kind: QuestionKind(n % 5), Initial: initial, Max: int(n)}
			for o := range options {
				q.Options = append(q.Options, Option{fmt.Sprint(initial, o), "O" + hint})
			}
			form.Questions = append(form.Questions, q)
		}
		m, err := form.modal(Assess, inc)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(m.Blocks.BlockSet); n > 100 {
			t.Errorf("%d blocks", n)
		}
		if chars(m.Title.Text) > 24 || chars(m.Submit.Text) > 24 || chars(m.PrivateMetadata) > 3000 {
			t.Errorf("title %q, submit %q, metadata %q", m.Title.Text, m.Submit.Text, m.PrivateMetadata)
		}
		for _, b := range m.Blocks.BlockSet {
			q, ok := b.(*slackapi.InputBlock)
			if !ok {
				continue
			}
			if n := chars(q.Label.Text); n == 0 || n > 2000 {
				t.Errorf("label of %d characters", n)
			}
			raw, err := json.Marshal(q.Element)
			if err != nil {
				t.Fatal(err)
			}
			var e struct {
				Options []struct {
					Text  struct{ Text string }
					Value string
				}
				Max int `json:"max_length"`
			}
			if err := json.Unmarshal(raw, &e); err != nil {
				t.Fatal(err)
			}
			if len(e.Options) > 100 || e.Max > 3000 {
				t.Errorf("%d options, %d characters", len(e.Options), e.Max)
			}
			for _, o := range e.Options {
				if chars(o.Value) > 150 || chars(o.Text.Text) > 75 {
					t.Errorf("option %q", o)
				}
			}
		}
	})
}
