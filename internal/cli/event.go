package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"nis2clock/internal/incident"
)

type eventCmd struct {
	remote
	Report reportEventCmd `cmd:"" help:"Report a suspicious event. Starts no clock."`
	List   listEventsCmd  `cmd:"" help:"List suspicious events, newest first."`
	Show   showEventCmd   `cmd:"" help:"Show one suspicious event."`
	Assess assessEventCmd `cmd:"" help:"Decide what it is: an event, a near miss, a significant cyber threat or an incident."`
	Note   noteEventCmd   `cmd:"" help:"Add a note."`
}

func eventPath(id, action string) string {
	p := "/api/v1/events/" + url.PathEscape(id)
	if action != "" {
		p += "/" + action
	}
	return p
}

// act sends an action and prints the event as it stands afterwards.
func (c *eventCmd) act(ctx context.Context, env *Env, method, path string, body any) error {
	var v incident.SuspicionView
	printed, err := c.get(ctx, env, method, path, body, &v)
	if err != nil || printed {
		return err
	}
	return showEvent(env, v)
}

// times adds the instants that were given.
func times(body map[string]any, named map[string]instant) {
	for name, t := range named {
		if !t.IsZero() {
			body[name] = t.Time
		}
	}
}

type reportEventCmd struct {
	What     string  `arg:"" help:"What is suspicious, in a sentence or more."`
	Kind     string  `required:"" help:"Who reports: staff, supplier, customer, csirt, police, researcher, alert or other." enum:"staff,supplier,customer,csirt,police,researcher,alert,other"`
	Name     string  `help:"The reporter's name."`
	Contact  string  `help:"How to reach the reporter."`
	Service  string  `help:"The service concerned."`
	Noticed  instant `help:"When the reporter noticed it (RFC 3339 with offset)." placeholder:"TIME"`
	Received instant `help:"When the report came in (default now)." placeholder:"TIME"`
	Supplier instant `name:"supplier-detected" help:"When a supplier detected it in its own systems." placeholder:"TIME"`
}

// Run implements the verb.
func (c *reportEventCmd) Run(ctx context.Context, env *Env, up *eventCmd) error {
	body := map[string]any{"what": c.What, "reporter": map[string]any{"kind": c.Kind, "name": c.Name, "contact": c.Contact}, "service": c.Service}
	times(body, map[string]instant{"noticed_at": c.Noticed, "received_at": c.Received, "supplier_detected_at": c.Supplier})
	return up.act(ctx, env, "POST", "/api/v1/events", body)
}

type showEventCmd struct {
	ID string `arg:"" help:"EVT-…"`
}

// Run implements the verb.
func (c *showEventCmd) Run(ctx context.Context, env *Env, up *eventCmd) error {
	return up.act(ctx, env, "GET", eventPath(c.ID, ""), nil)
}

type noteEventCmd struct {
	ID   string `arg:"" help:"EVT-…"`
	Text string `arg:"" help:"The note."`
}

// Run implements the verb.
func (c *noteEventCmd) Run(ctx context.Context, env *Env, up *eventCmd) error {
	return up.act(ctx, env, "POST", eventPath(c.ID, "notes"), map[string]any{"text": c.Text})
}

type assessEventCmd struct {
	ID            string   `arg:"" help:"EVT-…"`
	Outcome       string   `arg:"" help:"event (nothing), near_miss, significant_cyber_threat or incident." enum:"event,near_miss,significant_cyber_threat,incident"`
	Reason        string   `required:"" help:"Why; kept with the assessment."`
	Reportability string   `help:"mandatory, voluntary (Art. 30: a report without clocks) or not_reportable." enum:",undecided,mandatory,voluntary,not_reportable" default:"" placeholder:"WHAT"`
	Incident      string   `help:"The open incident it belongs to; without it an incident is opened." placeholder:"INC-…"`
	Detected      instant  `help:"When you yourselves first noticed it, where the register does not say so." placeholder:"TIME"`
	Title         string   `help:"Of the incident; what was reported if absent."`
	Severity      string   `help:"Of the incident, such as critical."`
	Regimes       []string `name:"regime" help:"Bodies of law whose clocks run; all that bind the entity if absent." placeholder:"ID"`
}

