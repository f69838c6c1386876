package incident

import (
	"maps"
	"slices"
	"strings"

	"nis2clock/internal/classify"
	"nis2clock/internal/significance"

	"github.com/go-json-experiment/json"
)

// OfEntity is an incident as it is shown to the authority of one of its
// entities. What concerns the incident stays: how it was noticed, the evidence,
// who commands, what was done, and the answers for reports. Of the clocks, dates,
// assessments, decisions, reports, approvals and messages only those of the
// entity, or of all of them, stay, and nothing tells whether there are others.
// What the house is told to do, [View.Warnings], is for no authority.
//
// Text that people wrote, such as a note or a reason, stays as they wrote it.
// An empty entity stands for all: nothing is left out. Neither argument is
// changed.
func OfEntity(entity string, v View, entries []Entry) (View, []Entry) {
	if entity == "" {
		return v, entries
	}
	p := ShareOf(entity, v)
	var out []Entry
	for _, e := range entries {
		if e, ok := p.Entry(e); ok {
			out = append(out, e)
		}
	}
	return p.view(v), out
}

// ShareOf is the share that the entity has in the incident as the view, of all
// entities, shows it: [OfEntity] for a reader of one entry after the other.
func ShareOf(entity string, v View) *Share {
	p := &Share{entity: entity, hidden: map[int]bool{}, ran: map[ClockID]bool{}}
	p.look(&v)
	return p
}

// Share is what belongs to one entity of an incident.
type Share struct {
	entity string
	// several: the incident has other entities too, so that what names none need
	// not be about this one.
	several bool
	// ours and theirs are the authorities of the entity and of the others, in
	// lower case.
	ours, theirs []string
	hidden       map[int]bool     // proposals that are about others
	ran          map[ClockID]bool // clocks of the entity that ran before the entry
}

// has reports whether what bears the name belongs to the entity or to all.
func (p *Share) has(name string) bool { return name == "" || name == p.entity }

// look finds out what else there is.
func (p *Share) look(v *View) {
	meet := func(name string) { p.several = p.several || !p.has(name) }
	for _, c := range v.Clocks {
		meet(c.Entity)
		if c.Authority == nil {
			continue
		}
		if name := strings.ToLower(*c.Authority); p.has(c.Entity) {
			p.ours = append(p.ours, name)
		} else {
			p.theirs = append(p.theirs, name)
		}
	}
	for _, s := range v.Submissions {
		meet(s.Entity)
	}
	for _, b := range v.Breaches {
		meet(b.Entity)
	}
	for _, e := range v.Significance.Entities {
		meet(e.Entity)
	}
	for _, m := range v.Proposals {
		p.hidden[m.Number] = !p.shows(m.What, m.Entity)
	}
}

// shows reports whether a proposal is about the entity or all of the incident.
func (p *Share) shows(what, entity string) bool {
	return entity == p.entity || entity == "" && (!p.several || what == MarkNotReportable{}.What())
}

// ourAuthority reports whether the words name the entity's authority.
func (p *Share) ourAuthority(words string) bool { return mentions(words, p.ours) }

// mentions reports whether the words name one of them.
func mentions(words string, authorities []string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(authorities, func(name string) bool { return strings.Contains(words, name) })
}

// message reports whether a message is the entity's: with several, one that
// names neither an entity nor the entity's authority may be anybody's.
func (p *Share) message(entity, authority string) bool {
	return entity == p.entity || entity == "" && (!p.several || p.ourAuthority(authority))
}

// told is [Share.message] for what people were told.
func (p *Share) told(kind, audience string) bool {
	return kind != AuthorityFollowUp || p.message("", audience)
}

// only keeps what belongs to the entity or to all.
func only[T any](p *Share, all []T, of func(T) string) []T {
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !p.has(of(v)) })
}

