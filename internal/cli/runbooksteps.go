package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
)

type runbookStepsCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Name   string `arg:"" optional:"" help:"The runbook, such as ransomware; those that fit are listed if absent."`
	Tick   string `help:"A step that is done." placeholder:"STEP" xor:"tick"`
	Untick string `help:"A step that is not done after all." placeholder:"STEP" xor:"tick"`
	Note   string `help:"What to write down with it."`
}

// Run implements the verb.
func (c *runbookStepsCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	step := c.Tick + c.Untick
	switch {
	case c.Name == "" && step+c.Note != "":
		return usage("say which runbook the step is of")
	case step == "" && c.Note != "":
		return usage("--note goes with --tick or --untick")
	case c.Name == "":
		return c.list(ctx, env, up)
	}
	path := incidentPath(c.ID, "runbooks/"+url.PathEscape(c.Name))
	if step != "" {
		var v incident.View
		printed, err := up.get(ctx, env, "POST", path+"/steps/"+url.PathEscape(step), map[string]any{"done": c.Tick != "", "note": c.Note}, &v)
		if err != nil || printed {
			return err
		}
	}
	var list runbook.Checklist
	printed, err := up.get(ctx, env, "GET", path, nil, &list)
	if err != nil || printed {
		return err
	}
	return showChecklist(env, list)
}

func (c *runbookStepsCmd) list(ctx context.Context, env *Env, up *incidentCmd) error {
	var out struct {
		Runbooks []runbook.Checklist `json:"runbooks"`
	}
	printed, err := up.get(ctx, env, "GET", incidentPath(c.ID, "runbooks"), nil, &out)
	if err != nil || printed {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "RUNBOOK\tDONE\tTITLE\tBECAUSE OF")
	for _, r := range out.Runbooks {
		why := strings.Join(r.Why, ", ")
		if why == "" {
			why = "chosen by hand"
		}
		fmt.Fprintf(tw, "%s\t%d of %d\t%s\t%s\n", r.Name, r.Done, r.Total, r.Title, oneLine(why))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "\nnis2clock incident runbook %s NAME shows one; --tick STEP ticks a step.\n", c.ID)
	return nil
}

// showChecklist prints a checklist for a person.
func showChecklist(env *Env, c runbook.Checklist) error {
	fmt.Fprintf(env.Stdout, "%s (%s), %d of %d done\n", c.Title, c.Name, c.Done, c.Total)
	if c.Overdue {
		fmt.Fprintf(env.Stdout, "WARNING  its review was due on %s (last reviewed %s); %s keeps it\n", c.ReviewDue, c.Reviewed, c.Owner)
	}
	section := ""
	for _, s := range c.Steps {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(env.Stdout, "\n%s\n", section)
		}
		box := "[ ]"
		if s.Done {
			box = "[x]"
		}
		fmt.Fprintf(env.Stdout, "%s %s  (%s)\n", box, s.Title, s.ID)
		if !s.Done && s.Text != "" {
			fmt.Fprintf(env.Stdout, "    %s\n", strings.ReplaceAll(s.Text, "\n", "\n    "))
		}
		if s.At != nil {
			what := "done"
			if !s.Done {
				what = "taken back"
			}
			fmt.Fprintf(env.Stdout, "    %s by %s, %s%s\n", what, *s.By, seconds(*s.At), prefixed(": ", oneLine(s.Note)))
		}
	}
	return nil
}

// showConduct prints notes, runbooks that were begun and what people were told.
func showConduct(env *Env, c incident.Conduct) error {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	head := func(text string) { fmt.Fprintf(tw, "\n%s\n", text) }
	if len(c.Runbooks) > 0 {
		head("RUNBOOK\tDONE\tTITLE")
	}
	for _, r := range c.Runbooks {
		fmt.Fprintf(tw, "%s\t%d of %d\t%s\n", r.Name, r.Done, r.Total, r.Title)
	}
	if len(c.Notes) > 0 {
		head("NOTE\tBY\tTEXT")
	}
	for _, n := range c.Notes {
		text := oneLine(n.Text)
		if n.Privileged {
			text = strings.TrimSpace("PRIVILEGED " + text)
		}
		by := n.By
		if n.Author != "" {
			by = n.Author + ", added by " + n.By
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", seconds(n.At), by, text)
	}
	if len(c.Communications) > 0 {
		head("SENT\tBY\tWHAT")
	}
	for _, m := range c.Communications {
		fmt.Fprintf(tw, "%s\t%s\t%s to %s, %s\n", seconds(m.SentAt), m.SentBy, strings.ReplaceAll(m.Kind, "_", " "), oneLine(m.Audience), oneLine(m.Channel))
	}
	return tw.Flush()
}
