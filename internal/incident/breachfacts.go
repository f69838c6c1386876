package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// BreachFacts is what is said of a personal data breach. A nil field was not
// spoken of and stays as it was; one that is given replaces the whole of what
// was there.
type BreachFacts struct {
	// AwareAt is when there was a reasonable degree of certainty that personal
	// data were breached. It may differ from awareness of the incident.
	AwareAt *time.Time `json:"aware_at,omitzero"`
	// Nature is the breach in a sentence or more, Art. 33(3)(a).
	Nature   *string    `json:"nature,omitzero"`
	DataSets *[]DataSet `json:"data_sets,omitzero"`
	// Controllers narrow down, by contract or controller, whose data are
	// concerned among those a data set may belong to; empty for all.
	Controllers  *[]string      `json:"controllers,omitzero"`
	Subjects     *Approximately `json:"subjects,omitzero"`
	Records      *Approximately `json:"records,omitzero"`
	Consequences *string        `json:"consequences,omitzero"` // likely ones, Art. 33(3)(c)
	Measures     *string        `json:"measures,omitzero"`     // Art. 33(3)(d)
	Risk         *Risk          `json:"risk,omitzero"`
	RiskReason   *string        `json:"risk_reason,omitzero"`
	Advice       *Advice        `json:"dpo_advice,omitzero"`
	Informing    *Informing     `json:"informing,omitzero"`
	ToldBy       *ToldBy        `json:"told_by_processor,omitzero"`
	// Reason is why recorded awareness is changed.
	Reason *string `json:"reason,omitzero"`
}

// Approximately is a number of persons or of records, and their categories,
// Art. 33(3)(a). Number is nil while nobody knows.
type Approximately struct {
	Categories []string `json:"categories"`
	Number     *int64   `json:"number"`
	Estimate   bool     `json:"estimate"`
}

func (a Approximately) String() string {
	s := "an unknown number"
	if a.Number != nil {
		s = fmt.Sprint(*a.Number)
		if a.Estimate {
			s = "about " + s
		}
	}
	if len(a.Categories) > 0 {
		s += " (" + strings.Join(a.Categories, ", ") + ")"
	}
	return s
}

// Advice is what the data protection officer said, Art. 39(1).
type Advice struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Informing is the decision of Art. 34 on telling the persons concerned. At and
// How are empty until they were told.
type Informing struct {
	Decision string    `json:"decision"` // yes, no or not_yet
	Reason   string    `json:"reason,omitzero"`
	At       time.Time `json:"at,omitzero"`
	How      string    `json:"how,omitzero"`
}

// ToldBy is a processor's word to this entity, Art. 33(2).
type ToldBy struct {
	Processor string    `json:"processor"`
	At        time.Time `json:"at"`
}

func (d Informing) String() string {
	s := spaced(d.Decision)
	if !d.At.IsZero() {
		s += " at " + utc(d.At)
	}
	if d.How != "" {
		s += " by " + d.How
	}
	if d.Reason != "" {
		s += " (" + d.Reason + ")"
	}
	return s
}

// check refuses what cannot be right and settles the role in each data set;
// was is the breach before.
func (f *BreachFacts) check(was *Breach, t Track, now time.Time) error {
	if *f == (BreachFacts{}) {
		return invalid("nothing is said of the breach")
	}
	instant := func(name string, at *time.Time) error {
		if *at = at.UTC(); at.After(now) {
			return invalid("%s %s lies in the future", name, utc(*at))
		}
		return nil
	}
	if f.AwareAt != nil {
		if f.AwareAt = new(*f.AwareAt); f.AwareAt.IsZero() {
			return invalid("aware_at of the breach is empty")
		}
		if !was.AwareAt.IsZero() && !was.AwareAt.Equal(*f.AwareAt) && (f.Reason == nil || strings.TrimSpace(*f.Reason) == "") {
			return invalid("awareness of the breach is already recorded as %s: changing it needs a reason", utc(was.AwareAt))
		}
		if err := instant("aware_at of the breach", f.AwareAt); err != nil {
			return err
		}
	}
	if f.DataSets != nil {
		sets := slices.Clone(*f.DataSets)
		for n := range sets {
			if err := sets[n].settle(t); err != nil {
				return err
			}
		}
		f.DataSets = &sets
	}
	for name, a := range map[string]*Approximately{"subjects": f.Subjects, "records": f.Records} {
		if a != nil && a.Number != nil && *a.Number < 0 {
			return invalid("%s: %d is less than none", name, *a.Number)
		}
	}
	if f.Risk != nil {
		switch *f.Risk {
		case RiskUnknown, RiskUnlikely, RiskLikely, RiskHigh:
		default:
			return invalid("risk is %q: want unlikely, risk, high or unknown", *f.Risk)
		}
		if *f.Risk != RiskUnknown && *f.Risk != was.Risk && (f.RiskReason == nil || strings.TrimSpace(*f.RiskReason) == "") {
			return invalid("risk %s needs risk_reason: it is kept in the register (Art. 33(5))", *f.Risk)
		}
	}
	if f.RiskReason != nil && strings.TrimSpace(*f.RiskReason) == "" {
		return invalid("risk_reason is empty")
	}
	if a := f.Advice; a != nil {
		if a.By == "" || a.Text == "" || a.At.IsZero() {
			return invalid("the data protection officer's advice needs by, at and text")
		}
		f.Advice = new(*a)
		if err := instant("dpo_advice.at", &f.Advice.At); err != nil {
			return err
		}
	}
	if a := f.Informing; a != nil {
		switch {
		case a.Decision != Inform && a.Decision != DoNotInform && a.Decision != InformNotYet:
			return invalid("informing.decision is %q: want yes, no or not_yet", a.Decision)
		case a.Decision != Inform && strings.TrimSpace(a.Reason) == "":
			return invalid("not informing the persons concerned needs a reason (Art. 34(3))")
		case a.Decision != Inform && !a.At.IsZero():
			return invalid("informing.at is when the persons were told: the decision is %s", a.Decision)
		}
		f.Informing = new(*a)
		if err := instant("informing.at", &f.Informing.At); err != nil {
			return err
		}
	}
	if p := f.ToldBy; p != nil {
		if p.Processor == "" || p.At.IsZero() {
			return invalid("told_by_processor needs processor and at")
		}
		f.ToldBy = new(*p)
		if err := instant("told_by_processor.at", &f.ToldBy.At); err != nil {
			return err
		}
	}
	return nil
}

// settle takes what is configured of the data set and refuses a role that says
// otherwise.
func (s *DataSet) settle(t Track) error {
	if strings.TrimSpace(s.Name) == "" {
		return invalid("a data set needs a name%s", known(t.DataSets))
	}
	for _, k := range t.DataSets {
		if k.Name != s.Name {
			continue
		}
		if s.Role != "" && s.Role != k.Role {
			return invalid("data set %q: %s is its %s by the settings, not %s", s.Name, t.Entity, k.Role, s.Role)
		}
		if s.Role = k.Role; len(s.Categories) == 0 {
			s.Categories = k.Categories
		}
	}
	if s.Role == "" && slices.ContainsFunc(t.Contracts, func(c Contract) bool { return slices.Contains(c.DataSets, s.Name) }) {
		s.Role = Processor
	}
	if s.Role != Controller && s.Role != Processor {
		return invalid("data set %[1]q: is %[2]s its controller or processor? say %[1]s=controller or %[1]s=processor", s.Name, t.Entity)
	}
	return nil
}
