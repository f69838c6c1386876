// Package intake is the door alerts come in by: Alertmanager's webhook, and
// what is read back from Alertmanager's API when a webhook body was cut.
//
// A request is answered 2xx only after its entries are on disk, so that
// whatever Alertmanager counts as delivered is here for good (AM-17). What is
// transient is answered 503, which Alertmanager retries (AM-18); 4xx stands
// only for what must not come again (AM-19), and never depends on anything but
// this service's own disk. There is no rate limit and no redirect (AM-26).
//
// What is kept of an alert is bounded, because one alert becomes one journal
// entry: labels to 256 KiB (more makes it unreadable), annotations to 256 KiB
// and the generatorURL to 8 KiB (more is cut and flagged). The body itself is
// kept whole whenever something in it may be new or cannot be read.
//
// # Speed
//
//	go test -run '^$' -bench . -benchtime 3s ./internal/intake
//
// measures its own floor in the same run; see BenchmarkIntake for what its rows
// are. On a quiet machine of two cores (AMD EPYC, Linux, ext4, Go 1.26), the
// senders on the same two cores, the disk at 1 KiB and fdatasync p50 0.16 to
// 0.19 ms, p99 0.24 to 0.29 ms:
//
//	bare handler, 64 connections                    77 000 to 97 000 req/s
//	one new alert a body, 64 connections, durable    8 800 to 9 600 req/s, p50 4.9 to 5.6 ms, p99 24 to 29 ms
//	20 000 alerts in a body, 20 000 incidents        0.8 to 1.2 s, peak 288 to 294 MiB
//	20 000 alerts in a body, one incident            0.3 s, peak 140 MiB
//
// The service itself, which collects garbage more often (GOGC 40), took the
// third in 0.9 to 1.1 s with 249 to 257 MiB resident at its peak, and the second
// under that setting had p99 22 ms. What was aimed at and is missed is half the
// bare handler's rate: it is a tenth. Deciding, encoding and appending run on
// one core, and collecting garbage takes a fifth.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/problem"
	"nis2clock/internal/vault"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
)

// DefaultMaxBody is the largest body accepted with no configuration. Storms of
// tens of thousands of alerts in one body happen (AM-14).
const DefaultMaxBody = 64 << 20

// Bounds of a request in time.
const (
	// readWithin is how long a body may take to arrive. A sender that stalls
	// holds a connection and a draft no longer than that.
	readWithin = time.Minute
	// answerWithin is how long the store may take, once the body is here. An
	// Alertmanager cluster takes a slower answer for a failure and sends again
	// from the next member (AM-35).
	answerWithin = 10 * time.Second
)

// maxAgent bounds what is kept of a User-Agent, in bytes.
const maxAgent = 256

// errBody is a body that did not arrive whole.
var errBody = errors.New("read the body")

// Options is what the webhook handler is made of.
type Options struct {
	Desk     *desk.Desk
	Vault    *vault.Vault
	Keeper   *access.Keeper
	Classify classify.Policy
	MaxBody  int64 // bytes; DefaultMaxBody when 0
	Now      func() time.Time
	Logger   *slog.Logger
	Register prometheus.Registerer
}

// Handler serves POST /webhook/alertmanager.
type Handler struct {
	o       Options
	metrics *metrics
	sizes   *sizes
}

// New returns the webhook handler.
func New(o Options) *Handler {
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	return &Handler{o: o, metrics: newMetrics(o.Register, o.Classify.Rules.Names()), sizes: newSizes(o.MaxBody, o.Register)}
}

// refusal is an answer other than 200: one line, no secrets, because
// Alertmanager logs it whole (AM-25).
type refusal struct {
	status int
	line   string
}

func (r *refusal) Error() string { return r.line }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil { // never a 4xx for a fault of ours
			h.o.Logger.Error("Webhook handler panicked", "panic", p)
			h.answer(w, nil, refuse(http.StatusServiceUnavailable, "internal fault, nothing was stored; send it again"))
		}
	}()
	reply, err := h.receive(w, r)
	h.answer(w, reply, err)
}

// tally is what became of a body. Each alert is counted once, and Received is
// their sum.
type tally struct {
	Received     int           `json:"received"`
	Opened       []incident.ID `json:"opened"` // incidents, in order
	OpenedAlerts int           `json:"opened_alerts"`
	Attached     int           `json:"attached"` // to an incident that was there
	Resolved     int           `json:"resolved"`
	Duplicate    int           `json:"duplicate"`
	Ignored      int           `json:"ignored"`     // not reportable
	Quarantined  int           `json:"quarantined"` // unreadable, and kept
}

