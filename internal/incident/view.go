package incident

import (
	"maps"
	"slices"
	"time"

	"nis2clock/internal/classify"
)

// View is an incident as the outside sees it at one instant: the JSON of the
// API. It shares nothing with the state it was made from.
type View struct {
	ID             ID                `json:"id"`
	Title          string            `json:"title"`
	Summary        string            `json:"summary"`
	Status         string            `json:"status"`
	Reportability  string            `json:"reportability"`
	Exercise       bool              `json:"exercise"`
	TLP            string            `json:"tlp"`
	DetectedAt     time.Time         `json:"detected_at"`
	ReceivedAt     time.Time         `json:"received_at"`
	OpenedAt       time.Time         `json:"opened_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
	AwareAt        *time.Time        `json:"aware_at"`
	AwareBy        *string           `json:"aware_by"`
	ImpactEndedAt  *time.Time        `json:"impact_ended_at"`
	RecoveredAt    *time.Time        `json:"recovered_at"`
	HandledAt      *time.Time        `json:"handled_at"`
	ClosedAt       *time.Time        `json:"closed_at"`
	TriageBy       *time.Time        `json:"triage_by"`
	Severity       string            `json:"severity"`
	Category       classify.Category `json:"category"`
	Service        string            `json:"service"`
	Malicious      classify.Answer   `json:"malicious"`
	CrossBorder    classify.Answer   `json:"cross_border"`
	Significance   Significance      `json:"significance"`
	Commander      *string           `json:"commander"`
	AcknowledgedBy *string           `json:"acknowledged_by"`
	AcknowledgedAt *time.Time        `json:"acknowledged_at"`
	Reason         string            `json:"reason"`
	Previous       *ID               `json:"previous"`
	// Incomplete says in sentences what is known to be missing.
	Incomplete []string    `json:"incomplete"`
	Clocks     []ClockView `json:"clocks"`
	Alerts     []AlertView `json:"alerts"`
	Evidence   []struct{}  `json:"evidence"`
	Links      Links       `json:"links"`
	Revision   uint64      `json:"revision"`
	// Proposals are what somebody asked for that another must confirm, settled
	// ones too.
	Proposals []ProposalView `json:"proposals"`
	// OutOfBand is true while nothing about it goes to chat and mail.
	OutOfBand bool `json:"out_of_band"`
}

// Significance is the decision of Art. 23(3). "Not significant" is recorded
// through [MarkNotReportable].
type Significance struct {
	Decision string     `json:"decision"`
	Criteria []string   `json:"criteria"`
	By       *string    `json:"by"`
	At       *time.Time `json:"at"`
	Reason   string     `json:"reason"`
}

// ClockView is a clock at one instant. RemainingSeconds is measured against
// DueAt and negative once that is past; it and Late belong to the instant the
// view was made.
type ClockView struct {
	ClockID
	Title            string     `json:"title"`
	MemberState      *string    `json:"member_state"`
	Authority        *string    `json:"authority"`
	State            string     `json:"state"`
	Basis            string     `json:"basis"`
	StartedAt        time.Time  `json:"started_at"`
	TargetAt         time.Time  `json:"target_at"`
	DueAt            time.Time  `json:"due_at"`
	OuterReadingAt   *time.Time `json:"outer_reading_at"`
	RemainingSeconds int64      `json:"remaining_seconds"`
	SubmittedAt      *time.Time `json:"submitted_at"`
	Reference        *string    `json:"reference"`
	Late             bool       `json:"late"`
	Stopped          *string    `json:"stopped"`
	Source           string     `json:"source"`
	Confidence       string     `json:"confidence"`
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
		ID: i.ID, Title: i.Title, Summary: i.Summary, Status: i.Status, Reportability: i.Reportability, Exercise: i.Exercise, TLP: i.tlp(), OutOfBand: i.OutOfBand,
		DetectedAt: i.DetectedAt, ReceivedAt: i.ReceivedAt, OpenedAt: i.OpenedAt, UpdatedAt: i.UpdatedAt,
		HandledAt: some(i.HandledAt), ClosedAt: some(i.ClosedAt), TriageBy: some(i.TriageBy),
		Severity: i.Severity, Category: i.Category, Service: i.Service, Malicious: i.Malicious, CrossBorder: i.CrossBorder,
		Significance: Significance{Decision: Undecided, Criteria: []string{}},
		Reason:       i.Reason, Previous: some(i.Previous), Incomplete: i.Incomplete(),
		Clocks: []ClockView{}, Alerts: []AlertView{}, Evidence: []struct{}{}, Revision: i.Revision,
		Proposals: i.proposalViews(now), Links: Links{Self: "/api/v1/incidents/" + string(i.ID), Page: "/incidents/" + string(i.ID), Packet: "/api/v1/incidents/" + string(i.ID) + "/packet.zip"},
	}
	if i.Aware != nil {
		v.AwareAt, v.AwareBy = new(i.Aware.At), new(i.Aware.Person)
	}
	if i.Commander != nil {
		v.Commander = new(i.Commander.By.Name)
	}
	if i.Acknowledged != nil {
		v.AcknowledgedBy, v.AcknowledgedAt = new(i.Acknowledged.By.Name), new(i.Acknowledged.At)
	}
	if i.Reportability == ReportNotReportable {
		v.Significance.Decision, v.Significance.Reason = "not_significant", i.Decision
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
	return v
}

func (c *Clock) view(now time.Time) ClockView {
	v := ClockView{
		ClockID: c.ClockID, Title: c.Title, MemberState: some(c.MemberState), Authority: some(c.Authority),
		State: c.State(now), Basis: c.Basis, StartedAt: c.StartedAt, TargetAt: c.TargetAt, DueAt: c.DueAt, OuterReadingAt: some(c.OuterReadingAt),
		RemainingSeconds: int64(c.DueAt.Sub(now) / time.Second), Late: c.Late(now), Stopped: some(c.Stopped),
		Source: c.Source, Confidence: c.Confidence,
	}
	if c.Submitted != nil {
		v.SubmittedAt, v.Reference = new(c.Submitted.SentAt), some(c.Submitted.Reference)
	}
	return v
}

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
