package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// AssessSuspicion records what a person made of a suspicious event. An
// incident, and whatever is to be reported voluntarily, opens an incident or
// joins one; until then a later assessment may replace an earlier one. Its reply
// is the event's [ID].
type AssessSuspicion struct {
	Person
	ID      ID
	Outcome string
	// Reportability is undecided (an incident's default), mandatory, voluntary
	// or not_reportable (the default of anything else).
	Reportability string
	Reason        string
	// Incident is the open one it joins; empty opens one.
	Incident ID
	// DetectedAt is when the entity first noticed it; see [Suspicion.detected].
	DetectedAt time.Time
	Title      string // what was reported when empty
	Severity   string
	Regimes    []string
}

func (c AssessSuspicion) decide(r *Rules, d *decision) (any, error) {
	ev, done, err := c.onEvent(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if err := c.check(ev); err != nil {
		return nil, err
	}
	assessed := SuspicionAssessed{Meta: c.metaFor(c.ID), Outcome: c.Outcome, Reportability: c.Reportability, Reason: c.Reason}
	switch {
	case c.Incident != "":
		i, ok := d.s.incidents[c.Incident]
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: %s", ErrUnknown, c.Incident)
		case i.Status == StatusClosed:
			return nil, refused("%s is closed: leave the incident out to open one", i.ID)
		case !c.DetectedAt.IsZero():
			return nil, invalid("detected_at is that of %s: record an earlier detection there", i.ID)
		}
		assessed.Incident = i.ID
	case c.Outcome == OutcomeIncident || c.Reportability == Voluntary:
		if assessed.Incident, err = c.open(r, d, ev); err != nil {
			return nil, err
		}
	}
	if assessed.Incident != "" {
		joined := EventJoined{Meta: Meta{ID: assessed.Incident, By: c.By}, Event: ev.ID, Outcome: c.Outcome, Reporter: ev.Reporter, Reason: c.Reason}
		joined.Proposals = ev.proposals(d.s.incidents[assessed.Incident].DetectedAt)
		d.emit(joined)
	}
	d.emit(assessed)
	return c.ID, nil
}

// check refuses what does not go together and fills in the default.
func (c *AssessSuspicion) check(ev *Suspicion) error {
	isIncident := c.Outcome == OutcomeIncident
	if c.Reportability == "" {
		c.Reportability = ReportNotReportable
		if isIncident {
			c.Reportability = Undecided
		}
	}
	switch {
	case !slices.Contains(outcomes, c.Outcome):
		return invalid("outcome is %q: want %s", c.Outcome, strings.Join(outcomes, ", "))
	case strings.TrimSpace(c.Reason) == "":
		return invalid("why? the reason is kept with the assessment")
	case ev.Incident != "":
		return refused("%s belongs to %s: what changes now is decided there", ev.ID, ev.Incident)
	case !slices.Contains([]string{Undecided, Mandatory, Voluntary, ReportNotReportable}, c.Reportability):
		return invalid("reportability is %q: want mandatory, voluntary or not_reportable", c.Reportability)
	case !isIncident && (c.Reportability == Mandatory || c.Reportability == Undecided):
		return invalid("only an incident must be reported (Directive (EU) 2022/2555 Art. 23(1)); a %s may be, voluntary (Art. 30)", spaced(c.Outcome))
	case isIncident && c.Reportability == ReportNotReportable:
		return invalid("open the incident first: that it is not significant is decided there, with its own reason")
	case c.Incident != "" && !isIncident:
		return invalid("a %s joins no incident: assess it as incident", spaced(c.Outcome))
	case c.Incident != "" && c.Reportability != Undecided:
		return invalid("whether %s is reported is decided there: leave reportability out", c.Incident)
	}
	return nil
}

// open begins an incident with what is known of the event.
func (c *AssessSuspicion) open(r *Rules, d *decision, ev *Suspicion) (ID, error) {
	detected, err := ev.detected(c.DetectedAt, d.now)
	if err != nil {
		return "", err
	}
	title := c.Title
	if title == "" {
		title = ev.What
	}
	o := Opened{
		Meta: Meta{ID: d.s.nextID(r.Exercise, d.now), By: c.By}, Title: cleanTitle(title), Summary: ev.What, Exercise: r.Exercise,
		DetectedAt: detected, ReceivedAt: ev.ReceivedAt, Severity: c.Severity, Service: ev.Service, Regimes: c.Regimes,
		Malicious: "unknown", CrossBorder: "unknown",
		Reason: fmt.Sprintf("%s, reported by %s, assessed as %s by %s", ev.ID, ev.Reporter, spaced(c.Outcome), c.By),
	}
	if c.Reportability != Undecided {
		o.Reportability = c.Reportability
	}
	o.Clocks, o.Law = r.clocks(&Incident{DetectedAt: detected, Regimes: c.Regimes, Reportability: c.Reportability})
	d.emit(o)
	return o.ID, nil
}

