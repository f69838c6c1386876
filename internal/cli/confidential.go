package cli

import "context"

type tlpCmd struct {
	ID     string `arg:"" help:"INC-…"`
	TLP    string `arg:"" name:"label" help:"CLEAR, GREEN, AMBER, AMBER+STRICT or RED."`
	Reason string `help:"Why."`
}

// Run implements the verb.
func (c *tlpCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "tlp"), map[string]any{"tlp": c.TLP, "reason": c.Reason})
}

type outOfBandCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Switch string `arg:"" enum:"on,off" help:"on: nothing more goes to Slack and mail; off: it does again."`
	Reason string `required:"" help:"Why."`
}

// Run implements the verb.
func (c *outOfBandCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "out-of-band"), map[string]any{"on": c.Switch == "on", "reason": c.Reason})
}
