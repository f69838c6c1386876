package dispatch

import (
	"nis2clock/internal/incident"
)

// Class is the kind of place that a channel speaks in, by who may be reading
// there.
type Class string

const (
	// Vendor is a service of somebody else, read by whoever is let in there: a
	// chat with its guests and shared channels, a pager. It is the class of a
	// channel that does not say.
	Vendor Class = "vendor"
	// Mailbox is somebody's mail, on servers that are not ours.
	Mailbox Class = "mail"
	// Program is whatever stands behind the webhook.
	Program Class = "program"
	// Circle is a private place of one incident, in which only those are whom it
	// concerns.
	Circle Class = "circle"
)

// Classed is a [Channel] that speaks elsewhere than [Vendor].
type Classed interface{ Class(Notice) Class }

// classOf is the class of what the channel would do with the notice.
func classOf(c Channel, n Notice) Class {
	if c, ok := c.(Classed); ok {
		return c.Class(n)
	}
	return Vendor
}

// Extent is how much may be said of an incident.
type Extent int

const (
	// Unbounded is the zero value: nobody has looked yet. See [Notice.Confine].
	Unbounded Extent = iota
	// Call: that the incident needs somebody, and where. Nothing else.
	Call
	// Outline: its title, how it stands and its clocks, and nothing of what
	// alerts say.
	Outline
	// Everything there is.
	Everything
)

// Say is how much may be said in a place of that class of an incident with that
// label of the Traffic Light Protocol 2.0, which may be restricted to named
// people. It is the one place where that is decided.
//
//	             vendor      mail        program     circle
//	CLEAR        everything  everything  everything  everything
//	GREEN        everything  everything  everything  everything
//	AMBER        everything  everything  everything  everything
//	AMBER+STRICT outline     outline     outline     everything
//	RED          call        call        call        call
//	restricted   call        call        call        as by its label
//
// AMBER+STRICT is for the organisation alone, which a vendor, a mail server and
// a program may not be; RED for those it was told to. A label that is not known
// is as narrow as RED.
func Say(tlp string, restricted bool, place Class) Extent {
	switch {
	case restricted && place != Circle:
		return Call
	case tlp == "CLEAR", tlp == "GREEN", tlp == incident.DefaultTLP, tlp == "":
		return Everything
	case tlp == incident.TLPStrict && place == Circle:
		return Everything
	case tlp == incident.TLPStrict:
		return Outline
	}
	return Call
}

// Confine is the notice as far as a place of that class may learn of it: what
// may not be said is not in it. A notice that was confined before stays as it
// is, and so does one about the service. What a channel is given has been
// confined; a channel that is used by itself does it too.
//
// Of a [Call] the incident's id, label and whether it is an exercise are left,
// with "needs you" for its title, and the effect without its clock and
// thresholds. [Notice.Key] still names them: what is said has to be told apart.
func (n Notice) Confine(place Class) Notice {
	if n.Extent != Unbounded || n.Incident.ID == "" {
		return n
	}
	v := &n.Incident
	switch n.Extent = Say(v.TLP, v.Restricted != nil, place); n.Extent {
	case Call:
		n.Incident = incident.View{ID: v.ID, Exercise: v.Exercise, TLP: v.TLP, Title: "needs you"}
		n.Effect.Clock, n.Effect.Thresholds, n.Effect.Covers, n.Effect.After, n.Effect.Proposal = incident.ClockID{}, nil, nil, 0, 0
		n.Text, n.Reason = "", ""
	case Outline:
		n.Incident = outline(*v)
	}
	return n
}

// outline is the incident without what alerts say of it and what was found out.
func outline(v incident.View) incident.View {
	return incident.View{
		ID: v.ID, Title: v.Title, Status: v.Status, Reportability: v.Reportability, Exercise: v.Exercise, TLP: v.TLP, Restricted: v.Restricted, OutOfBand: v.OutOfBand,
		DetectedAt: v.DetectedAt, ReceivedAt: v.ReceivedAt, OpenedAt: v.OpenedAt, UpdatedAt: v.UpdatedAt, AwareAt: v.AwareAt, AwareBy: v.AwareBy,
		HandledAt: v.HandledAt, ClosedAt: v.ClosedAt, TriageBy: v.TriageBy, Severity: v.Severity, Category: v.Category,
		Commander: v.Commander, ProposedCommander: v.ProposedCommander, Offered: v.Offered, AcknowledgedBy: v.AcknowledgedBy, AcknowledgedAt: v.AcknowledgedAt, Unanswered: v.Unanswered,
		Clocks: v.Clocks, Proposals: v.Proposals, Incomplete: v.Incomplete, Room: v.Room, Links: v.Links, Revision: v.Revision,
	}
}

// NeedsYou is all that a [Call] says beside the page's address.
func NeedsYou(v incident.View) string {
	s := string(v.ID) + " needs you."
	if v.Exercise {
		s = "[EXERCISE] " + s
	}
	return s
}
