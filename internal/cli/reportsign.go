package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"nis2clock/internal/signature"
)

// sign writes a report's signature beside it and returns it, nil where the
// service signs no reports.
func (c *reportCmd) sign(ctx context.Context, env *Env, path string, pdf []byte) ([]byte, error) {
	sig, err := c.call(ctx, env, "GET", path, nil)
	if r, ok := errors.AsType[*refusal](err); ok && r.status == http.StatusNotFound {
		return nil, nil // it signs none
	}
	if err != nil {
		return nil, fmt.Errorf("%s was written, its signature was not: %w", c.Out, err)
	}
	if _, err := signature.Verify(pdf, sig, nil); err != nil {
		return nil, fmt.Errorf("%s was written and has changed since, so that its signature does not fit: run this again", c.Out)
	}
	if err := wholeBytes(c.Out+".p7s", sig); err != nil {
		return nil, err
	}
	return sig, nil
}
