package cli

import "context"

// dateFlags are what every date of an incident takes.
type dateFlags struct {
	ID     string  `arg:"" help:"INC-…"`
	At     instant `help:"When (RFC 3339 with offset; default now)." placeholder:"TIME"`
	By     string  `help:"Who saw or decided it, if not you." placeholder:"NAME"`
	Reason string  `help:"Why; needed to change what is recorded."`
}

// ofFlags say whose date it is.
type ofFlags struct {
	Entity string `help:"Of which entity, where there are several."`
	Regime string `help:"For which regime alone, such as gdpr."`
}

// send records the date whose JSON field that is.
func (c *dateFlags) send(ctx context.Context, env *Env, up *incidentCmd, action, field string, of ofFlags) error {
	body := map[string]any{}
	if !c.At.IsZero() {
		body[field] = c.At.Time
	}
	for name, value := range map[string]string{"by": c.By, "reason": c.Reason, "entity": of.Entity, "regime": of.Regime} {
		if value != "" {
			body[name] = value
		}
	}
	return up.act(ctx, env, incidentPath(c.ID, action), body)
}

type awareCmd struct {
	dateFlags
	ofFlags
}

// Run implements the verb.
func (c *awareCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	if c.At.IsZero() {
		return usage("--at is missing: say when it was clear that the incident is significant, as in --at 2026-11-20T16:30:00+01:00")
	}
	return c.send(ctx, env, up, "aware", "aware_at", c.ofFlags)
}

type classifiedCmd struct {
	dateFlags
	ofFlags
}

// Run implements the verb.
func (c *classifiedCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return c.send(ctx, env, up, "classified", "classified_at", c.ofFlags)
}

type fixAvailableCmd struct {
	dateFlags
	ofFlags
}

// Run implements the verb.
func (c *fixAvailableCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return c.send(ctx, env, up, "fix-available", "fix_available_at", c.ofFlags)
}

type impactEndedCmd struct{ dateFlags }

// Run implements the verb.
func (c *impactEndedCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return c.send(ctx, env, up, "impact-ended", "impact_ended_at", ofFlags{})
}

type recoveredCmd struct{ dateFlags }

// Run implements the verb.
func (c *recoveredCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return c.send(ctx, env, up, "recovered", "recovered_at", ofFlags{})
}

type handledCmd struct{ dateFlags }

// Run implements the verb.
func (c *handledCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return c.send(ctx, env, up, "handled", "handled_at", ofFlags{})
}

type detectedCmd struct {
	ID     string  `arg:"" help:"INC-…"`
	At     instant `required:"" help:"When it was first noticed (RFC 3339 with offset)." placeholder:"TIME"`
	Reason string  `required:"" help:"How that is known; the clocks move with it."`
}

// Run implements the verb.
func (c *detectedCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "detected"), map[string]any{"detected_at": c.At.Time, "reason": c.Reason})
}
