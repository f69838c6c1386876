package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"
)

type timelineCmd struct {
	ID  string `arg:"" help:"INC-…"`
	CSV bool   `name:"csv" help:"Print it as CSV, for a spreadsheet."`
}

// Run implements the verb.
func (c *timelineCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	path := incidentPath(c.ID, "timeline")
	if c.CSV {
		raw, err := up.call(ctx, env, "GET", path+"?format=csv", nil)
		if err != nil {
			return err
		}
		_, err = env.Stdout.Write(raw)
		return err
	}
	var out struct {
		Entries []struct {
			At      time.Time `json:"at"`
			Actor   string    `json:"actor"`
			Via     string    `json:"via"`
			Summary string    `json:"summary"`
		} `json:"entries"`
	}
	printed, err := up.get(ctx, env, "GET", path, nil, &out)
	if err != nil || printed {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "AT\tWHO\tWHAT")
	for _, e := range out.Entries {
		who := e.Actor
		if e.Via != "" {
			who += " via " + e.Via
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", seconds(e.At), who, e.Summary)
	}
	return tw.Flush()
}
