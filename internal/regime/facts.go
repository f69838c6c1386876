package regime

import "time"

// Facts is what is known of one incident, as one regime sees it for one entity. A zero instant means that nobody
// recorded it. Instants may be in any zone and any order: awareness may precede detection, when a customer called
// before the alert fired.
type Facts struct {
	DetectedAt time.Time // the earliest sign of the incident
	AwareAt    time.Time // a person recorded that the entity is aware of a significant incident
	HandledAt  time.Time // the handling of the incident ended

	ImpactEndedAt  time.Time // its impact ended
	ClassifiedAt   time.Time // it was classified as major, Delegated Regulation (EU) 2024/1772
	FixAvailableAt time.Time // a corrective or mitigating measure is available, Regulation (EU) 2024/2847 Art. 14(2)(c)
	Requests       []Request // of the authority, for reports, in their order

	// Ongoing says that the incident was, or will be, ongoing when the final report falls due,
	// Directive (EU) 2022/2555 Art. 23(4)(e). A later HandledAt says the same.
	Ongoing bool

	Entity              EntityKind
	AffectsTrustService bool // the incident affects the provision of the entity's trust services

	// WeekendReliefExcluded says that the entity may not send its reports later because of a weekend or holiday, Delegated
	// Regulation (EU) 2025/301 Art. 5(5): credit institutions, central counterparties, operators of trading venues, and
	// essential or important entities under Directive (EU) 2022/2555.
	WeekendReliefExcluded bool

	// Submitted holds the first accepted submission of each stage. Sending a report again moves nothing:
	// the caller keeps the first.
	Submitted map[StageID]Submission
}

// Request is an authority's request for a report, Directive (EU) 2022/2555 Art. 23(4)(c).
type Request struct {
	Stage StageID   // the report; empty for the only one that the regime leaves to a request
	At    time.Time // when it was received
	DueAt time.Time // the date that it sets; zero if it sets none, and then no clock runs
}

// EntityKind is a kind of entity that the law treats differently. Empty means any other.
type EntityKind string

// TrustServiceProvider is a provider within Art. 3(19) of Regulation (EU) No 910/2014.
const TrustServiceProvider EntityKind = "trust_service_provider"

// Submission is the sending of one report, as the two sides recorded it. Either instant may be zero.
type Submission struct {
	LoggedAt   time.Time // the entity's own log of the completed transmission
	ReceivedAt time.Time // the authority's receipt
}

// FirstAt is the earlier of the two instants, from which the conservative reading counts the next report
// (regulation 2.3). Zero when there is neither.
func (s Submission) FirstAt() time.Time { return earliest(s.LoggedAt, s.ReceivedAt) }

// LastAt is the later of the two instants, on which lateness is judged (regulation 2.3). Zero when there is neither.
func (s Submission) LastAt() time.Time {
	if s.LoggedAt.After(s.ReceivedAt) {
		return s.LoggedAt
	}
	return s.ReceivedAt
}

// since returns the event that starts a period and its instant, zero if it did not happen yet. Until a person
// records awareness, clocks run from detection, which is the safe side (regulation 2.1); where only awareness is
// known it stands for detection too.
func (f Facts) since(e Event) (Event, time.Time) {
	switch {
	case e == FromAwareness && f.AwareAt.IsZero():
		return FromDetection, f.DetectedAt
	case e == FromDetection && f.DetectedAt.IsZero():
		return FromAwareness, f.AwareAt
	}
	switch e {
	case FromDetection:
		return e, f.DetectedAt
	case FromAwareness:
		return e, f.AwareAt
	case FromHandling:
		return e, f.HandledAt
	case FromImpactEnd:
		return e, f.ImpactEndedAt
	case FromRequest:
		if len(f.Requests) > 0 {
			return e, f.Requests[0].At
		}
	case FromClassification:
		return e, f.ClassifiedAt
	case FromFix:
		return e, f.FixAvailableAt
	}
	return e, time.Time{}
}

// earliest returns the earlier of two instants, of which zero means none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
