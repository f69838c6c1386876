package slackfake

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// triggerLife is how long a form can be opened after the press (SL-4).
const triggerLife = 3 * time.Second

// trigger lets an app open one form for the person who pressed.
type trigger struct {
	user, team string
	made       time.Time
}

// newTrigger makes one; s.mu is held.
func (s *Server) newTrigger(user, team string) string {
	id := "13.37." + strconv.Itoa(len(s.triggers)+1)
	s.triggers[id] = trigger{user, team, s.cfg.Now()}
	return id
}

// View is a form the app opened for somebody.
type View struct {
	ID, User, Team string
	Title          string
	CallbackID     string
	Metadata       string
	Blocks         []Input
}

// Input is one block of a form; Name is empty for one that asks nothing.
type Input struct {
	Name, Label, Type string
	Options           []string // values
	Initial           string
}

// Views are the forms that were opened, oldest first.
func (s *Server) Views() []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.views)
}

// viewCall is what the fake reads of views.open and views.publish.
type viewCall struct {
	TriggerID string `json:"trigger_id"`
	UserID    string `json:"user_id"`
	View      struct {
		Type       string           `json:"type"`
		Title      *text            `json:"title"`
		Submit     *text            `json:"submit"`
		Close      *text            `json:"close"`
		CallbackID string           `json:"callback_id"`
		Metadata   string           `json:"private_metadata"`
		Blocks     []jsontext.Value `json:"blocks"`
	} `json:"view"`
}

// Limits of views (SL-17, SL-18).
const (
	maxViewBlocks = 100
	maxTitle      = 24
	maxInputLabel = 2000
	maxOptions    = 100
	maxOptionText = 75
	maxOption     = 150
	maxMetadata   = 3000
)

// option is one answer of a choice.
type option struct {
	Text  text   `json:"text"`
	Value string `json:"value"`
}

func (o option) valid() bool {
	return o.Text.Type == plainText && o.Text.within(maxOptionText) && o.Value != "" && chars(o.Value) <= maxOption
}

// inputBlock is a question.
type inputBlock struct {
	Type     string `json:"type"`
	BlockID  string `json:"block_id"`
	Label    text   `json:"label"`
	Hint     *text  `json:"hint"`
	Optional bool   `json:"optional"`
	Dispatch bool   `json:"dispatch_action"`
	Element  struct {
		Type            string   `json:"type"`
		ActionID        string   `json:"action_id"`
		Multiline       bool     `json:"multiline"`
		MaxLength       int      `json:"max_length"`
		MinLength       int      `json:"min_length"`
		InitialValue    string   `json:"initial_value"`
		Options         []option `json:"options"`
		InitialOption   *option  `json:"initial_option"`
		InitialOptions  []option `json:"initial_options"`
		InitialDateTime int64    `json:"initial_date_time"`
	} `json:"element"`
}

func (b inputBlock) input() (Input, bool) {
	in := Input{Name: b.BlockID, Label: b.Label.Text, Type: b.Element.Type, Initial: b.Element.InitialValue}
	ok := b.BlockID != "" && b.Element.ActionID != "" && b.Label.Type == plainText && b.Label.within(maxInputLabel) && b.Element.MaxLength <= 3000 && len(b.Element.Options) <= maxOptions
	switch b.Element.Type {
	case "static_select", "multi_static_select":
		ok = ok && len(b.Element.Options) > 0
	case "plain_text_input":
		ok = ok && chars(in.Initial) <= max(b.Element.MaxLength, 1)
	case "datetimepicker":
		in.Initial = strconv.FormatInt(b.Element.InitialDateTime, 10)
	default:
		ok = false
	}
	for _, o := range b.Element.Options {
		ok = ok && o.valid() && !slices.Contains(in.Options, o.Value)
		in.Options = append(in.Options, o.Value)
	}
	for _, o := range append(b.Element.InitialOptions, deref(b.Element.InitialOption)...) {
		ok = ok && slices.Contains(in.Options, o.Value)
		in.Initial = o.Value
	}
	return in, ok
}

func deref(o *option) []option {
	if o == nil {
		return nil
	}
	return []option{*o}
}

// readView reads a view and refuses what Slack would.
func readView(data []byte, kind string) (viewCall, []Input, string) {
	var c viewCall
	if err := json.Unmarshal(data, &c); err != nil || c.View.Type != kind || len(c.View.Blocks) > maxViewBlocks || len(c.View.Blocks) == 0 || len(c.View.Metadata) > maxMetadata {
		return c, nil, "invalid_arguments"
	}
	var inputs []Input
	names := map[string]bool{}
	for _, raw := range c.View.Blocks {
		var b block
		if err := json.Unmarshal(raw, &b); err != nil {
			return c, nil, "invalid_arguments"
		}
		if b.Type != "input" {
			if kind == "home" {
				continue // a section there may carry a button
			}
			if !b.valid() {
				return c, nil, "invalid_arguments"
			}
			inputs = append(inputs, Input{Label: textOf(b)})
			continue
		}
		var q inputBlock
		if err := json.Unmarshal(raw, &q); err != nil {
			return c, nil, "invalid_arguments"
		}
		in, ok := q.input()
		if !ok || names[in.Name] {
			return c, nil, "invalid_arguments"
		}
		names[in.Name] = true
		inputs = append(inputs, in)
	}
	if kind == "modal" {
		for _, t := range []*text{c.View.Title, c.View.Submit, c.View.Close} {
			if t != nil && !t.within(maxTitle) || t == nil && len(names) > 0 {
				return c, nil, "invalid_arguments"
			}
		}
	}
	return c, inputs, ""
}

