package incident

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// SentReport is a submission as it was recorded. Every one is kept, also those
// after the first, which alone ended a clock, and those no clock waited for.
type SentReport struct {
	Submission
	Entity    string
	Regime    string
	Stages    []string
	Contracts []string // under which a processor told the controller
	Voluntary bool     // Art. 30: nothing was owed
	Record    Stamp
}

// SentView is a submission as the outside sees it.
type SentView struct {
	Entity      string     `json:"entity"`
	Regime      string     `json:"regime"`
	Stages      []string   `json:"stages"`
	Contracts   []string   `json:"contracts"`
	Voluntary   bool       `json:"voluntary"`
	SubmittedAt time.Time  `json:"submitted_at"`
	ReceiptAt   *time.Time `json:"receipt_at"`
	To          string     `json:"to"` // the authority or the controller
	Channel     string     `json:"channel"`
	Submitter   string     `json:"submitter"`
	Reference   string     `json:"reference"`
	SHA256      string     `json:"sha256"`
	RecordedBy  string     `json:"recorded_by"`
	RecordedAt  time.Time  `json:"recorded_at"`
}

func (s *SentReport) view() SentView {
	return SentView{
		Entity: s.Entity, Regime: s.Regime, Stages: slices.Clone(s.Stages), Contracts: slices.Clone(s.Contracts), Voluntary: s.Voluntary,
		SubmittedAt: s.SentAt, ReceiptAt: some(s.ReceiptAt), To: s.Authority, Channel: s.Channel, Submitter: s.Submitter,
		Reference: s.Reference, SHA256: s.SHA256, RecordedBy: s.Record.By.Name, RecordedAt: s.Record.At,
	}
}

func (i *Incident) hasRegime(entity, reg string) bool {
	return slices.ContainsFunc(i.Clocks, func(c Clock) bool { return c.Entity == entity && string(c.Regime) == reg })
}

// told finds the contracts of the controller that was told and fills in what
// the command may leave out.
func (c *Submit) told(i *Incident) ([]string, error) {
	if c.Regime != "" && c.Regime != string(GDPRProcessor) {
		return nil, invalid("a controller is told under %s, not %s: leave the regime out", GDPRProcessor, c.Regime)
	}
	if len(c.Stages) == 0 {
		c.Stages = []string{string(ControllerNotice)}
	}
	if len(c.Stages) != 1 || c.Stages[0] != string(ControllerNotice) {
		return nil, invalid("a controller gets a %s: leave the stage out", ControllerNotice)
	}
	c.Regime = string(GDPRProcessor)
	var contracts []string
	if b := i.Breach(c.Entity); b != nil {
		for _, n := range b.Notices {
			if n.Contract == c.Controller || n.Controller == c.Controller {
				contracts = append(contracts, n.Contract)
				if c.Submission.Authority == "" {
					c.Submission.Authority = n.Controller
				}
			}
		}
	}
	if len(contracts) == 0 {
		return nil, invalid("%s owes %q no notice%s", i.ID, c.Controller, i.controllersOf(c.Entity))
	}
	return contracts, nil
}

// controllersOf lists whom the entity has to tell, for an error.
func (i *Incident) controllersOf(entity string) string {
	b := i.Breach(entity)
	if b == nil || len(b.Notices) == 0 {
		return ": no breach is recorded that concerns a contract"
	}
	names := make([]string, len(b.Notices))
	for n, o := range b.Notices {
		names[n] = o.Controller
	}
	return ": " + strings.Join(names, ", ")
}

// voluntary reports whether the stage is one of a report that nobody owes,
// Directive (EU) 2022/2555 Art. 30.
func (c *Submit) voluntary(r *Rules, i *Incident, stage string) bool {
	if i.Reportability != Voluntary || i.hasRegime(c.Entity, c.Regime) {
		return false
	}
	t, err := r.entity(c.Entity)
	if err != nil {
		return false
	}
	law, ok := r.law(regime.ID(c.Regime), t.MemberState)
	if !ok {
		return false
	}
	_, ok = law.Stage(regime.StageID(stage))
	return ok
}
