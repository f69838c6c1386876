package incident

import (
	"fmt"
	"strings"
	"time"
)

// Redetect records that the incident was detected earlier than its alerts say:
// a supplier or a customer saw it first, or a log shows it. Detection never
// moves later; what stood before stays in the timeline.
type Redetect struct {
	Person
	ID     ID
	At     time.Time
	Reason string
}

func (c Redetect) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	at := c.At.UTC()
	switch {
	case c.At.IsZero():
		return nil, invalid("detected_at is missing: when was it first noticed, as RFC 3339 with offset")
	case at.Equal(i.DetectedAt):
		return c.ID, nil
	case at.After(i.DetectedAt):
		return nil, refused("%s was detected at %s: detection never moves later, and %s lies after it", i.ID, utc(i.DetectedAt), utc(at))
	case strings.TrimSpace(c.Reason) == "":
		return nil, invalid("why was %s detected earlier? the clocks move with it, and the reason is kept", i.ID)
	}
	after := *i
	after.DetectedAt = at
	d.emit(DetectionMoved{Meta: c.metaFor(c.ID), Was: i.DetectedAt, Now: at, Reason: c.Reason, Recount: r.recount(i, &after)})
	return c.ID, nil
}

// DetectionMoved records an earlier detection, and what the clocks are since.
type DetectionMoved struct {
	Meta
	Was    time.Time `json:"was"`
	Now    time.Time `json:"now"`
	Reason string    `json:"reason"`
	Recount
}

func (DetectionMoved) Kind() string { return "incident.detection_moved/v1" }

func (e DetectionMoved) Describe() string {
	return fmt.Sprintf("detected earlier, at %s, before recorded as %s: %s; %s", utc(e.Now), utc(e.Was), strings.TrimSuffix(e.Reason, "."), e.Recount.describe())
}

func (e DetectionMoved) applyTo(_ *State, i *Incident, _ Entry) {
	i.DetectedAt = e.Now
	i.recounted(e.Recount)
}
