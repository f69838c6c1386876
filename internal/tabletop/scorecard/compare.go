package scorecard

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/incident"
)

// Comparison sets an exercise beside the one before.
type Comparison struct {
	Exercise string `json:"exercise"` // the one before
	Scenario string `json:"scenario"`
	EndedAt  Moment `json:"ended"`
	// Same is true when it played the same scenario: only then do times compare.
	Same bool  `json:"same_scenario"`
	Rows []Row `json:"rows"`
}

// Row is one figure of both. Better is 1 when it improved, -1 when it got worse,
// 0 when it did not change or cannot be compared.
type Row struct {
	What   string `json:"what"`
	Before string `json:"before"`
	Now    string `json:"now"`
	Better int    `json:"better"`
}

// TimeTo begins the name of a row with one of [Scorecard.Times], in scenario time.
const TimeTo = "Time to "

func compare(last, now *Scorecard) *Comparison {
	c := &Comparison{Exercise: last.Exercise, Scenario: last.Scenario, EndedAt: last.EndedAt, Same: last.Scenario == now.Scenario}
	row := func(what, before, after string, better int) {
		c.Rows = append(c.Rows, Row{what, before, after, better})
	}
	row("Score", fmt.Sprintf("%d\u00a0%%", last.Percent), fmt.Sprintf("%d\u00a0%%", now.Percent), cmp.Compare(now.Percent, last.Percent))
	for n, t := range now.Times {
		if n >= len(last.Times) || last.Times[n].What != t.What {
			continue
		}
		was := last.Times[n]
		better := cmp.Compare(took(was), took(t))
		row(TimeTo+t.What, spell(was), spell(t), better)
	}
	lateBefore, lateNow := lateReports(last), lateReports(now)
	row("Reports late or not sent", fmt.Sprint(lateBefore), fmt.Sprint(lateNow), cmp.Compare(lateBefore, lateNow))
	row("Gaps", fmt.Sprint(len(last.Gaps)), fmt.Sprint(len(now.Gaps)), cmp.Compare(len(last.Gaps), len(now.Gaps)))
	return c
}

// took is the time for a comparison: never is longer than any.
func took(t Time) time.Duration {
	if t.At.IsZero() {
		return 1<<63 - 1
	}
	return time.Duration(t.Took.Scenario)
}

func spell(t Time) string {
	if t.At.IsZero() {
		return "never"
	}
	return short(time.Duration(t.Took.Scenario))
}

func lateReports(s *Scorecard) int {
	n := 0
	for _, r := range s.Reports {
		if r.Late || r.State == incident.ClockOverdue {
			n++
		}
	}
	return n
}

// short is a duration as people write it, in its two largest units.
func short(d time.Duration) string {
	day := 24 * time.Hour
	part := func(n time.Duration, unit string) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(" %d %s", n, unit)
	}
	var s string
	switch d = d.Round(time.Second); {
	case d >= day:
		s = part(d/day, "d") + part(d%day/time.Hour, "h")
	case d >= time.Hour:
		s = part(d/time.Hour, "h") + part(d%time.Hour/time.Minute, "min")
	case d >= time.Minute:
		s = part(d/time.Minute, "min") + part(d%time.Minute/time.Second, "s")
	default:
		s = fmt.Sprintf(" %d s", d/time.Second)
	}
	return strings.TrimSpace(s)
}

// Short is a duration as people write it, in its two largest units: 2 h 10 min.
func Short(d incident.Span) string { return short(time.Duration(d)) }

// slug is a text as part of an id.
func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s)), "-")
}

// words is a name of the program as people write it.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
