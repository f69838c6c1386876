package intake

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"

	"nis2clock/internal/incident"

	openapi "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"
)

// alertmanagerAPI is one Alertmanager that can be asked.
type alertmanagerAPI struct {
	base   *url.URL
	client *http.Client
}

func (a alertmanagerAPI) name() string { return "alertmanager " + a.base.Host }

func (a alertmanagerAPI) api() *client.AlertmanagerAPI {
	return client.New(openapi.NewWithClient(a.base.Host, path.Join("/", a.base.Path, "/api/v2"), []string{a.base.Scheme}, a.client), strfmt.Default)
}

// routed lists what fires and is delivered to the receiver, empty for any: what
// a webhook would carry (AM-32). Receiver is a regular expression here, and
// stands quoted as one in a webhook body (AM-10).
func (a alertmanagerAPI) routed(ctx context.Context, receiver string) (models.GettableAlerts, error) {
	params := alert.NewGetAlertsParamsWithContext(ctx)
	no := false
	params.Silenced, params.Inhibited = &no, &no
	if receiver != "" {
		params.Receiver = &receiver
	}
	answer, err := a.api().Alert.GetAlerts(params)
	if err != nil {
		return nil, err
	}
	return answer.Payload, nil
}

// ask lists what fires now, and what of it is withheld. Alertmanager knows no
// past.
func (a alertmanagerAPI) ask(ctx context.Context, _ span) (answer, error) {
	listed, err := a.api().Alert.GetAlerts(alert.NewGetAlertsParamsWithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	var out answer
	var delivered, withheld models.GettableAlerts
	for _, l := range listed.Payload {
		if l != nil && l.Status != nil && l.Status.State != nil && *l.Status.State == models.AlertStatusStateSuppressed {
			withheld = append(withheld, l)
		} else {
			delivered = append(delivered, l)
		}
	}
	out.alerts, out.problems = readable(delivered, found)
	if out.hidden, err = a.hidden(ctx, withheld); err != nil {
		return answer{}, err
	}
	out.raw, err = encode(delivered)
	return out, err
}

// found reads a listed alert that no webhook may have brought.
func found(l *models.GettableAlert) (incident.Delivery, string) {
	d, what := delivery(l)
	d.Found = incident.FoundAtAlertmanager
	return d, what
}

// hidden says of each withheld alert by what.
func (a alertmanagerAPI) hidden(ctx context.Context, withheld models.GettableAlerts) ([]incident.Hidden, error) {
	if len(withheld) == 0 {
		return nil, nil
	}
	silences, err := a.silences(ctx)
	if err != nil {
		return nil, err
	}
	var out []incident.Hidden
	for _, l := range withheld {
		d, what := found(l)
		if what != "" {
			continue // it is counted where it is delivered
		}
		h := incident.Hidden{Series: d.Fingerprint, Labels: d.Labels, StartsAt: d.StartsAt}
		for _, id := range l.Status.SilencedBy {
			h.By = append(h.By, silences.words(id))
		}
		if n := len(l.Status.InhibitedBy); n > 0 {
			h.By = append(h.By, fmt.Sprintf("inhibited by %d other alerts", n))
		}
		for _, name := range l.Status.MutedBy {
			h.By = append(h.By, "muted by time interval "+name)
		}
		out = append(out, h)
	}
	return out, nil
}

type silenceList map[string]*models.GettableSilence

func (a alertmanagerAPI) silences(ctx context.Context) (silenceList, error) {
	answer, err := a.api().Silence.GetSilences(silence.NewGetSilencesParamsWithContext(ctx))
	if err != nil {
		return nil, err
	}
	out := silenceList{}
	for _, s := range answer.Payload {
		if s != nil && s.ID != nil {
			out[*s.ID] = s
		}
	}
	return out, nil
}

// words names a silence, who made it, until when and why.
func (l silenceList) words(id string) string {
	s := l[id]
	if s == nil || s.CreatedBy == nil || s.Comment == nil || s.EndsAt == nil {
		return "silence " + id
	}
	return clip(fmt.Sprintf("silence %s by %s until %s: %s", id, *s.CreatedBy, time.Time(*s.EndsAt).UTC().Format(time.RFC3339), *s.Comment), maxWords)
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
