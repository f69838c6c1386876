package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"

	"github.com/prometheus/alertmanager/api/v2/models"
)

// ReadBack asks Alertmanager's API for the alerts a webhook body lacked
// (AM-16). It asks the configured addresses only, never the one in the body.
type ReadBack struct {
	Handler *Handler
	// Alertmanagers are base addresses of one cluster's members; any one will do.
	Alertmanagers []*url.URL
	Client        *http.Client

	tries map[string]tries // by body digest; owned by Run
}

type tries struct {
	n    int
	next time.Time
	last error
}

const (
	maxTries     = 10
	firstRetry   = 5 * time.Second
	longestRetry = time.Minute
	maxError     = 1 << 10 // bytes of why it failed
)

// Run reads back what is missing until ctx ends. What a crash interrupted is
// taken up again at the next start.
func (r *ReadBack) Run(ctx context.Context) {
	r.tries = map[string]tries{}
	feed := r.desk().Subscribe()
	defer feed.Close()
	for ctx.Err() == nil {
		wait := r.pass(ctx)
		select {
		case <-ctx.Done():
		case <-feed.C:
			feed.Take()
		case <-time.After(wait):
		}
	}
}

func (r *ReadBack) desk() *desk.Desk { return r.Handler.o.Desk }

// pass tries every cut batch whose time has come and returns the wait until
// the next.
func (r *ReadBack) pass(ctx context.Context) time.Duration {
	var cuts []incident.CutBatch
	r.desk().View(func(s *incident.State) { cuts = s.Cuts() })
	wait := time.Hour
	now := time.Now()
	for _, cut := range cuts {
		t := r.tries[cut.Body]
		if t.next.After(now) {
			wait = min(wait, t.next.Sub(now))
			continue
		}
		if done := r.try(ctx, cut, &t); done {
			delete(r.tries, cut.Body)
			continue
		}
		pause := min(firstRetry<<min(t.n, 10), longestRetry)
		t.n++
		t.next = now.Add(pause)
		r.tries[cut.Body] = t
		wait = min(wait, pause)
	}
	return wait
}

// try reads back one batch; it reports whether that is over, for good or bad.
func (r *ReadBack) try(ctx context.Context, cut incident.CutBatch, t *tries) bool {
	finish := incident.FinishReadBack{By: incident.System, Body: cut.Body}
	if len(r.Alertmanagers) == 0 {
		finish.Error = "no Alertmanager address is configured (intake.reconcile.alertmanager)"
	} else if n, err := r.read(ctx, cut); err == nil {
		finish.Alerts = n
	} else {
		r.logger().Warn("Alerts that were cut could not be read back", "receiver", cut.Receiver, "missing", cut.Missing, "try", t.n+1, "err", err)
		t.last = err
		if t.n+1 < maxTries {
			return false
		}
		finish.Error = clip(fmt.Sprintf("given up after %d tries: %v", maxTries, err), maxError)
	}
	if _, err := r.desk().Do(ctx, finish); err != nil {
		r.logger().Error("Outcome of reading back not recorded, it will be tried again", "err", err)
		return false
	}
	return true
}

func (r *ReadBack) logger() *slog.Logger { return r.Handler.o.Logger }

// read takes in everything the receiver's alerts are at the first member that
// answers, through the same decisions as a webhook body.
func (r *ReadBack) read(ctx context.Context, cut incident.CutBatch) (int, error) {
	var errs []error
	for _, base := range r.Alertmanagers {
		alerts, err := alertmanagerAPI{base, r.Client}.routed(ctx, cut.Receiver)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", base.Host, err))
			continue
		}
		return len(alerts), r.take(ctx, cut, alerts)
	}
	return 0, errors.Join(errs...)
}

// take puts the alerts through the desk as one batch.
func (r *ReadBack) take(ctx context.Context, cut incident.CutBatch, listed models.GettableAlerts) error {
	raw, err := encode(listed)
	if err != nil {
		return err
	}
	receipt, err := r.Handler.keep(raw)
	if err != nil {
		return err
	}
	receipt.Receiver = cut.Receiver
	alerts, problems := readable(listed, delivery)
	reply, err := r.desk().Do(ctx, incident.ReceiveBatch{
		By: incident.Actor{Name: "alertmanager", Via: "readback"}, ReceivedAt: r.Handler.o.Now(), Receipt: receipt,
		Alerts: alerts, Unreadable: len(problems), Problems: problems[:min(len(problems), maxProblems)],
	})
	if err != nil {
		return err
	}
	r.Handler.metrics.count(reply.(incident.Receiving))
	return nil
}
