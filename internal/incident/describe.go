package incident

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/classify"
)

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func (e Opened) Describe() string {
	s := fmt.Sprintf("incident opened: %s; detected %s", e.Title, utc(e.DetectedAt))
	if e.Previous != "" {
		s += "; the same event as " + string(e.Previous) + " before"
	}
	return s
}

func (e Attached) Describe() string {
	return fmt.Sprintf("alert %s joined (%s), started %s%s", name(e.Alert.Labels), e.Alert.Status, utc(e.Alert.StartsAt), e.Redetected.describe())
}

func (e AlertResolved) Describe() string {
	return fmt.Sprintf("alert %s resolved at %s; this stops no clock%s", e.Series, utc(e.EndsAt), e.Redetected.describe())
}

func (e AlertMoved) Describe() string {
	return fmt.Sprintf("alert %s now says it started %s, earlier than %s%s", e.Series, utc(e.Earlier), utc(e.StartsAt), e.Redetected.describe())
}

// describe names the instants on both sides of a changed fact.
func (r *Redated) describe() string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("; detection moved from %s to %s, clocks are earlier: %s", utc(r.Was), utc(r.Now), dues(r.Clocks))
}

func dues(clocks []Clock) string {
	parts := make([]string, len(clocks))
	for i, c := range clocks {
		parts[i] = fmt.Sprintf("%s due %s", c.Stage, utc(c.DueAt))
	}
	return strings.Join(parts, ", ")
}

func (e Received) Describe() string {
	c := e.Counts
	s := fmt.Sprintf("webhook of %d bytes: %d alerts, %d duplicate, %d ignored, nothing new", e.Receipt.Bytes, c.Received, c.Duplicate, c.Ignored)
	if e.Heartbeat != "" {
		s += "; heartbeat " + e.Heartbeat
	}
	return s
}

func (e Quarantined) Describe() string {
	s := plural(e.Count, "unreadable element") + " kept in quarantine"
	if len(e.Problems) > 0 {
		s += ": " + strings.TrimPrefix(e.Problems[0].Where+" ", " ") + e.Problems[0].What
	}
	return s
}

func (e Truncated) Describe() string {
	return fmt.Sprintf("Alertmanager cut %d alerts from a batch for receiver %s", e.Missing, e.Receiver)
}

func (e ReadBack) Describe() string {
	if e.Error != "" {
		return "the alerts that were cut could not be read back: " + e.Error
	}
	return fmt.Sprintf("the batch is complete: %d alerts read back from Alertmanager", e.Alerts)
}

func (Acknowledged) Describe() string { return "acknowledged; this stops no clock" }
func (CommandTaken) Describe() string { return "took command" }
func (e Noted) Describe() string      { return "note: " + e.Text }

func (e FactsSet) Describe() string {
	var parts []string
	if e.Malicious != nil {
		parts = append(parts, "unlawful or malicious acts suspected: "+string(*e.Malicious))
	}
	if e.CrossBorder != nil {
		parts = append(parts, "cross-border impact: "+string(*e.CrossBorder))
	}
	if e.Summary != nil {
		parts = append(parts, "summary: "+*e.Summary)
	}
	return strings.Join(parts, "; ")
}

func (e Aware) Describe() string {
	s := fmt.Sprintf("awareness recorded: %s became aware at %s", e.Person, utc(e.Redated.Now))
	if !e.Redated.Was.IsZero() {
		s += ", before recorded as " + utc(e.Redated.Was)
	}
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	return s + "; " + dues(e.Redated.Clocks)
}

func (e Submitted) Describe() string {
	s := fmt.Sprintf("%s submitted at %s", strings.Join(e.Stages, " and "), utc(e.Submission.SentAt))
	if e.Submission.Authority != "" {
		s += " to " + e.Submission.Authority
	}
	if e.Submission.Reference != "" {
		s += ", reference " + e.Submission.Reference
	}
	return s
}

func (e Handled) Describe() string       { return "handled at " + utc(e.HandledAt) }
func (e NotReportable) Describe() string { return "decided not reportable: " + e.Reason }
func (Closed) Describe() string          { return "closed" }

func (e PolicyAdopted) Describe() string {
	return fmt.Sprintf("reminders at %s, then every %s overdue; channels %s",
		strings.Join(e.Policy.names(), ", "), e.Policy.OverdueEvery, cmp.Or(strings.Join(e.Policy.Channels, ", "), "none configured"))
}

func (e StoreRecovered) Describe() string {
	return fmt.Sprintf("the store takes entries again; from %s it took none: %s", utc(e.Since), e.Error)
}

func (e Intended) Describe() string  { return "about to " + e.Effect.describe() }
func (e Delivered) Describe() string { return e.Effect.describe() + ": delivered" }

func (e Failed) Describe() string {
	if e.Permanent {
		return e.Effect.describe() + ": refused for good: " + e.Reason
	}
	return e.Effect.describe() + ": failed, will be tried again: " + e.Reason
}

// name is how an alert is called in a sentence: its name, and where it is.
func name(labels map[string]string) string {
	n := labels["alertname"]
	if n == "" {
		n = "without a name"
	}
	for _, l := range classify.DefaultVolatile {
		if v := labels[l]; v != "" {
			return n + " on " + v
		}
	}
	return n
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
