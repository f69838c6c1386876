package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/client_golang/prometheus"
	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/incident"
	"nis2clock/internal/problem"
)

// Office is what stands behind Slack's calls; [Clerk] is one.
type Office interface {
	// Act does what the action asks for, durably, and says in plain text what
	// came of it. A [Refusal] says that nothing was done; another error that it
	// could not be made durable. Its context ends before Slack gives up (SL-3).
	// Doing the same again must be harmless (SL-6).
	Act(context.Context, Action) (reply string, err error)
	// Form is what the action asks first: nil when it asks nothing. It does no
	// I/O: a form must open within three seconds (SL-4).
	Form(Action) (*Form, error)
	// Next is the form that comes after the one that was answered; nil after the
	// last, whose answers are acted on. It does no I/O either.
	Next(Action) (*Form, error)
	// Say answers the words after the slash command.
	Say(ctx context.Context, user, key, words string) (string, error)
	// Home is what a person sees on the app's own page.
	Home(user string) slackapi.HomeTabViewRequest
	// Thread is the incident whose message that is.
	Thread(channel, ts string) (incident.ID, bool)
	// Mark adds a message a person marked to the incident's timeline.
	Mark(context.Context, Marked) error
}

// Inbound is what [NewHandler] needs. Office and Log are required.
type Inbound struct {
	// Secrets are the signing secrets that count now: the new and the old one
	// while they are being changed. It is asked for each request. Without one
	// nothing is taken over HTTP.
	Secrets func() []string
	// Now is wall time, whatever the incidents' time is. Nil means [time.Now].
	Now    func() time.Time
	Office Office
	// Token is the bot token forms are opened with; without one there are none.
	Token string
	// Mark is the reaction that makes a message a note, without colons; empty
	// for none.
	Mark string
	// Client calls Slack; nil means one with a sane timeout.
	Client *http.Client
	// BaseURL is the Web API's, as in [Config]: a stand-in for Slack has its
	// reply addresses on the same host.
	BaseURL string
	Log     *slog.Logger
	// Register takes the metrics; nil for none.
	Register prometheus.Registerer
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

// Handler answers Slack's calls, whichever way they come: over HTTP as
// [Handler.ServeHTTP], over a socket through [Socket].
type Handler struct {
	in      Inbound
	base    *url.URL
	api     atomic.Pointer[slackapi.Client] // nil without a token
	reply   *replier
	replays replays
	calls   *prometheus.CounterVec // by outcome

	mu     sync.Mutex
	warned time.Time // when the log last told of a bad signature
	bad    time.Time // when the newest came; zero for never
}

// Outcomes of calls from Slack, over HTTP and over a socket.
const (
	taken        = "taken"
	refusedCall  = "refused"       // whoever asked was told why nothing was done
	notStored    = "not_stored"    // they were told to try again
	badSignature = "bad_signature" // or a time too far from ours
	replayed     = "replayed"
)

// badFor is how long a bad signature is shown after the newest one.
const badFor = 24 * time.Hour

// NewHandler checks its parts and opens no connection.
func NewHandler(in Inbound) (*Handler, error) {
	if in.Office == nil || in.Log == nil {
		return nil, errors.New("slack: the handler needs an office and a log")
	}
	if in.Secrets == nil {
		in.Secrets = func() []string { return nil }
	}
	if in.Now == nil {
		in.Now = time.Now
	}
	base, err := Config{BaseURL: in.BaseURL}.base()
	if err != nil {
		return nil, err
	}
	h := &Handler{in: in, base: base, reply: newReplier(in.Client, base, in.Log), calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nis2clock_slack_calls_total", Help: "Calls from Slack, by what became of them.",
	}, []string{"outcome"})}
	for _, outcome := range []string{taken, refusedCall, notStored, badSignature, replayed} {
		h.calls.WithLabelValues(outcome)
	}
	if in.Register != nil {
		in.Register.MustRegister(h.calls)
	}
	if in.Token != "" {
		h.Renew(in.Token)
	}
	return h, nil
}

// Renew exchanges the bot token that forms are opened with. What is under way
// ends with the old one.
func (h *Handler) Renew(token string) {
	h.api.Store(slackapi.New(token, slackapi.OptionAPIURL(h.base.String()), slackapi.OptionHTTPClient(newTransport(h.in.Client))))
}

// Wait returns when everything that was begun after an answer is through; each
// ends within seconds. Call it when no more requests come in.
func (h *Handler) Wait() { h.reply.running.Wait() }

// What Slack calls about: the last part of the path, and on a socket the type
// of an envelope.
const (
	interactive   = "interactive"
	slashCommands = "slash_commands"
	eventsAPI     = "events_api"
)

// bodies reads the payload out of a signed body, by the last part of the path.
var bodies = map[string]struct {
	kind string
	read func(body []byte) (jsontext.Value, error)
}{
	"interactions": {interactive, interactionBody},
	"commands":     {slashCommands, commandBody},
	"events":       {eventsAPI, func(body []byte) (jsontext.Value, error) { return body, nil }},
}

// answer is what Slack is told at once.
type answer struct {
	body any // as JSON; nil for an empty answer
	// refused: nothing was done, and the person is told why.
	refused *Refusal
	// after begins what Slack does not wait for and returns; nil for nothing.
	after func()
}

