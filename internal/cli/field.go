package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"nis2clock/internal/report/field"
)

type fieldCmd struct {
	ID     string   `arg:"" optional:"" help:"INC-…"`
	Fields []string `arg:"" optional:"" sep:"none" help:"NAME=VALUE, repeated for each item of a list; NAME= takes back what was said." placeholder:"NAME=VALUE"`
	List   bool     `help:"Print every field with its values and what each NIS2 report makes of it; needs no server."`
}

// Run implements the verb.
func (c *fieldCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	if c.List {
		return listFields(env)
	}
	if c.ID == "" || len(c.Fields) == 0 {
		return usage("say which incident and at least one NAME=VALUE; incident field --list names the fields")
	}
	said := map[string][]string{}
	for _, f := range c.Fields {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return usage("%q is not NAME=VALUE, such as severity_assessment=high", f)
		}
		said[name] = append(said[name], value)
	}
	return up.act(ctx, env, incidentPath(c.ID, "report-fields"), map[string]any{"fields": said})
}

func listFields(env *Env) error {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "FIELD\tEARLY WARNING\tNOTIFICATION\tINTERMEDIATE\tFINAL\tVALUE")
	for _, d := range field.All() {
		value := string(d.Type)
		if len(d.Values) > 0 {
			value = strings.Join(d.Values, " | ")
		}
		if d.From != "" {
			value += " (from " + d.From + ")"
		}
		fmt.Fprintf(tw, "%s", d.ID)
		for _, form := range []field.Form{field.EarlyWarning, field.Notification, field.Intermediate, field.Final} {
			fmt.Fprintf(tw, "\t%s", strings.ReplaceAll(d.Rule(form).String(), "not_asked", "–"))
		}
		fmt.Fprintf(tw, "\t%s\n", value)
	}
	return tw.Flush()
}
