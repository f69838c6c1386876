package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Risk is how likely a breach is to harm the rights and freedoms of natural
// persons, Regulation (EU) 2016/679 Arts. 33(1) and 34(1).
type Risk string

// Risks.
const (
	RiskUnknown  Risk = "unknown"  // nobody has said; taken as a risk
	RiskUnlikely Risk = "unlikely" // no notification is owed, Art. 33(1)
	RiskLikely   Risk = "risk"     // the authority is to be notified
	RiskHigh     Risk = "high"     // and so are the persons, Art. 34(1)
)

// Decisions of Art. 34: whether the persons concerned are informed.
const (
	Inform       = "yes"
	DoNotInform  = "no"
	InformNotYet = "not_yet"
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

// RecordBreach records what is known of a personal data breach of one entity.
type RecordBreach struct {
	Person
	ID     ID
	Entity string // the only one when empty
	Facts  BreachFacts
}

func (c RecordBreach) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	t, err := r.track(c.Entity)
	if err != nil {
		return nil, err
	}
	now := Breach{Entity: t.Entity, Risk: RiskUnknown}
	if was := i.Breach(t.Entity); was != nil {
		now = *was
	}
	if err := c.Facts.check(&now, t, d.now); err != nil {
		return nil, err
	}
	now.take(c.Facts)
	if len(now.DataSets) == 0 {
		return nil, invalid("say which data sets are concerned%s", known(t.DataSets))
	}
	notices, err := now.owed(t)
	if err != nil {
		return nil, err
	}
	now.Notices = notices
	after := *i
	after.Breaches = slices.Clone(i.Breaches)
	after.setBreach(&now)
	ev := BreachRecorded{Meta: c.metaFor(c.ID), Entity: t.Entity, Facts: c.Facts, Notices: notices}
	ev.Clocks, ev.Law = r.clocks(&after)
	d.emit(ev)
	return c.ID, nil
}

// track is the entity of that name; the only one when name is empty.
func (r *Rules) track(name string) (Track, error) {
	names := make([]string, len(r.Tracks))
	for n, t := range r.Tracks {
		if names[n] = t.Entity; t.Entity == name || name == "" && len(r.Tracks) == 1 {
			return t, nil
		}
	}
	if name == "" {
		return Track{}, invalid("say which entity: %s", strings.Join(names, ", "))
	}
	return Track{}, invalid("there is no entity %q: want %s", name, strings.Join(names, ", "))
}

func known(sets []DataSet) string {
	names := make([]string, len(sets))
	for n, s := range sets {
		names[n] = s.Name
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
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
		return invalid("data set %q: is %s its controller or processor?", s.Name, t.Entity)
	}
	return nil
}

// Breach is what is known of a personal data breach of one entity, Regulation
// (EU) 2016/679 Arts. 33 and 34.
type Breach struct {
	Entity       string
	AwareAt      time.Time // zero until recorded
	Nature       string
	DataSets     []DataSet
	Controllers  []string
	Subjects     Approximately
	Records      Approximately
	Consequences string
	Measures     string
	Risk         Risk
	RiskReason   string
	Advice       []Advice // every one, oldest first
	Informing    *Informing
	ToldBy       *ToldBy
	Notices      []Notice // owed to controllers
	History      []BreachChange
}

// BreachChange is one recording: who said what, when.
type BreachChange struct {
	Stamp
	What string
}

// Breach is the entity's; nil when none is recorded.
func (i *Incident) Breach(entity string) *Breach {
	for _, b := range i.Breaches {
		if b.Entity == entity {
			return b
		}
	}
	return nil
}

func (i *Incident) setBreach(b *Breach) {
	n := slices.IndexFunc(i.Breaches, func(o *Breach) bool { return o.Entity == b.Entity })
	if n < 0 {
		i.Breaches = append(i.Breaches, b)
		return
	}
	i.Breaches[n] = b
}

// take overwrites what is spoken of.
func (b *Breach) take(f BreachFacts) {
	set(&b.AwareAt, f.AwareAt)
	set(&b.Nature, f.Nature)
	set(&b.DataSets, f.DataSets)
	set(&b.Controllers, f.Controllers)
	set(&b.Subjects, f.Subjects)
	set(&b.Records, f.Records)
	set(&b.Consequences, f.Consequences)
	set(&b.Measures, f.Measures)
	set(&b.Risk, f.Risk)
	set(&b.RiskReason, f.RiskReason)
	if f.Advice != nil {
		b.Advice = append(slices.Clip(b.Advice), *f.Advice)
	}
	if f.Informing != nil {
		b.Informing = f.Informing
	}
	if f.ToldBy != nil {
		b.ToldBy = f.ToldBy
	}
}

// as reports whether the entity has that role for a data set concerned.
func (b *Breach) as(role DataRole) bool {
	return slices.ContainsFunc(b.DataSets, func(s DataSet) bool { return s.Role == role })
}

