package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
)

// DefaultAPI is the REST API's address; accounts in the EU service region have
// EUAPI.
const (
	DefaultAPI = "https://api.pagerduty.com"
	EUAPI      = "https://api.eu.pagerduty.com"
)

const (
	// DefaultAskEvery is how often PagerDuty is asked who is on call.
	DefaultAskEvery = 5 * time.Minute
	// staleAfter is how old an answer may be to say who is on call now.
	staleAfter = time.Hour
	// apiLimitedFor is how long to wait after a 429 that does not say (PD-19).
	apiLimitedFor = time.Minute
	// maxWait bounds what a 429 may ask for.
	maxWait = 15 * time.Minute
	// maxOnCalls bounds one answer; PagerDuty gives at most 100 a page.
	maxOnCalls = 100
)

// OnCallConfig says whom to ask for. Exactly one of Schedule and
// EscalationPolicy is set.
type OnCallConfig struct {
	// Token is a read-only REST API key, a secret.
	Token string `json:"-"`
	// BaseURL is the scheme and host of the REST API.
	BaseURL string
	// Schedule and EscalationPolicy are ids such as PI7DH85.
	Schedule, EscalationPolicy string
	// Every is how often to ask; zero for [DefaultAskEvery].
	Every time.Duration
}

// String implements [fmt.Stringer] without the token.
func (c OnCallConfig) String() string {
	if c.Schedule != "" {
		return "PagerDuty schedule " + c.Schedule
	}
	return "PagerDuty escalation policy " + c.EscalationPolicy
}

// GoString implements [fmt.GoStringer] without the token.
func (c OnCallConfig) GoString() string { return c.String() }

// Duty is somebody on call.
type Duty struct {
	ID, Name string // the user's
	// Level is the escalation level, from 1; 0 for a schedule.
	Level int
	// Until is when somebody else takes over; zero for an open end.
	Until time.Time
}

// Roster is who was on call at AsOf.
type Roster struct {
	// Duties are in order of level, each person once.
	Duties []Duty
	AsOf   time.Time // zero before the first answer
	// Err is why the newest try gave no answer; nil when it did.
	Err error
}

// Current are those who are on call at now, as far as the roster tells: none
// when it is too old.
func (r Roster) Current(now time.Time) []Duty {
	if r.AsOf.IsZero() || now.Sub(r.AsOf) > staleAfter {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Duties), func(d Duty) bool { return !d.Until.IsZero() && !now.Before(d.Until) })
}

// OnCall asks PagerDuty from time to time who is on call, and remembers it:
// nothing waits for the answer. It is safe for concurrent use.
type OnCall struct {
	cfg  OnCallConfig
	http *http.Client
	now  func() time.Time
	log  *slog.Logger

	mu     sync.Mutex
	token  string // cfg's, until it is renewed
	roster Roster
}

// NewOnCall makes one that has not asked yet; [OnCall.Run] asks. Now is wall
// time. A nil client means Go's default transport.
func NewOnCall(cfg OnCallConfig, client *http.Client, now func() time.Time, log *slog.Logger) *OnCall {
	if cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/"); cfg.BaseURL == "" {
		cfg.BaseURL = DefaultAPI
	}
	if cfg.Every <= 0 {
		cfg.Every = DefaultAskEvery
	}
	o := &OnCall{cfg: cfg, http: &http.Client{}, now: now, log: log, token: cfg.Token}
	if client != nil {
		*o.http = *client
	}
	o.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return o
}

// Renew exchanges the token of the REST API.
func (o *OnCall) Renew(token string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.token = token
}

func (o *OnCall) secret() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.token
}

// Source says in words who is asked.
func (o *OnCall) Source() string { return o.cfg.String() }

// Roster is the newest answer.
func (o *OnCall) Roster() Roster {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.roster
}

// Run asks until ctx ends, and calls changed after each answer.
func (o *OnCall) Run(ctx context.Context, changed func(context.Context)) {
	for ctx.Err() == nil {
		wait := o.ask(ctx)
		changed(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// ask asks once and returns how long to wait before the next time.
func (o *OnCall) ask(ctx context.Context) time.Duration {
	duties, wait, err := o.list(ctx)
	o.mu.Lock()
	failing := o.roster.Err != nil
	o.roster.Err = err
	if err == nil {
		o.roster.Duties, o.roster.AsOf = duties, o.now()
	}
	o.mu.Unlock()
	if err != nil && !failing && ctx.Err() == nil {
		o.log.Warn("pagerduty: who is on call cannot be asked; it is tried again", "of", o.Source(), "err", err)
	}
	return max(wait, o.cfg.Every)
}

func (o *OnCall) list(ctx context.Context) (duties []Duty, wait time.Duration, err error) {
	call, cancel := context.WithTimeoutCause(ctx, DefaultTimeout, errTimeout)
	defer cancel()
	a := answer{http: o.http}
	api := pd.NewClient(o.secret(), pd.WithAPIEndpoint(o.cfg.BaseURL))
	api.HTTPClient = &a
	opts := pd.ListOnCallOptions{Limit: maxOnCalls, Includes: []string{"users"}}
	if o.cfg.Schedule != "" {
		opts.ScheduleIDs = []string{o.cfg.Schedule}
	} else {
		opts.EscalationPolicyIDs = []string{o.cfg.EscalationPolicy}
	}
	found, err := api.ListOnCallsWithContext(call, opts)
	switch {
	case a.err != nil && call.Err() != nil:
		return nil, 0, errTimeout
	case a.err != nil:
		if u, ok := errors.AsType[*url.Error](a.err); ok {
			a.err = u.Err
		}
		return nil, 0, errors.New(o.redact(a.err.Error()))
	case a.status == http.StatusTooManyRequests:
		return nil, resetAfter(a.header), errors.New("asked too often (HTTP 429)")
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return nil, 0, fmt.Errorf("HTTP %d: give pagerduty.oncall a read-only REST API key of the account", a.status)
	case a.status != http.StatusOK && a.asked:
		return nil, 0, fmt.Errorf("HTTP %d: check pagerduty.oncall", a.status)
	case err != nil:
		return nil, 0, errors.New(o.redact(err.Error()))
	}
	return dutiesOf(found.OnCalls), 0, nil
}

// dutiesOf are those who are on call, by level, each once and at their lowest.
func dutiesOf(all []pd.OnCall) []Duty {
	out := []Duty{}
	slices.SortStableFunc(all, func(a, b pd.OnCall) int { return int(a.EscalationLevel) - int(b.EscalationLevel) })
	for _, each := range all {
		name := each.User.Name
		if name == "" {
			name = each.User.Summary
		}
		d := Duty{ID: each.User.ID, Name: words(name, maxWho), Level: int(each.EscalationLevel)}
		if t, err := time.Parse(time.RFC3339, each.End); err == nil {
			d.Until = t.UTC()
		}
		if d.Name == "" || slices.ContainsFunc(out, func(o Duty) bool { return o.ID == d.ID }) {
			continue
		}
		out = append(out, d)
	}
	return out
}

// resetAfter is the wait that a 429 asks for; it does not always say (PD-19).
func resetAfter(h http.Header) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(h.Get("Ratelimit-Reset")), 10, 31)
	if err != nil {
		if d, ok := retryAfter(h); ok {
			return d
		}
		return apiLimitedFor
	}
	return min(time.Duration(n)*time.Second, maxWait)
}

func (o *OnCall) redact(s string) string {
	return cut(strings.ReplaceAll(plain(s), o.secret(), "[token]"), maxDetail)
}
