package scenario

import (
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// Scenario is a checked scenario. It is read-only. Offsets count from Start.
type Scenario struct {
	Name   string // of the file, without .yaml
	File   string // as messages call it
	SHA256 string // of the file's bytes, in hex

	Title    string
	Aim      string
	Briefing string   // everybody may read it from the start
	Tests    []string // the requirements tested, as cited

	Start  time.Time // scenario time of offset 0, in Zone
	Zone   *time.Location
	Length time.Duration // nothing happens after it

	Entities     []Entity
	Participants []Participant
	Injects      []Inject // by offset
	Expected     []Expected
	Decisions    []DecisionPoint // by offset
	Hints        []Hint
	Questions    []Question
	Auto         []Step // by offset; empty: it needs people
	Clocks       []ExpectedClock
}

// At is the scenario time of an offset, in the scenario's zone.
func (s *Scenario) At(offset time.Duration) time.Time { return s.Start.Add(offset) }

// Inject finds an inject by id.
func (s *Scenario) Inject(id string) (Inject, bool) { return find(s.Injects, id) }

// Participant finds a participant by id.
func (s *Scenario) Participant(id string) (Participant, bool) { return find(s.Participants, id) }

// Decision finds a decision point by id.
func (s *Scenario) Decision(id string) (DecisionPoint, bool) { return find(s.Decisions, id) }

// Expect finds an expected action by id.
func (s *Scenario) Expect(id string) (Expected, bool) { return find(s.Expected, id) }

func find[T interface{ id() string }](all []T, id string) (T, bool) {
	for _, one := range all {
		if one.id() == id {
			return one, true
		}
	}
	var none T
	return none, false
}

func (p Participant) id() string   { return p.ID }
func (i Inject) id() string        { return i.ID }
func (e Expected) id() string      { return e.ID }
func (d DecisionPoint) id() string { return d.ID }
func (h Hint) id() string          { return h.ID }
func (q Question) id() string      { return q.ID }

// Participant is a seat: what one person does in the exercise. Who sits there
// is said when it is run.
type Participant struct {
	ID   string      `json:"id"`
	Role string      `json:"role"` // as people call it: Incident commander
	May  access.Role `json:"access"`
	// Management is true for a seat of the management body, Directive (EU)
	// 2022/2555 Art. 20; Required for one without which the exercise proves little.
	Management bool `json:"management"`
	Required   bool `json:"required"`
}

// InjectKind says what an inject is.
type InjectKind string

// Kinds of injects; each is the key that holds it in the file.
const (
	AlertsInject     InjectKind = "alerts"     // Alertmanager posts them
	MessageInject    InjectKind = "message"    // somebody writes or calls
	FactInject       InjectKind = "fact"       // the investigation finds it
	OutageInject     InjectKind = "outage"     // a vendor stops answering
	AuthorityInject  InjectKind = "authority"  // a CSIRT or authority writes
	JournalistInject InjectKind = "journalist" // the press asks
)

// Inject is something that happens to the participants.
type Inject struct {
	ID   string
	At   time.Duration
	Kind InjectKind

	Alerts    []Alert          // of alerts
	From      string           // of message, journalist and authority: who says so
	To        []string         // participants' ids; empty for all
	Text      string           // of everything but alerts; of outage optional
	Outage    Outage           // of outage
	Authority AuthorityMessage // of authority; people record it with their tools

	Allows []Knowledge
	Note   string // for the facilitator only
}

// Alert is an alert as Alertmanager sends it.
type Alert struct {
	Labels, Annotations map[string]string
	Resolved            bool
	// Started is how long before the inject it began firing; of a resolved one
	// how long before it had.
	Started time.Duration
	// GeneratorURL points to the expression, as Prometheus sets it.
	GeneratorURL string
}

// Vendors that may be out.
const (
	PagerDuty = "pagerduty"
	Slack     = "slack"
	Opsgenie  = "opsgenie"
	Mail      = "mail"
)

// Outage is a vendor that does not answer.
type Outage struct {
	Vendor string
	Lasts  time.Duration
}

// AuthorityMessage is what an authority sends.
type AuthorityMessage struct {
	Kind      incident.MessageKind
	Regime    regime.ID // nis2 when the file says none
	Stages    []string
	Within    time.Duration // the date it sets, from the inject; zero for none
	Reference string
}

// Knowledge is what an inject lets one know. ShownBy are expected actions: the
// first of them to be done shows that it was known.
type Knowledge struct {
	Know    string   `json:"know"`
	ShownBy []string `json:"shown_by"`
}

// Deadline says which instant of its clock an expected report is measured by.
type Deadline string

// Deadlines.
const (
	NoDeadline Deadline = ""
	DueAt      Deadline = "due"    // the conservative reading of the law
	TargetAt   Deadline = "target" // the house rule
)

// Expected is an action that is expected of the participants or, with Never,
// one that would be wrong. It is met by the first action seen that fits Do and
// all qualifiers that are not empty.
type Expected struct {
	ID string
	Do Deed
	By []string // participants' ids; empty for whoever has the right
	// After is the inject from whose delivery Within counts; empty for the start.
	After  string
	Within time.Duration // zero for no target
	Before Deadline      // of submit, in place of Within
	Weight int           // from 1 to 10
	Never  bool
	Why    string

	// Qualifiers, those of Deed.Takes.
	Regime   regime.ID
	Entity   string
	Stage    string // of submit and approve
	Decision string // of decide: significant or not_significant
	Kind     string // of communicate: a kind of communication; of record_message: a kind of message
	Fact     string // of facts: one of [StatedFacts]
	Runbook  string // of tick
	Point    string // of choose: a decision point
}

// StatedFacts are the questions that people answer with the deed [SetFacts].
var StatedFacts = []string{"summary", "malicious", "cross_border", "affects_trust_service", "ongoing"}

// DecisionPoint is a question that the participants must decide, with reasons.
type DecisionPoint struct {
	ID       string
	At       time.Duration
	For      []string // participants' ids; empty for all
	Question string
	Options  []string // at least two
	Consider string   // for the facilitator: what a good answer weighs
}

// Hint is help that the facilitator may give, and that the write-up counts.
type Hint struct {
	ID    string
	For   string        // the expected action
	After time.Duration // past that action's target; a suggestion to the facilitator
	Text  string
}

// Question is asked after the exercise.
type Question struct {
	ID    string
	Ask   string
	About string // the requirement or aim, as cited; may be empty
}

// ExpectedClock is a deadline that the law makes of the auto script.
type ExpectedClock struct {
	Regime regime.ID
	Entity string // the only one when empty
	Stage  string
	Due    time.Time // the conservative reading, as [DueAt]
	Source string    // as cited by the scenario's author
}
