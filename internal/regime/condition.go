package regime

import (
	"fmt"
	"maps"
	"slices"
)

// Condition names a case in which the law departs from a stage's ordinary rule.
type Condition string

const (
	// TrustServiceAffected: a trust service provider, and the incident affects the provision of its trust
	// services. Directive (EU) 2022/2555 Art. 23(4), last subparagraph.
	TrustServiceAffected Condition = "trust_service_affected"

	// OngoingWhenDue: the incident is ongoing when the report falls due by the ordinary rule (conservatively
	// read). Directive (EU) 2022/2555 Art. 23(4)(e). Never while that clock is projected.
	OngoingWhenDue Condition = "ongoing_when_due"

	// ImpactEnded: the impact of the incident ended.
	ImpactEnded Condition = "impact_ended"

	// Requested: the authority asked for the report. Directive (EU) 2022/2555 Art. 23(4)(c).
	Requested Condition = "requested"

	// WeekendReliefExcluded: the entity may not send later because of a weekend or holiday. Delegated Regulation
	// (EU) 2025/301 Art. 5(5).
	WeekendReliefExcluded Condition = "weekend_relief_excluded"
)

// conditions is every condition that data may name. Each sees the facts and the clock by the ordinary rule.
var conditions = map[Condition]func(f Facts, ordinary Clock) bool{
	TrustServiceAffected: func(f Facts, _ Clock) bool {
		return f.Entity == TrustServiceProvider && f.AffectsTrustService
	},
	OngoingWhenDue: func(f Facts, ordinary Clock) bool {
		return !ordinary.Projected && (f.Ongoing || Late(ordinary.DueAt, f.HandledAt))
	},
	ImpactEnded:           func(f Facts, _ Clock) bool { return !f.ImpactEndedAt.IsZero() },
	Requested:             func(f Facts, _ Clock) bool { return len(f.Requests) > 0 },
	WeekendReliefExcluded: func(f Facts, _ Clock) bool { return f.WeekendReliefExcluded },
}

func (c Condition) holds(f Facts, ordinary Clock) bool { return conditions[c](f, ordinary) }

func parseCondition(s string) (Condition, error) {
	c := Condition(s)
	if _, ok := conditions[c]; !ok {
		return "", fmt.Errorf("unknown condition %q: want one of %q", s, slices.Sorted(maps.Keys(conditions)))
	}
	return c, nil
}
