package incident

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// breachStop begins the reason for which a breach record stops a clock, so
// that a later record can start it again.
const breachStop = "GDPR "

// dropped is the reason on the clock of a controller that turned out not to be
// concerned.
const dropped = breachStop + "Art. 33(2): not concerned by the breach"

// notOwed is why the entity owes its authority no notification of the breach;
// empty when it does.
func (b *Breach) notOwed() string {
	switch {
	case len(b.DataSets) > 0 && !b.as(Controller):
		return breachStop + "Art. 33(2): processor of every data set concerned, which tells the controllers"
	case b.Risk == RiskUnlikely:
		return breachStop + "Art. 33(1): unlikely to result in a risk: " + b.RiskReason
	}
	return ""
}

// settle stops a clock of the entity that the breach as recorded does not owe,
// and starts one again that it owes after all.
func (b *Breach) settle(c *Clock, at time.Time) {
	var why string
	switch c.Regime {
	case gdpr:
		why = b.notOwed()
	case GDPRProcessor:
		for _, n := range b.Notices {
			if n.Contract == c.Counterparty && n.Dropped {
				why = dropped
			}
		}
	default:
		return
	}
	switch {
	case why != "" && c.Submitted == nil && c.Stopped != why:
		c.StoppedAt, c.Stopped = at, why
	case why == "" && b.owes(c):
		c.StoppedAt, c.Stopped = time.Time{}, ""
	}
}

// owes reports whether the breach by itself owes the report, whatever becomes
// of the incident under other law: Directive (EU) 2022/2555 decides nothing
// about Regulation (EU) 2016/679.
func (b *Breach) owes(c *Clock) bool {
	if b == nil {
		return false
	}
	return c.Regime == GDPRProcessor || c.Regime == gdpr && b.as(Controller)
}

// byBreach reports whether a breach recorded with the incident owes the report.
func (i *Incident) byBreach(c *Clock) bool { return i.Breach(c.Entity).owes(c) }

// withDuties leaves out the clocks of a voluntary report (Directive (EU)
// 2022/2555 Art. 30(2): no additional obligations result) and adds those that
// a breach as recorded owes and the incident's regimes do not bring along.
func (r *Rules) withDuties(i *Incident, clocks []Clock) []Clock {
	if i.Reportability == Voluntary {
		clocks = nil
	}
	for _, b := range i.Breaches {
		has := func(c Clock) bool { return c.Entity == b.Entity && c.Regime == gdpr }
		if b.as(Controller) && !slices.ContainsFunc(clocks, has) {
			clocks = append(clocks, r.controllers(i, b.Entity)...)
		}
		for _, n := range b.Notices {
			clocks = append(clocks, n.clock(i, b))
		}
	}
	return clocks
}

// controllers are the clocks of an entity as the controller of personal data,
// also where its settings do not list the regime.
func (r *Rules) controllers(i *Incident, entity string) []Clock {
	var tracks []Track
	for _, t := range r.Tracks {
		if t.Entity == entity {
			t.Regimes = []regime.ID{gdpr}
			tracks = append(tracks, t)
		}
	}
	clocks, _ := r.clocksOf(i, tracks, nil)
	return clocks
}

// ofNoBreach reports whether what stopped the clock has nothing to do with a
// breach.
func ofNoBreach(c *Clock) bool { return !strings.HasPrefix(c.Stopped, breachStop) }
