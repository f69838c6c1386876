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
	t, err := r.entity(c.Entity)
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
	ev.Recount = r.recount(i, &after)
	if i.Status == StatusClosed {
		ev.applyTo(nil, &after, Entry{At: d.now})
		ev.Reopened = slices.ContainsFunc(after.Clocks, func(c Clock) bool { return c.Open() })
	}
	d.emit(ev)
	return c.ID, nil
}

// entity is the track of that name; the only one when name is empty.
func (r *Rules) entity(name string) (Track, error) {
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
	// Reopened is true when the incident was closed and owes a report now.
	Reopened bool `json:"reopened,omitzero"`
	Recount
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
	if e.Reopened {
		add("the incident is open again")
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

func (ev BreachRecorded) applyTo(_ *State, i *Incident, e Entry) {
	b := Breach{Entity: ev.Entity, Risk: RiskUnknown}
	if was := i.Breach(ev.Entity); was != nil {
		b = *was
	}
	b.take(ev.Facts)
	b.Notices = ev.Notices
	b.History = append(slices.Clip(b.History), BreachChange{Stamp: Stamp{By: ev.By, At: e.At}, What: ev.Describe()})
	i.setBreach(&b)
	i.recounted(ev.Recount)
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Entity == b.Entity {
			b.settle(c, e.At)
		}
	}
	if ev.Reopened {
		i.unclose()
	}
}
