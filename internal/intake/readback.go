package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
	openapi "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
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
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-feed.C:
			feed.Take()
		case <-timer.C:
		}
		timer.Reset(r.pass(ctx))
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
		alerts, err := r.ask(ctx, base, cut.Receiver)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", base.Host, err))
			continue
		}
		return len(alerts), r.take(ctx, cut, alerts)
	}
	return 0, errors.Join(errs...)
}

func (r *ReadBack) ask(ctx context.Context, base *url.URL, receiver string) (models.GettableAlerts, error) {
	transport := openapi.NewWithClient(base.Host, path.Join("/", base.Path, "/api/v2"), []string{base.Scheme}, r.Client)
	params := alert.NewGetAlertsParamsWithContext(ctx)
	no := false
	params.Silenced, params.Inhibited = &no, &no // what a webhook would not carry either (AM-32)
	if receiver != "" {
		params.Receiver = &receiver // a regular expression here, and quoted as one in the body (AM-10)
	}
	answer, err := client.New(transport, strfmt.Default).Alert.GetAlerts(params)
	if err != nil {
		return nil, err
	}
	return answer.Payload, nil
}

// take puts the alerts through the desk as one batch.
func (r *ReadBack) take(ctx context.Context, cut incident.CutBatch, alerts models.GettableAlerts) error {
	raw, err := json.Marshal(alerts)
	if err != nil {
		return fmt.Errorf("keep what Alertmanager answered: %w", err)
	}
	spool := newSpool(r.Handler.o.Vault, int64(len(raw)))
	if _, err := spool.Write(raw); err != nil {
		return err
	}
	if err := spool.keep(); err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	cmd := incident.ReceiveBatch{
		By: incident.Actor{Name: "alertmanager", Via: "readback"}, ReceivedAt: r.Handler.o.Now(),
		Receipt: incident.Receipt{SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(raw)), Raw: spool.small.Bytes(), Vault: len(raw) > inline, Receiver: cut.Receiver},
	}
	for n, a := range alerts {
		if d, what := delivery(a); what == "" {
			cmd.Alerts = append(cmd.Alerts, d)
		} else if cmd.Unreadable++; len(cmd.Problems) < maxProblems {
			cmd.Problems = append(cmd.Problems, incident.Problem{Where: "/" + strconv.Itoa(n), What: clip(what, maxWords)})
		}
	}
	reply, err := r.desk().Do(ctx, cmd)
	if err != nil {
		return err
	}
	r.Handler.metrics.count(reply.(incident.Receiving).Counts)
	return nil
}

// delivery is an alert of the API as the webhook would have told it; it says
// why an alert cannot be taken. The API lists what fires; its endsAt is only
// when that would lapse.
func delivery(a *models.GettableAlert) (d incident.Delivery, what string) {
	if a == nil {
		return d, "the alert is null, not an object"
	}
	d = incident.Delivery{Firing: true, Labels: a.Labels, Annotations: a.Annotations, GeneratorURL: string(a.GeneratorURL)}
	if a.StartsAt != nil {
		d.StartsAt = given(time.Time(*a.StartsAt))
	}
	fingerprint := ""
	if a.Fingerprint != nil {
		fingerprint = *a.Fingerprint
	}
	return d, identify(&d, fingerprint)
}
