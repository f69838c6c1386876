package incident

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/classify"
)

// Statuses of the work on an incident.
const (
	Open          = "open"
	StatusHandled = "handled"
	StatusClosed  = "closed"
)

// Reportability, what the law asks.
const (
	Undecided           = "undecided"
	Mandatory           = "mandatory"
	Voluntary           = "voluntary"
	ReportNotReportable = "not_reportable"
)

// Stamp is who did something, and when.
type Stamp struct {
	By Actor
	At time.Time
}

// Incident is one incident as the journal tells it. Values reached through a
// [State] must not be changed; [Incident.View] gives a copy for the outside.
type Incident struct {
	ID            ID
	Title         string
	Summary       string
	Status        string
	Reportability string
	Exercise      bool
	Severity      string
	Category      classify.Category
	Service       string
	Malicious     classify.Answer
	CrossBorder   classify.Answer
	// MaliciousSaid and CrossBorderSaid are whether a person gave that answer, of
	// which unknown is one; otherwise an alert did, or nobody was asked.
	MaliciousSaid, CrossBorderSaid bool
	Regimes                        []string
	Entities                       []string // whose clocks run; empty for all
	Correlation                    string
	Previous                       ID
	Reason                         string // what made it an incident
	TriageBy                       time.Time

	DetectedAt time.Time
	ReceivedAt time.Time
	OpenedAt   time.Time
	ClosedAt   time.Time
	// Dates are those that people recorded.
	Dates []Date

	// What moves a clock besides dates; empty while nobody has said it.
	AffectsTrustService classify.Answer // the provision of trust services
	OngoingAtFinalDue   classify.Answer // when the final report falls due, Art. 23(4)(e)

	Acknowledged *Stamp    // the first
	AnsweredAt   time.Time // the newest acknowledgement; zero for none
	Commander    *Stamp
	// ProposedCommander is who is on call, Offered to whom command was offered;
	// nil for nobody.
	ProposedCommander *CommanderProposal
	Offered           *CommandOffer

	Alerts    []*Alert
	Clocks    []Clock
	Motions   []Motion // in order of their numbers
	TLP       string   // empty for [DefaultTLP]
	OutOfBand bool     // nothing goes to chat and mail
	// Restricted is nil where everybody who may read may know of it.
	Restricted   *Restriction
	clocksShared bool // with the entry that opened it, and others of its storm
	// Judgements are the assessments of significance, by entity; Proposals the
	// decisions that wait for a second person, by their scope.
	Judgements map[string]*Judgement
	Proposals  map[string]*Proposal
	Warnings   []string // of the law on the incident, a sentence each
	Messages   []AuthorityMessage
	Notes      []Note
	// Ticks are the steps of runbooks that were ticked or unticked, in the order
	// they first were; Communications what went to people, oldest first.
	Ticks          []Tick
	Communications []Communication
	// Breaches are personal data breaches, at most one for each entity.
	Breaches []*Breach
	// Submissions are all that were recorded, oldest first.
	Submissions []*SentReport
	// Approvals are the approved versions of its reports, oldest first.
	Approvals []Approval
	// Events are those of the register that it came from or that joined it.
	Events []EventLink
	// Evidence is what was captured or handed in, oldest first; Ran are the runs
	// of collectors.
	Evidence []Holding
	Ran      []RanCollector
	// ReportFields are what people said for reports, by field id.
	ReportFields map[string]ReportField
	// Cut are batches the sender truncated, by body digest.
	Cut []Cut

	// Held is nil without a legal hold.
	Held *LegalHold
	// Withdrawals are tasks to take reports back, done ones too, at most one for
	// each entity and regime.
	Withdrawals []Withdrawal
	// Linked are the incidents that belong with it, as they were named.
	Linked []Linkage
	// Erased is true when its opening was erased: see [State.Apply].
	Erased bool

	// Revision is the journal position after the newest entry about content;
	// deliveries do not count. UpdatedAt is that entry's time.
	Revision  uint64
	UpdatedAt time.Time

	// Entries are the journal positions of everything about this incident.
	Entries []uint64

	bodies   []*body                          // those it shares with other incidents
	Coverage map[ClockID]map[string]*Coverage // by clock and channel
	heard    map[string]bool                  // events of pagers, by their name
	outbox
}

// Clock returns the clock of that id.
func (i *Incident) Clock(id ClockID) (*Clock, bool) {
	for n := range i.Clocks {
		if i.Clocks[n].ClockID == id {
			return &i.Clocks[n], true
		}
	}
	return nil, false
}

// Covered is what the channel has been told about the clock.
func (i *Incident) Covered(id ClockID, channel string) Coverage {
	if c := i.Coverage[id][channel]; c != nil {
		return *c
	}
	return Coverage{}
}

func (i *Incident) coverage(id ClockID, channel string) *Coverage {
	if i.Coverage == nil {
		i.Coverage = map[ClockID]map[string]*Coverage{}
	}
	if i.Coverage[id] == nil {
		i.Coverage[id] = map[string]*Coverage{}
	}
	c := i.Coverage[id][channel]
	if c == nil {
		c = &Coverage{}
		i.Coverage[id][channel] = c
	}
	return c
}

