package writeup

import (
	"cmp"
	"fmt"
	"slices"

	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

// course is what was put in, what it let one know and what disturbed it, in
// order.
func (p *page) course() []Event {
	type event struct {
		at     scorecard.Moment
		what   string
		inject string
		bad    bool
	}
	var all []event
	for _, d := range p.e.Injects {
		i, _ := p.s.Inject(d.ID)
		what := injected(i)
		switch {
		case d.At.IsZero():
			all = append(all, event{at: scorecard.Moment{Scenario: d.Planned}, what: "NOT DELIVERED: " + what + because(d.Why), bad: true})
		case d.Late:
			all = append(all, event{d.At, fmt.Sprintf("LATE, planned for %s: %s%s", p.instant(d.Planned), what, because(d.Why)), d.ID, true})
		default:
			all = append(all, event{d.At, what, d.ID, false})
		}
	}
	for _, h := range p.e.Hints {
		all = append(all, event{at: h.At, what: fmt.Sprintf("Hint by %s: %s", h.By, h.Text)})
	}
	for _, h := range p.e.Pauses {
		what := "Paused by " + h.By
		if !h.To.Real.IsZero() {
			what += " for " + span(h.To.Real.Sub(h.From.Real)) + " of real time"
		}
		all = append(all, event{at: h.From, what: what + because(h.Reason)})
	}
	for _, r := range p.e.Rewinds {
		all = append(all, event{at: r.At, what: fmt.Sprintf("Rewound by %s to %s%s", r.By, p.instant(r.To), because(r.Reason))})
	}
	for _, at := range p.e.Restarts {
		all = append(all, event{at: at, what: "The program was started again"})
	}
	slices.SortStableFunc(all, func(a, b event) int {
		if !a.at.Real.IsZero() && !b.at.Real.IsZero() { // a rewind turns scenario time back
			return a.at.Real.Compare(b.at.Real)
		}
		return a.at.Scenario.Compare(b.at.Scenario)
	})
	var out []Event
	for _, e := range all {
		row := Event{At: e.at.Scenario.In(p.s.Zone).Format("2 Jan 15:04"), Real: p.clock(e.at.Real), What: e.what, Bad: e.bad}
		for n, k := range p.of(e.inject) {
			row.What += "\n→ " + k.What
			scenario, real := p.lag(k)
			if n == 0 {
				row.Lag, row.RealLag = scenario, real
				continue
			}
			row.Lag += "; " + scenario
			row.RealLag += "; " + real
		}
		out = append(out, row)
	}
	return out
}

// of is what an inject let one know.
func (p *page) of(inject string) []scorecard.Known {
	var out []scorecard.Known
	for _, k := range p.c.Known {
		if k.Inject == inject {
			out = append(out, k)
		}
	}
	return out
}

// lag is how long it took until it showed that something was known.
func (p *page) lag(k scorecard.Known) (scenario, real string) {
	switch {
	case k.Shown.IsZero():
		return "not at all", "not at all"
	case k.Shown.Scenario.Before(k.At.Scenario):
		return "before", "before"
	}
	return scorecard.Short(k.Lag.Scenario), scorecard.Short(k.Lag.Real)
}

// injected is an inject in a few words.
func injected(i scenario.Inject) string {
	switch i.Kind {
	case scenario.AlertsInject:
		a, state := i.Alerts[0], ""
		name := cmp.Or(a.Annotations["summary"], a.Labels["alertname"])
		if a.Resolved {
			state = " (resolved)"
		}
		if n := len(i.Alerts); n > 1 {
			return fmt.Sprintf("%d alerts, the first %s%s", n, name, state)
		}
		return "Alert: " + name + state
	case scenario.MessageInject:
		return "Message from " + i.From
	case scenario.JournalistInject:
		return "Press: " + i.From
	case scenario.AuthorityInject:
		return upper(string(i.Authority.Kind)) + " of the authority: " + i.From
	case scenario.OutageInject:
		return fmt.Sprintf("Outage of %s for %s", i.Outage.Vendor, span(i.Outage.Lasts))
	}
	return "Found: " + first(i.Text)
}
