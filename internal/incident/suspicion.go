package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// Suspicion is one suspicious event of the register, Implementing Regulation
// (EU) 2024/2690 annex 3.3 and 3.4: somebody reported it, and a person assesses
// within a time whether it is an incident. It is an aggregate of its own beside
// [Incident]; its id begins with EVT (EVX in an exercise). Reporting one starts
// no clock.
type Suspicion struct {
	ID       ID
	What     string
	Reporter Reporter
	Service  string
	Exercise bool

	// NoticedAt is when the reporter noticed it, as the reporter says; zero
	// when not said.
	NoticedAt time.Time
	// SupplierDetectedAt is a supplier's own detection in its own systems.
	SupplierDetectedAt time.Time
	// ReceivedAt is when the entity got the report.
	ReceivedAt time.Time
	Recorded   Stamp
	TriageBy   time.Time // exclusive

	Assessments []Verdict // the newest last; it is the one that holds
	Notes       []Note
	Incident    ID // that it became or joined
	// Erased is true when its payloads are gone: only its id and times are left.
	Erased bool

	// Revision is the journal position after its newest entry, Entries those of
	// all of them.
	Revision  uint64
	UpdatedAt time.Time
	Entries   []uint64
}

// Reporter is who reported a suspicious event.
type Reporter struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Contact string `json:"contact"`
}

func (r Reporter) String() string {
	if r.Name == "" {
		return r.Kind
	}
	return r.Kind + " " + r.Name
}

// Kinds of reporters.
const (
	ByStaff      = "staff"
	BySupplier   = "supplier"
	ByCustomer   = "customer"
	ByCSIRT      = "csirt"
	ByPolice     = "police"
	ByResearcher = "researcher"
	ByAlert      = "alert"
	ByOther      = "other"
)

var reporterKinds = []string{ByStaff, BySupplier, ByCustomer, ByCSIRT, ByPolice, ByResearcher, ByAlert, ByOther}

// ours reports whether the reporter's noticing is the entity's own.
func (r Reporter) ours() bool { return r.Kind == ByStaff || r.Kind == ByAlert }

// Outcomes of an assessment.
const (
	OutcomeEvent    = "event"                    // nothing
	OutcomeNearMiss = "near_miss"                // Directive (EU) 2022/2555 Art. 6(5)
	OutcomeThreat   = "significant_cyber_threat" // Art. 6(11)
	OutcomeIncident = "incident"                 // Art. 6(6)
)

var outcomes = []string{OutcomeEvent, OutcomeNearMiss, OutcomeThreat, OutcomeIncident}

// Verdict is what a person made of a suspicious event, and why.
type Verdict struct {
	Outcome       string
	Reportability string
	Reason        string
	Record        Stamp
}

// Assessed is the assessment that holds; nil while nobody has made one.
func (s *Suspicion) Assessed() *Verdict {
	if len(s.Assessments) == 0 {
		return nil
	}
	return &s.Assessments[len(s.Assessments)-1]
}

// Overdue reports whether the assessment is missing although its time is up.
func (s *Suspicion) Overdue(now time.Time) bool {
	return s.Assessed() == nil && regime.Overdue(s.TriageBy, now)
}

// ReportSuspicion enters a suspicious event. Its reply is the event's [ID].
type ReportSuspicion struct {
	Person
	What               string
	Reporter           Reporter
	Service            string
	NoticedAt          time.Time
	ReceivedAt         time.Time // now when zero
	SupplierDetectedAt time.Time // of a supplier only
}

func (c ReportSuspicion) decide(r *Rules, d *decision) (any, error) {
	if id, done, err := c.repeated(d); err != nil || done {
		return id, err
	}
	received := c.ReceivedAt.UTC()
	if c.ReceivedAt.IsZero() {
		received = d.now
	}
	switch {
	case strings.TrimSpace(c.What) == "":
		return nil, invalid("what is suspicious? say it in a sentence or more")
	case !slices.Contains(reporterKinds, c.Reporter.Kind):
		return nil, invalid("reporter.kind is %q: want %s", c.Reporter.Kind, strings.Join(reporterKinds, ", "))
	case received.After(d.now):
		return nil, invalid("received_at %s lies in the future", utc(received))
	case c.NoticedAt.After(received):
		return nil, invalid("noticed_at %s lies after %s, when it was reported", utc(c.NoticedAt), utc(received))
	case c.SupplierDetectedAt.After(received):
		return nil, invalid("supplier_detected_at %s lies after %s, when it was reported", utc(c.SupplierDetectedAt), utc(received))
	case !c.SupplierDetectedAt.IsZero() && c.Reporter.Kind != BySupplier:
		return nil, invalid("supplier_detected_at belongs to a report by a supplier, not by %s", c.Reporter.Kind)
	}
	id := d.s.nextEvent(r.Exercise, d.now)
	d.emit(SuspicionReported{
		Meta: c.metaFor(id), What: c.What, Reporter: c.Reporter, Service: c.Service, Exercise: r.Exercise,
		NoticedAt: inUTC(c.NoticedAt), SupplierDetectedAt: inUTC(c.SupplierDetectedAt), ReceivedAt: received,
		TriageBy: received.Add(r.Classify.TriageWithin),
	})
	return id, nil
}

