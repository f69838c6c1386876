package communication

import (
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
)

// Common is what every draft can say.
type Common struct {
	Incident string // its id
	Exercise bool
	Entity   string
	Now      string
}

// Recipients is all that a notice to the recipients of the services can say
// (Directive (EU) 2022/2555 Art. 23(1), (2)). The title, the summary, alerts,
// labels, notes and indicators are left out on purpose: they tell customers
// about the inside, and the attacker what is known.
type Recipients struct {
	Common
	Service     string
	Detected    string
	ImpactEnded string
}

// Update is what one's own people can be told.
type Update struct {
	Common
	Title, Summary        string
	Service, Commander    string
	Status, Significance  string // in the words of the API
	Malicious             string // yes, no or unknown
	Detected, Aware       string
	ImpactEnded, Handled  string
	Clocks                []Clock
	RunbookDone, Runbooks int // steps of the runbooks that were begun
}

// Clock is one report that is owed, or was.
type Clock struct {
	Stage, Regime, Entity string
	Due                   string // empty where no figure is agreed
	Submitted             string
	Late                  bool
}

// FollowUp is what adds to the reports to an authority.
type FollowUp struct {
	Common
	Authority              string
	Summary, Service       string
	Malicious, CrossBorder string // yes, no or unknown
	Detected, Aware        string
	ImpactEnded, Handled   string
	Sent                   []Sent
	Asked                  []Asked
}

// Sent is a report that the authority has.
type Sent struct {
	Stages        []string
	At, Reference string
}

// Asked is a question of the authority that is not answered.
type Asked struct {
	Number                         int
	Received, RespondBy, Reference string
	Text                           string
}

// fields are what the templates of a kind can say of the incident at now.
func (d *Drafter) fields(kind string, v incident.View, now time.Time) any {
	common := Common{Incident: string(v.ID), Exercise: v.Exercise, Entity: d.from.Entity, Now: d.when(&now)}
	switch kind {
	case incident.RecipientsNotice:
		return Recipients{Common: common, Service: oneLine(v.Service), Detected: d.when(&v.DetectedAt), ImpactEnded: d.when(v.ImpactEndedAt)}
	case incident.AuthorityFollowUp:
		v, _ = incident.OfEntity(d.from.Track, v, nil)
		return FollowUp{
			Common: common, Authority: d.from.Authority, Summary: strings.TrimSpace(v.Summary), Service: oneLine(v.Service),
			Malicious: known(v.Malicious), CrossBorder: known(v.CrossBorder), Detected: d.when(&v.DetectedAt), Aware: d.when(v.AwareAt),
			ImpactEnded: d.when(v.ImpactEndedAt), Handled: d.when(v.HandledAt), Sent: d.sent(v), Asked: d.asked(v),
		}
	}
	u := Update{
		Common: common, Title: oneLine(v.Title), Summary: strings.TrimSpace(v.Summary), Service: oneLine(v.Service),
		Status: v.Status, Significance: v.Significance.Decision, Malicious: known(v.Malicious),
		Detected: d.when(&v.DetectedAt), Aware: d.when(v.AwareAt), ImpactEnded: d.when(v.ImpactEndedAt), Handled: d.when(v.HandledAt),
	}
	if v.Commander != nil {
		u.Commander = *v.Commander
	}
	for _, c := range v.Clocks {
		if c.Stopped == nil && c.State != incident.ClockProjected {
			u.Clocks = append(u.Clocks, Clock{Stage: string(c.Stage), Regime: string(c.Regime), Entity: c.Entity, Due: d.when(&c.DueAt), Submitted: d.when(c.SubmittedAt), Late: c.Late})
		}
	}
	for _, r := range v.Runbooks {
		if r.Done > 0 {
			u.RunbookDone, u.Runbooks = u.RunbookDone+r.Done, u.Runbooks+r.Total
		}
	}
	return u
}

// sent are the reports that went to an authority.
func (d *Drafter) sent(v incident.View) (out []Sent) {
	for _, s := range v.Submissions {
		out = append(out, Sent{Stages: s.Stages, At: d.when(&s.SubmittedAt), Reference: oneLine(s.Reference)})
	}
	return out
}

// asked are the messages that want an answer and have none.
func (d *Drafter) asked(v incident.View) (out []Asked) {
	answered := map[int]bool{}
	for _, m := range v.Messages {
		if m.Answers != nil {
			answered[*m.Answers] = true
		}
	}
	for _, m := range v.Messages {
		if m.Direction != incident.In || answered[m.Number] || m.RespondBy == nil && m.Kind != incident.RequestMessage {
			continue
		}
		a := Asked{Number: m.Number, Received: d.when(m.ReceivedAt), RespondBy: d.when(m.RespondBy), Text: oneLine(m.Text)}
		if m.Reference != nil {
			a.Reference = oneLine(*m.Reference)
		}
		out = append(out, a)
	}
	return out
}

// when is an instant in the zone of the readers, to the minute; empty for one
// that is not known.
func (d *Drafter) when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.In(d.from.Zone).Format("2006-01-02 15:04 (UTC-07:00)")
}

// known is an answer, unknown where nobody gave one.
func known(a classify.Answer) string {
	if a == "" {
		return string(classify.Unknown)
	}
	return string(a)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
