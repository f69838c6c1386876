package incident

import (
	"slices"
	"time"

	"nis2clock/internal/regime"
)

// DataRole is what an entity is for a set of personal data.
type DataRole string

// Roles of Regulation (EU) 2016/679 Art. 4(7) and (8).
const (
	Controller DataRole = "controller"
	Processor  DataRole = "processor"
)

// DataSet is personal data that an entity holds, under a name of its own
// choosing.
type DataSet struct {
	Name       string   `json:"name"`
	Role       DataRole `json:"role"`
	Categories []string `json:"categories"` // of personal data, such as "contact details"
}

// Contract is an agreement under which an entity processes personal data for a
// controller, Regulation (EU) 2016/679 Art. 28(3).
type Contract struct {
	Name       string // unique within the entity
	Controller string // whom to tell
	// NotifyWithin is the agreed period, in whole hours; zero where the
	// contract has no figure and "without undue delay" of Art. 33(2) stands
	// alone.
	NotifyWithin time.Duration
	Contact      string
	DataSets     []string // by name; empty for every data set the entity processes
	Source       string   // the clause
}

// concerns reports whether personal data of that name may be the controller's.
// A name that no contract has may be anybody's.
func (c *Contract) concerns(name string, all []Contract) bool {
	if len(c.DataSets) == 0 || slices.Contains(c.DataSets, name) {
		return true
	}
	return !slices.ContainsFunc(all, func(o Contract) bool { return slices.Contains(o.DataSets, name) })
}

// GDPRProcessor is the regime of a processor's word to its controllers, and
// ControllerNotice its one stage.
const (
	GDPRProcessor    regime.ID      = "gdpr_processor"
	ControllerNotice regime.StageID = "controller_notice"
)

// gdpr is the regime of a controller's notification to its authority.
const gdpr regime.ID = "gdpr"

// Notice is what a processor owes one controller because of a breach, as the
// contract stood when it was recorded: a later change of the settings moves
// nothing.
type Notice struct {
	Contract     string `json:"contract"`
	Controller   string `json:"controller"`
	NotifyWithin Span   `json:"notify_within,omitzero"`
	Contact      string `json:"contact,omitzero"`
	Source       string `json:"source,omitzero"`
	// Dropped is true when it turned out not to be concerned after all.
	Dropped bool `json:"dropped,omitzero"`
}

// clock is the notice as a clock: target from detection, due from awareness of
// the breach, until that is recorded from detection. Elapsed hours are counted
// as in the law; Regulation (EEC, Euratom) No 1182/71 is about acts of the
// institutions, not contracts, so there is no outer reading.
func (n Notice) clock(i *Incident, b *Breach) Clock {
	source := "GDPR Art. 33(2); contract " + n.Contract
	if n.Source != "" {
		source += ", " + n.Source
	}
	c := Clock{
		ClockID: ClockID{Entity: b.Entity, Regime: GDPRProcessor, Stage: ControllerNotice, Counterparty: n.Contract},
		Title:   "Notice to " + n.Controller, Authority: n.Controller,
		Source: source, Confidence: string(regime.Secondary),
	}
	if n.NotifyWithin == 0 {
		c.Basis, c.StartedAt, c.TargetAt = string(regime.FromDetection), i.DetectedAt, i.DetectedAt
		if !b.AwareAt.IsZero() {
			c.Basis, c.StartedAt = string(regime.FromAwareness), b.AwareAt
		}
		c.Source += ": without undue delay, no figure agreed"
		return c
	}
	r := regime.Regime{ID: GDPRProcessor, Stages: []regime.Stage{{ID: ControllerNotice, Rule: regime.Rule{
		Period: regime.Period{N: int(time.Duration(n.NotifyWithin) / time.Hour), Unit: regime.Hours},
		Anchor: regime.Anchor{Event: regime.FromAwareness}, ExactHours: true,
	}}}}
	for _, k := range r.Clocks(regime.Facts{DetectedAt: i.DetectedAt, AwareAt: b.AwareAt}, regime.Place{}) {
		c.Basis, c.StartedAt, c.TargetAt, c.DueAt = string(k.Basis), k.StartedAt, k.TargetAt, k.DueAt
	}
	return c
}
