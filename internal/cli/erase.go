package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"nis2clock/internal/incident"
)

type holdCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Reason string `required:"" help:"Why nothing of it may be erased, such as a claim's number."`
}

// Run implements the verb.
func (c *holdCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "hold"), map[string]any{"reason": c.Reason})
}

type releaseCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Reason string `required:"" help:"Why it is needed no longer."`
}

// Run implements the verb.
func (c *releaseCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "release"), map[string]any{"reason": c.Reason})
}

type retentionCmd struct {
	remote
	Apply bool `help:"Erase it, for good. Without this nothing is changed."`
}

// erasedAnswer is what the service says an erasure did.
type erasedAnswer struct {
	Entries      int           `json:"entries"`
	Incidents    []incident.ID `json:"incidents"`
	JournalEntry *uint64       `json:"journal_entry"`
	Files        int           `json:"files"`
	Notes        []string      `json:"notes"`
}

// print says what was erased.
func (e erasedAnswer) print(env *Env) {
	if e.JournalEntry == nil {
		fmt.Fprintln(env.Stdout, "Nothing was erased.")
		return
	}
	s := "Erased " + count(e.Entries, "entry", "entries")
	if len(e.Incidents) > 0 {
		names := make([]string, len(e.Incidents))
		for n, id := range e.Incidents {
			names[n] = string(id)
		}
		s += ", with all of " + strings.Join(names, ", ")
	}
	if e.Files > 0 {
		s += ", and " + count(e.Files, "file", "files") + " of the vault"
	}
	fmt.Fprintf(env.Stdout, "%s. Entry %d says who ordered it.\n", s, *e.JournalEntry)
	for _, note := range e.Notes {
		fmt.Fprintln(env.Stdout, "NOTE: "+note)
	}
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Run implements the verb.
func (c *retentionCmd) Run(ctx context.Context, env *Env) error {
	var out struct {
		Policy     map[string]string `json:"policy"`
		Candidates []expired         `json:"candidates"`
		Erased     *erasedAnswer     `json:"erased"`
	}
	printed, err := c.get(ctx, env, "POST", "/api/v1/retention", map[string]any{"dry_run": !c.Apply}, &out)
	if err != nil || printed {
		return err
	}
	fmt.Fprintf(env.Stdout, "Kept: logs %s; suspicious events %s after their last entry; incidents %s and exercises %s after closure.\n", out.Policy["logs"], out.Policy["events"], out.Policy["incidents"], out.Policy["exercises"])
	if len(out.Candidates) == 0 {
		fmt.Fprintln(env.Stdout, "Nothing has expired.")
		return nil
	}
	entries, err := table(env, out.Candidates)
	if err != nil {
		return err
	}
	switch {
	case out.Erased != nil:
		out.Erased.print(env)
	case entries > 0:
		fmt.Fprintf(env.Stdout, "Nothing was changed. With --apply %s would be erased, for good.\n", count(entries, "entry", "entries"))
	default:
		fmt.Fprintln(env.Stdout, "Nothing was changed, and nothing would be erased.")
	}
	return nil
}

// table prints what goes, and then what stays and why, and returns how many
// entries go.
func table(env *Env, all []expired) (entries int, err error) {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "EXPIRED\tWHAT\tENTRIES\tSIZE\tFROM\tTO")
	var stays []string
	for _, e := range all {
		if e.Kept != nil {
			stays = append(stays, fmt.Sprintf("%s expired %s and stays: %s", e.what(), minutes(e.ExpiredAt), *e.Kept))
			continue
		}
		entries += e.Entries
		fmt.Fprintf(tw, "%s\t%s\t%d\t%s\t%s\t%s\n", minutes(e.ExpiredAt), e.what(), e.Entries, kibibytes(e.Bytes), minutes(e.From), minutes(e.To))
	}
	if entries > 0 {
		err = tw.Flush()
	}
	for _, s := range stays {
		fmt.Fprintln(env.Stdout, s)
	}
	return entries, err
}

// expired is something whose retention has run out, as the service answers.
type expired struct {
	Class     string       `json:"class"`
	Incident  *incident.ID `json:"incident"`
	Subject   string       `json:"subject"`
	Entries   int          `json:"entries"`
	Bytes     int64        `json:"bytes"`
	From      time.Time    `json:"from"`
	To        time.Time    `json:"to"`
	ExpiredAt time.Time    `json:"expired_at"`
	Kept      *string      `json:"kept"`
}

func (e expired) what() string {
	if e.Incident != nil {
		return string(*e.Incident)
	}
	return e.Class + ": " + e.Subject
}

// kibibytes writes a size as a person reads it.
func kibibytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

type eraseCmd struct {
	remote
	Incident []string `help:"Erase all of this incident, which must be closed, or of this suspicious event, which must be assessed; may be given several times." placeholder:"ID"`
	Entries  []uint64 `help:"Erase these entries by themselves, by their numbers in the journal." placeholder:"N,…"`
	Reason   string   `required:"" help:"The legal ground, such as 'Art. 17(1)(d) GDPR, request of 3 May'; kept in the journal, so name nobody."`
}

// Run implements the verb.
func (c *eraseCmd) Run(ctx context.Context, env *Env) error {
	if len(c.Incident) == 0 == (len(c.Entries) == 0) {
		return usage("say what is to be erased: --incident ID or --entries N,…")
	}
	body := map[string]any{"reason": c.Reason}
	if len(c.Incident) > 0 {
		body["incidents"] = c.Incident
	} else {
		body["entries"] = c.Entries
	}
	var out struct {
		Erased  erasedAnswer `json:"erased"`
		Remains []struct {
			Seq  uint64    `json:"seq"`
			At   time.Time `json:"at"`
			Kind string    `json:"kind"`
		} `json:"remains"`
		Mentions []struct {
			Seq      uint64       `json:"seq"`
			Incident *incident.ID `json:"incident"`
		} `json:"mentions"`
		Copies []string `json:"copies"`
	}
	printed, err := c.get(ctx, env, "POST", "/api/v1/erasures", body, &out)
	if err != nil || printed {
		return err
	}
	out.Erased.print(env)
	fmt.Fprintln(env.Stdout, "\nOf each there remain its number, time, kind and incident, and a salted hash that nothing can be matched with:")
	tw := tabwriter.NewWriter(env.Stdout, 2, 0, 2, ' ', 0)
	for _, e := range out.Remains {
		fmt.Fprintf(tw, "  %d\t%s\t%s\n", e.Seq, seconds(e.At), e.Kind)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if len(out.Mentions) > 0 {
		fmt.Fprintln(env.Stdout, "\nSTILL THERE: webhook bodies kept for others, in which an alert of it was repeated:")
		for _, e := range out.Mentions {
			with := "the logs"
			if e.Incident != nil {
				with = string(*e.Incident)
			}
			fmt.Fprintf(env.Stdout, "  entry %d, which goes with %s\n", e.Seq, with)
		}
	}
	fmt.Fprintln(env.Stdout, "\nNot reached, look there yourself:")
	for _, where := range out.Copies {
		fmt.Fprintln(env.Stdout, "  - "+where)
	}
	return nil
}