func (p *Share) view(v View) View {
	v.Warnings = []string{}
	v.Clocks = only(p, v.Clocks, func(c ClockView) string { return c.Entity })
	v.Dates = only(p, v.Dates, func(d DateView) string { return d.Entity })
	for _, d := range v.Dates { // it stands in the place of the incident's
		if d.DateID == (DateID{Date: AwareAt, Entity: p.entity}) {
			v.AwareAt, v.AwareBy = new(d.At), new(d.Person)
		}
	}
	v.Messages = slices.DeleteFunc(slices.Clone(v.Messages), func(m MessageView) bool { return !p.message(orZero(m.Entity), orZero(m.Authority)) })
	v.Communications = slices.DeleteFunc(slices.Clone(v.Communications), func(c CommunicationView) bool { return !p.told(c.Kind, c.Audience) })
	v.Proposals = slices.DeleteFunc(slices.Clone(v.Proposals), func(m MotionView) bool { return p.hidden[m.Number] })
	v.Breaches = only(p, v.Breaches, func(b BreachView) string { return b.Entity })
	v.Submissions = only(p, v.Submissions, func(s SentView) string { return s.Entity })
	v.Withdrawals = only(p, v.Withdrawals, func(w WithdrawalView) string { return w.Entity })
	v.Approvals = only(p, v.Approvals, func(a ApprovalView) string { return a.Entity })
	v.Significance = v.Significance.of(p)
	if p.several && v.Reportability != Voluntary {
		v.Reportability = map[string]string{DecidedSignificant: Mandatory, DecidedNotSignificant: ReportNotReportable}[v.Significance.Decision]
		if v.Reportability == "" {
			v.Reportability = Undecided
		}
	}
	v.Alerts = slices.Clone(v.Alerts)
	for n := range v.Alerts {
		v.Alerts[n].Labels, v.Alerts[n].Flags = p.alert(v.Alerts[n].Labels, v.Alerts[n].Flags)
	}
	return v
}

// alert takes out for which entities an alert was sent.
func (p *Share) alert(labels map[string]string, flags []string) (map[string]string, []string) {
	if name, ok := labels[classify.LabelEntity]; ok && name != p.entity {
		labels = maps.Clone(labels)
		delete(labels, classify.LabelEntity)
	}
	if p.several {
		flags = slices.DeleteFunc(slices.Clone(flags), func(odd string) bool { return strings.HasPrefix(odd, classify.LabelEntity+" ") })
	}
	return labels, flags
}

func (s Significance) of(p *Share) Significance {
	for _, e := range s.Entities {
		if e.Entity == p.entity {
			return Significance{EntitySignificance: e}
		}
	}
	if p.has(s.Entity) {
		return Significance{EntitySignificance: s.EntitySignificance}
	}
	return Significance{EntitySignificance: EntitySignificance{Entity: p.entity, Decision: Undecided, Criteria: []significance.Result{}, Facts: significance.Facts{}}}
}

// Several reports whether the incident has other entities too.
func (p *Share) Several() bool { return p.several }

// Entry is what an entry says of the entity; ok is false where it is about
// others. Entries are asked for in the order of the journal.
func (p *Share) Entry(e Entry) (of Entry, ok bool) {
	if e.Event == nil {
		return e, true
	}
	e.Event = p.event(e.Event)
	return e, e.Event != nil
}

