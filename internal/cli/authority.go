package cli

import (
	"context"
	"strconv"
)

type authorityCmd struct {
	ID        string   `arg:"" help:"INC-…"`
	Direction string   `help:"in, from the authority, or out, to it." enum:"in,out" default:"in"`
	Kind      string   `help:"receipt, feedback, request, order or other." enum:"receipt,feedback,request,order,other" default:"other"`
	At        instant  `help:"When it was received, or sent (RFC 3339 with offset; default now)." placeholder:"TIME"`
	RespondBy instant  `name:"respond-by" help:"Until when it wants an answer; starts a clock." placeholder:"TIME"`
	Owner     string   `help:"Who answers it." placeholder:"NAME"`
	Stage     []string `help:"The report it concerns, such as intermediate_report; repeatable."`
	Entity    string   `help:"For which entity, where there are several."`
	Regime    string   `help:"Under which regime (default nis2, or the only one)."`
	Authority string   `help:"Which authority."`
	Reference string   `help:"Its reference."`
	Text      string   `help:"What it says."`
	SHA256    string   `name:"sha256" help:"Digest of the attachment." placeholder:"HEX"`
	Answers   int      `help:"Number of the message that this one answers; ends its clock." placeholder:"N"`
	Reason    string   `help:"Why; needed to change a receipt that is recorded."`
}

// Run implements the verb.
func (c *authorityCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	body := map[string]any{
		"direction": c.Direction, "kind": c.Kind, "owner": c.Owner, "stages": c.Stage, "entity": c.Entity, "regime": c.Regime,
		"authority": c.Authority, "reference": c.Reference, "text": c.Text, "sha256": c.SHA256, "answers": c.Answers, "reason": c.Reason,
	}
	if !c.At.IsZero() {
		body[map[string]string{"in": "received_at", "out": "sent_at"}[c.Direction]] = c.At.Time
	}
	if !c.RespondBy.IsZero() {
		body["respond_by"] = c.RespondBy.Time
	}
	return up.act(ctx, env, incidentPath(c.ID, "authority-messages"), body)
}

type settleCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Number int    `arg:"" help:"Number of the message."`
	Reason string `required:"" help:"Why it needs no answer; kept with it."`
}

// Run implements the verb.
func (c *settleCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "authority-messages/"+strconv.Itoa(c.Number)+"/settle"), map[string]any{"reason": c.Reason})
}
