// Package opsgenie pages people through Opsgenie's Alert API v2. The vendor
// ends the product on 5 April 2027: [End].
//
// A notice becomes one alert whose alias is the effect's key, so that saying it
// twice is one alert while that alert is open, and a later warning, under a key
// of its own, wakes somebody again although the first was acknowledged. What
// was answered elsewhere is acknowledged here too, and what is over is closed.
// The alert keeps Opsgenie's limits by construction.
//
// Opsgenie answers before it has worked on a request: an accepted alert does
// not mean that a person was notified. What people do in Opsgenie is not heard
// here.
package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/client"
	"github.com/sirupsen/logrus"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Name is the channel's name in effects and metrics.
const Name = "opsgenie"

const (
	// pace keeps one integration within 60 calls a minute.
	pace = time.Second
	// limitedFor is how long to wait after a 429 that does not say.
	limitedFor = 30 * time.Second
	// maxRetryAfter bounds what an answer may ask for.
	maxRetryAfter = 5 * time.Minute
	// maxDetail bounds an error's detail in characters.
	maxDetail = 300
	// maxAnswer bounds what is read of an answer in bytes.
	maxAnswer = 64 << 10
)

// Channel is a [dispatch.Channel]. One call at a time: the library keeps what
// it sends as its User-Agent in a variable of its own.
type Channel struct {
	cfg  Config
	base *url.URL
	http http.Client
	key  *regexp.Regexp
}

var _ dispatch.Channel = (*Channel)(nil)

// New makes a channel. The client is copied, and the copy follows no redirect:
// one would carry the API key to another host. A nil client means Go's default
// transport.
func New(cfg Config, c *http.Client) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("opsgenie: %w", err)
	}
	base, err := cfg.base()
	if err != nil {
		return nil, fmt.Errorf("opsgenie: %w", err)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	out := &Channel{cfg: cfg, base: base, key: regexp.MustCompile(`(?i)` + regexp.QuoteMeta(cfg.APIKey))}
	if c != nil {
		out.http = *c
	}
	if out.http.Transport == nil {
		out.http.Transport = http.DefaultTransport
	}
	return out, nil
}

// Name implements [dispatch.Channel].
func (c *Channel) Name() string { return Name }

// Pace implements [dispatch.Channel].
func (c *Channel) Pace() time.Duration { return pace }

// Find never finds: Opsgenie de-duplicates by alias, so what is in doubt is
// simply sent again.
func (c *Channel) Find(context.Context, dispatch.Notice) (string, bool, error) {
	return "", false, nil
}

// Alias is the alias of the alert for a notice of that key. It has no slash,
// since it stands in a path, where the library escapes none.
func Alias(key string) string { return strings.ReplaceAll(key, "/", ":") }

// Send creates the notice's alert, acknowledges or closes it, and returns its
// alias once Opsgenie has accepted that. Every error is a [*dispatch.Error];
// when none came back from Opsgenie, the request may or may not have been
// taken. No error holds the API key.
func (c *Channel) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	if n.Key == "" { // each try would make another alert
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "the notice has no key to de-duplicate by"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	a := &answer{ctx: ctx, base: c.base, next: c.http.Transport}
	api, err := alert.NewClient(c.settings(a))
	if err != nil {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: c.redact(err.Error())}
	}
	alias := Alias(n.Key)
	var said *alert.AsyncAlertResult
	switch n.Effect.Role {
	case incident.PagerAcknowledge:
		said, err = api.Acknowledge(ctx, &alert.AcknowledgeAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: alias, Source: source, Note: answered(n)})
	case incident.PagerResolve:
		said, err = api.Close(ctx, &alert.CloseAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: alias, Source: source, Note: "This is over: " + n.Page})
	default:
		said, err = api.Create(ctx, render(n, c.cfg.Zone))
	}
	if failed := c.failure(a, said, err); failed != nil {
		return "", failed
	}
	return alias, nil
}

// settings are the library's for one call. It would try again by itself, four
// times and behind the back of the outbox, and log what it sends.
func (c *Channel) settings(a *answer) *client.Config {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	return &client.Config{
		ApiKey: c.cfg.APIKey, OpsGenieAPIURL: client.ApiUrl(c.base.Host), Logger: quiet,
		HttpClient:  &http.Client{Transport: a, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		RetryPolicy: func(context.Context, *http.Response, error) (bool, error) { return false, nil },
	}
}

// answer is the HTTP side of one call. It takes the call to the configured
// address, since the library guesses the scheme from the host; it binds it to
// the call's context, which the library loses on the way; and it keeps what the
// library drops.
type answer struct {
	ctx  context.Context
	base *url.URL
	next http.RoundTripper

	asked  bool
	status int // 0: no answer came
	header http.Header
}

// RoundTrip implements [http.RoundTripper] for one request.
func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = true
	r = r.Clone(a.ctx)
	r.URL.Scheme, r.URL.Host, r.Host = a.base.Scheme, a.base.Host, ""
	resp, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	a.status, a.header = resp.StatusCode, resp.Header
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// failure judges the answer; nil when Opsgenie accepted the request. Only 202
// with the id of a request is that: anything else that looks like success comes
// from something in between.
func (c *Channel) failure(a *answer, said *alert.AsyncAlertResult, err error) *dispatch.Error {
	detail := fmt.Sprintf("HTTP %d", a.status)
	if e, ok := errors.AsType[*client.ApiError](err); ok && e.Message != "" {
		detail = c.redact(e.Message)
	}
	switch s := a.status; {
	case !a.asked: // the next would not be sent either
		return &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: c.redact(fmt.Sprint(err))}
	case s == 0:
		return &dispatch.Error{Reason: dispatch.Unreachable, Detail: "no answer"}
	case s == http.StatusAccepted && err == nil && said.RequestId != "":
		return nil
	case s < 300:
		return &dispatch.Error{Reason: dispatch.Unreachable, Detail: fmt.Sprintf("HTTP %d, but not Opsgenie's acceptance", s)}
	case s < 400:
		return &dispatch.Error{Reason: dispatch.Unreachable, Detail: fmt.Sprintf("HTTP %d: a redirect is not followed, check opsgenie.url", s)}
	case s == http.StatusTooManyRequests:
		return &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: retryAfter(a.header), Detail: detail}
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: detail}
	case s == http.StatusRequestTimeout || s >= 500:
		return &dispatch.Error{Reason: dispatch.ServerError, Detail: detail}
	}
	return &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: detail}
}

// retryAfter is the period over which Opsgenie says that it counts.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-RateLimit-Period-In-Sec"} {
		if n, err := strconv.ParseUint(strings.TrimSpace(h.Get(name)), 10, 31); err == nil {
			return min(time.Duration(n)*time.Second, maxRetryAfter)
		}
	}
	return limitedFor
}

// redact makes a foreign text one short line without the API key. The key is
// taken out before the cut, so that no part of it is left at the end.
func (c *Channel) redact(s string) string {
	return line(c.key.ReplaceAllLiteralString(s, "[API key]"), maxDetail)
}
