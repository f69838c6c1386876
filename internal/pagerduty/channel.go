// Package pagerduty pages people through PagerDuty's Events API v2.
//
// A notice becomes one trigger event whose dedup_key is the effect's key, so
// saying it twice is one alert while that alert is open (PD-6) and a later
// warning, under a key of its own, wakes somebody again although the first was
// acknowledged (PD-8). The event keeps PagerDuty's limits by construction: one
// byte too many and nobody is paged (PD-3).
//
// What was answered elsewhere is acknowledged here too, and what is over is
// resolved, under the key the alert was raised with (PD-7). An accepted event
// does not mean that a person was notified (PD-10).
package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"nis2clock/internal/dispatch"
)

// Name is the channel's name in effects and metrics.
const Name = "pagerduty"

// pace keeps one integration key within 120 calls a minute (PD-5).
const pace = 500 * time.Millisecond

// Channel is a [dispatch.Channel]. It holds no state between calls and is safe
// for concurrent use.
type Channel struct {
	cfg  Config
	http *http.Client
	key  *regexp.Regexp // matches the routing keys; nil without one
}

var _ dispatch.Channel = (*Channel)(nil)

// New makes a channel. A nil client means Go's default transport. The client
// is copied, and the copy follows no redirect: one would carry the routing key
// to another host, or turn the event into a GET.
func New(cfg Config, client *http.Client) *Channel {
	c := &Channel{cfg: cfg.withDefaults(), http: &http.Client{}}
	if client != nil {
		*c.http = *client
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var keys []string
	for _, key := range append(slices.Collect(maps.Values(cfg.Services)), cfg.RoutingKey) {
		if key != "" {
			keys = append(keys, regexp.QuoteMeta(key))
		}
	}
	if len(keys) > 0 {
		c.key = regexp.MustCompile(`(?i)` + strings.Join(keys, "|"))
	}
	return c
}

// Name implements [dispatch.Channel].
func (c *Channel) Name() string { return Name }

// Pace implements [dispatch.Channel].
func (c *Channel) Pace() time.Duration { return pace }

// Find never finds: PagerDuty de-duplicates by key, so what is in doubt is
// simply sent again (PD-6, PD-9).
func (c *Channel) Find(context.Context, dispatch.Notice) (string, bool, error) {
	return "", false, nil
}

var errTimeout = errors.New("pagerduty did not answer in time")

// Send triggers the notice's event and returns its dedup key once PagerDuty
// has accepted it. Every error holds a [*dispatch.Error]; when ctx ended
// before the answer it also holds the cause, and the event may or may not have
// been taken. No error holds the routing key.
func (c *Channel) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	if n.Key == "" {
		// Each try would make another incident (PD-9).
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "the notice has no key to de-duplicate by"}
	}
	event := Render(n, c.cfg)
	event.RoutingKey = c.cfg.RoutingKey
	if to := n.Effect.To; to != "" && n.Effect.For == Name {
		key, ok := c.cfg.Services[to]
		if !ok {
			return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "no service " + cut(plain(to), 40) + " is configured any more"}
		}
		event.RoutingKey = key
	}

	call, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, errTimeout)
	defer cancel()
	a := answer{http: c.http}
	api := pd.NewClient("", pd.WithV2EventsAPIEndpoint(c.cfg.BaseURL))
	api.HTTPClient = &a
	_, err := api.ManageEventWithContext(call, event)

	switch {
	case !a.asked:
		// The request could not even be built; the next would not be either.
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: c.redact(fmt.Sprint(err))}
	case a.err != nil && ctx.Err() != nil:
		failed := &dispatch.Error{Reason: dispatch.Unreachable, Detail: "the call was ended before an answer"}
		return "", fmt.Errorf("%w: %w", failed, context.Cause(ctx))
	case a.err != nil && call.Err() != nil:
		return "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: fmt.Sprintf("%s (%s)", errTimeout, c.cfg.Timeout)}
	}
	if failed := a.failure(event.DedupKey, c.redact); failed != nil {
		return "", failed
	}
	return event.DedupKey, nil
}

// redact makes a foreign text one short line without the routing key. The key
// is taken out before the cut, so that no part of it is left at the end.
func (c *Channel) redact(s string) string {
	s = plain(s)
	if c.key != nil {
		s = c.key.ReplaceAllLiteralString(s, "[routing key]")
	}
	return cut(s, maxDetail)
}
