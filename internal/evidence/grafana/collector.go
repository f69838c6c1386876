// Package grafana captures panels of a Grafana as the pictures people know,
// through its render API. They illustrate; the numbers are what Prometheus and
// Loki answer.
package grafana

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/url"
	"regexp"
	"strconv"

	"nis2clock/internal/evidence"
)

// Panel is the kind of artefact: a PNG.
const Panel = "grafana_panel"

// Config is which panels of one Grafana are captured.
type Config struct {
	evidence.Source
	evidence.Endpoint
	// Panels are captured in their order.
	Panels []PanelConfig
	// Width and Height are in pixels; 0 means [DefaultWidth], [DefaultHeight].
	Width, Height int
}

// PanelConfig is one panel.
type PanelConfig struct {
	Dashboard string            // uid, as in the address of the dashboard
	Panel     int               // id, as in viewPanel of the panel's address
	Variables map[string]string // of the dashboard, each in [evidence.Text]
}

// Defaults and bounds of [Config].
const (
	DefaultWidth  = 1000
	DefaultHeight = 500
	MaxPixels     = 4000 // wide and high
)

const mediaPNG = "image/png"

var dashboardUID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// ParseUID reads the uid of a dashboard.
func ParseUID(s string) (string, error) {
	if !dashboardUID.MatchString(s) {
		return "", fmt.Errorf("%q is not the uid of a dashboard, as it stands in its address after /d/", s)
	}
	return s, nil
}

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	if c.Width == 0 {
		c.Width = DefaultWidth
	}
	if c.Height == 0 {
		c.Height = DefaultHeight
	}
	switch {
	case c.Width < 1 || c.Width > MaxPixels || c.Height < 1 || c.Height > MaxPixels:
		return nil, fmt.Errorf("a picture of %d by %d pixels: want 1 to %d each way", c.Width, c.Height, MaxPixels)
	case len(c.Panels) == 0:
		return nil, errors.New("no panel is given")
	}
	out := &Collector{source: c.Source.As("grafana"), width: c.Width, height: c.Height}
	var err error
	if out.client, err = c.Endpoint.Client(); err != nil {
		return nil, err
	}
	for _, p := range c.Panels {
		made := panel{id: p.Panel, variables: map[string]*evidence.Template{}}
		if made.dashboard, err = ParseUID(p.Dashboard); err != nil {
			return nil, err
		}
		for name, text := range p.Variables {
			if made.variables[name], err = evidence.ParseTemplate(evidence.Text, text); err != nil {
				return nil, fmt.Errorf("variable %s: %w", name, err)
			}
		}
		out.panels = append(out.panels, made)
	}
	return out, nil
}

// Collector implements [evidence.Collector].
type Collector struct {
	source        evidence.Source
	client        *evidence.Client
	panels        []panel
	width, height int
}

type panel struct {
	dashboard string
	id        int
	variables map[string]*evidence.Template
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector].
func (c *Collector) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	version, unknown := c.version(ctx)
	able := c.canRender(ctx)
	for _, p := range c.panels {
		rec.Take(ctx, Panel, func(ctx context.Context, a *evidence.Capture) error {
			a.Server, a.ServerVersion, a.From, a.To = c.client.Base(), version, req.From.UTC(), req.To.UTC()
			if unknown != nil {
				a.Warn("the server's version is not known: %v", unknown)
			}
			a.Query = fmt.Sprintf("panel %d of dashboard %s", p.id, p.dashboard)
			if !able {
				return evidence.Fail(false, "this Grafana cannot render: install its image renderer")
			}
			return c.picture(ctx, a, p, req)
		})
	}
	return nil
}

func (c *Collector) version(ctx context.Context) (string, error) {
	var health struct {
		Version string `json:"version"`
	}
	err := c.client.GetJSON(ctx, c.client.URL("/api/health", nil), &health)
	return health.Version, err
}

// canRender is false only when Grafana says so: without a renderer it answers
// with a picture that says that, and 200. When it does not say, the attempt
// will.
func (c *Collector) canRender(ctx context.Context) bool {
	settings := struct {
		Available *bool `json:"rendererAvailable"`
	}{}
	err := c.client.GetJSON(ctx, c.client.URL("/api/frontend/settings", nil), &settings)
	return err != nil || settings.Available == nil || *settings.Available
}

// picture captures one panel and looks whether it is one.
func (c *Collector) picture(ctx context.Context, a *evidence.Capture, p panel, req evidence.Request) error {
	q := url.Values{
		"panelId": {strconv.Itoa(p.id)}, "tz": {"UTC"}, "width": {strconv.Itoa(c.width)}, "height": {strconv.Itoa(c.height)},
		"from": {strconv.FormatInt(req.From.UnixMilli(), 10)}, "to": {strconv.FormatInt(req.To.UnixMilli(), 10)},
	}
	for name, t := range p.variables {
		value, err := t.Render(req)
		if err != nil {
			return err
		}
		q.Set("var-"+name, value)
	}
	resp, err := c.client.Get(ctx, c.client.URL("/render/d-solo/"+p.dashboard+"/_", q), mediaPNG)
	if err != nil {
		return err
	}
	head, err := png.DecodeConfig(resp.Body)
	if err != nil {
		return errors.Join(evidence.Fail(false, "answered with what is not a PNG: %v", err), resp.Body.Close())
	}
	a.Count("width", head.Width)
	a.Count("height", head.Height)
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}
