package tabletop

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"

	"github.com/go-json-experiment/json"
)

// inject puts one in. x.mu is held.
func (x *Exercise) inject(ctx context.Context, i scenario.Inject) error {
	d := scorecard.Delivered{ID: i.ID, Planned: x.o.Scenario.At(i.At)}
	d.Late, d.Why = x.late(i.ID, i.At)
	if i.Kind == scenario.AlertsInject {
		if err := x.send(ctx, i); err != nil {
			return &wayIn{i.ID, err}
		}
	}
	text := string(i.Kind) + " " + i.ID
	if i.From != "" {
		text += " from " + i.From
	}
	if err := x.note(ctx, incident.Person{By: incident.System}, stepInjected, text, d); err != nil {
		return err
	}
	if i.Kind != scenario.AlertsInject {
		x.tell("inject/"+i.ID, heading(i)+said(i))
	}
	return nil
}

// heading says who writes to whom.
func heading(i scenario.Inject) string {
	s := cmp.Or(i.From, string(i.Kind))
	if len(i.To) > 0 {
		s += " to " + strings.Join(i.To, ", ")
	}
	return s + ": "
}

// tell says something where the participants talk. The exercise's page has it
// in any case; a message that is lost is not sent again. Nobody reads along at
// full speed.
func (x *Exercise) tell(key, text string) {
	if x.o.Speed == 0 {
		return
	}
	tell := x.app.Tell
	x.telling.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
		defer cancel()
		if err := tell(ctx, "exercise/"+x.rec.ID+"/"+key, text); err != nil {
			x.o.Logger.Warn("A message of the exercise stands on its page alone", "message", key, "err", err)
		}
	})
}

// tellWithin bounds the telling of one message.
const tellWithin = 15 * time.Second

// wayIn says that an inject could not be put in now. It is tried again.
type wayIn struct {
	inject string
	err    error
}

func (e *wayIn) Error() string { return "inject " + e.inject + ": " + e.err.Error() }

// Unwrap gives the reason.
func (e *wayIn) Unwrap() error { return e.err }

// posted is an alert as Alertmanager sends it.
type posted struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// alerts are those of an inject, with their times on the scenario's clock.
func (x *Exercise) alerts(i scenario.Inject) (out []posted) {
	at := x.o.Scenario.At(i.At).UTC()
	for _, a := range i.Alerts {
		p := posted{Status: "firing", Labels: a.Labels, Annotations: a.Annotations, StartsAt: at.Add(-a.Started), GeneratorURL: a.GeneratorURL}
		if a.Resolved {
			p.Status, p.EndsAt = "resolved", at
		}
		out = append(out, p)
	}
	return out
}

// send has the alerts come in: through an Alertmanager where there is one.
func (x *Exercise) send(ctx context.Context, i scenario.Inject) error {
	all := x.alerts(i)
	if x.o.Alertmanager != nil {
		var err error
		if all, err = x.through(ctx, all); err != nil || len(all) == 0 {
			return err
		}
	}
	body := struct {
		Version      string            `json:"version"`
		GroupKey     string            `json:"groupKey"`
		Receiver     string            `json:"receiver"`
		Status       string            `json:"status"`
		Alerts       []posted          `json:"alerts"`
		GroupLabels  map[string]string `json:"groupLabels"`
		CommonLabels map[string]string `json:"commonLabels"`
		ExternalURL  string            `json:"externalURL"`
	}{"4", "exercise/" + i.ID, "nis2clock", "resolved", all, map[string]string{}, map[string]string{}, "http://alertmanager.exercise"}
	for _, a := range all {
		if a.Status == "firing" {
			body.Status = a.Status
		}
	}
	return x.post(ctx, body)
}

// post sends a webhook body to the intake.
func (x *Exercise) post(ctx context.Context, body any) error {
	token, err := access.Read(filepath.Join(x.dir, access.IntakeFile))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.app.AlertmanagerHook(), bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook answered %s: %s", resp.Status, bytes.TrimSpace(answer))
	}
	return nil
}

// openedBy are the incidents whose first alert is one of the inject's.
func (x *Exercise) openedBy(i scenario.Inject) (out []string) {
	x.app.Desk().View(func(s *incident.State) {
		for _, id := range s.IDs() {
			in, _ := s.Incident(id)
			for _, a := range i.Alerts {
				if len(in.Alerts) > 0 && same(in.Alerts[0].Labels, a.Labels) {
					out = append(out, string(id))
					break
				}
			}
		}
	})
	return out
}

// same compares the labels of an alert that came in with those of one that was
// put in.
func same(came, put map[string]string) bool {
	came = maps.Clone(came)
	if put[exerciseLabel] == "" {
		delete(came, exerciseLabel)
	}
	return maps.Equal(came, put)
}
