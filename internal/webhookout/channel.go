// Package webhookout tells any program over HTTP, without a vendor: a POST of
// JSON, signed so that its receiver knows who sent it and when.
//
// The body is [Message]. Three headers come with it:
//
//	X-Nis2clock-Key        names what is said: the same for each try, so that
//	                       a receiver can pass over what it has
//	X-Nis2clock-Timestamp  when it was sent, Unix seconds, wall time
//	X-Nis2clock-Signature  v1=<hex>, HMAC-SHA256 under the shared secret of the
//	                       timestamp, a full stop and the body as sent
//
// A receiver compares the signature in constant time and refuses a timestamp
// more than five minutes away. Any 2xx means that it has taken over; 408, 429
// and 5xx are tried again, a Retry-After in seconds being heeded; any other
// answer is for good, and the notice goes another way. A redirect is not
// followed.
package webhookout

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Name is the channel's name in effects and metrics.
const Name = "webhook"

const (
	// pace is the least time between two calls.
	pace = 100 * time.Millisecond
	// maxRetryAfter bounds what a receiver may ask for.
	maxRetryAfter = 5 * time.Minute
	// maxAlerts bounds how many alerts a message shows.
	maxAlerts = 50
	// DefaultTimeout bounds one call.
	DefaultTimeout = 10 * time.Second
)

// Headers of a call.
const (
	KeyHeader       = "X-Nis2clock-Key"
	TimestampHeader = "X-Nis2clock-Timestamp"
	SignatureHeader = "X-Nis2clock-Signature"
)

// Config says whom to tell. Printing one never shows the secret.
type Config struct {
	URL     string
	Secret  string        `json:"-"`
	Timeout time.Duration // zero for [DefaultTimeout]
}

// String implements [fmt.Stringer] without the secret.
func (c Config) String() string { return "webhook to " + c.URL }

// GoString implements [fmt.GoStringer] without the secret.
func (c Config) GoString() string { return c.String() }

// Message is the body of a call. Times are UTC.
type Message struct {
	// Key names what is said, across tries.
	Key string `json:"key"`
	// Role is what it is for: page, post, reminder, escalate, heartbeat, triage.
	Role incident.Role `json:"role"`
	// Due is when it ought to have been said, SaidAt when it is.
	Due    time.Time `json:"due"`
	SaidAt time.Time `json:"said_at"`
	// Repeat: the same may have been said before.
	Repeat bool `json:"repeat"`
	// To is whom an escalation names; empty otherwise.
	To string `json:"to,omitzero"`
	// UnansweredFor is for how long nobody had answered, of an escalation.
	UnansweredFor incident.Span `json:"unanswered_for,omitzero"`
	// Clock and Thresholds are what a reminder is about.
	Clock      *incident.ClockID `json:"clock,omitzero"`
	Thresholds []incident.Passed `json:"thresholds,omitempty"`
	// Covers is, of a page and a post, what the clocks had passed by then: no
	// reminder says it again.
	Covers []incident.ClockPassed `json:"covers,omitempty"`
	// Refused are channels that would not say it.
	Refused []string `json:"refused,omitempty"`
	// Text is what a notice about the service says; or, of an incident of which
	// no more may be said (TLP:RED, restricted), that it needs somebody.
	Text string `json:"text,omitzero"`
	// Incident is as GET /api/v1/incidents/{id} shows it, with at most 50 alerts,
	// as far as its TLP allows ([dispatch.Say]) and with addresses of the web,
	// mail, hosts and machines defanged; left out of a notice about the service,
	// and where only Text may be said.
	Incident *incident.View `json:"incident,omitzero"`
	// Page is where a person reads on.
	Page string `json:"page"`
}

// Channel is a [dispatch.Channel]. It is safe for concurrent use.
type Channel struct {
	cfg  Config
	http *http.Client
	now  func() time.Time
}

var _ dispatch.Channel = (*Channel)(nil)

