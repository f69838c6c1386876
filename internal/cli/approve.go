package cli

import "context"

type approveCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Stage  string `arg:"" help:"early_warning, notification, …"`
	Lang   string `help:"Language of the report; the service's own where none is given (reports.languages, en)."`
	Entity string `help:"For which entity, where there are several."`
	Size   uint64 `name:"journal-size" help:"The journal size at the foot of the draft that was read; refused when there is a newer draft." placeholder:"N"`
	Reason string `required:"" help:"What was checked, or why this version may go out; kept with the approval."`
}

// Run implements the verb.
func (c *approveCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	body := map[string]any{"stage": c.Stage, "lang": c.Lang, "entity": c.Entity, "reason": c.Reason}
	if c.Size > 0 {
		body["journal_size"] = c.Size
	}
	return up.act(ctx, env, incidentPath(c.ID, "approvals"), body)
}
