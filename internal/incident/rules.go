package incident

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"
)

// Track is one legal entity's reporting duties: which regimes bind it and
// which authority's zone and holidays count.
type Track struct {
	Entity      string
	MemberState string
	Authority   string
	Kind        regime.EntityKind
	// NoWeekendRelief: Delegated Regulation (EU) 2025/301 Art. 5(5) excludes the entity from sending later because of a weekend.
	NoWeekendRelief bool
	Regimes         []regime.ID
	Place           regime.Place
	// Types are what Implementing Regulation (EU) 2024/2690 makes of the
	// entity; none outside it. Known are facts of the entity itself, such as
	// its turnover, that no assessment needs to ask for.
	Types []significance.EntityType
	Known significance.Facts
	// DataSets are the personal data the entity holds, Contracts those under
	// which it processes some for a controller.
	DataSets  []DataSet
	Contracts []Contract
}

// Rules is what decisions go by besides the state: the law, the entities and
// the operator's classification policy. It is read-only.
type Rules struct {
	Classify classify.Policy
	Law      *regime.Set
	Tracks   []Track
	// Exercise makes every incident an exercise's.
	Exercise bool
	// Heartbeat is the name of the dead-man alert; empty for none.
	Heartbeat string
	// SecondPerson: that an incident is not significant takes a second person.
	SecondPerson bool
}

// Errors a caller branches on. Every command may return them, wrapped in a
// sentence for the person who asked.
var (
	// ErrUnknown: there is no such incident.
	ErrUnknown = errors.New("no such incident")
	// ErrInvalid: the command cannot be right whatever the state is.
	ErrInvalid = errors.New("invalid")
	// ErrRefused: the command does not fit the state the incident is in.
	ErrRefused = errors.New("refused")
	// ErrKeyReused: an idempotency key came again with other content.
	ErrKeyReused = errors.New("idempotency key was used for something else")
)

// A Command is what somebody or something asks for.
type Command interface {
	// decide emits the entries the command leads to. It returns an error
	// before the first of them, or none.
	decide(r *Rules, d *decision) (reply any, err error)
}

// decision collects the entries of one command and folds each at once, so that
// the next is decided against the state it leaves.
type decision struct {
	s       *State
	now     time.Time
	entries []Entry
}

func (d *decision) emit(e Event) {
	entry := Entry{Seq: d.s.Size, At: d.now, Kind: e.Kind(), About: e.About(), Event: e}
	d.s.Apply(entry)
	d.entries = append(d.entries, entry)
}

// Execute decides cmd at now, folds the resulting entries into s and returns
// them with the command's reply. On error s is unchanged and there are none.
//
// Entry times never run backwards: when now lies before the newest entry, that
// entry's time is used.
func (r *Rules) Execute(s *State, now time.Time, cmd Command) (reply any, entries []Entry, err error) {
	now = now.UTC()
	if now.Before(s.At) {
		now = s.At
	}
	d := &decision{s: s, now: now}
	if reply, err = cmd.decide(r, d); err != nil {
		return nil, nil, err
	}
	return reply, d.entries, nil
}

// facts are what the law asks about an incident, for one track and regime.
func (i *Incident) facts(t Track, id regime.ID) regime.Facts {
	at := func(name DateName) time.Time {
		d, _ := i.date(name, t.Entity, id)
		return d.At
	}
	f := regime.Facts{
		DetectedAt: i.DetectedAt, AwareAt: at(AwareAt), HandledAt: at(HandledAt), ImpactEndedAt: at(ImpactEndedAt),
		ClassifiedAt: at(ClassifiedAt), FixAvailableAt: at(FixAvailableAt), Requests: i.requests(t.Entity, id),
		Ongoing: i.OngoingAtFinalDue == classify.Yes, Entity: t.Kind, WeekendReliefExcluded: t.NoWeekendRelief,
	}
	// While nobody has said that its trust services are not affected, yes is
	// the safe side.
	f.AffectsTrustService = t.Kind == regime.TrustServiceProvider && i.AffectsTrustService != classify.No
	if b := i.Breach(t.Entity); id == gdpr && b != nil && !b.AwareAt.IsZero() {
		f.AwareAt = b.AwareAt
	}
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Entity == t.Entity && c.Regime == id && c.Submitted != nil {
			if f.Submitted == nil {
				f.Submitted = map[regime.StageID]regime.Submission{}
			}
			f.Submitted[c.Stage] = c.Submitted.instants()
		}
	}
	return f
}

// clocks computes every clock of the incident as its facts stand. Where the
// incident names entities or regimes only those run; when it names none that
// binds an entity here, all do: no label can leave an incident without clocks.
func (r *Rules) clocks(i *Incident) ([]Clock, Law) {
	tracks, only := r.tracks(i.Entities), i.Regimes
	clocks, law := r.clocksOf(i, tracks, only)
	if len(clocks) == 0 && len(only) > 0 {
		only = nil
		clocks, law = r.clocksOf(i, tracks, nil)
	}
	if len(clocks) == 0 {
		tracks = r.Tracks
		clocks, law = r.clocksOf(i, tracks, nil)
	}
	law.Warnings = r.warnings(i, tracks, only)
	return append(r.withDuties(i, clocks), r.replies(i)...), law
}

func (r *Rules) clocksOf(i *Incident, tracks []Track, only []string) ([]Clock, Law) {
	law := Law{Digest: r.Law.Digest(), Zones: map[string]string{}}
	var out []Clock
	for _, t := range tracks {
		for _, id := range t.Regimes {
			reg, ok := r.law(id, t.MemberState)
			if !ok || len(only) > 0 && !slices.Contains(only, string(id)) {
				continue
			}
			law.Zones[zoneName(t.Place)] = zoneDigest(t.Place, i.DetectedAt)
			for _, c := range reg.Clocks(i.facts(t, id), t.Place) {
				stage, _ := reg.Stage(c.Stage)
				awaits := ""
				if c.Projected {
					awaits = c.Awaits.String()
				}
				out = append(out, Clock{
					ClockID:     ClockID{Entity: t.Entity, Regime: id, Stage: c.Stage},
					Title:       stage.Title,
					MemberState: t.MemberState, Authority: t.Authority,
					Basis: string(c.Basis), Projected: c.Projected, Awaits: awaits,
					StartedAt: c.StartedAt, TargetAt: c.TargetAt, DueAt: c.DueAt, OuterReadingAt: c.OuterReadingAt,
					Source: c.Source, Confidence: string(c.Confidence), IfOngoing: ifOngoing(stage, c),
				})
			}
		}
	}
	return out, law
}

// ifOngoing is the source of the stage's rule for an incident that goes on, where it is not the one that holds.
func ifOngoing(s regime.Stage, c regime.Clock) string {
	for _, e := range s.Except {
		if e.If == regime.OngoingWhenDue && e.Source != c.Source {
			return e.Source
		}
	}
	return ""
}

// law is the regime as it holds in a Member State; without a State, or in one
// that is not known, as it stands by itself.
func (r *Rules) law(id regime.ID, state string) (regime.Regime, bool) {
	if there, ok := r.Law.In(id, state); ok {
		return there, true
	}
	return r.Law.Regime(id)
}

// track is that of an entity; without it, one that says nothing but its name.
func (r *Rules) track(entity string) Track {
	for _, t := range r.Tracks {
		if t.Entity == entity {
			return t
		}
	}
	return Track{Entity: entity}
}

func zoneName(p regime.Place) string { return zoneOf(p).String() }

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}