// inUTC keeps the zero instant as it is.
func inUTC(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// nextEvent is the next id of the register.
func (s *State) nextEvent(exercise bool, at time.Time) ID {
	prefix := "EVT"
	if exercise {
		prefix = "EVX"
	}
	series := fmt.Sprintf("%s-%d", prefix, at.UTC().Year())
	return ID(fmt.Sprintf("%s-%04d", series, s.numbers[series]+1))
}

// UnknownEvent is an [ErrUnknown] that says that no suspicious event has the id.
func UnknownEvent(id ID) error { return unknownEvent(id) }

type unknownEvent ID

// Error implements error.
func (id unknownEvent) Error() string { return "no such event: " + string(id) }

// Unwrap makes it an [ErrUnknown].
func (unknownEvent) Unwrap() error { return ErrUnknown }

// SuspicionReported enters a suspicious event in the register.
type SuspicionReported struct {
	Meta
	What               string    `json:"what"`
	Reporter           Reporter  `json:"reporter"`
	Service            string    `json:"service,omitzero"`
	Exercise           bool      `json:"exercise,omitzero"`
	NoticedAt          time.Time `json:"noticed_at,omitzero"`
	SupplierDetectedAt time.Time `json:"supplier_detected_at,omitzero"`
	ReceivedAt         time.Time `json:"received_at"`
	TriageBy           time.Time `json:"triage_by"`
}

func (SuspicionReported) Kind() string { return "event.reported/v1" }

func (SuspicionReported) lasting() string { return eventRegister }

// Describe says who reported what, and until when it is to be assessed.
func (e SuspicionReported) Describe() string {
	s := fmt.Sprintf("suspicious event reported by %s: %s; received %s", e.Reporter, e.What, utc(e.ReceivedAt))
	if !e.NoticedAt.IsZero() {
		s += ", noticed " + utc(e.NoticedAt)
	}
	if !e.SupplierDetectedAt.IsZero() {
		s += ", detected by the supplier " + utc(e.SupplierDetectedAt)
	}
	return s + "; to be assessed before " + utc(e.TriageBy)
}

func (ev SuspicionReported) apply(s *State, e Entry) {
	s.addEvent(&Suspicion{
		ID: ev.ID, What: ev.What, Reporter: ev.Reporter, Service: ev.Service, Exercise: ev.Exercise,
		NoticedAt: ev.NoticedAt, SupplierDetectedAt: ev.SupplierDetectedAt, ReceivedAt: ev.ReceivedAt,
		Recorded: Stamp{By: ev.By, At: e.At}, TriageBy: ev.TriageBy,
	})
	s.touchEvent(e)
}

// NoteSuspicion adds a line to a suspicious event.
type NoteSuspicion struct {
	Person
	ID   ID
	Text string
}

func (c NoteSuspicion) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.onEvent(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if strings.TrimSpace(c.Text) == "" {
		return nil, invalid("a note needs text")
	}
	d.emit(SuspicionNoted{Meta: c.metaFor(c.ID), Text: c.Text})
	return c.ID, nil
}

// onEvent is [Person.onIncident] for a suspicious event.
func (p Person) onEvent(d *decision, id ID) (ev *Suspicion, done bool, err error) {
	ev, ok := d.s.events[id]
	if !ok {
		return nil, false, UnknownEvent(id)
	}
	if ev.Erased {
		return nil, false, refused("%s was erased: only its id and times are left, and nothing can be added", id)
	}
	_, done, err = p.repeated(d)
	return ev, done, err
}

// SuspicionNoted adds a note to a suspicious event.
type SuspicionNoted struct {
	Meta
	Text string `json:"text"`
}

func (SuspicionNoted) Kind() string { return "event.noted/v1" }

func (SuspicionNoted) lasting() string { return eventRegister }

func (e SuspicionNoted) Describe() string { return "note: " + e.Text }

func (ev SuspicionNoted) apply(s *State, e Entry) {
	if x := s.events[e.About]; x != nil {
		x.Notes = append(x.Notes, Note{Stamp: Stamp{By: ev.By, At: e.At}, Text: ev.Text})
	}
	s.touchEvent(e)
}

// Event returns the suspicious event of that id.
func (s *State) Event(id ID) (*Suspicion, bool) {
	ev, ok := s.events[id]
	return ev, ok
}

// EventIDs are all suspicious events in the order they were entered. The slice
// must not be changed.
func (s *State) EventIDs() []ID { return s.eventOrder }

// EntriesAbout are the journal positions of everything about an incident or a
// suspicious event; false when there is none of that id. The slice must not be
// changed.
func (s *State) EntriesAbout(id ID) ([]uint64, bool) {
	if i, ok := s.incidents[id]; ok {
		return i.Entries, true
	}
	if ev, ok := s.events[id]; ok {
		return ev.Entries, true
	}
	return nil, false
}

func (s *State) addEvent(ev *Suspicion) {
	s.events[ev.ID] = ev
	s.eventOrder = append(s.eventOrder, ev.ID)
	s.took(ev.ID)
}

func (s *State) touchEvent(e Entry) {
	if ev := s.events[e.About]; ev != nil {
		ev.Revision, ev.UpdatedAt = s.Size, e.At
	}
}
