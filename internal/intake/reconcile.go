package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
)

// DefaultReconcileEvery is how often the sources are asked with no
// configuration.
const DefaultReconcileEvery = time.Minute

// Reconcile asks Alertmanager and Prometheus for reportable alerts that no
// webhook brought: at the start for the time nobody listened, then again and
// again, since a webhook can be lost on its way too (AM-24). What is new goes
// through the same decisions and the same identity as a webhook body.
type Reconcile struct {
	handler *Handler
	every   time.Duration
	sources []askable
	metrics *reconcileMetrics
	heard   map[string]time.Time // how far each source was asked by this process; owned by Run
}

// Asking says whom to ask, and how often.
type Asking struct {
	Alertmanagers []*url.URL // every one is asked: members of a cluster agree only in time
	Prometheus    []*url.URL
	Client        *http.Client
	Every         time.Duration // DefaultReconcileEvery when 0
	Register      prometheus.Registerer
}

// NewReconcile takes what it finds in through the handler's door.
func NewReconcile(h *Handler, a Asking) *Reconcile {
	r := &Reconcile{handler: h, every: a.Every, metrics: newReconcileMetrics(a.Register), heard: map[string]time.Time{}}
	if r.every == 0 {
		r.every = DefaultReconcileEvery
	}
	for _, u := range a.Alertmanagers {
		r.sources = append(r.sources, alertmanagerAPI{u, a.Client})
	}
	for _, u := range a.Prometheus {
		r.sources = append(r.sources, newPrometheusAPI(u, a.Client))
	}
	return r
}

// Status is how the sources stand that are asked.
func (r *Reconcile) Status() []incident.Reconciliation {
	var out []incident.Reconciliation
	r.handler.o.Desk.View(func(s *incident.State) {
		for _, src := range r.sources {
			if rec, ok := s.Reconciled(src.name()); ok {
				out = append(out, rec)
			}
		}
	})
	return out
}

// askable is one server that can be asked.
type askable interface {
	// name tells it from the others, for good.
	name() string
	// ask returns what it knows of alerts that fire, or fired in the time
	// asked about.
	ask(ctx context.Context, about span) (answer, error)
}

// span is the time a source is asked about, both ends included. Present asks
// only for what still fires: so it is on a journal's first day, when nothing
// can have been missed.
type span struct {
	from, to time.Time
	present  bool
	// hidden are the alerts that Alertmanager withholds.
	hidden []incident.Hidden
}

type answer struct {
	alerts   []incident.Delivery
	hidden   []incident.Hidden
	problems []incident.Problem
	warnings []string // of the source about its own answer
	raw      []byte   // as received
}

// askWithin bounds one question to one source.
const askWithin = 30 * time.Second

type reconcileMetrics struct {
	asked  *prometheus.GaugeVec
	found  *prometheus.CounterVec
	hidden prometheus.Gauge
}

func newReconcileMetrics(reg prometheus.Registerer) *reconcileMetrics {
	m := &reconcileMetrics{
		asked: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "nis2clock_reconcile_last_success_timestamp_seconds", Help: "When the source last answered what was missed.",
		}, []string{"source"}),
		found: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_reconcile_found_total", Help: "Alerts that were found by asking the source and that no webhook had brought.",
		}, []string{"source"}),
		hidden: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "nis2clock_hidden_alerts", Help: "Reportable alerts that Alertmanager withholds because they are silenced, inhibited or muted.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.asked, m.found, m.hidden)
	}
	return m
}

// Run asks until ctx ends. It returns at once when there is nobody to ask.
func (r *Reconcile) Run(ctx context.Context) {
	if len(r.sources) == 0 {
		return
	}
	for ctx.Err() == nil {
		r.pass(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(r.every):
		}
	}
}

