// Package alertmanager captures what an Alertmanager knows: its alerts, also
// those that are silenced or inhibited, its silences, and its status.
package alertmanager

import (
	"context"
	"net/url"
	"path"

	"nis2clock/internal/evidence"

	openapi "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/general"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
)

// Kinds of artefacts.
const (
	Alerts   = "alertmanager_alerts"   // /api/v2/alerts
	Silences = "alertmanager_silences" // /api/v2/silences
	Status   = "alertmanager_status"   // /api/v2/status, with the configuration as Alertmanager shows it
)

// Config is which Alertmanager is asked.
type Config struct {
	evidence.Source
	evidence.Endpoint
}

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	web, err := c.Endpoint.Client()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(web.Base())
	if err != nil {
		return nil, err
	}
	transport := openapi.NewWithClient(base.Host, path.Join("/", base.Path, "/api/v2"), []string{base.Scheme}, web.HTTP())
	return &Collector{source: c.Source.As("alertmanager"), base: web.Base(), api: client.New(transport, strfmt.Default)}, nil
}

// Collector implements [evidence.Collector].
type Collector struct {
	source evidence.Source
	base   string
	api    *client.AlertmanagerAPI
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector].
func (c *Collector) Collect(ctx context.Context, _ evidence.Request, rec *evidence.Recorder) error {
	var version string
	rec.Take(ctx, Status, func(ctx context.Context, a *evidence.Capture) error {
		a.Server = c.base
		answer, err := c.api.General.GetStatus(general.NewGetStatusParamsWithContext(ctx))
		if err != nil {
			return err
		}
		if v := answer.Payload.VersionInfo; v != nil && v.Version != nil {
			version = *v.Version
		}
		a.ServerVersion = version
		return nil
	})
	rec.Take(ctx, Alerts, func(ctx context.Context, a *evidence.Capture) error {
		a.Server, a.ServerVersion = c.base, version
		answer, err := c.api.Alert.GetAlerts(alert.NewGetAlertsParamsWithContext(ctx))
		if err != nil {
			return err
		}
		a.Empty = len(answer.Payload) == 0
		a.Count("alerts", len(answer.Payload))
		return nil
	})
	rec.Take(ctx, Silences, func(ctx context.Context, a *evidence.Capture) error {
		a.Server, a.ServerVersion = c.base, version
		answer, err := c.api.Silence.GetSilences(silence.NewGetSilencesParamsWithContext(ctx))
		if err != nil {
			return err
		}
		a.Empty = len(answer.Payload) == 0
		a.Count("silences", len(answer.Payload))
		return nil
	})
	return nil
}