// lastFiring is the last instant at which one of its alerts was known to fire;
// now while one still does.
func (i *Incident) lastFiring(now time.Time) time.Time {
	last := i.DetectedAt
	for _, a := range i.Alerts {
		if a.EndsAt.IsZero() {
			return now
		}
		if a.EndsAt.After(last) {
			last = a.EndsAt
		}
	}
	return last
}

// State is every incident and what decisions need to find them again. The
// zero value is not usable; see [NewState]. It is not safe for concurrent use.
type State struct {
	// Size is the number of entries folded: the next entry's position.
	Size uint64
	// At is the time of the newest entry.
	At time.Time

	incidents   map[ID]*Incident
	order       []ID // by opening
	events      map[ID]*Suspicion
	eventOrder  []ID // by entry
	correlated  map[string]ID
	occurrences map[string][]occurrenceRef
	found       []occurrenceRef // those that Prometheus named
	numbers     map[string]int  // highest number given out, by prefix and year
	commands    map[string]applied
	cuts        map[string]CutBatch
	pagerAlerts map[string]pagerAlert // by the pager's own name

	Policy     *ReminderPolicy
	PolicyAt   time.Time
	heartbeats map[string]time.Time
	reconciled map[string]Reconciliation
	ops        outbox
	stamped    *Stamped
	catalog    catalog
	roots      roots
	body       *body // the newest

	tokens         []Token // replaced, never changed in place
	tokensRevision uint64

	held []HeldExercise
}

// applied remembers a person's command by its key.
type applied struct {
	digest string
	id     ID
	at     time.Time
}

// NewState is the state before the first entry.
func NewState() *State {
	return &State{
		incidents:   map[ID]*Incident{},
		events:      map[ID]*Suspicion{},
		correlated:  map[string]ID{},
		occurrences: map[string][]occurrenceRef{},
		numbers:     map[string]int{},
		commands:    map[string]applied{},
		cuts:        map[string]CutBatch{},
		heartbeats:  map[string]time.Time{},
		reconciled:  map[string]Reconciliation{},
	}
}

// Incident returns the incident of that id.
func (s *State) Incident(id ID) (*Incident, bool) {
	i, ok := s.incidents[id]
	return i, ok
}

// IDs are all incidents in the order they were opened. The slice must not be
// changed.
func (s *State) IDs() []ID { return s.order }

// Ops is what was said about the service itself.
func (s *State) Ops() (pending map[string]*Outgoing, done map[string]time.Time) {
	return s.ops.Pending, s.ops.Done
}

// HeartbeatSeen is when the dead-man alert last came in; zero for never.
func (s *State) HeartbeatSeen(name string) time.Time { return s.heartbeats[name] }

func (s *State) nextID(exercise bool, opened time.Time) ID {
	probe := newID(exercise, opened, 0)
	series := string(probe)[:strings.LastIndexByte(string(probe), '-')]
	return newID(exercise, opened, s.numbers[series]+1)
}

// took notes that the id has been given out.
func (s *State) took(id ID) {
	cut := strings.LastIndexByte(string(id), '-')
	if cut < 0 {
		return
	}
	if n, err := strconv.Atoi(string(id)[cut+1:]); err == nil {
		series := string(id)[:cut]
		s.numbers[series] = max(s.numbers[series], n)
	}
}

// Entry is an event at its place in the journal. Event is nil when the
// payload was erased; what the leaf still tells is then all there is.
type Entry struct {
	Seq   uint64
	At    time.Time
	Kind  string
	About ID
	Event Event
}

// Apply folds the next entry. It panics when the entry is not the next one:
// that is a broken invariant of the caller, and folding on would be wrong for
// every later one.
func (s *State) Apply(e Entry) {
	if e.Seq != s.Size {
		panic(fmt.Sprintf("incident: entry %d applied to a state of %d entries", e.Seq, s.Size))
	}
	s.Size++
	s.At = e.At
	s.catalog.add(e)
	defer func() {
		if i := s.incidents[e.About]; i != nil {
			i.Entries = append(i.Entries, e.Seq)
		} else if ev := s.events[e.About]; ev != nil {
			ev.Entries = append(ev.Entries, e.Seq)
		}
	}()
	if e.Event == nil {
		s.applyErased(e)
		return
	}
	if m, ok := e.Event.(interface{ meta() Meta }); ok {
		if m := m.meta(); m.Key != "" {
			s.commands[m.Key] = applied{digest: m.Digest, id: m.ID, at: e.At}
		}
	}
	s.applyEvent(e)
	s.root(e)
	s.share(e)
}

func (s *State) add(i *Incident) {
	s.incidents[i.ID] = i
	s.order = append(s.order, i.ID)
	s.took(i.ID)
	if i.Correlation != "" {
		s.correlated[i.Correlation] = i.ID
	}
}

// touch notes that the content of the entry's incident changed.
func (s *State) touch(e Entry) {
	if i := s.incidents[e.About]; i != nil {
		i.Revision, i.UpdatedAt = s.Size, e.At
	}
}
