package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

type incidentCmd struct {
	remote
	List          listCmd          `cmd:"" help:"List incidents, newest first."`
	Show          showCmd          `cmd:"" help:"Show one incident."`
	Declare       declareCmd       `cmd:"" help:"Open an incident by hand."`
	Ack           ackCmd           `cmd:"" help:"Acknowledge. Stops no clock."`
	Take          takeCmd          `cmd:"" help:"Become the incident commander."`
	HandOver      handOverCmd      `cmd:"" name:"hand-over" help:"Hand command over to somebody else."`
	OnCall        onCallCmd        `cmd:"" name:"oncall" help:"Show who is on call."`
	Note          noteCmd          `cmd:"" help:"Add a note to the timeline."`
	Runbook       runbookStepsCmd  `cmd:"" help:"Show the runbooks that fit, tick their steps."`
	Communication communicationCmd `cmd:"" help:"Draft what people are told, and record what was sent."`
	Facts         factsCmd         `cmd:"" help:"Say what happened, and answer the two questions of the early warning."`
	Assess        assessCmd        `cmd:"" help:"Find out whether it is significant, and decide."`
	Recurring     recurringCmd     `cmd:"" help:"Propose sets of small incidents that may together be significant; look once a quarter."`
	Detected      detectedCmd      `cmd:"" help:"Record that it was detected earlier than its alerts say; never later."`
	Timeline      timelineCmd      `cmd:"" help:"Everything that was recorded about an incident, oldest first."`
	Field         fieldCmd         `cmd:"" help:"Answer fields of the reports; --list names them."`
	Aware         awareCmd         `cmd:"" help:"Record when the entity became aware that the incident is significant."`
	Classified    classifiedCmd    `cmd:"" help:"Record when it was classified as major (DORA)."`
	FixAvailable  fixAvailableCmd  `cmd:"" name:"fix-available" help:"Record since when a corrective or mitigating measure is available (CRA)."`
	ImpactEnded   impactEndedCmd   `cmd:"" name:"impact-ended" help:"Record when its impact ended."`
	Recovered     recoveredCmd     `cmd:"" help:"Record when the service was restored."`
	Approve       approveCmd       `cmd:"" help:"Approve a report: freeze this version of it by its hash."`
	Submit        submitCmd        `cmd:"" help:"Record a report that went to an authority. This stops its clock."`
	Authority     authorityCmd     `cmd:"" help:"Record a message from the authority, or to it."`
	Settle        settleCmd        `cmd:"" help:"Record that a message of the authority needs no answer any more."`
	Handled       handledCmd       `cmd:"" help:"Record that the handling has ended."`
	NotReportable notReportableCmd `cmd:"" name:"not-reportable" help:"Record the decision that the incident is not reportable."`
	TLP           tlpCmd           `cmd:"" name:"tlp" help:"Say how far what is known of it may go (Traffic Light Protocol 2.0)."`
	OutOfBand     outOfBandCmd     `cmd:"" name:"out-of-band" help:"Keep it out of Slack and mail, which an attacker may be reading."`
	Restrict      restrictCmd      `cmd:"" help:"Restrict it to those who are named: nobody else learns that there is one."`
	Access        accessCmd        `cmd:"" help:"Let somebody know of a restricted incident, or no longer."`
	Confirm       confirmCmd       `cmd:"" help:"Confirm what somebody without the right proposed."`
	Reject        rejectCmd        `cmd:"" help:"Reject what somebody proposed."`
	Reopen        reopenCmd        `cmd:"" help:"Take back that it is not reportable, or closed: its clocks run again."`
	Link          linkCmd          `cmd:"" help:"Say that another incident belongs with it."`
	Hold          holdCmd          `cmd:"" help:"Put an incident under legal hold: nothing of it is erased."`
	Release       releaseCmd       `cmd:"" help:"End the legal hold."`
	Close         closeCmd         `cmd:"" help:"Close an incident that owes no more reports."`
	Breach        breachCmd        `cmd:"" help:"Record what is known of a personal data breach (GDPR Arts. 33, 34)."`
	Evidence      evidenceCmd      `cmd:"" help:"List, download and hand in evidence; each leaves its trace in the chain of custody."`
	Reportability reportabilityCmd `cmd:"" help:"Report voluntarily (Art. 30), or after all because it must be."`
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

// actNaming is act for a command that names people; what the service warns of
// their names it says on stderr as well.
func (c *incidentCmd) actNaming(ctx context.Context, env *Env, path string, body any, names ...string) error {
	raw, err := c.call(ctx, env, "POST", path, body)
	if err != nil {
		return err
	}
	var v incident.View
	if err := c.decode(raw, &v); err != nil {
		return err
	}
	for _, w := range v.Warnings {
		if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(w, strconv.Quote(strings.TrimSpace(n))) }) {
			fmt.Fprintln(env.Stderr, "warning: "+w)
		}
	}
	if printed, err := c.printed(env, raw); err != nil || printed {
		return err
	}
	return show(env, v)
}

// instant is a time given on the command line: RFC 3339 with its offset.
type instant struct{ time.Time }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *instant) UnmarshalText(b []byte) (err error) {
	t.Time, err = regime.ParseInstant(string(b))
	return err
}

type listCmd struct {
	Status   string `help:"Only open, handled or closed ones." enum:",open,handled,closed" default:"" placeholder:"STATUS"`
	Exercise string `help:"Only exercises (true) or none (false)." enum:",true,false" default:"" placeholder:"BOOL"`
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
		if c.SubmittedAt == nil && c.Stopped == nil && (first == nil || c.DueAt.Before(first.DueAt)) { // without a due instant: first
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
	if c.DueAt.IsZero() {
		return "without undue delay"
	}
	words := incident.Words(time.Duration(c.RemainingSeconds) * time.Second)
	if c.RemainingSeconds < 0 {
		words += " overdue"
	}
	return words
}
