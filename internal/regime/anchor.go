package regime

import (
	"fmt"
	"strings"
)

// Event is what a period is counted from.
type Event string

const (
	FromDetection  Event = "detection"  // the incident was detected
	FromAwareness  Event = "awareness"  // the entity became aware that it is significant, Directive (EU) 2022/2555 Art. 23(4)(a), (b)
	FromSubmission Event = "submission" // another stage was submitted for the first time, Art. 23(4)(d)
	FromHandling   Event = "handling"   // the handling of the incident ended, Art. 23(4)(e)
)

// Anchor is the event that a stage's period is counted from. Stage is set for [FromSubmission] alone.
type Anchor struct {
	Event Event
	Stage StageID
}

// String is the form that the data files use, e.g. "awareness" or "submission of notification".
func (a Anchor) String() string {
	if a.Event == FromSubmission {
		return submissionOf + string(a.Stage)
	}
	return string(a.Event)
}

const submissionOf = "submission of "

func parseAnchor(s string) (Anchor, error) {
	if stage, ok := strings.CutPrefix(s, submissionOf); ok {
		return Anchor{Event: FromSubmission, Stage: StageID(stage)}, nil
	}
	switch e := Event(s); e {
	case FromDetection, FromAwareness, FromHandling:
		return Anchor{Event: e}, nil
	}
	return Anchor{}, fmt.Errorf("unknown anchor %q: want detection, awareness, handling or %sSTAGE", s, submissionOf)
}
