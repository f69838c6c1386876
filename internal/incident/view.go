package incident

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
)

// View is an incident as the outside sees it at one instant: the JSON of the
// API. It shares nothing with the state it was made from.
type View struct {
	ID            ID                `json:"id"`
	Title         string            `json:"title"`
	Summary       string            `json:"summary"`
	Status        string            `json:"status"`
	Reportability string            `json:"reportability"`
	Exercise      bool              `json:"exercise"`
	TLP           string            `json:"tlp"`
	DetectedAt    time.Time         `json:"detected_at"`
	ReceivedAt    time.Time         `json:"received_at"`
	OpenedAt      time.Time         `json:"opened_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
	AwareAt       *time.Time        `json:"aware_at"` // of the incident; of one regime or entity alone: in Dates
	AwareBy       *string           `json:"aware_by"`
	ImpactEndedAt *time.Time        `json:"impact_ended_at"`
	RecoveredAt   *time.Time        `json:"recovered_at"`
	HandledAt     *time.Time        `json:"handled_at"`
	ClosedAt      *time.Time        `json:"closed_at"`
	TriageBy      *time.Time        `json:"triage_by"`
	Severity      string            `json:"severity"`
	Category      classify.Category `json:"category"`
	Service       string            `json:"service"`
	Malicious     classify.Answer   `json:"malicious"`
	CrossBorder   classify.Answer   `json:"cross_border"`
	AffectsTrust  classify.Answer   `json:"affects_trust_service"`
	Ongoing       classify.Answer   `json:"ongoing_at_final_due"`
	Significance  Significance      `json:"significance"`
	Commander     *string           `json:"commander"`
	// ProposedCommander is who is on call while nobody has command, Offered to
	// whom a commander wants to hand over.
	ProposedCommander *CommanderProposal `json:"commander_proposed"`
	Offered           *CommandOffer      `json:"command_offered"`

	AcknowledgedBy *string    `json:"acknowledged_by"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	// Unanswered is true while nobody has answered the newest call at a pager;
	// see [Incident.Unanswered]. A call is no content, so no document says it.
	Unanswered bool `json:"-"`

	Reason   string `json:"reason"`
	Previous *ID    `json:"previous"`
	// Linked are other incidents that people said belong with it.
	Linked []LinkageView `json:"linked"`
	// Incomplete says in sentences what is known to be missing.
	Incomplete []string `json:"incomplete"`
	// Warnings are what to know of the law on it, a sentence each; in the answer to
	// a command also what to know of what was asked.
	Warnings []string    `json:"warnings"`
	Clocks   []ClockView `json:"clocks"`
	// ReportFields are what people said for reports, by field id.
	ReportFields map[string]ReportFieldView `json:"report_fields"`
	// Dates are all that people recorded, also those of one entity or regime.
	Dates    []DateView     `json:"dates"`
	Messages []MessageView  `json:"authority_messages"`
	Alerts   []AlertView    `json:"alerts"`
	Evidence []EvidenceView `json:"evidence"`
	Links    Links          `json:"links"`
	Revision uint64         `json:"revision"`
	// LegalHold is null when nothing keeps the incident from being erased.
	LegalHold *HoldView `json:"legal_hold"`
	// Erased says that of the incident only its id, its times and the kinds of
	// its entries are left.
	Erased bool `json:"erased"`
	// Proposals are what somebody asked for that another must confirm, settled
	// ones too.
	Proposals []MotionView `json:"proposals"`
	// OutOfBand is true while nothing about it goes to chat and mail.
	OutOfBand bool `json:"out_of_band"`
	// Restricted is null where everybody who may read may know of it.
	Restricted *RestrictionView `json:"restricted"`
	// Room is the incident's own in a chat; null without one.
	Room *RoomView `json:"room"`

	Dossier
	Conduct
}

// ClockView is a clock at one instant. RemainingSeconds is measured against
// DueAt and negative once that is past; it and Late belong to the instant the
// view was made. Where no figure is agreed DueAt is left out, RemainingSeconds
// is 0 and the report is owed without undue delay.
type ClockView struct {
	ClockID
	Title            string     `json:"title"`
	MemberState      *string    `json:"member_state"`
	Authority        *string    `json:"authority"`
	State            string     `json:"state"`
	Basis            string     `json:"basis"`
	Awaits           *string    `json:"awaits"` // of a projected clock: what starts its period
	StartedAt        time.Time  `json:"started_at"`
	TargetAt         time.Time  `json:"target_at"`
	DueAt            time.Time  `json:"due_at,omitzero"`
	OuterReadingAt   *time.Time `json:"outer_reading_at"`
	RemainingSeconds int64      `json:"remaining_seconds"`
	SubmittedAt      *time.Time `json:"submitted_at"`
	ReceiptAt        *time.Time `json:"receipt_at"`
	Reference        *string    `json:"reference"`
	Late             bool       `json:"late"`
	Stopped          *string    `json:"stopped"`
	Source           string     `json:"source"`
	Confidence       string     `json:"confidence"`
}

