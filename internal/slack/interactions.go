package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/incident"
)

// AcknowledgeAction is the action_id of the Acknowledge button. It is part of
// messages that stay in channels for months: it never changes.
const AcknowledgeAction = "nis2clock_acknowledge"

// Acknowledge is the kind of action the button asks for.
const Acknowledge = "acknowledge"

// Action is what a person asked for in Slack.
type Action struct {
	Kind     string
	Incident incident.ID // as the button says; it may name no incident
	// User is the person's user id and team id, U1@T1 (SL-7). Names are not
	// looked at: they may be empty and people choose them.
	User string
}

// Inbound is what [Interactions] needs. Secrets, Act and Log are required.
type Inbound struct {
	// Secrets are the signing secrets that count now: the new and the old one
	// while they are being changed. It is asked for each request.
	Secrets func() []string
	// Now is wall time, whatever the incidents' time is. Nil means [time.Now].
	Now func() time.Time
	// Act does it, durably, and says in plain text what came of it: also that
	// it was not allowed, or had been done before. An error means that it could
	// not be made durable. Its context ends before Slack gives up (SL-3).
	// Doing the same again must be harmless (SL-6).
	Act func(context.Context, Action) (reply string, err error)
	// Client sends the reply to the person; nil means one with a sane timeout.
	Client *http.Client
	// BaseURL is the Web API's, as in [Config]: a stand-in for Slack has its
	// reply addresses on the same host.
	BaseURL string
	Log     *slog.Logger
}

const (
	// maxInteraction bounds a request in bytes. It repeats the message that was
	// pressed, form-encoded.
	maxInteraction = 1 << 20
	// actWithin leaves Slack's three seconds (SL-3) room for the way.
	actWithin = 2500 * time.Millisecond
	// warnEvery is the least time between two log lines about a bad signature:
	// the wrong secret must show, a flood must not fill the log.
	warnEvery = time.Minute
)

// Handler answers Slack's calls about pressed buttons.
type Handler struct {
	in    Inbound
	reply *replier

	mu     sync.Mutex
	warned time.Time
}

// Interactions answers POST /webhook/slack/interactions:
//
//	200  done; or nothing of ours: another button, another kind of interaction
//	400  signed, and yet not an interaction
//	401  no good signature, or a time more than 5 minutes away
//	405  not a POST
//	413  over 1 MiB
//	503  it could not be made durable; Slack shows the person an error, and
//	     does not send it again (SL-6): they press again
//
// The answer goes out first; what came of it is told to the person afterwards,
// in a reply only they see. [Handler.Wait] waits for those.
func Interactions(in Inbound) (*Handler, error) {
	if in.Secrets == nil || in.Act == nil || in.Log == nil {
		return nil, errors.New("slack: interactions need secrets, an action and a log")
	}
	if in.Now == nil {
		in.Now = time.Now
	}
	base, err := Config{BaseURL: in.BaseURL}.base()
	if err != nil {
		return nil, err
	}
	return &Handler{in: in, reply: newReplier(in.Client, base, in.Log)}, nil
}

// Wait returns when every reply to what has been answered is through; each
// ends within seconds. Call it when no more requests come in.
func (h *Handler) Wait() { h.reply.running.Wait() }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "use POST", http.StatusMethodNotAllowed)
		return
	}
	if err := fresh(r.Header, h.in.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, fmt.Sprintf("the body is over %d bytes", maxInteraction), http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "the body ended early", http.StatusBadRequest)
		return
	}
	if err := signed(r.Header, body, h.in.Secrets()); err != nil {
		h.warn(r.Context())
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	p, err := parseInteraction(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	act, ok := p.action()
	if !ok {
		w.WriteHeader(http.StatusOK)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), actWithin)
	defer cancel()
	text, err := h.in.Act(ctx, act)
	if err != nil {
		h.in.Log.ErrorContext(ctx, "slack: action was not recorded", "kind", act.Kind, "incident", act.Incident, "by", act.User, "error", err)
		http.Error(w, "not recorded: press again, or use the incident's page", http.StatusServiceUnavailable)
		return
	}
	reply := h.reply.prepare(p.ResponseURL, text)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	if err := http.NewResponseController(w).Flush(); err != nil {
		h.in.Log.DebugContext(ctx, "slack: answer not flushed", "error", err)
	}
	reply()
}

// warn says that somebody's signature was bad, at most once in warnEvery.
func (h *Handler) warn(ctx context.Context) {
	now := h.in.Now()
	h.mu.Lock()
	quiet := !h.warned.IsZero() && now.Sub(h.warned) < warnEvery
	if !quiet {
		h.warned = now
	}
	h.mu.Unlock()
	if !quiet {
		h.in.Log.WarnContext(ctx, "slack: a call with a bad signature was refused; if it came from Slack, the signing secret is wrong and nobody can acknowledge there")
	}
}

// interaction is what we read of Slack's payload; the rest may be anything.
type interaction struct {
	Type        string `json:"type"`
	ResponseURL string `json:"response_url"`
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
}

var errNoInteraction = errors.New("the body holds no interaction: a form with JSON in its field payload")

// parseInteraction reads the form (SL-2).
func parseInteraction(body []byte) (p interaction, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("payload") {
		return p, errNoInteraction
	}
	err = json.Unmarshal([]byte(form.Get("payload")), &p, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return p, errNoInteraction
	}
	return p, nil
}

// maxValue is of what a button of ours carries: an incident's id.
const maxValue = 64

// action is what the person asked of us; false if it is nothing of ours.
func (p interaction) action() (Action, bool) {
	team := or(p.Team.ID, or(p.User.TeamID, p.Enterprise.ID))
	if p.Type != "block_actions" || p.User.ID == "" || team == "" {
		return Action{}, false
	}
	for _, a := range p.Actions {
		if a.ActionID == AcknowledgeAction && a.Value != "" && len(a.Value) <= maxValue {
			return Action{Kind: Acknowledge, Incident: incident.ID(a.Value), User: p.User.ID + "@" + team}, true
		}
	}
	return Action{}, false
}
