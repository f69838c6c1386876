package pagerduty

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"nis2clock/internal/problem"

	"github.com/prometheus/client_golang/prometheus"
)

// Headers of a webhook (PD-13, PD-16).
const (
	signatureHeader = "X-PagerDuty-Signature"
	deliveryHeader  = "X-Webhook-Id"
)

const (
	// maxWebhook bounds a body in bytes: above 256 KB PagerDuty sends none (PD-17).
	maxWebhook = 512 << 10
	// hearWithin leaves PagerDuty's five seconds (PD-14) room for the way.
	hearWithin = 4 * time.Second
	// badFor is how long a bad signature is shown after the newest one.
	badFor = 24 * time.Hour
)

// Inbound is what [Webhook] is made of.
type Inbound struct {
	// Secrets are those of the webhook subscriptions, as many as are valid. It
	// is asked for each request.
	Secrets func() []string
	// Hear takes over what happened. An error means that it could not be made
	// durable, and PagerDuty sends it again; it is called again for a delivery
	// that came before.
	Hear func(context.Context, Happened) error
	// Now is wall time.
	Now      func() time.Time
	Log      *slog.Logger
	Register prometheus.Registerer
}

// Handler answers PagerDuty's v3 webhooks. It is safe for concurrent use.
type Handler struct {
	in       Inbound
	received *prometheus.CounterVec

	mu  sync.Mutex
	bad time.Time // when the newest bad signature came; zero for never
}

// Webhook answers POST /webhook/pagerduty:
//
//	200  taken over; or nothing of ours, such as an event of a type we do not
//	     know or an incident that is not ours: refusing those would get the
//	     subscription disabled (PD-12, PD-15)
//	401  no good signature (PD-13)
//	405  not a POST
//	413  larger than PagerDuty sends (PD-17)
//	503  it could not be made durable: PagerDuty sends it again (PD-14)
//
// PagerDuty signs no time; a delivery that comes again is told by its id
// (PD-16), an event by its own.
func Webhook(in Inbound) (*Handler, error) {
	if in.Secrets == nil || in.Hear == nil || in.Now == nil || in.Log == nil {
		return nil, errors.New("pagerduty: webhooks need a secret, somebody to hear them, a clock and a log")
	}
	h := &Handler{in: in, received: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nis2clock_pagerduty_webhooks_total", Help: "Webhooks from PagerDuty, by what became of them.",
	}, []string{"outcome"})}
	for _, outcome := range []string{"heard", "ignored", "bad_signature", "not_stored"} {
		h.received.WithLabelValues(outcome)
	}
	if in.Register != nil {
		in.Register.MustRegister(h.received)
	}
	return h, nil
}

// Status says in a sentence that somebody's signature was bad lately.
func (h *Handler) Status() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bad.IsZero() || h.in.Now().Sub(h.bad) > badFor {
		return nil
	}
	return []string{fmt.Sprintf("a webhook with a bad signature was refused at %s: if it came from PagerDuty, pagerduty.webhook_secret is wrong, "+
		"and what people acknowledge there is not known here", h.bad.UTC().Format(time.RFC3339))}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		problem.Error(w, "use POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			problem.Error(w, fmt.Sprintf("the body is over %d bytes", maxWebhook), http.StatusRequestEntityTooLarge)
			return
		}
		problem.Error(w, "the body ended early: send it again", http.StatusServiceUnavailable)
		return
	}
	if !signed(r.Header.Values(signatureHeader), body, h.in.Secrets()) {
		h.refused(r.Context())
		problem.Error(w, "signature does not match: check the secret of the webhook subscription", http.StatusUnauthorized)
		return
	}
	what, ours, err := read(body)
	if err != nil {
		h.in.Log.WarnContext(r.Context(), "pagerduty: a signed webhook cannot be read and is passed over", "err", err)
	}
	if !ours {
		h.received.WithLabelValues("ignored").Inc()
		return
	}
	what.Delivery = r.Header.Get(deliveryHeader)
	ctx, cancel := context.WithTimeout(r.Context(), hearWithin)
	defer cancel()
	if err := h.in.Hear(ctx, what); err != nil {
		h.received.WithLabelValues("not_stored").Inc()
		h.in.Log.ErrorContext(ctx, "pagerduty: a webhook was not taken over; it comes again", "event", what.Event, "word", what.Word, "err", err)
		problem.Error(w, "not stored: send it again", http.StatusServiceUnavailable)
		return
	}
	h.received.WithLabelValues("heard").Inc()
}

// refused counts a bad signature and says so at the first: a wrong secret here
// costs a day of acknowledgements (PD-15).
func (h *Handler) refused(ctx context.Context) {
	h.received.WithLabelValues("bad_signature").Inc()
	now := h.in.Now()
	h.mu.Lock()
	first := h.bad.IsZero() || now.Sub(h.bad) > time.Minute
	h.bad = now
	h.mu.Unlock()
	if first {
		h.in.Log.ErrorContext(ctx, "pagerduty: a webhook with a bad signature was refused; if it came from PagerDuty, pagerduty.webhook_secret is wrong and acknowledgements there are lost")
	}
}

// signed reports whether one of the signatures is that of the body as received
// under one of the secrets. It compares in constant time. An empty secret signs
// nothing: it would let anybody in.
func signed(headers []string, body []byte, secrets []string) bool {
	found := false
	for _, header := range headers {
		for claim := range strings.SplitSeq(header, ",") {
			digits, v1 := strings.CutPrefix(strings.TrimSpace(claim), "v1=")
			mac, err := hex.DecodeString(digits)
			if !v1 || err != nil {
				continue
			}
			for _, secret := range secrets {
				sum := hmac.New(sha256.New, []byte(secret))
				sum.Write(body)
				found = hmac.Equal(mac, sum.Sum(nil)) && secret != "" || found
			}
		}
	}
	return found
}
