package incident

import "time"

// Delivery is one alert as a sender reported it.
type Delivery struct {
	// Fingerprint identifies the label set, not the occurrence (AM-7).
	Fingerprint string
	// Series is set where the sender's fingerprint is not the one its labels
	// give: then both together identify the label set, so that a sender that
	// repeats a fingerprint hides no alert.
	Series string
	Firing bool
	// StartsAt is zero when the sender gave none that can be read.
	StartsAt time.Time
	// EndsAt is zero while the alert fires (AM-4).
	EndsAt       time.Time
	Labels       map[string]string
	Annotations  map[string]string
	GeneratorURL string
	// Flags are what was odd about it, in words.
	Flags []string
	// Found says where it was found by asking; empty when a webhook brought it.
	Found Found
}

// Found is where an alert was found that no webhook had brought.
type Found string

// Where alerts are found.
const (
	FoundAtAlertmanager Found = "alertmanager" // its API lists it as active
	// FoundInPrometheus is an alert of the ALERTS series. Prometheus knows it
	// under other labels than Alertmanager sends, because external labels and
	// relabelling come in between: it is the same as an occurrence it overlaps
	// and agrees with in every label both have.
	FoundInPrometheus Found = "prometheus"
)

// Alert is one occurrence of an alert: an interval of one fingerprint.
//
// Alertmanager merges overlapping updates and keeps the earliest start, which
// therefore can move backwards while the alert is live (AM-8). Two deliveries
// that overlap are the same occurrence; only a start after its end is a new
// one.
type Alert struct {
	Fingerprint  string            `json:"fingerprint"`
	Series       string            `json:"series,omitzero"`
	StartsAt     time.Time         `json:"starts_at"`
	EndsAt       time.Time         `json:"ends_at,omitzero"`
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	GeneratorURL string            `json:"generator_url,omitzero"`
	Flags        []string          `json:"flags,omitempty"`
	Found        Found             `json:"found,omitzero"`
}

// series identifies the alert whatever the occurrence.
func (a *Alert) series() string {
	if a.Series != "" {
		return a.Series
	}
	return a.Fingerprint
}

// Alert statuses, as Alertmanager spells them.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// overlaps reports whether a delivery that starts at start and ends at end
// (zero: still firing) touches the occurrence.
func (a *Alert) overlaps(start, end time.Time) bool {
	startsInTime := a.EndsAt.IsZero() || !start.After(a.EndsAt)
	endsInTime := end.IsZero() || !end.Before(a.StartsAt)
	return startsInTime && endsInTime
}

// lookAhead is how far a sender's clock may run ahead of ours before it is
// worth a flag. Whatever runs ahead is never believed.
const lookAhead = time.Second

// lookBack is how old a start may be before it is worth a flag. It is still
// believed: an early detection is the safe side.
const lookBack = 30 * 24 * time.Hour

// occurrence reads a delivery as an occurrence as seen at received. The start
// is never later than receipt: a sender's clock that runs ahead is recorded
// and flagged, not believed.
func occurrence(d Delivery, received time.Time) Alert {
	a := Alert{
		Fingerprint: d.Fingerprint, Series: d.Series, StartsAt: d.StartsAt.UTC(), Status: Firing,
		Labels: d.Labels, Annotations: d.Annotations, GeneratorURL: d.GeneratorURL, Flags: d.Flags, Found: d.Found,
	}
	flag := func(s string) { a.Flags = append(a.Flags[:len(a.Flags):len(a.Flags)], s) }
	switch {
	case d.StartsAt.IsZero():
		a.StartsAt = received
		flag("no startsAt: the time of receipt stands for detection")
	case d.StartsAt.After(received):
		a.StartsAt = received
		if ahead := d.StartsAt.Sub(received); ahead > lookAhead {
			flag("startsAt " + d.StartsAt.UTC().Format(time.RFC3339) + " lies " + ahead.Round(time.Second).String() + " after receipt: the sender's clock runs ahead; the time of receipt stands for detection")
		}
	case received.Sub(d.StartsAt) > lookBack:
		flag("startsAt lies more than 30 days before receipt: check the sender's clock")
	}
	if !d.Firing {
		a.Status = Resolved
		a.EndsAt = d.EndsAt.UTC()
		if d.EndsAt.IsZero() || d.EndsAt.After(received) {
			a.EndsAt = received
		}
		if a.EndsAt.Before(a.StartsAt) {
			a.EndsAt = a.StartsAt
		}
	}
	return a
}