// event is what an entry says of the entity; nil where it is about others.
func (p *Share) event(e Event) Event {
	mine := true
	switch ev := e.(type) {
	case Opened:
		ev.Clocks, ev.Law = p.clocks(ev.Clocks), p.law(ev.Law)
		ev.Entities = p.entities(ev.Entities)
		if ev.Alert != nil {
			a := *ev.Alert
			a.Labels, a.Flags = p.alert(a.Labels, a.Flags)
			ev.Alert = &a
		}
		p.start(ev.Clocks)
		e = ev
	case Attached:
		ev.Alert.Labels, ev.Alert.Flags = p.alert(ev.Alert.Labels, ev.Alert.Flags)
		ev.Redetected, ev.Widened = p.redated(ev.Redetected), p.widened(ev.Widened)
		e = ev
	case AlertResolved:
		ev.Redetected = p.redated(ev.Redetected)
		e = ev
	case AlertMoved:
		ev.Redetected = p.redated(ev.Redetected)
		e = ev
	case FactsSet:
		if ev.Recount != nil {
			ev.Recount = new(p.recount(*ev.Recount))
		}
		e = ev
	case DetectionMoved:
		ev.Recount = p.recount(ev.Recount)
		e = ev
	case Dated:
		mine, ev.Recount = p.has(ev.Entity), p.recount(ev.Recount)
		e = ev
	case Aware:
		ev.Redated = *p.redated(&ev.Redated)
		e = ev
	case Handled:
		ev.Clocks, ev.Law = p.clocks(ev.Clocks), p.law(ev.Law)
		e = ev
	case Submitted:
		mine, ev.Recount = p.has(ev.Entity), p.recount(ev.Recount)
		e = ev
	case BreachRecorded:
		mine, ev.Recount = p.has(ev.Entity), p.recount(ev.Recount)
		e = ev
	case ReportabilitySet:
		ev.Recount = p.recount(ev.Recount)
		e = ev
	case WithdrawalOpened:
		ev.Of = only(p, ev.Of, func(t Retraction) string { return t.Entity })
		mine, e = len(ev.Of) > 0, ev
	case Assessed:
		mine = p.has(ev.Entity)
	case Decided:
		mine, ev.Runs = p.has(ev.Entity), p.runs(ev.Runs)
		e = ev
	case Reopened:
		mine, ev.Runs = p.has(ev.Entity), p.runs(ev.Runs)
		e = ev
	case ReportApproved:
		mine = p.has(ev.Entity)
	case MessageRecorded:
		mine, ev.Recount = p.message(ev.Message.Entity, ev.Message.Authority), p.recount(ev.Recount)
		ev.Late = only(p, ev.Late, func(c ClockID) string { return c.Entity })
		e = ev
	case MessageSettled:
		mine = p.has(ev.Clock.Entity)
	case CommunicationSent:
		mine = p.told(ev.Communication.Kind, ev.Audience)
	case PacketExported:
		mine = p.has(ev.Entity)
	case EvidenceExported:
		mine = !mentions(ev.To, p.theirs) || p.ourAuthority(ev.To)
	case ProposalMade:
		mine = p.shows(ev.What, proposedFor(ev.Command))
	case ProposalSettled:
		mine = !p.hidden[ev.Number]
	case Intended:
		mine, ev.Effect = p.has(ev.Effect.Clock.Entity), p.effect(ev.Effect)
		e = ev
	case Delivered:
		mine, ev.Effect = p.has(ev.Effect.Clock.Entity), p.effect(ev.Effect)
		e = ev
	case Failed:
		mine, ev.Effect = p.has(ev.Effect.Clock.Entity), p.effect(ev.Effect)
		e = ev
	}
	if !mine {
		return nil
	}
	return e
}

func (p *Share) clocks(all []Clock) []Clock {
	return only(p, all, func(c Clock) string { return c.Entity })
}

func (p *Share) runs(all []Due) []Due { return only(p, all, func(d Due) string { return d.Entity }) }

func (p *Share) recount(r Recount) Recount {
	return Recount{Clocks: p.clocks(r.Clocks), Law: p.law(r.Law), Moved: only(p, r.Moved, func(m Moved) string { return m.Entity })}
}

func (p *Share) redated(r *Redated) *Redated {
	if r == nil {
		return nil
	}
	return &Redated{Was: r.Was, Now: r.Now, Clocks: p.clocks(r.Clocks), Law: p.law(r.Law)}
}

// widened is the clocks that an alert brought; nil where they are others'.
func (p *Share) widened(w *Widened) *Widened {
	if w == nil {
		return nil
	}
	clocks := p.clocks(w.Clocks)
	if !p.start(clocks) {
		return nil
	}
	return &Widened{Entities: p.entities(w.Entities), Regimes: w.Regimes, Clocks: clocks, Law: p.law(w.Law)}
}

// start keeps in mind that the clocks run; it reports whether one of them is new.
func (p *Share) start(clocks []Clock) (started bool) {
	for _, c := range clocks {
		started = started || !p.ran[c.ClockID]
		p.ran[c.ClockID] = true
	}
	return started
}

// entities is the entity, where names are given; none stand for all.
func (p *Share) entities(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{p.entity}
}

func (p *Share) effect(e Effect) Effect {
	e.Covers = only(p, e.Covers, func(c ClockPassed) string { return c.Clock.Entity })
	return e
}

// law leaves out in which places the clocks of all entities are counted, and
// what the house was told.
func (p *Share) law(l Law) Law {
	if !p.several {
		return l
	}
	return Law{Digest: l.Digest}
}

// proposedFor is the entity that a proposed command names; empty for none.
func proposedFor(command []byte) string {
	var c struct {
		Entity string `json:"entity"`
	}
	if err := json.Unmarshal(command, &c); err != nil {
		return "" // it cannot be confirmed either
	}
	return c.Entity
}

// orZero is what it points to, zero for nil.
func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
