package cli

import "context"

type declareCmd struct {
	Title    string  `arg:"" help:"What happened, in a few words."`
	Detected instant `required:"" help:"When it was first noticed (RFC 3339 with offset)." placeholder:"TIME"`
	Summary  string  `help:"What is known, in a sentence or more."`
	Severity string  `help:"Such as critical."`
}

// Run implements the verb.
func (c *declareCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, "/api/v1/incidents", map[string]any{"title": c.Title, "detected_at": c.Detected.Time, "summary": c.Summary, "severity": c.Severity})
}

type ackCmd struct {
	ID string `arg:"" help:"INC-…"`
}

// Run implements the verb.
func (c *ackCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "acknowledge"), nil)
}

type takeCmd struct {
	ID string `arg:"" help:"INC-…"`
}

// Run implements the verb.
func (c *takeCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "command"), nil)
}

type noteCmd struct {
	ID   string `arg:"" help:"INC-…"`
	Text string `arg:"" help:"The note."`

	Privileged bool `help:"Such as counsel's advice: only for those who may decide, and in no report or packet."`
}

// Run implements the verb.
func (c *noteCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "notes"), map[string]any{"text": c.Text, "privileged": c.Privileged})
}

type linkCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Other  string `arg:"" help:"The other incident; each of the two shows the link."`
	Reason string `required:"" help:"Why, such as: the same root cause (Impl. Reg. (EU) 2024/2690 Art. 4)."`
	Remove bool   `help:"Take it back."`
}

// Run implements the verb.
func (c *linkCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "links"), map[string]any{"incident": c.Other, "reason": c.Reason, "remove": c.Remove})
}

type factsCmd struct {
	ID          string  `arg:"" help:"INC-…"`
	Summary     *string `help:"What happened, in a sentence or more." placeholder:"TEXT"`
	Malicious   *string `help:"Are unlawful or malicious acts suspected: yes, no or unknown." placeholder:"ANSWER"`
	CrossBorder *string `name:"cross-border" help:"Could there be a cross-border impact: yes, no or unknown." placeholder:"ANSWER"`

	AffectsTrustService *string `name:"affects-trust-service" help:"Is the provision of trust services affected: yes, no or unknown. No needs a reason: it gives more time." placeholder:"ANSWER"`
	Ongoing             *string `help:"Will the incident be ongoing when the final report falls due: yes, no or unknown. Yes needs a reason: a progress report is owed then." placeholder:"ANSWER"`
	Reason              string  `help:"Why, of the two above."`
}

// Run implements the verb.
func (c *factsCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	body := map[string]any{}
	for name, v := range map[string]*string{
		"summary": c.Summary, "malicious": c.Malicious, "cross_border": c.CrossBorder,
		"affects_trust_service": c.AffectsTrustService, "ongoing_at_final_due": c.Ongoing,
	} {
		if v != nil {
			body[name] = *v
		}
	}
	if len(body) == 0 {
		return usage("say at least one of --summary, --malicious, --cross-border, --affects-trust-service and --ongoing")
	}
	if c.Reason != "" {
		body["reason"] = c.Reason
	}
	return up.act(ctx, env, incidentPath(c.ID, "facts"), body)
}

type submitCmd struct {
	ID        string   `arg:"" help:"INC-…"`
	Stages    []string `arg:"" optional:"" name:"stage" help:"early_warning, notification, final_report, …, of another regime gdpr/notification; one submission may close several."`
	At        instant  `help:"When it was sent (RFC 3339 with offset; default now)." placeholder:"TIME"`
	Receipt   instant  `help:"When the authority received it." placeholder:"TIME"`
	Authority string   `help:"To whom."`
	Channel   string   `help:"Through what: portal, e-mail, telephone."`
	Reference string   `help:"The authority's reference."`
	Submitter string   `help:"Who sent it, if not you." placeholder:"NAME"`
	Entity    string   `help:"For which entity, where there are several."`
	Regime    string   `help:"Under which regime (default nis2, or the only one)."`
	SHA256    string   `name:"sha256" help:"Digest of what was sent." placeholder:"HEX"`

	Controller       string `help:"The controller that was told of a breach, as its processor; then no stage is needed." placeholder:"NAME"`
	IncompleteReason string `help:"Why it went out without fields that it requires." placeholder:"TEXT"`
}

// Run implements the verb.
func (c *submitCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	if len(c.Stages) == 0 && c.Controller == "" {
		return usage("say which stage was submitted, such as early_warning, or with --controller who was told")
	}
	body := map[string]any{
		"controller": c.Controller,
		"stages":     c.Stages, "authority": c.Authority, "channel": c.Channel, "reference": c.Reference,
		"submitter": c.Submitter, "entity": c.Entity, "regime": c.Regime, "sha256": c.SHA256,
	}
	if c.IncompleteReason != "" {
		body["incomplete_reason"] = c.IncompleteReason
	}
	if !c.At.IsZero() {
		body["submitted_at"] = c.At.Time
	}
	if !c.Receipt.IsZero() {
		body["receipt_at"] = c.Receipt.Time
	}
	return up.act(ctx, env, incidentPath(c.ID, "submissions"), body)
}

type notReportableCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Reason string `required:"" help:"Why; kept with the decision."`
}

// Run implements the verb.
func (c *notReportableCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "not-reportable"), map[string]any{"reason": c.Reason})
}

type closeCmd struct {
	ID string `arg:"" help:"INC-…"`
}

// Run implements the verb.
func (c *closeCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "close"), nil)
}
