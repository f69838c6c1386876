package slack

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	slackapi "github.com/slack-go/slack"
)

// interaction is what we read of Slack's payload; the rest may be anything.
type interaction struct {
	Type        string `json:"type"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
	User        struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	// Team is null where the app is installed for a whole organisation.
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	Enterprise struct {
		ID string `json:"id"`
	} `json:"enterprise"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
	} `json:"actions"`
	View struct {
		ID              string `json:"id"`
		CallbackID      string `json:"callback_id"`
		PrivateMetadata string `json:"private_metadata"`
		State           struct {
			Values map[string]map[string]fieldValue `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

// interactionBody finds the payload in the form (SL-2).
func interactionBody(body []byte) (jsontext.Value, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("payload") {
		return nil, errNoInteraction
	}
	return jsontext.Value(form.Get("payload")), nil
}

var errNoInteraction = fmt.Errorf("%w: the body holds no interaction, a form with JSON in its field payload", errBad)

// interaction answers a press or a form that was sent.
func (h *Handler) interaction(ctx context.Context, payload []byte) (answer, error) {
	var p interaction
	if err := json.Unmarshal(payload, &p, lenient); err != nil {
		return answer{}, errNoInteraction
	}
	if act, ok := p.sent(); ok {
		return h.sent(ctx, act)
	}
	act, ok := p.pressed()
	if !ok {
		return answer{}, nil
	}
	text, no := "", (*Refusal)(nil)
	form, err := h.in.Office.Form(act)
	switch {
	case err == nil && form != nil:
		return answer{after: h.open(p, act, *form)}, nil
	case err == nil:
		text, err = h.in.Office.Act(ctx, act)
	}
	if no = asRefusal(err); no != nil {
		text, err = no.Text, nil
	}
	if err != nil {
		h.unrecorded(ctx, act, err)
		return answer{after: h.reply.prepare(p.ResponseURL, notRecorded)}, err
	}
	return answer{after: h.reply.prepare(p.ResponseURL, text), refused: no}, nil
}

// unrecorded logs that an action was lost. The person is told to try again.
func (h *Handler) unrecorded(ctx context.Context, act Action, err error) {
	h.in.Log.ErrorContext(ctx, "slack: action was not recorded", "kind", act.Kind, "incident", act.Incident, "by", act.User, "error", err)
}

// open opens the form, after the answer and before anything else (SL-4).
func (h *Handler) open(p interaction, act Action, f Form) func() {
	view, err := f.modal(act.Kind, act.Incident)
	if err != nil || h.api.Load() == nil || p.TriggerID == "" {
		return h.reply.prepare(p.ResponseURL, "This form cannot be opened here: use the incident's page.")
	}
	return h.reply.begin("open a form", func(ctx context.Context) {
		if _, err := h.api.Load().OpenViewContext(ctx, p.TriggerID, view); err != nil {
			h.in.Log.WarnContext(ctx, "slack: form not opened", "kind", act.Kind, "incident", act.Incident, "error", failure(err))
			h.reply.prepare(p.ResponseURL, "The form did not open in time: press again, or use the incident's page.")()
		}
	})
}

// sent does what a form asks for. The answer shows what came of it in the
// form's place, or beside the question at fault.
func (h *Handler) sent(ctx context.Context, act Action) (answer, error) {
	text := ""
	next, err := h.in.Office.Next(act)
	switch {
	case err == nil && next != nil:
		view, err := next.modal(act.Kind, act.Incident)
		if err != nil {
			return answer{body: slackapi.NewUpdateViewSubmissionResponse(told("Not done", "This form cannot be shown here: use the incident's page."))}, nil
		}
		return answer{body: slackapi.NewUpdateViewSubmissionResponse(&view)}, nil
	case err == nil:
		text, err = h.in.Office.Act(ctx, act)
	}
	if r := asRefusal(err); r != nil {
		if r.Question != "" {
			wrong := map[string]string{r.Question: r.Text}
			maps.Copy(wrong, r.More)
			return answer{body: slackapi.NewErrorsViewSubmissionResponse(wrong)}, nil
		}
		return answer{body: slackapi.NewUpdateViewSubmissionResponse(told("Not done", r.Text)), refused: r}, nil
	}
	if err != nil {
		h.unrecorded(ctx, act, err)
		return answer{body: slackapi.NewUpdateViewSubmissionResponse(told("Not recorded", notRecorded))}, err
	}
	return answer{body: slackapi.NewUpdateViewSubmissionResponse(told(string(act.Incident), text))}, nil
}

// user is who sent it: user id and team id; false if one is missing.
func (p interaction) user() (string, bool) {
	team := or(p.Team.ID, or(p.User.TeamID, p.Enterprise.ID))
	return p.User.ID + "@" + team, p.User.ID != "" && team != ""
}

// pressed is what the person asked of us with a button; false if it is nothing
// of ours.
func (p interaction) pressed() (Action, bool) {
	user, ok := p.user()
	if p.Type != "block_actions" || !ok {
		return Action{}, false
	}
	for _, a := range p.Actions {
		kind, ours := pressedKinds[a.ActionID]
		if id, proposal, ok := readValue(a.Value); ours && ok {
			return Action{Kind: kind, Incident: id, Proposal: proposal, User: user, Key: p.TriggerID}, true
		}
	}
	return Action{}, false
}

// sent is what the person asked of us with a form; false if it is nothing of
// ours.
func (p interaction) sent() (Action, bool) {
	user, ok := p.user()
	kind, ours := strings.CutPrefix(p.View.CallbackID, callbackPrefix)
	if p.Type != "view_submission" || !ok || !ours {
		return Action{}, false
	}
	var carried formContext
	if err := json.Unmarshal([]byte(p.View.PrivateMetadata), &carried, lenient); err != nil || len(carried.Incident) > maxValue {
		carried = formContext{}
	}
	return Action{
		Kind: Kind(kind), Incident: carried.Incident, Entity: carried.Entity, Seen: carried.Seen, User: user, Key: p.View.ID, Answers: formAnswers(p.View.State.Values),
	}, true
}
