package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"nis2clock/internal/incident"
)

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

// show prints an incident for a person: what is known, then the clocks of each
// entity, then what went between it and the authorities.
func show(env *Env, v incident.View) error {
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	row := func(name string, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if v.Exercise {
		row("EXERCISE", "not a real incident")
	}
	row("Incident", "%s  %s", v.ID, v.Title)
	if v.Erased {
		row("Erased", "opened %s, closed %s; nothing else is left", seconds(v.OpenedAt), seconds(*v.ClosedAt))
		return tw.Flush()
	}
	row("Status", "%s, %s%s", v.Status, strings.ReplaceAll(v.Reportability, "_", " "), prefixed(", severity ", v.Severity))
	if p := v.Significance.Proposed; p != nil {
		row("Proposed", "not significant, by %s: %s; another person must confirm", p.By, p.Reason)
	} else if v.Significance.By != nil {
		row("Decided", "%s, by %s: %s", strings.ReplaceAll(v.Significance.Decision, "_", " "), *v.Significance.By, v.Significance.Reason)
	}
	row("Confidential", "TLP:%s%s", v.TLP, outOfBand(v))
	if r := v.Restricted; r != nil {
		row("Restricted", "to %s (%s, %s: %s)", strings.Join(r.Names, ", "), r.By, seconds(r.At), r.Reason)
	}
	if r := v.Room; r != nil && r.ClosedAt == nil {
		row("Own channel", "%s, with %s", r.ID, cmp.Or(strings.Join(r.Names, ", "), "nobody yet"))
	}
	row("Detected", "%s, received %s", seconds(v.DetectedAt), seconds(v.ReceivedAt))
	if c := next(v); c != nil {
		row("Next due", "%s, %s", c.Title, dueHere(*c, time.Local))
	}
	if v.AwareAt != nil {
		row("Aware", "%s, %s", seconds(*v.AwareAt), *v.AwareBy)
	} else {
		row("Aware", "not recorded: clocks run from detection")
	}
	for _, d := range v.Dates {
		if d.Date != incident.AwareAt || d.Entity != "" || d.Regime != "" {
			row(dateName(d.DateID), "%s, %s", seconds(d.At), d.Person)
		}
	}
	if v.AcknowledgedAt != nil {
		row("Acknowledged", "%s, %s", *v.AcknowledgedBy, seconds(*v.AcknowledgedAt))
	} else {
		row("Acknowledged", "by nobody")
	}
	if v.Commander != nil {
		row("Commander", "%s", *v.Commander)
	} else if p := v.ProposedCommander; p != nil {
		row("Commander", "nobody yet; %s is on call, says %s", p.Name, p.Source)
	}
	if o := v.Offered; o != nil {
		row("Command", "offered to %s by %s at %s: it is theirs when they take it", o.To, o.By, seconds(o.At))
	}
	for _, l := range v.Linked {
		row("Belongs with", "%s, says %s: %s", l.Incident, l.By, l.Reason)
	}
	if v.LegalHold != nil {
		row("LEGAL HOLD", "by %s, %s: %s", v.LegalHold.By, seconds(v.LegalHold.At), v.LegalHold.Reason)
	}
	for _, s := range v.Incomplete {
		row("INCOMPLETE", "%s", s)
	}
	for _, s := range v.Warnings {
		row("WARNING", "%s", s)
	}
	for _, p := range v.Proposals {
		row("Proposal", "%d by %s, %s: %s", p.Number, p.By, p.State, p.Plan)
	}
	row("Alerts", "%s", alerts(v.Alerts))
	row("Evidence", "%s", evidenceSum(v.Evidence))
	dossierRows(row, v)
	if err := tw.Flush(); err != nil {
		return err
	}
	if err := showClocks(env, v.Clocks); err != nil {
		return err
	}
	if err := showMessages(env, v.Messages); err != nil {
		return err
	}
	return showConduct(env, v.Conduct)
}

// due is when a report is due.
func due(c incident.ClockView) string {
	if c.DueAt.IsZero() {
		return "no figure"
	}
	return seconds(c.DueAt)
}

// dueHere is when a report is due, in the reader's own zone too where that is
// not UTC: nobody should have to reckon at night, least of all on the day the
// clocks change.
func dueHere(c incident.ClockView, here *time.Location) string {
	local := c.DueAt.In(here)
	if _, offset := local.Zone(); c.DueAt.IsZero() || offset == 0 {
		return due(c)
	}
	return due(c) + local.Format(" (here 2006-01-02 15:04:05 -07:00)")
}

// proposed is what happened at an earlier instant that may be the detection.
var proposed = map[string]string{
	"supplier_detected_at": "detected in its own systems by", "noticed_at": "noticed by", "received_at": "reported by",
}

// dossierRows says where the incident came from, what was sent without a clock
// and what is known of personal data.
func dossierRows(row func(name, format string, args ...any), v incident.View) {
	for _, id := range v.Events {
		row("Event", "%s", id)
	}
	for _, p := range v.DetectionProposals {
		row("EARLIER?", "%s, %s %s: was this the detection?", seconds(p.At), proposed[p.Basis], p.By)
	}
	for _, s := range v.Submissions {
		if s.Voluntary {
			row("Sent", "%s, voluntarily, %s%s%s", strings.Join(s.Stages, " and "), seconds(s.SubmittedAt), prefixed(" to ", s.To), prefixed(", reference ", s.Reference))
		}
	}
	for _, b := range v.Breaches {
		breachRows(row, b)
	}
}

// dateName is a date as the head of a row.
func dateName(d incident.DateID) string {
	name := map[incident.DateName]string{
		incident.AwareAt: "Aware", incident.ImpactEndedAt: "Impact ended", incident.RecoveredAt: "Recovered",
		incident.HandledAt: "Handled", incident.ClassifiedAt: "Classified", incident.FixAvailableAt: "Fix available",
	}[d.Date]
	if of := strings.Join(slices.DeleteFunc([]string{d.Entity, string(d.Regime)}, func(s string) bool { return s == "" }), "/"); of != "" {
		name += " (" + of + ")"
	}
	return name
}

// showClocks prints the clocks entity by entity, each with its State and authority said once.
func showClocks(env *Env, clocks []incident.ClockView) error {
	var entities, regimes []string
	for _, c := range clocks {
		if !slices.Contains(entities, c.Entity) {
			entities = append(entities, c.Entity)
		}
		if !slices.Contains(regimes, string(c.Regime)) {
			regimes = append(regimes, string(c.Regime))
		}
	}
	under := func(s string) string { // a column that is there where it tells clocks apart
		if len(regimes) < 2 {
			return ""
		}
		return s + "\t"
	}
	for _, entity := range entities {
		fmt.Fprintln(env.Stdout)
		tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		head := false
		var sources []string
		for _, c := range clocks {
			if c.Entity != entity {
				continue
			}
			if !head {
				if where := place(c); len(entities) > 1 || where != "" {
					fmt.Fprintf(env.Stdout, "%s%s\n", strings.ToUpper(entity), prefixed(": ", where))
				}
				fmt.Fprintf(tw, "REPORT\t%sSTATE\tLEFT\tDUE\tTARGET\tBASIS\n", under("REGIME"))
				head = true
			}
			fmt.Fprintf(tw, "%s\t%s%s\t%s\t%s\t%s\t%s\n", reportTitle(c), under(string(c.Regime)), clockState(c), remaining(c),
				due(c), seconds(c.TargetAt), basis(c))
			sources = append(sources, reportTitle(c)+": "+c.Source)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		// In a column of their own they would break every line of a terminal.
		fmt.Fprintf(env.Stdout, "Sources: %s\n", strings.Join(sources, "\n         "))
	}
	return nil
}

// place is the State and the authority that a clock's report goes to.
func place(c incident.ClockView) string {
	var parts []string
	for _, s := range []*string{c.MemberState, c.Authority} {
		if s != nil {
			parts = append(parts, *s)
		}
	}
	return strings.Join(parts, ", ")
}

// reportTitle is the title of a clock's report, with its number where the stage is owed again.
func reportTitle(c incident.ClockView) string {
	if _, n, again := strings.Cut(string(c.Stage), "-"); again && c.Stage.Base() != "reply" {
		return c.Title + " " + n
	}
	return c.Title
}

func clockState(c incident.ClockView) string {
	state := c.State
	if c.Late {
		state += " (late)"
	}
	if c.Reference != nil {
		state += " " + *c.Reference
	}
	return state
}

// basis is what a clock counts from or, while nothing has started it, waits for.
func basis(c incident.ClockView) string {
	if c.Awaits != nil && c.SubmittedAt == nil && c.Stopped == nil {
		return "awaits " + strings.ReplaceAll(*c.Awaits, "_", " ")
	}
	return c.Basis
}

// showMessages prints what came from authorities and went to them.
func showMessages(env *Env, messages []incident.MessageView) error {
	if len(messages) == 0 {
		return nil
	}
	fmt.Fprintln(env.Stdout)
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "MESSAGE\tWHEN\tWHAT\tANSWER BY\tTEXT")
	for _, m := range messages {
		when, what := m.ReceivedAt, string(m.Kind)+" from "
		if m.Direction == incident.Out {
			when, what = m.SentAt, string(m.Kind)+" to "
		}
		if m.Authority != nil {
			what += *m.Authority
		} else {
			what += "the authority"
		}
		if m.Reference != nil {
			what += ", " + *m.Reference
		}
		if m.Answers != nil {
			what += fmt.Sprintf(", answers %d", *m.Answers)
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\n", m.Number, seconds(*when), what, answerBy(m), oneLine(m.Text))
	}
	return tw.Flush()
}

// answerBy is until when a message wants an answer, and from whom.
func answerBy(m incident.MessageView) string {
	var by time.Time
	if m.RespondBy != nil {
		by = *m.RespondBy
	}
	switch {
	case by.IsZero():
		return ""
	case m.Owner != nil:
		return seconds(by) + " " + *m.Owner
	}
	return seconds(by)
}

// oneLine keeps a text of several lines in its row, and its control characters from the terminal.
func oneLine(s string) string {
	printable := func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return -1
	}
	return strings.Join(strings.Fields(strings.Map(printable, s)), " ")
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
