package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// DateName names a date of an incident that a person records. It is the name of its JSON field.
type DateName string

// The dates. Awareness, classification and the fix belong to whom a clock counts from them; the others to the incident.
const (
	AwareAt        DateName = "aware_at"         // the entity became aware that it is significant, Directive (EU) 2022/2555 Art. 23(4)
	ImpactEndedAt  DateName = "impact_ended_at"  // its impact ended
	RecoveredAt    DateName = "recovered_at"     // the service was restored
	HandledAt      DateName = "handled_at"       // its handling ended, Directive (EU) 2022/2555 Art. 23(4)(e)
	ClassifiedAt   DateName = "classified_at"    // it was classified as major, Delegated Regulation (EU) 2025/301 Art. 5(1)
	FixAvailableAt DateName = "fix_available_at" // a corrective or mitigating measure is available, Regulation (EU) 2024/2847 Art. 14(2)(c)
)

// dates says of each in words what it is.
var dates = map[DateName]string{
	AwareAt:        "awareness",
	ImpactEndedAt:  "the end of the impact",
	RecoveredAt:    "recovery",
	HandledAt:      "the end of the handling",
	ClassifiedAt:   "classification as major",
	FixAvailableAt: "availability of a fix",
}

// ofTrack are the dates that start clocks of some regimes only, and the event that those count from.
var ofTrack = map[DateName]regime.Event{ClassifiedAt: regime.FromClassification, FixAvailableAt: regime.FromFix}

// DateID names one date of an incident. Entity and Regime are empty where it holds for all of them.
type DateID struct {
	Date   DateName  `json:"date"`
	Entity string    `json:"entity,omitzero"`
	Regime regime.ID `json:"regime,omitzero"`
}

// of says whose date it is; empty for that of the incident.
func (d DateID) of() string {
	s := ""
	if d.Entity != "" {
		s += " of " + d.Entity
	}
	if d.Regime != "" {
		s += " under " + string(d.Regime)
	}
	return s
}

// Date is a date as it was last recorded. What it was before stands in the timeline.
type Date struct {
	DateID
	At     time.Time
	Person string // who saw or decided it; of awareness, who became aware
	Reason string
	Record Stamp
}

// SetDate records a date of an incident, or changes it, for which a reason is needed. It never lies in the future.
type SetDate struct {
	Person
	ID ID
	// Date says which, of whom. Awareness of one regime or entity stands for it in the place of the incident's; for
	// [ClassifiedAt] and [FixAvailableAt] the entity may be left out where only one has clocks that count from it.
	Date   DateID
	At     time.Time // now when zero, but for awareness
	Who    string    // the sender when empty
	Reason string
}

func (c SetDate) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if c.Date, err = r.dated(i, c.Date); err != nil {
		return nil, err
	}
	name := c.Date.Date
	was, given := i.date(c.Date.Date, c.Date.Entity, c.Date.Regime)
	if c.At.IsZero() {
		switch {
		case name == AwareAt:
			return nil, invalid("aware_at is missing: when was it clear that the incident is significant, as RFC 3339 with offset")
		case given:
			return nil, refused("%s already has %s as %s: to change it, give the time and a reason", i.ID, name, utc(was.At))
		}
		c.At = d.now
	}
	at := c.At.UTC()
	switch {
	case at.After(d.now):
		return nil, invalid("%s %s lies in the future: give the time at which it happened", name, utc(at))
	case given && was.At.Equal(at):
		return c.ID, nil
	case given && strings.TrimSpace(c.Reason) == "":
		return nil, invalid("%s is already recorded as %s%s: changing it needs a reason", dates[name], utc(was.At), was.of())
	}
	if err := i.inOrder(name, at); err != nil {
		return nil, err
	}
	ev := Dated{Meta: c.metaFor(c.ID), DateID: c.Date, Was: was.At, Now: at, Person: c.Who, Reason: c.Reason}
	if ev.Person == "" {
		ev.Person = c.By.Name
	}
	after := *i
	after.Dates = slices.Clone(i.Dates)
	after.setDate(Date{DateID: c.Date, At: at})
	ev.Recount = r.recount(i, &after)
	d.emit(ev)
	return c.ID, nil
}

