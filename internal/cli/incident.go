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

type incidentCmd struct {
	remote
	List          listCmd          `cmd:"" help:"List incidents, newest first."`
	Show          showCmd          `cmd:"" help:"Show one incident."`
	Declare       declareCmd       `cmd:"" help:"Open an incident by hand."`
	Ack           ackCmd           `cmd:"" help:"Acknowledge. Stops no clock."`
	Take          takeCmd          `cmd:"" help:"Become the incident commander."`
	Note          noteCmd          `cmd:"" help:"Add a note to the timeline."`
	Facts         factsCmd         `cmd:"" help:"Say what happened, and answer the two questions of the early warning."`
	Aware         awareCmd         `cmd:"" help:"Record when the entity became aware that the incident is significant."`
	Submit        submitCmd        `cmd:"" help:"Record a report that went to an authority. This stops its clock."`
	Handled       handledCmd       `cmd:"" help:"Record that the handling has ended."`
	NotReportable notReportableCmd `cmd:"" name:"not-reportable" help:"Record the decision that the incident is not reportable."`
	TLP           tlpCmd           `cmd:"" name:"tlp" help:"Say how far what is known of it may go (Traffic Light Protocol 2.0)."`
	OutOfBand     outOfBandCmd     `cmd:"" name:"out-of-band" help:"Keep it out of Slack and mail, which an attacker may be reading."`
	Confirm       confirmCmd       `cmd:"" help:"Confirm what somebody without the right proposed."`
	Reject        rejectCmd        `cmd:"" help:"Reject what somebody proposed."`
	Close         closeCmd         `cmd:"" help:"Close an incident that owes no more reports."`
}

func incidentPath(id, action string) string {
	p := "/api/v1/incidents/" + url.PathEscape(id)
	if action != "" {
		p += "/" + action
	}
	return p
}

// act sends an action and prints the incident as it stands afterwards.
func (c *incidentCmd) act(ctx context.Context, env *Env, path string, body any) error {
	var v incident.View
	printed, err := c.get(ctx, env, "POST", path, body, &v)
	if err != nil || printed {
		return err
	}
	return show(env, v)
}

// instant is a time given on the command line: RFC 3339 with its offset.
type instant struct{ time.Time }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *instant) UnmarshalText(b []byte) (err error) {
	if t.Time, err = time.Parse(time.RFC3339Nano, string(b)); err != nil {
		return fmt.Errorf("%q is not a time with offset, such as 2026-11-20T16:30:00+01:00", b)
	}
	return nil
}

type listCmd struct {
	Status   string `help:"Only open, handled or closed ones." enum:",open,handled,closed" default:""`
	Exercise string `help:"Only exercises (true) or none (false)." enum:",true,false" default:""`
	Query    string `short:"q" help:"Only those whose id, title or summary holds this." placeholder:"TEXT"`
	Limit    int    `help:"At most this many." default:"100"`
}

// Run implements the verb.
func (c *listCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	q := url.Values{"limit": {fmt.Sprint(c.Limit)}}
	for name, v := range map[string]string{"status": c.Status, "exercise": c.Exercise, "q": c.Query} {
		if v != "" {
			q.Set(name, v)
		}
	}
	var out struct {
		Incidents []incident.View `json:"incidents"`
		Next      *string         `json:"next"`
	}
	printed, err := up.get(ctx, env, "GET", "/api/v1/incidents?"+q.Encode(), nil, &out)
	if err != nil || printed {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "INCIDENT\tSTATUS\tDETECTED\tNEXT REPORT\tLEFT\tTITLE")
	for _, v := range out.Incidents {
		stage, left := "–", ""
		if c := next(v); c != nil {
			stage, left = c.Title, remaining(*c)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.Status, minutes(v.DetectedAt), stage, left, v.Title)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if out.Next != nil {
		fmt.Fprintf(env.Stderr, "There are more; raise --limit.\n")
	}
	return nil
}

// next is the clock that is due first among those that still owe a report.
func next(v incident.View) *incident.ClockView {
	var first *incident.ClockView
	for n := range v.Clocks {
		c := &v.Clocks[n]
		if c.SubmittedAt == nil && c.Stopped == nil && (first == nil || c.DueAt.Before(first.DueAt)) {
			first = c
		}
	}
	return first
}

func minutes(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }
func seconds(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// remaining says how long a clock has left.
func remaining(c incident.ClockView) string {
	switch c.State {
	case incident.ClockSubmitted, incident.ClockStopped:
		return ""
	}
	words := incident.Words(time.Duration(c.RemainingSeconds) * time.Second)
	if c.RemainingSeconds < 0 {
		words += " overdue"
	}
	return words
}

type showCmd struct {
	ID string `arg:"" help:"INC-…"`
}

// Run implements the verb.
func (c *showCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	var v incident.View
	printed, err := up.get(ctx, env, "GET", incidentPath(c.ID, ""), nil, &v)
	if err != nil || printed {
		return err
	}
	return show(env, v)
}

// show prints an incident for a person.
func show(env *Env, v incident.View) error {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	row := func(name string, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if v.Exercise {
		row("EXERCISE", "not a real incident")
	}
	row("Incident", "%s  %s", v.ID, v.Title)
	row("Status", "%s, %s%s", v.Status, strings.ReplaceAll(v.Reportability, "_", " "), prefixed(", severity ", v.Severity))
	row("Confidential", "TLP:%s%s", v.TLP, outOfBand(v))
	row("Detected", "%s, received %s", seconds(v.DetectedAt), seconds(v.ReceivedAt))
	if v.AwareAt != nil {
		row("Aware", "%s, %s", seconds(*v.AwareAt), *v.AwareBy)
	} else {
		row("Aware", "not recorded: clocks run from detection")
	}
	if v.AcknowledgedAt != nil {
		row("Acknowledged", "%s, %s", *v.AcknowledgedBy, seconds(*v.AcknowledgedAt))
	} else {
		row("Acknowledged", "by nobody")
	}
	if v.Commander != nil {
		row("Commander", "%s", *v.Commander)
	}
	for _, s := range v.Incomplete {
		row("INCOMPLETE", "%s", s)
	}
	for _, p := range v.Proposals {
		row("Proposal", "%d by %s, %s: %s", p.Number, p.By, p.State, p.Plan)
	}
	row("Alerts", "%s", alerts(v.Alerts))
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	tw = tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "REPORT\tSTATE\tLEFT\tDUE\tTARGET\tBASIS\tSOURCE")
	for _, c := range v.Clocks {
		state := c.State
		if c.Late {
			state += " (late)"
		}
		if c.Reference != nil {
			state += " " + *c.Reference
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Title, state, remaining(c), seconds(c.DueAt), seconds(c.TargetAt), c.Basis, c.Source)
	}
	return tw.Flush()
}

// outOfBand says that an incident is kept out of chat and mail.
func outOfBand(v incident.View) string {
	if v.OutOfBand {
		return ", OUT OF BAND: nothing goes to Slack and mail"
	}
	return ""
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// alerts counts the occurrences by status and names the first.
func alerts(all []incident.AlertView) string {
	firing := 0
	for _, a := range all {
		if a.Status == incident.Firing {
			firing++
		}
	}
	s := fmt.Sprintf("%d, %d firing", len(all), firing)
	if len(all) > 0 {
		s += ": " + all[0].Labels["alertname"]
	}
	if len(all) > 1 {
		s += ", …"
	}
	return s
}
