package regime

import (
	"fmt"
	"slices"
	"strings"
)

// Event is what a period is counted from.
type Event string

const (
	FromDetection      Event = "detection"      // the incident was detected
	FromAwareness      Event = "awareness"      // the entity became aware that it is significant, Directive (EU) 2022/2555 Art. 23(4)(a), (b)
	FromSubmission     Event = "submission"     // another stage was submitted for the first time, Art. 23(4)(d)
	FromHandling       Event = "handling"       // the handling of the incident ended, Art. 23(4)(e)
	FromImpactEnd      Event = "impact_end"     // the impact of the incident ended
	FromRequest        Event = "request"        // the authority asked for a report, Art. 23(4)(c)
	FromClassification Event = "classification" // the incident was classified as major, Delegated Regulation (EU) 2025/301 Art. 5(1)
	FromFix            Event = "fix_available"  // a corrective or mitigating measure is available, Regulation (EU) 2024/2847 Art. 14(2)(c)
)

// events are those that stand alone; [FromSubmission] needs a stage.
var events = []Event{FromDetection, FromAwareness, FromHandling, FromImpactEnd, FromRequest, FromClassification, FromFix}

// Anchor is the event that a stage's period is counted from. Stage and Actual are set for [FromSubmission] alone.
type Anchor struct {
	Event Event
	Stage StageID

	// Actual says that a late submission counts as it was. Otherwise the conservative reading counts from the due instant of
	// the late report, so that lateness earns no time (regulation 2.3).
	Actual bool
}

// String is the form that the data files use, e.g. "awareness" or "submission of notification".
func (a Anchor) String() string {
	switch {
	case a.Event == FromSubmission && a.Actual:
		return actualSubmissionOf + string(a.Stage)
	case a.Event == FromSubmission:
		return submissionOf + string(a.Stage)
	}
	return string(a.Event)
}

const (
	submissionOf       = "submission of "
	actualSubmissionOf = "actual submission of "
)

func parseAnchor(s string) (Anchor, error) {
	if stage, ok := strings.CutPrefix(s, submissionOf); ok {
		return Anchor{Event: FromSubmission, Stage: StageID(stage)}, nil
	}
	if stage, ok := strings.CutPrefix(s, actualSubmissionOf); ok {
		return Anchor{Event: FromSubmission, Stage: StageID(stage), Actual: true}, nil
	}
	if e := Event(s); slices.Contains(events, e) {
		return Anchor{Event: e}, nil
	}
	var known []string
	for _, e := range events {
		known = append(known, string(e))
	}
	return Anchor{}, fmt.Errorf("unknown anchor %q: want %s or %sSTAGE", s, strings.Join(known, ", "), submissionOf)
}

// Limit is a second period that ends the first where it ends earlier.
type Limit struct {
	Period Period
	Anchor Anchor
}

// String is the form that the data files use, e.g. "24 hours from awareness".
func (l Limit) String() string { return l.Period.String() + from + l.Anchor.String() }

const from = " from "

func parseLimit(s string) (Limit, error) {
	period, anchor, ok := strings.Cut(s, from)
	if !ok {
		return Limit{}, fmt.Errorf(`bad limit %q: want such as "24 hours from awareness"`, s)
	}
	var l Limit
	var err error
	if l.Period, err = parsePeriod(period); err != nil {
		return Limit{}, err
	}
	if l.Period.Unit == AsRequested {
		return Limit{}, fmt.Errorf("bad limit %q: want a number of hours, days or months", s)
	}
	l.Anchor, err = parseAnchor(anchor)
	return l, err
}
