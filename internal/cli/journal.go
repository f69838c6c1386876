package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type journalCmd struct {
	remote
	Actor    string  `help:"Only what this actor caused." placeholder:"NAME"`
	Incident string  `help:"Only what belongs to this incident." placeholder:"ID"`
	Type     string  `help:"Only entries of this kind, such as incident.opened." placeholder:"KIND"`
	From     instant `help:"Not before this time (RFC 3339 with offset)." placeholder:"TIME"`
	To       instant `help:"Before this time." placeholder:"TIME"`
	Limit    int     `help:"At most this many; 0 for all." default:"0"`
}

// Run implements the verb.
func (c *journalCmd) Run(ctx context.Context, env *Env) error {
	const page = 1000
	q := url.Values{}
	for name, v := range map[string]string{"actor": c.Actor, "incident": c.Incident, "type": c.Type} {
		if v != "" {
			q.Set(name, v)
		}
	}
	for name, t := range map[string]instant{"from": c.From, "to": c.To} {
		if !t.IsZero() {
			q.Set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	var all []jsontext.Value
	for c.Limit == 0 || len(all) < c.Limit {
		want := page
		if c.Limit > 0 {
			want = min(page, c.Limit-len(all))
		}
		q.Set("limit", strconv.Itoa(want))
		raw, err := c.call(ctx, env, "GET", "/api/v1/journal?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		var out struct {
			Entries []jsontext.Value `json:"entries"`
			Next    *string          `json:"next"`
		}
		if err := c.decode(raw, &out); err != nil {
			return err
		}
		all = append(all, out.Entries...)
		if out.Next == nil {
			break
		}
		q.Set("cursor", *out.Next)
	}
	if c.JSON {
		return json.MarshalWrite(env.Stdout, map[string]any{"entries": all}, jsontext.WithIndent("  "))
	}
	return c.table(env, all)
}

// table prints entries for a person, one to a line.
func (c *journalCmd) table(env *Env, entries []jsontext.Value) error {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "ENTRY\tAT\tINCIDENT\tWHO\tWHAT")
	for _, raw := range entries {
		var e struct {
			Seq      uint64    `json:"seq"`
			At       time.Time `json:"at"`
			Incident *string   `json:"incident"`
			Actor    string    `json:"actor"`
			Via      string    `json:"via"`
			Summary  string    `json:"summary"`
			Kind     string    `json:"kind"`
			Erased   bool      `json:"erased"`
		}
		if err := c.decode(raw, &e); err != nil {
			return err
		}
		about, what := "–", e.Summary
		if e.Incident != nil {
			about = *e.Incident
		}
		who := e.Actor + " via " + e.Via
		if e.Via == "" { // erased, or the journal's own
			who = "–"
		}
		if e.Erased {
			what = e.Kind + ": erased"
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\n", e.Seq, seconds(e.At), about, who, what)
	}
	return tw.Flush()
}
