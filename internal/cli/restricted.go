package cli

import "context"

type restrictCmd struct {
	ID     string   `arg:"" help:"INC-…"`
	Switch string   `arg:"" enum:"on,off" help:"on: only those who are named see it; off: everybody who may read."`
	Name   []string `help:"Who may know of it besides you: a token's name, or a person's of the configuration. Repeat it." placeholder:"NAME" sep:"none"`
	Reason string   `required:"" help:"Why."`
}

// Run implements the verb.
func (c *restrictCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.actNaming(ctx, env, incidentPath(c.ID, "restricted"), map[string]any{"on": c.Switch == "on", "names": c.Name, "reason": c.Reason}, c.Name...)
}

type accessCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Change string `arg:"" enum:"add,remove" help:"add: let them know of it; remove: no longer."`
	Name   string `arg:"" help:"A token's name, or a person's of the configuration."`
	Reason string `required:"" help:"Why."`
}

// Run implements the verb.
func (c *accessCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.actNaming(ctx, env, incidentPath(c.ID, "access"), map[string]any{"name": c.Name, "allow": c.Change == "add", "reason": c.Reason}, c.Name)
}
