package cli

import (
	"context"
	"fmt"
)

type confirmCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Number int    `arg:"" help:"Of the proposal."`
}

// Run implements the verb.
func (c *confirmCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, fmt.Sprintf("proposals/%d/confirm", c.Number)), nil)
}

type rejectCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Number int    `arg:"" help:"Of the proposal."`
	Reason string `help:"Why."`
}

// Run implements the verb.
func (c *rejectCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, fmt.Sprintf("proposals/%d/reject", c.Number)), map[string]any{"reason": c.Reason})
}