// pass asks every source once. Alertmanagers come first: what they withhold is
// not taken from Prometheus.
func (r *Reconcile) pass(ctx context.Context) {
	var hidden []incident.Hidden
	for _, src := range r.sources {
		about := r.span(src.name())
		about.hidden = hidden
		got, err := r.ask(ctx, src, about)
		if ctx.Err() != nil {
			return
		}
		hidden = append(hidden, got.hidden...)
		if err := r.record(ctx, src, about, got, err); err != nil {
			r.handler.o.Logger.Error("What was missed is not recorded, it will be asked again", "source", src.name(), "err", err)
		}
	}
	total := 0
	for _, rec := range r.Status() {
		total += len(rec.Hidden)
	}
	r.metrics.hidden.Set(float64(total))
}

func (r *Reconcile) ask(ctx context.Context, src askable, about span) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return src.ask(ctx, about)
}

// span begins where the source was last asked, else where the journal ends:
// then nobody listened.
func (r *Reconcile) span(source string) span {
	about := span{to: r.handler.o.Now().UTC(), from: r.heard[source]}
	r.handler.o.Desk.View(func(s *incident.State) {
		if rec, ok := s.Reconciled(source); ok && about.from.IsZero() {
			about.from = rec.To
		}
		if about.from.IsZero() && len(s.IDs()) > 0 {
			about.from = s.At
		}
	})
	if about.from.IsZero() {
		about.from, about.present = about.to, true
	}
	return about
}

func (r *Reconcile) record(ctx context.Context, src askable, about span, got answer, failed error) error {
	cmd := incident.Reconcile{
		By: incident.Actor{Name: src.name(), Via: "reconcile"}, Source: src.name(), From: about.from, To: about.to,
		Alerts: got.alerts, Hidden: got.hidden, Unreadable: len(got.problems), Problems: got.problems[:min(len(got.problems), maxProblems)],
	}
	if failed != nil {
		cmd.Error = clip(failed.Error(), maxError)
	}
	if len(got.alerts)+len(got.problems) > 0 {
		receipt, err := r.handler.keep(got.raw)
		if err != nil {
			return err
		}
		cmd.Receipt = receipt
	}
	reply, err := r.handler.o.Desk.Do(ctx, cmd)
	if err != nil {
		return err
	}
	if failed != nil {
		r.handler.o.Logger.Warn("A source of alerts cannot be asked what was missed", "source", src.name(), "err", failed)
		return nil
	}
	if len(got.warnings) > 0 {
		r.handler.o.Logger.Warn("A source of alerts warns that its answer may lack some", "source", src.name(), "warnings", got.warnings)
	}
	r.heard[src.name()] = about.to
	r.metrics.asked.WithLabelValues(src.name()).Set(float64(about.to.Unix()))
	counts := reply.(incident.Receiving)
	if n := counts.Opened + counts.Attached; n > 0 {
		r.metrics.found.WithLabelValues(src.name()).Add(float64(n))
		r.handler.o.Logger.Warn("Alerts were found that no webhook had brought", "source", src.name(), "alerts", n, "incidents", counts.Incidents)
	}
	return nil
}

// keep stores what a source answered as a webhook body is stored.
func (h *Handler) keep(raw []byte) (incident.Receipt, error) {
	spool := newSpool(h.o.Vault, int64(len(raw)))
	if _, err := spool.Write(raw); err != nil {
		return incident.Receipt{}, errors.Join(fmt.Errorf("keep the answer: %w", err), spool.drop())
	}
	if err := spool.keep(); err != nil {
		return incident.Receipt{}, fmt.Errorf("keep the answer: %w", err)
	}
	sum := sha256.Sum256(raw)
	return incident.Receipt{SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(raw)), Raw: spool.small.Bytes(), Vault: len(raw) > inline, Stored: spool.stored}, nil
}

// readable sorts what an API listed into alerts and problems.
func readable[A any](list []A, read func(A) (incident.Delivery, string)) (alerts []incident.Delivery, problems []incident.Problem) {
	for n, a := range list {
		if d, what := read(a); what == "" {
			alerts = append(alerts, d)
		} else {
			problems = append(problems, incident.Problem{Where: "/" + strconv.Itoa(n), What: clip(what, maxWords)})
		}
	}
	return alerts, problems
}

// encode is an answer as it is kept.
func encode(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("keep the answer: %w", err)
	}
	return raw, nil
}
