package slack

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"
)

const (
	maxReplies  = 32 // under way at once; more are dropped: the message shows what happened
	replyWithin = 5 * time.Second
)

// replier makes the calls to Slack that no answer waits for. It tells a person
// privately what came of an action, through the address Slack gave for it. Such
// an address is a secret and never shown.
type replier struct {
	client  *http.Client
	base    *url.URL
	log     *slog.Logger
	slots   chan struct{}
	running sync.WaitGroup
}

func newReplier(client *http.Client, base *url.URL, log *slog.Logger) *replier {
	return &replier{client: newTransport(client).client, base: base, log: log, slots: make(chan struct{}, maxReplies)}
}

// prepare makes room for a reply, so that [Handler.Wait] knows of it before
// Slack has its answer. The function it returns must be called; it sends the
// reply and returns at once.
func (r *replier) prepare(address, text string) (send func()) {
	nothing := func() {}
	if text == "" || address == "" {
		return nothing
	}
	if !r.allowed(address) {
		r.log.Warn("slack: no reply sent: its address is not one of Slack's")
		return nothing
	}
	return r.begin("reply", func(ctx context.Context) { r.post(ctx, address, text) })
}

// begin makes room for a call to Slack. The function it returns must be called;
// it starts the call and returns at once.
func (r *replier) begin(what string, call func(context.Context)) (start func()) {
	select {
	case r.slots <- struct{}{}:
	default:
		r.log.Warn("slack: a call was left out, too many are under way", "call", what)
		return func() {}
	}
	r.running.Add(1)
	return func() {
		go func() {
			defer r.running.Done()
			defer func() { <-r.slots }()
			ctx, cancel := context.WithTimeout(context.Background(), replyWithin)
			defer cancel()
			call(ctx)
		}()
	}
}

func (r *replier) post(ctx context.Context, address, text string) {
	err := slackapi.PostWebhookCustomHTTPContext(ctx, address, r.client, &slackapi.WebhookMessage{
		Text: foreign(text, maxSection), ResponseType: slackapi.ResponseTypeEphemeral,
	})
	if err != nil {
		r.log.Warn("slack: reply not sent", "error", failure(err))
	}
}

// replyHosts are where Slack takes replies; the second is GovSlack's.
var replyHosts = []string{"hooks.slack.com", "hooks.slack-gov.com"}

// allowed reports whether the address is Slack's, or on the host of the Web
// API that was configured. A signed request could otherwise send us anywhere
// in our own network.
func (r *replier) allowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	for _, host := range replyHosts {
		if u.Scheme == "https" && u.Host == host {
			return true
		}
	}
	return u.Scheme == r.base.Scheme && u.Host == r.base.Host
}