// dated completes and checks whose date it is.
func (r *Rules) dated(i *Incident, id DateID) (DateID, error) {
	if _, ok := dates[id.Date]; !ok {
		return id, invalid("there is no date %q", id.Date)
	}
	event, partial := ofTrack[id.Date]
	if !partial {
		if id.Date != AwareAt && (id.Entity != "" || id.Regime != "") {
			return id, invalid("%s is one date of the whole incident: leave entity and regime out", id.Date)
		}
		return id, i.knows(id.Entity, id.Regime)
	}
	var entities []string
	for _, t := range r.Tracks {
		for _, reg := range t.Regimes {
			law, ok := r.law(reg, t.MemberState)
			if !ok || !law.CountsFrom(event) || id.Regime != "" && id.Regime != reg || slices.Contains(entities, t.Entity) || i.knows(t.Entity, reg) != nil {
				continue
			}
			entities = append(entities, t.Entity)
		}
	}
	switch {
	case len(entities) == 0:
		return id, invalid("no clock of %s counts from %s%s: it would change nothing", i.ID, dates[id.Date], DateID{Regime: id.Regime}.of())
	case id.Entity == "" && len(entities) > 1:
		return id, invalid("%s differs by entity: say which, %s", id.Date, strings.Join(entities, " or "))
	case id.Entity == "":
		id.Entity = entities[0]
	case !slices.Contains(entities, id.Entity):
		return id, invalid("no clock of entity %q counts from %s: want %s", id.Entity, dates[id.Date], strings.Join(entities, " or "))
	}
	return id, nil
}

// inOrder refuses a date that cannot be right beside the others.
func (i *Incident) inOrder(name DateName, at time.Time) error {
	if name == AwareAt || name == FixAvailableAt {
		return nil // a customer may have called before the alert; a fix may be older than the attack
	}
	if began := i.began(); at.Before(began) {
		return invalid("%s %s lies before detection at %s: correct it, or record first that awareness came earlier", name, utc(at), utc(began))
	}
	switch name {
	case ImpactEndedAt, RecoveredAt:
		if handled, ok := i.date(HandledAt, "", ""); ok && at.After(handled.At) {
			return invalid("%s %s lies after handled_at %s: correct the one that is wrong, handled_at first", name, utc(at), utc(handled.At))
		}
	case HandledAt:
		for _, before := range []DateName{ImpactEndedAt, RecoveredAt} {
			if d, ok := i.date(before, "", ""); ok && at.Before(d.At) {
				return invalid("handled_at %s lies before %s %s: correct the one that is wrong, %s first", utc(at), before, utc(d.At), before)
			}
		}
	}
	return nil
}

// began is the first that is known of the incident: its detection, or awareness where that came first.
func (i *Incident) began() time.Time {
	began := i.DetectedAt
	for _, d := range i.Dates {
		if d.Date == AwareAt && d.At.Before(began) {
			began = d.At
		}
	}
	return began
}

// Dated records a date of an incident and what the clocks are since.
type Dated struct {
	Meta
	DateID
	Was    time.Time `json:"was,omitzero"` // what held for it before
	Now    time.Time `json:"now"`
	Person string    `json:"person"`
	Reason string    `json:"reason,omitzero"`
	Recount
}

func (Dated) Kind() string { return "incident.dated/v1" }

func (e Dated) Describe() string {
	s := fmt.Sprintf("%s%s recorded as %s", dates[e.Date], e.of(), utc(e.Now))
	if e.Date == AwareAt {
		s = fmt.Sprintf("awareness%s recorded: %s became aware at %s", e.of(), e.Person, utc(e.Now))
	}
	if !e.Was.IsZero() {
		s += ", before recorded as " + utc(e.Was)
	}
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	return s + "; " + e.describe()
}

func (e Dated) applyTo(_ *State, i *Incident, entry Entry) {
	i.setDate(Date{DateID: e.DateID, At: e.Now, Person: e.Person, Reason: e.Reason, Record: Stamp{By: e.By, At: entry.At}})
	i.recounted(e.Recount)
	if e.Date == HandledAt && i.Status == Open {
		i.Status = StatusHandled
	}
}

// setDate keeps a date in the place of what stood for the same before.
func (i *Incident) setDate(d Date) {
	for n := range i.Dates {
		if i.Dates[n].DateID == d.DateID {
			i.Dates[n] = d
			return
		}
	}
	i.Dates = append(i.Dates, d)
}

// date is what holds for a regime of an entity: the date recorded for just that, else for the regime, the entity, the incident.
func (i *Incident) date(name DateName, entity string, id regime.ID) (Date, bool) {
	for _, want := range []DateID{{name, entity, id}, {name, "", id}, {name, entity, ""}, {name, "", ""}} {
		for _, d := range i.Dates {
			if d.DateID == want {
				return d, true
			}
		}
	}
	return Date{}, false
}
