// Package httpget captures what lies at one address, such as a status page in
// JSON or an export of another system.
package httpget

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nis2clock/internal/evidence"
)

// Answer is the kind of artefact.
const Answer = "http_get"

// Config is what is asked for.
type Config struct {
	evidence.Source
	evidence.Endpoint
	// Path is put after the endpoint's address, in [evidence.Path]; it begins
	// with a slash and may have a query. Empty asks for the address itself.
	Path string
	// MediaType is what the answer must be; empty is anything but HTML, which
	// usually is a sign-in page.
	MediaType string
}

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	out := &Collector{source: c.Source.As("http"), mediaType: c.MediaType}
	var err error
	if out.client, err = c.Endpoint.Client(); err != nil {
		return nil, err
	}
	if c.Path != "" {
		if out.path, err = evidence.ParseTemplate(evidence.Path, c.Path); err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
	}
	return out, nil
}

// Collector implements [evidence.Collector].
type Collector struct {
	source    evidence.Source
	client    *evidence.Client
	path      *evidence.Template // nil for none
	mediaType string
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector].
func (c *Collector) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	rec.Take(ctx, Answer, func(ctx context.Context, a *evidence.Capture) (err error) {
		a.Server = c.client.Base()
		path := ""
		if c.path != nil {
			if path, err = c.path.Render(req); err != nil {
				return err
			}
		}
		a.Query = path
		resp, err := c.client.Get(ctx, c.client.URL(path, nil), c.mediaType)
		if err != nil {
			return err
		}
		a.ServerVersion = resp.Header.Get("Server")
		n, err := io.Copy(io.Discard, resp.Body)
		a.Empty = n == 0
		return errors.Join(err, resp.Body.Close())
	})
	return nil
}