// errBad is wrapped by an error whose text is for whoever sends such a call.
var errBad = errors.New("not a call of Slack's")

// take answers a call whose origin is proven. An error that is not [errBad]
// means that it could not be made durable.
func (h *Handler) take(ctx context.Context, kind string, payload []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	a, err := answer{}, error(nil) // also to what is of the future
	switch kind {
	case interactive:
		a, err = h.interaction(ctx, payload)
	case slashCommands:
		a, err = h.command(ctx, payload)
	case eventsAPI:
		a, err = h.event(ctx, payload)
	}
	switch {
	case err != nil && !errors.Is(err, errBad):
		h.calls.WithLabelValues(notStored).Inc()
	case a.refused != nil:
		h.calls.WithLabelValues(refusedCall).Inc()
		h.in.Log.InfoContext(ctx, "slack: nothing was done, and whoever asked was told why", "kind", kind, "why", a.refused.Text)
	default:
		h.calls.WithLabelValues(taken).Inc()
	}
	return a, err
}

// Status says in a sentence that somebody's signature was bad lately.
func (h *Handler) Status() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bad.IsZero() || h.in.Now().Sub(h.bad) > badFor {
		return nil
	}
	return []string{fmt.Sprintf("a call with a bad signature was refused at %s: if it came from Slack, slack.signing_secret is wrong and nobody can act there",
		h.bad.UTC().Format(time.RFC3339))}
}

// ServeHTTP answers POST /webhook/slack/interactions, commands and events:
//
//	200  done; or nothing of ours: another button, another kind of event; or
//	     the very request that was taken before, of which nothing is told
//	400  signed, and yet not a call of Slack's
//	401  no good signature, or a time more than 5 minutes away
//	404  another path
//	405  not a POST
//	413  over 1 MiB
//	503  it could not be made durable. Slack shows the person an error and does
//	     not send it again (SL-6): they press again. An event comes again.
//
// The answer goes out first; what came of it is told to the person afterwards,
// in a reply only they see, unless the answer itself can say it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, status, err := h.signedBody(w, r)
	if err != nil {
		problem.Error(w, err.Error(), status)
		return
	}
	door, ok := bodies[path.Base(r.URL.Path)]
	if !ok {
		problem.Error(w, "there is no path "+r.URL.Path, http.StatusNotFound)
		return
	}
	payload, err := door.read(body)
	if err != nil {
		problem.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !h.replays.claim(r.Header, h.in.Now()) {
		h.calls.WithLabelValues(replayed).Inc()
		h.in.Log.WarnContext(r.Context(), "slack: a call came a second time under the same signature and was passed over; somebody else may have read it", "kind", door.kind, "from", r.RemoteAddr)
		h.write(r.Context(), w, answer{})
		return
	}
	a, err := h.take(r.Context(), door.kind, payload)
	if err != nil {
		h.replays.release(r.Header)
	}
	switch {
	case errors.Is(err, errBad):
		problem.Error(w, err.Error(), http.StatusBadRequest)
		return
	case err != nil:
		problem.Error(w, notRecorded, http.StatusServiceUnavailable)
		if a.after != nil {
			a.after()
		}
		return
	}
	h.write(r.Context(), w, a)
}

// notRecorded is what a person is told who has to try again.
const notRecorded = "Not recorded: press again, or use the incident's page."

// write answers, and begins what comes after once the answer is out.
func (h *Handler) write(ctx context.Context, w http.ResponseWriter, a answer) {
	var body []byte
	if a.body != nil {
		var err error
		if body, err = wordSlack(a.body); err != nil {
			h.in.Log.ErrorContext(ctx, "slack: answer not worded", "error", err)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	if err = errors.Join(err, http.NewResponseController(w).Flush()); err != nil {
		h.in.Log.DebugContext(ctx, "slack: answer not sent", "error", err)
	}
	if a.after != nil {
		a.after()
	}
}

// signedBody is the body of a request that Slack signed, or what it is refused
// with.
func (h *Handler) signedBody(w http.ResponseWriter, r *http.Request) ([]byte, int, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, http.StatusMethodNotAllowed, errors.New("use POST")
	}
	if err := fresh(r.Header, h.in.Now()); err != nil {
		h.calls.WithLabelValues(badSignature).Inc()
		return nil, http.StatusUnauthorized, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is over %d bytes", maxInteraction)
		}
		return nil, http.StatusBadRequest, errors.New("the body ended early")
	}
	if err := signed(r.Header, body, h.in.Secrets()); err != nil {
		h.warn(r.Context())
		return nil, http.StatusUnauthorized, err
	}
	return body, 0, nil
}

// warn says that somebody's signature was bad, at most once in warnEvery.
func (h *Handler) warn(ctx context.Context) {
	h.calls.WithLabelValues(badSignature).Inc()
	now := h.in.Now()
	h.mu.Lock()
	h.bad = now
	quiet := !h.warned.IsZero() && now.Sub(h.warned) < warnEvery
	if !quiet {
		h.warned = now
	}
	h.mu.Unlock()
	if !quiet {
		h.in.Log.WarnContext(ctx, "slack: a call with a bad signature was refused; if it came from Slack, the signing secret is wrong and nobody can acknowledge there")
	}
}

// lenient reads Slack's JSON: what is in it besides may be anything.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