// Run implements the verb.
func (c *assessEventCmd) Run(ctx context.Context, env *Env, up *eventCmd) error {
	body := map[string]any{
		"outcome": c.Outcome, "reason": c.Reason, "reportability": c.Reportability, "incident": c.Incident,
		"title": c.Title, "severity": c.Severity, "regimes": c.Regimes,
	}
	times(body, map[string]instant{"detected_at": c.Detected})
	return up.act(ctx, env, "POST", eventPath(c.ID, "assess"), body)
}

type listEventsCmd struct {
	Status  string `help:"Only untriaged, overdue or assessed ones." enum:",untriaged,overdue,assessed" default:"" placeholder:"STATUS"`
	Kind    string `help:"Only those reported by staff, a supplier, …" placeholder:"KIND"`
	Outcome string `help:"Only those assessed so." placeholder:"OUTCOME"`
	Query   string `short:"q" help:"Only those whose id, text or reporter holds this." placeholder:"TEXT"`
	Limit   int    `help:"At most this many." default:"100"`
}

// Run implements the verb.
func (c *listEventsCmd) Run(ctx context.Context, env *Env, up *eventCmd) error {
	q := url.Values{"limit": {fmt.Sprint(c.Limit)}}
	for name, v := range map[string]string{"status": c.Status, "kind": c.Kind, "outcome": c.Outcome, "q": c.Query} {
		if v != "" {
			q.Set(name, v)
		}
	}
	var out struct {
		Events []incident.SuspicionView `json:"events"`
		Next   *string                  `json:"next"`
	}
	printed, err := up.get(ctx, env, "GET", "/api/v1/events?"+q.Encode(), nil, &out)
	if err != nil || printed {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "EVENT\tSTATUS\tRECEIVED\tREPORTED BY\tINCIDENT\tWHAT")
	for _, v := range out.Events {
		of := "–"
		if v.Incident != nil {
			of = string(*v.Incident)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, triage(v, env.Now()), minutes(v.ReceivedAt), v.Reporter, of, oneLine(v.What))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if out.Next != nil {
		fmt.Fprintf(env.Stderr, "There are more; raise --limit.\n")
	}
	return nil
}

// triage says how the assessment of an event stands.
func triage(v incident.SuspicionView, now time.Time) string {
	switch {
	case v.Assessment != nil:
		return strings.ReplaceAll(v.Assessment.Outcome, "_", " ")
	case v.Overdue:
		return "UNTRIAGED, OVERDUE by " + incident.Words(now.Sub(v.TriageBy))
	}
	return "untriaged, " + incident.Words(v.TriageBy.Sub(now)) + " left"
}

// showEvent prints a suspicious event for a person.
func showEvent(env *Env, v incident.SuspicionView) error {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if v.Exercise {
		row("EXERCISE", "not a real event")
	}
	row("Event", "%s  %s", v.ID, oneLine(v.What))
	row("Status", "%s", triage(v, env.Now()))
	row("Reported by", "%s%s", v.Reporter, prefixed(", ", v.Reporter.Contact))
	if v.Service != "" {
		row("Service", "%s", v.Service)
	}
	if v.NoticedAt != nil {
		row("Noticed", "%s, as the reporter says", seconds(*v.NoticedAt))
	} else {
		row("Noticed", "not said")
	}
	if v.SupplierDetectedAt != nil {
		row("Supplier", "detected it %s in its own systems; this starts no clock here", seconds(*v.SupplierDetectedAt))
	}
	row("Received", "%s, entered by %s", seconds(v.ReceivedAt), v.RecordedBy)
	if v.Assessment == nil {
		row("Assess before", "%s", seconds(v.TriageBy))
	}
	for _, a := range v.Assessments {
		row("Assessed", "%s, %s: %s (%s, %s)", strings.ReplaceAll(a.Outcome, "_", " "), strings.ReplaceAll(a.Reportability, "_", " "), a.Reason, a.By, seconds(a.At))
	}
	if v.Incident != nil {
		row("Incident", "%s", *v.Incident)
	}
	for _, n := range v.Notes {
		row("Note", "%s (%s, %s)", n.Text, n.By, seconds(n.At))
	}
	return tw.Flush()
}