func (h *Handler) answer(w http.ResponseWriter, reply *incident.Receiving, err error) {
	if err != nil {
		var no *refusal
		if !errors.As(err, &no) {
			h.o.Logger.Error("Webhook not stored", "err", err)
			no = &refusal{http.StatusServiceUnavailable, "not stored, send it again: " + public(err)}
		}
		h.metrics.requests.WithLabelValues(strconv.Itoa(no.status)).Inc()
		problem.Error(w, no.line, no.status)
		return
	}
	h.metrics.requests.WithLabelValues("200").Inc()
	w.Header().Set("Content-Type", "application/json")
	out := tally{
		Received: reply.Received, Opened: reply.Incidents, OpenedAlerts: reply.Opened, Attached: reply.Attached,
		Resolved: reply.Resolved, Duplicate: reply.Duplicate, Ignored: reply.Ignored, Quarantined: reply.Quarantined,
	}
	if err := json.MarshalWrite(w, out); err != nil {
		h.o.Logger.Debug("Answer not sent", "err", err) // stored all the same; the sender will send again
	}
}

// public is what a sender may read of an error of ours.
func public(err error) string {
	switch {
	case errors.Is(err, errBody):
		return "the body did not arrive whole"
	case errors.Is(err, desk.ErrClosed):
		return "the service is shutting down"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the store is busy"
	}
	return "the store cannot take it now"
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (*incident.Receiving, error) {
	received := h.o.Now()
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, refuse(http.StatusMethodNotAllowed, "send webhook bodies with POST, not %s", r.Method)
	}
	who, ok := h.o.Keeper.Authenticate(access.IntakeDoor, r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Bearer realm="nis2clock intake"`)
		return nil, refuse(http.StatusUnauthorized, "no valid credentials: send the intake token as Authorization: Bearer …")
	}
	if !who.Role.Has(access.MayDeliver) {
		return nil, refuse(http.StatusForbidden, "these credentials do not open the intake: use the intake token")
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "the body is compressed: send it plain")
	}
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(readWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	return h.store(r.Context(), incoming{
		body: http.MaxBytesReader(w, r.Body, h.o.MaxBody), length: r.ContentLength,
		who: who, received: received, agent: clip(r.UserAgent(), maxAgent),
	})
}

// incoming is a body as it comes in.
type incoming struct {
	body     io.Reader
	length   int64 // as announced; -1 when it was not
	who      access.Identity
	received time.Time
	agent    string
}

// store reads a body and makes it durable.
func (h *Handler) store(ctx context.Context, in incoming) (*incident.Receiving, error) {
	raw := newSpool(h.o.Vault, in.length)
	defer func() {
		if err := raw.drop(); err != nil {
			h.o.Logger.Warn("A draft stays in the vault until the next start", "err", err)
		}
	}()
	body, err := Decode(io.TeeReader(in.body, raw))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			h.sizes.refused(in.received)
			h.o.Logger.Error("Webhook body refused, its alerts are not here: raise intake.max_body or set max_alerts", "limit", large.Limit)
			return nil, refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes: raise intake.max_body", large.Limit)
		}
		if raw.err != nil {
			return nil, fmt.Errorf("keep the body: %w", raw.err)
		}
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	cmd := incident.ReceiveBatch{
		By: incident.Actor{Name: in.who.Name, Via: "webhook"}, ReceivedAt: in.received,
		Receipt: incident.Receipt{
			SHA256: raw.digest(), Bytes: raw.size, Raw: raw.small.Bytes(), UserAgent: in.agent,
			Receiver: body.Receiver, GroupKey: body.GroupKey, ExternalURL: body.ExternalURL, Truncated: body.Truncated,
		},
		Alerts: body.Alerts, Unreadable: body.Unreadable, Problems: body.Problems,
	}
	if raw.draft != nil && h.worthKeeping(body) {
		if err := raw.keep(); err != nil {
			return nil, err
		}
		cmd.Receipt.Vault, cmd.Receipt.Stored = true, raw.stored
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	reply, err := h.o.Desk.Do(ctx, cmd)
	if err != nil {
		return nil, err
	}
	got := reply.(incident.Receiving)
	h.metrics.count(got)
	h.sizes.accepted(raw.size, in.received)
	if len(body.Alerts) == 0 {
		h.o.Logger.Warn("Webhook body quarantined", "sha256", cmd.Receipt.SHA256, "bytes", raw.size, "problem", body.Problems[0].What)
		return nil, refuse(http.StatusBadRequest, "%s (kept in quarantine as sha256:%s)", body.Problems[0].What, cmd.Receipt.SHA256)
	}
	return &got, nil
}

// worthKeeping reports whether a large body holds anything that may be new.
func (h *Handler) worthKeeping(b Body) bool {
	return b.Unreadable > 0 || slices.ContainsFunc(b.Alerts, func(a incident.Delivery) bool {
		return h.o.Classify.Classify(b.Receiver, a.Labels).Verdict != classify.Ignore
	})
}