// detected is when the entity itself first noticed the event: as the person
// who assesses it says, else when its own staff or monitoring did, else when the
// report of somebody outside came in. What a supplier or a customer knew before
// is never taken for it; it becomes a [EarlierDetection].
func (ev *Suspicion) detected(said, now time.Time) (time.Time, error) {
	switch at := said.UTC(); {
	case said.IsZero():
	case at.After(now):
		return at, invalid("detected_at %s lies in the future", utc(at))
	default:
		return at, nil
	}
	switch {
	case !ev.Reporter.ours():
		return ev.ReceivedAt, nil
	case ev.NoticedAt.IsZero():
		return time.Time{}, invalid("nobody recorded when %s was first noticed (it came in at %s): say detected_at", ev.ID, utc(ev.ReceivedAt))
	}
	return ev.NoticedAt, nil
}

// EarlierDetection is an earlier instant at which the incident may have been detected,
// beside the one that counts. A person decides whether it was.
type EarlierDetection struct {
	At    time.Time `json:"at"`
	Event ID        `json:"event"`
	Basis string    `json:"basis"` // supplier_detected_at, noticed_at or received_at
	By    string    `json:"by"`
}

// proposals are the event's own instants that lie before detection, earliest
// first.
func (ev *Suspicion) proposals(detected time.Time) []EarlierDetection {
	var out []EarlierDetection
	for _, p := range []EarlierDetection{{ev.SupplierDetectedAt, ev.ID, "supplier_detected_at", ""}, {ev.NoticedAt, ev.ID, "noticed_at", ""}, {ev.ReceivedAt, ev.ID, "received_at", ""}} {
		if p.By = ev.Reporter.String(); !p.At.IsZero() && p.At.Before(detected) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b EarlierDetection) int { return a.At.Compare(b.At) })
	return out
}

// EventJoined says which suspicious event an incident came from, or that one
// more belongs to it. It moves no instant.
type EventJoined struct {
	Meta
	Event     ID                 `json:"event"`
	Outcome   string             `json:"outcome"`
	Reporter  Reporter           `json:"reporter"`
	Reason    string             `json:"reason"`
	Proposals []EarlierDetection `json:"proposals"`
}

func (EventJoined) Kind() string { return "incident.event_joined/v1" }

// Describe says which event it is and what earlier detection it speaks for.
func (e EventJoined) Describe() string {
	s := fmt.Sprintf("event %s (%s), reported by %s, belongs to it: %s", e.Event, spaced(e.Outcome), e.Reporter, e.Reason)
	for _, p := range e.Proposals {
		s += fmt.Sprintf("; earlier detection proposed: %s (%s)", utc(p.At), spaced(p.Basis))
	}
	return s
}

// EventLink is a suspicious event that belongs to an incident.
type EventLink struct {
	Event     ID
	Proposals []EarlierDetection
}

func (ev EventJoined) applyTo(_ *State, i *Incident, _ Entry) {
	i.Events = append(i.Events, EventLink{Event: ev.Event, Proposals: ev.Proposals})
}

// SuspicionAssessed records what a person made of a suspicious event.
type SuspicionAssessed struct {
	Meta
	Outcome       string `json:"outcome"`
	Reportability string `json:"reportability"`
	Reason        string `json:"reason"`
	Incident      ID     `json:"incident,omitzero"`
}

func (SuspicionAssessed) Kind() string { return "event.assessed/v1" }

func (SuspicionAssessed) lasting() string { return eventRegister }

// Describe says what it is taken for, and why.
func (e SuspicionAssessed) Describe() string {
	s := fmt.Sprintf("assessed as %s, %s: %s", spaced(e.Outcome), spaced(e.Reportability), e.Reason)
	if e.Incident != "" {
		s += "; " + string(e.Incident)
	}
	return s
}

func (ev SuspicionAssessed) apply(s *State, e Entry) {
	if x := s.events[e.About]; x != nil {
		x.Assessments = append(x.Assessments, Verdict{Outcome: ev.Outcome, Reportability: ev.Reportability, Reason: ev.Reason, Record: Stamp{By: ev.By, At: e.At}})
		x.Incident = ev.Incident
	}
	s.touchEvent(e)
}