func textOf(b block) string {
	if b.Text == nil {
		return ""
	}
	return b.Text.Text
}

func (s *Server) openView(r *http.Request) (any, *Message) {
	c, inputs, word := readView(jsonOf(r), "modal")
	t, ok := s.triggers[c.TriggerID]
	switch {
	case word != "":
		return refuse(word), nil
	case !ok:
		return refuse("invalid_trigger"), nil
	case s.cfg.Now().Sub(t.made) > triggerLife:
		return refuse("expired_trigger_id"), nil
	}
	delete(s.triggers, c.TriggerID)
	s.triggers[c.TriggerID+" used"] = trigger{}
	v := View{ID: "V" + strconv.Itoa(len(s.views)+1), User: t.user, Team: t.team, Title: c.View.Title.Text, CallbackID: c.View.CallbackID, Metadata: c.View.Metadata, Blocks: inputs}
	s.views = append(s.views, v)
	return struct {
		answer
		View map[string]string `json:"view"`
	}{answer{OK: true}, map[string]string{"id": v.ID}}, nil
}

func (s *Server) publishView(r *http.Request) (any, *Message) {
	body := jsonOf(r)
	c, _, word := readView(body, "home")
	if word != "" {
		return refuse(word), nil
	}
	s.pages[c.UserID] = body
	return answer{OK: true}, nil
}

// HomePage is what the app last showed somebody on its own page; empty for
// nothing.
func (s *Server) HomePage(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.pages[user])
}

// Sent is what came of sending a form.
type Sent struct {
	// Errors are what is wrong, by the name of the question; the form stays.
	Errors map[string]string
	// Says is the text of the view in the form's place.
	Says string
	// Next is that view where it asks something; nil otherwise.
	Next *View
}

// Send answers the questions of a form that is open and sends it. Several
// answers to one question are given for a choice of any number; times are Unix
// seconds.
func (s *Server) Send(ctx context.Context, v View, answers map[string][]string) (Sent, error) {
	values := map[string]any{}
	for _, b := range v.Blocks {
		if b.Name == "" {
			continue
		}
		given := answers[b.Name]
		if _, ok := answers[b.Name]; !ok && b.Initial != "" {
			given = []string{b.Initial}
		}
		field := map[string]any{"type": b.Type}
		switch b.Type {
		case "plain_text_input":
			if len(given) > 0 {
				field["value"] = given[0]
			}
		case "datetimepicker":
			if len(given) > 0 {
				at, err := strconv.ParseInt(given[0], 10, 64)
				if err != nil {
					return Sent{}, fmt.Errorf("slackfake: %s: %w", b.Name, err)
				}
				field["selected_date_time"] = at
			}
		case "static_select":
			if len(given) > 0 {
				field["selected_option"] = map[string]any{"value": given[0]}
			}
		default:
			chosen := []map[string]any{}
			for _, g := range given {
				chosen = append(chosen, map[string]any{"value": g})
			}
			field["selected_options"] = chosen
		}
		values[b.Name] = map[string]any{"answer": field}
	}
	s.mu.Lock()
	trigger := s.newTrigger(v.User, v.Team)
	s.mu.Unlock()
	payload, err := json.Marshal(map[string]any{
		"type": "view_submission", "trigger_id": trigger, "user": map[string]string{"id": v.User, "team_id": v.Team}, "team": map[string]string{"id": v.Team}, "enterprise": nil,
		"view": map[string]any{"id": v.ID, "callback_id": v.CallbackID, "private_metadata": v.Metadata, "state": map[string]any{"values": values}},
	})
	if err != nil {
		return Sent{}, err
	}
	said, err := s.deliver(ctx, interactive, payload)
	if err != nil || len(said) == 0 {
		return Sent{}, err
	}
	var got struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   jsontext.Value    `json:"view"`
	}
	if err := json.Unmarshal(said, &got, json.RejectUnknownMembers(true)); err != nil {
		return Sent{}, fmt.Errorf("slackfake: a form was answered with %q: %w", said, err)
	}
	out := Sent{Errors: got.Errors}
	if got.Action == "update" {
		c, blocks, word := readView(append(append([]byte(`{"view":`), got.View...), '}'), "modal")
		if word != "" {
			return out, fmt.Errorf("slackfake: the view in the form's place is refused: %s: %s", word, got.View)
		}
		for _, b := range blocks {
			if out.Says += b.Label; b.Name != "" && out.Next == nil {
				out.Next = &View{ID: v.ID, User: v.User, Team: v.Team, Title: c.View.Title.Text, CallbackID: c.View.CallbackID, Metadata: c.View.Metadata, Blocks: blocks}
			}
		}
	}
	return out, nil
}

// jsonOf is the JSON a call holds in place of a form.
func jsonOf(r *http.Request) []byte {
	body, _ := r.Context().Value(bodyKey{}).([]byte)
	return body
}

type bodyKey struct{}

// Form sends a form without questions that the app did not open here.
func (s *Server) Form(ctx context.Context, callbackID, about, user, team string) (Sent, error) {
	metadata, err := json.Marshal(map[string]string{"incident": about})
	if err != nil {
		return Sent{}, err
	}
	return s.Send(ctx, View{ID: "V0", User: user, Team: team, CallbackID: callbackID, Metadata: string(metadata)}, nil)
}