// Deadline is the instant reminders go by: the earlier of target and due.
func (c *ClockView) Deadline() time.Time {
	return (&Clock{TargetAt: c.TargetAt, DueAt: c.DueAt}).Deadline()
}

// Runs reports whether the report can be recorded as submitted by itself: it is
// owed still, and waits for nothing that comes before it. One that waits may be
// overdue already, where what comes before it is.
func (c *ClockView) Runs() bool {
	return (c.State == ClockRunning || c.State == ClockOverdue) && c.Awaits == nil
}

// DateView is a date that a person recorded, as it now stands.
type DateView struct {
	DateID
	At         time.Time `json:"at"`
	Person     string    `json:"person"`
	Reason     string    `json:"reason"`
	RecordedBy string    `json:"recorded_by"`
	RecordedAt time.Time `json:"recorded_at"`
}

// MessageView is a message from an authority or to it. Of the two instants there is one; of Clock the stage of that which it started, or
// answered.
type MessageView struct {
	Number     int         `json:"number"`
	Direction  Direction   `json:"direction"`
	Kind       MessageKind `json:"kind"`
	ReceivedAt *time.Time  `json:"received_at"`
	SentAt     *time.Time  `json:"sent_at"`
	RespondBy  *time.Time  `json:"respond_by"`
	Owner      *string     `json:"owner"`
	Entity     *string     `json:"entity"`
	Regime     *regime.ID  `json:"regime"`
	Stages     []string    `json:"stages"`
	Authority  *string     `json:"authority"`
	Reference  *string     `json:"reference"`
	Text       string      `json:"text"`
	SHA256     *string     `json:"sha256"`
	Answers    *int        `json:"answers"`
	Clock      *string     `json:"clock"`
}

// AlertView is one occurrence.
type AlertView struct {
	Fingerprint  string            `json:"fingerprint"`
	StartsAt     time.Time         `json:"starts_at"`
	EndsAt       *time.Time        `json:"ends_at"`
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	GeneratorURL string            `json:"generator_url"`
	Flags        []string          `json:"flags"`
	// Found says where it was found by asking; null when a webhook brought it.
	Found *Found `json:"found"`
}

// Links are paths below the service's address.
type Links struct {
	Self   string `json:"self"`
	Page   string `json:"page"`
	Packet string `json:"packet"`
}

// View copies the incident out as it is at now.
func (i *Incident) View(now time.Time) View {
	v := View{
		ID: i.ID, Title: i.Title, Summary: i.Summary, Status: i.Status, Reportability: i.Reportability, Exercise: i.Exercise, TLP: i.tlp(), OutOfBand: i.OutOfBand, Restricted: i.restriction(), Room: i.roomView(),
		DetectedAt: i.DetectedAt, ReceivedAt: i.ReceivedAt, OpenedAt: i.OpenedAt, UpdatedAt: i.UpdatedAt,
		ImpactEndedAt: i.dateView(ImpactEndedAt), RecoveredAt: i.dateView(RecoveredAt), HandledAt: i.dateView(HandledAt), ClosedAt: some(i.ClosedAt), TriageBy: some(i.TriageBy),
		Severity: i.Severity, Category: i.Category, Service: i.Service, Malicious: answered(i.Malicious), CrossBorder: answered(i.CrossBorder),
		AffectsTrust: answered(i.AffectsTrustService), Ongoing: answered(i.OngoingAtFinalDue),
		Significance: i.significance(),
		Reason:       i.Reason, Previous: some(i.Previous), Linked: i.linkages(), Incomplete: i.Incomplete(),
		Erased:   i.Erased,
		Warnings: i.warnings(now), Dates: []DateView{}, Messages: []MessageView{}, Clocks: []ClockView{}, Alerts: []AlertView{}, Evidence: i.evidenceViews(), Revision: i.Revision,
		Proposals: i.proposalViews(now), Links: Links{Self: "/api/v1/incidents/" + string(i.ID), Page: "/incidents/" + string(i.ID), Packet: "/api/v1/incidents/" + string(i.ID) + "/packet.zip"},
	}
	v.ReportFields = i.reportFields()
	if aware, ok := i.date(AwareAt, "", ""); ok {
		v.AwareAt, v.AwareBy = new(aware.At), new(aware.Person)
	}
	for _, d := range i.Dates {
		v.Dates = append(v.Dates, DateView{DateID: d.DateID, At: d.At, Person: d.Person, Reason: d.Reason, RecordedBy: d.Record.By.Name, RecordedAt: d.Record.At})
	}
	for _, m := range i.Messages {
		v.Messages = append(v.Messages, m.view())
	}
	if i.Commander != nil {
		v.Commander = new(i.Commander.By.Name)
	}
	if i.Held != nil {
		v.LegalHold = &HoldView{By: i.Held.By.Name, At: i.Held.At, Reason: i.Held.Reason}
	}
	if i.Commander == nil && i.ProposedCommander != nil {
		v.ProposedCommander = new(*i.ProposedCommander)
	}
	if i.Offered != nil {
		v.Offered = new(*i.Offered)
	}
	v.Unanswered = i.Unanswered(now)
	if i.Acknowledged != nil {
		v.AcknowledgedBy, v.AcknowledgedAt = new(i.Acknowledged.By.Name), new(i.Acknowledged.At)
	}
	for n := range i.Clocks {
		v.Clocks = append(v.Clocks, i.Clocks[n].view(now))
	}
	for _, a := range i.Alerts {
		v.Alerts = append(v.Alerts, AlertView{
			Fingerprint: a.Fingerprint, StartsAt: a.StartsAt, EndsAt: some(a.EndsAt), Status: a.Status,
			Labels: maps.Clone(a.Labels), Annotations: maps.Clone(a.Annotations), GeneratorURL: a.GeneratorURL, Flags: slices.Clone(a.Flags), Found: some(a.Found),
		})
	}
	v.Dossier = i.dossier(now)
	v.Conduct = i.conduct()
	return v
}