// owed are the notices to controllers: one for each contract that a data set
// concerned may belong to, and, dropped, those that were owed before and are
// not any more.
func (b *Breach) owed(t Track) ([]Notice, error) {
	var out []Notice
	named := map[string]bool{}
	for n := range t.Contracts {
		c := &t.Contracts[n]
		if !slices.ContainsFunc(b.DataSets, func(s DataSet) bool { return s.Role == Processor && c.concerns(s.Name, t.Contracts) }) {
			continue
		}
		if len(b.Controllers) > 0 && !slices.Contains(b.Controllers, c.Name) && !slices.Contains(b.Controllers, c.Controller) {
			continue
		}
		named[c.Name], named[c.Controller] = true, true
		out = append(out, Notice{Contract: c.Name, Controller: c.Controller, NotifyWithin: Span(c.NotifyWithin), Contact: c.Contact, Source: c.Source})
	}
	for _, name := range b.Controllers {
		if !named[name] {
			return nil, invalid("controller %q has no contract with %s about a data set that is concerned", name, t.Entity)
		}
	}
	for _, was := range b.Notices {
		n := slices.IndexFunc(out, func(o Notice) bool { return o.Contract == was.Contract })
		if n >= 0 {
			out[n].NotifyWithin = was.NotifyWithin // as it stood when first recorded
			continue
		}
		was.Dropped = true
		out = append(out, was)
	}
	return out, nil
}

// BreachRecorded records what was said of a personal data breach, and what the
// clocks are since.
type BreachRecorded struct {
	Meta
	Entity  string      `json:"entity"`
	Facts   BreachFacts `json:"facts"`
	Notices []Notice    `json:"notices"`
	Clocks  []Clock     `json:"clocks"`
	Law     Law         `json:"law"`
}

func (BreachRecorded) Kind() string { return "breach.recorded/v1" }

// Describe says what this entry changed.
func (e BreachRecorded) Describe() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	f := e.Facts
	if f.AwareAt != nil {
		add("aware of the breach at %s", utc(*f.AwareAt))
	}
	if f.Nature != nil {
		add("nature: %s", *f.Nature)
	}
	if f.DataSets != nil {
		sets := make([]string, len(*f.DataSets))
		for n, s := range *f.DataSets {
			sets[n] = fmt.Sprintf("%s (%s)", s.Name, s.Role)
		}
		add("data sets: %s", strings.Join(sets, ", "))
	}
	if f.Controllers != nil {
		add("controllers: %s", strings.Join(*f.Controllers, ", "))
	}
	if f.Subjects != nil {
		add("persons concerned: %s", *f.Subjects)
	}
	if f.Records != nil {
		add("records concerned: %s", *f.Records)
	}
	if f.Consequences != nil {
		add("likely consequences: %s", *f.Consequences)
	}
	if f.Measures != nil {
		add("measures: %s", *f.Measures)
	}
	if f.Risk != nil {
		add("risk: %s", *f.Risk)
	}
	if f.RiskReason != nil {
		add("because: %s", *f.RiskReason)
	}
	if f.Advice != nil {
		add("data protection officer %s, %s: %s", f.Advice.By, utc(f.Advice.At), f.Advice.Text)
	}
	if f.Informing != nil {
		add("persons concerned informed: %s", f.Informing)
	}
	if f.ToldBy != nil {
		add("told by the processor %s at %s", f.ToldBy.Processor, utc(f.ToldBy.At))
	}
	if f.Reason != nil {
		add("reason: %s", *f.Reason)
	}
	if f.AwareAt != nil || f.DataSets != nil || f.Controllers != nil {
		for _, n := range e.Notices {
			add("%s", e.notice(n))
		}
	}
	return "personal data breach, " + e.Entity + ": " + strings.Join(parts, "; ")
}

// notice says what is owed to one controller.
func (e BreachRecorded) notice(n Notice) string {
	if n.Dropped {
		return n.Controller + " is not concerned"
	}
	for _, c := range e.Clocks {
		if c.Entity == e.Entity && c.Regime == GDPRProcessor && c.Counterparty == n.Contract {
			return dues([]Clock{c})
		}
	}
	return n.Controller + " is concerned"
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

func (ev BreachRecorded) applyTo(_ *State, i *Incident, e Entry) {
	b := Breach{Entity: ev.Entity, Risk: RiskUnknown}
	if was := i.Breach(ev.Entity); was != nil {
		b = *was
	}
	b.take(ev.Facts)
	b.Notices = ev.Notices
	b.History = append(slices.Clip(b.History), BreachChange{Stamp: Stamp{By: ev.By, At: e.At}, What: ev.Describe()})
	i.setBreach(&b)
	i.setClocks(ev.Clocks)
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Entity == b.Entity {
			b.settle(c, e.At)
		}
	}
}
