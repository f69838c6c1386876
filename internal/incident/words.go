package incident

import (
	"fmt"
	"nis2clock/internal/classify"
	"strings"
	"time"
)

// Words writes a length of time as a person reads it, without a sign and
// rounded down to minutes; from 100 h on in days. The law counts in hours, so
// the 72 hours of a notification are shown as such.
func Words(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Minute:
		return "less than a minute"
	case d < 100*time.Hour:
		return parts(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	}
	return parts(int64(d/(24*time.Hour)), "d", int64(d%(24*time.Hour)/time.Hour), "h")
}

func parts(n int64, unit string, m int64, subunit string) string {
	switch {
	case n == 0:
		return fmt.Sprintf("%d %s", m, subunit)
	case m == 0:
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, m, subunit)
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func dues(clocks []Clock) string {
	if len(clocks) == 0 {
		return "no clock runs"
	}
	parts := make([]string, len(clocks))
	for i, c := range clocks {
		of := string(c.Stage)
		if c.Counterparty != "" {
			of += " (" + c.Counterparty + ")"
		}
		if parts[i] = fmt.Sprintf("%s due %s", of, utc(c.DueAt)); c.DueAt.IsZero() {
			parts[i] = of + " due without undue delay"
		}
	}
	return strings.Join(parts, ", ")
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

// spaced writes a word of the JSON as people read it.
func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