// New makes a channel. Now is wall time; a nil client means Go's default
// transport.
func New(cfg Config, client *http.Client, now func() time.Time) *Channel {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	c := &Channel{cfg: cfg, http: &http.Client{}, now: now}
	if client != nil {
		*c.http = *client
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Name implements [dispatch.Channel].
func (c *Channel) Name() string { return Name }

// Pace implements [dispatch.Channel].
func (c *Channel) Pace() time.Duration { return pace }

// Class implements [dispatch.Classed].
func (c *Channel) Class(dispatch.Notice) dispatch.Class { return dispatch.Program }

// Find never finds: the receiver tells a repeat by its key.
func (c *Channel) Find(context.Context, dispatch.Notice) (string, bool, error) {
	return "", false, nil
}

// Send posts the notice. The reference is empty: what was posted cannot be
// changed. Every error is a [*dispatch.Error] and holds neither the secret nor
// the address.
func (c *Channel) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	body, err := body(n)
	if err != nil {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "it could not be written as JSON"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "webhook.url is no address"}
	}
	stamp := strconv.FormatInt(c.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "nis2clock")
	req.Header.Set(KeyHeader, n.Key)
	req.Header.Set(TimestampHeader, stamp)
	req.Header.Set(SignatureHeader, Sign(c.cfg.Secret, stamp, body))
	resp, err := c.http.Do(req)
	if err != nil {
		return "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: "no answer"}
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if err := errors.Join(err, resp.Body.Close()); err != nil && resp.StatusCode >= 300 {
		return "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: "the answer broke off"}
	}
	if failed := failure(resp); failed != nil {
		return "", failed
	}
	return "", nil
}

// failure judges the answer; nil when it was taken.
func failure(resp *http.Response) *dispatch.Error {
	said := fmt.Sprintf("HTTP %d", resp.StatusCode)
	var wait time.Duration
	if n, err := strconv.ParseUint(strings.TrimSpace(resp.Header.Get("Retry-After")), 10, 31); err == nil {
		wait = min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusTooManyRequests:
		return &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: wait, Detail: said}
	case s == http.StatusRequestTimeout || s >= 500:
		return &dispatch.Error{Reason: dispatch.ServerError, RetryAfter: wait, Detail: said}
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: said}
	}
	return &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: said}
}

// body is the message as JSON, without an address in what it says of the
// incident that could be opened.
func body(n dispatch.Notice) ([]byte, error) {
	raw, err := json.Marshal(message(n))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	dec, enc := jsontext.NewDecoder(bytes.NewReader(raw)), jsontext.NewEncoder(&out)
	for {
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			return bytes.TrimSpace(out.Bytes()), nil
		}
		if err != nil {
			return nil, err
		}
		kind, n := dec.StackIndex(dec.StackDepth())
		name := kind == jsontext.KindBeginObject && n%2 == 1 // of a member
		if tok.Kind() == jsontext.KindString && !name && strings.HasPrefix(string(dec.StackPointer()), "/incident/") {
			tok = jsontext.String(dispatch.Defang(tok.String()))
		}
		if err := enc.WriteToken(tok); err != nil {
			return nil, err
		}
	}
}

func message(n dispatch.Notice) Message {
	n = n.Confine(dispatch.Program)
	m := Message{
		Key: n.Key, Role: n.Effect.Role, Due: n.Since.UTC(), SaidAt: n.Now.UTC(), Repeat: n.Repeat, To: n.Effect.To, UnansweredFor: n.Effect.After,
		Thresholds: n.Effect.Thresholds, Covers: n.Effect.Covers, Refused: n.Refused, Text: n.Text, Page: n.Page,
	}
	if n.Effect.Clock != (incident.ClockID{}) {
		m.Clock = new(n.Effect.Clock)
	}
	m.Text = dispatch.Defang(m.Text)
	switch {
	case n.Extent == dispatch.Call:
		m.Text = dispatch.NeedsYou(n.Incident)
	case n.Incident.ID != "":
		v := n.Incident
		v.Alerts = v.Alerts[:min(len(v.Alerts), maxAlerts)]
		m.Incident = &v
	}
	return m
}

// Sign is the signature header of a body sent at the timestamp.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