func (c *Clock) view(now time.Time) ClockView {
	v := ClockView{
		ClockID: c.ClockID, Title: c.Title, MemberState: some(c.MemberState), Authority: some(c.Authority),
		State: c.State(now), Basis: c.Basis, Awaits: some(c.Awaits), StartedAt: c.StartedAt, TargetAt: c.TargetAt, DueAt: c.DueAt, OuterReadingAt: some(c.OuterReadingAt),
		RemainingSeconds: int64(c.DueAt.Sub(now) / time.Second), Late: c.Late(now), Stopped: some(c.Stopped),
		Source: c.Source, Confidence: c.Confidence,
	}
	if c.DueAt.IsZero() {
		v.RemainingSeconds = 0
	}
	if c.Submitted != nil {
		v.SubmittedAt, v.ReceiptAt, v.Reference = new(c.Submitted.SentAt), some(c.Submitted.ReceiptAt), some(c.Submitted.Reference)
	}
	return v
}

func (m *AuthorityMessage) view() MessageView {
	v := MessageView{
		Number: m.Number, Direction: m.Direction, Kind: m.Kind, ReceivedAt: new(m.At), RespondBy: some(m.RespondBy), Owner: some(m.Owner),
		Entity: some(m.Entity), Regime: some(m.Regime), Stages: append([]string{}, m.Stages...), Authority: some(m.Authority),
		Reference: some(m.Reference), Text: m.Text, SHA256: some(m.SHA256), Answers: some(m.Answers), Clock: some(string(m.Clock.Stage)),
	}
	if m.Direction == Out {
		v.ReceivedAt, v.SentAt = nil, v.ReceivedAt
	}
	return v
}

// dateView is a date of the whole incident; nil while it is not recorded.
func (i *Incident) dateView(name DateName) *time.Time {
	d, _ := i.date(name, "", "")
	return some(d.At)
}

// answered is an answer, unknown while there is none.
func answered(a classify.Answer) classify.Answer {
	if a == "" {
		return classify.Unknown
	}
	return a
}

// warnings are those of the law on the incident, and what its clocks do not
// say by themselves.
func (i *Incident) warnings(now time.Time) []string {
	out := append([]string{}, i.Warnings...)
	if todo := i.withdrawalWarning(); todo != "" {
		out = append(out, todo)
	}
	if began := i.began(); began.Before(i.DetectedAt) {
		out = append(out, fmt.Sprintf("The entity was aware at %s, before the detection at %s that is recorded: look for an earlier sign of the incident.",
			utc(began), utc(i.DetectedAt)))
	}
	if _, handled := i.date(HandledAt, "", ""); handled || i.OngoingAtFinalDue != "" {
		return out
	}
	for n := range i.Clocks {
		c := &i.Clocks[n]
		if c.Open() && c.IfOngoing != "" && !c.Projected && c.DueAt.Sub(now) < soon {
			out = append(out, fmt.Sprintf("If the incident is still ongoing at %s, %s owes a progress report then and the %s after the handling, %s: "+
				"answer the question ongoing_at_final_due, with a reason.", utc(c.DueAt), c.Entity, c.Title, c.IfOngoing))
		}
	}
	return out
}

// soon is how long before the final report people are told what the law asks
// of an incident that goes on.
const soon = 7 * 24 * time.Hour

// Incomplete says in sentences what is known to be missing from the incident.
func (i *Incident) Incomplete() []string {
	out := []string{}
	for _, c := range i.Cut {
		switch n := plural(c.Missing, "alert"); {
		case !c.Done:
			out = append(out, "Alertmanager cut "+n+" from a batch of this incident (max_alerts); they are being read back.")
		case c.Error != "":
			out = append(out, "Alertmanager cut "+n+" from a batch of this incident (max_alerts) and they could not be read back: "+c.Error)
		}
	}
	return out
}

// some is nil for a zero value.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
