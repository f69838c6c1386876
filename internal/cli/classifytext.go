package cli

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/classify"
)

// write is the answer for a person: the alerts one by one, what cannot be read,
// and what it comes to.
func (a *classifyJSON) write(w io.Writer) {
	by := "by the defaults: no --config was given"
	if a.Config != nil {
		by = "by " + *a.Config
	}
	fmt.Fprintf(w, "What this body would do, %s. Nothing is changed.\nCompared with %s.\n", by, a.Against)
	for n := range a.Alerts {
		fmt.Fprintln(w)
		a.Alerts[n].write(w, n+1)
	}
	if len(a.Quarantined) > 0 {
		fmt.Fprintln(w, "\nCannot be read, and would be kept in quarantine:")
		for _, q := range a.Quarantined {
			fmt.Fprintf(w, "  %s: %s\n", cmp.Or(q.Where, "the body"), q.What)
		}
		if more := a.Answer.Quarantined - len(a.Quarantined); more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
	if a.Truncated > 0 {
		fmt.Fprintf(w, "\nThe sender left out alerts (max_alerts), %d of them: the service would ask Alertmanager for them (intake.reconcile.alertmanager).\n", a.Truncated)
	}
	t := a.Answer
	fmt.Fprintf(w, "\nThe webhook would answer %d %s: received %d, opened %d, attached %d, resolved %d, duplicate %d, ignored %d, quarantined %d\n",
		t.Status, http.StatusText(t.Status), t.Received, t.Opened, t.Attached, t.Resolved, t.Duplicate, t.Ignored, t.Quarantined)
}

func (a *classifiedAlert) write(w io.Writer, n int) {
	fmt.Fprintf(w, "%d. %s (%s, fingerprint %s)\n   %s: %s\n", n, cmp.Or(a.Name, "without a name"), a.Status, a.Fingerprint, a.headline(), a.Reason)
	row := func(name, value string, f classify.Fact) {
		if source := a.Sources[f]; source != "" {
			value += " (" + source + ")"
		}
		fmt.Fprintf(w, "   %-12s  %s\n", name, value)
	}
	said := func(name, value string, f classify.Fact) {
		if a.Sources[f] != "" {
			row(name, value, f)
		}
	}
	if a.Verdict != classify.Ignore {
		said("severity", a.Severity, classify.FactSeverity)
		said("category", fmt.Sprintf("%s, %s", a.Category, classify.RSIT().Label(a.Category)), classify.FactCategory)
		said("service", a.Service, classify.FactService)
		said("malicious", string(a.Malicious), classify.FactMalicious)
		said("cross-border", string(a.CrossBorder), classify.FactCrossBorder)
		said("regimes", strings.Join(a.Regimes, ", "), classify.FactRegimes)
		said("entities", strings.Join(a.Entities, ", "), classify.FactEntities)
		row("correlation", a.Correlation, classify.FactCorrelation)
	}
	if len(a.Rules) > 0 {
		row("rules", strings.Join(a.Rules, ", "), "")
	}
	if a.TriageBy != nil {
		row("decide by", a.TriageBy.UTC().Format(time.RFC3339), "")
	}
	for _, c := range a.Clocks {
		row("clock", fmt.Sprintf("%s due %s", c.ClockID, c.DueAt.UTC().Format(time.RFC3339)), "")
	}
	for _, f := range a.Flags {
		row("note", f, "")
	}
	if a.Heartbeat {
		row("note", "counts as the heartbeat", "")
	}
}

// headline is what becomes of the alert.
func (a *classifiedAlert) headline() string {
	what := "REPORTABLE"
	if a.Verdict == classify.Triage {
		what = "TRIAGE"
	}
	number := 0
	if a.Incident != nil {
		number = *a.Incident
	}
	switch a.Outcome {
	case outcomeOpens:
		return fmt.Sprintf("%s, opens incident %d of this body", what, number)
	case outcomeJoins:
		return fmt.Sprintf("%s, joins incident %d of this body", what, number)
	case outcomeResolves:
		return fmt.Sprintf("%s, resolves an alert of incident %d of this body; this stops no clock", what, number)
	case outcomeDuplicate:
		return what + ", a repetition that changes nothing"
	}
	return "IGNORED"
}
