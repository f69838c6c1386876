package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"
)

// onCall is the answer of GET /api/v1/oncall.
type onCall struct {
	Source string    `json:"source"`
	AsOf   time.Time `json:"as_of"`
	People []struct {
		Name  string     `json:"name"`
		Level int        `json:"level"`
		Until *time.Time `json:"until"`
	} `json:"people"`
	Error *string `json:"error"`
}

type handOverCmd struct {
	ID       string `arg:"" help:"INC-…"`
	To       string `required:"" help:"Who is to have command." placeholder:"NAME"`
	Reason   string `help:"Why; kept with it."`
	Accepted bool   `help:"They have accepted it, by voice: they have command at once. Otherwise they do when they take it."`
}

// Run implements the verb.
func (c *handOverCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.actNaming(ctx, env, incidentPath(c.ID, "hand-over"), map[string]any{"to": c.To, "reason": c.Reason, "accepted": c.Accepted}, c.To)
}

type onCallCmd struct{}

// Run implements the verb.
func (c *onCallCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	var on onCall
	printed, err := up.get(ctx, env, "GET", "/api/v1/oncall", nil, &on)
	if err != nil || printed {
		return err
	}
	if len(on.People) == 0 {
		fmt.Fprintf(env.Stdout, "Nobody is on call, says %s.\n", on.Source)
	} else {
		tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "ON CALL\tLEVEL\tUNTIL")
		for _, p := range on.People {
			level, until := "–", "–"
			if p.Level > 0 {
				level = fmt.Sprint(p.Level)
			}
			if p.Until != nil {
				until = minutes(*p.Until)
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\n", p.Name, level, until)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		asked := ""
		if !on.AsOf.IsZero() {
			asked = ", asked at " + seconds(on.AsOf)
		}
		fmt.Fprintf(env.Stdout, "Says %s%s.\n", on.Source, asked)
	}
	if on.Error != nil {
		fmt.Fprintf(env.Stderr, "It cannot be asked now: %s\n", *on.Error)
	}
	return nil
}
