package incident

import (
	"slices"
	"strings"
	"time"
)

// BreachView is a personal data breach as the outside sees it: the facts, the
// effects and the remedial action that Regulation (EU) 2016/679 Art. 33(5) has
// the controller document.
type BreachView struct {
	Entity       string        `json:"entity"`
	AwareAt      *time.Time    `json:"aware_at"`
	Nature       string        `json:"nature"`
	DataSets     []DataSet     `json:"data_sets"`
	Subjects     Approximately `json:"subjects"`
	Records      Approximately `json:"records"`
	Consequences string        `json:"consequences"`
	Measures     string        `json:"measures"`
	Risk         Risk          `json:"risk"`
	RiskReason   string        `json:"risk_reason"`
	Advice       []Advice      `json:"dpo_advice"`
	Informing    *Informing    `json:"informing"`
	ToldBy       *ToldBy       `json:"told_by_processor"`
	// Notified is whether the authority was, Art. 33(1); Reason says why not,
	// or not yet.
	Notified    bool         `json:"notified"`
	NotifiedAt  *time.Time   `json:"notified_at"`
	Reference   *string      `json:"reference"`
	Reason      string       `json:"not_notified_reason"`
	Controllers []NoticeView `json:"controllers"` // whom the entity tells as their processor
	History     []NoteView   `json:"history"`
}

// NoticeView is a processor's notice to one controller. DueAt is nil where no
// figure is agreed: without undue delay.
type NoticeView struct {
	Contract   string     `json:"contract"`
	Controller string     `json:"controller"`
	Contact    string     `json:"contact"`
	Concerned  bool       `json:"concerned"`
	DueAt      *time.Time `json:"due_at"`
	ToldAt     *time.Time `json:"told_at"` // the first time
	By         string     `json:"by"`
	Channel    string     `json:"channel"`
	Reference  string     `json:"reference"`
	SHA256     string     `json:"sha256"`
	Late       bool       `json:"late"`
}

func (i *Incident) viewBreach(b *Breach, now time.Time) BreachView {
	v := BreachView{
		Entity: b.Entity, AwareAt: some(b.AwareAt), Nature: b.Nature, DataSets: slices.Clone(b.DataSets),
		Subjects: b.Subjects, Records: b.Records, Consequences: b.Consequences, Measures: b.Measures,
		Risk: b.Risk, RiskReason: b.RiskReason, Advice: slices.Clone(b.Advice), Informing: b.Informing, ToldBy: b.ToldBy,
		Controllers: []NoticeView{}, History: []NoteView{},
	}
	v.Reason = b.notOwed()
	for n := range i.Clocks {
		c := &i.Clocks[n]
		if c.Entity != b.Entity || c.Regime != gdpr {
			continue
		}
		switch {
		case c.Submitted != nil:
			v.Notified, v.NotifiedAt, v.Reference, v.Reason = true, new(c.Submitted.SentAt), some(c.Submitted.Reference), ""
		case v.Reason == "" && c.Stopped != "":
			v.Reason = c.Stopped
		case v.Reason == "":
			v.Reason = "not yet: due " + utc(c.DueAt)
		}
	}
	v.Reason = strings.TrimPrefix(v.Reason, breachStop)
	for _, n := range b.Notices {
		v.Controllers = append(v.Controllers, i.viewNotice(b, n, now))
	}
	for _, h := range b.History {
		v.History = append(v.History, NoteView{At: h.At, By: h.By.Name, Text: h.What})
	}
	return v
}

func (i *Incident) viewNotice(b *Breach, n Notice, now time.Time) NoticeView {
	v := NoticeView{Contract: n.Contract, Controller: n.Controller, Contact: n.Contact, Concerned: !n.Dropped}
	c, ok := i.Clock(ClockID{Entity: b.Entity, Regime: GDPRProcessor, Stage: ControllerNotice, Counterparty: n.Contract})
	if !ok {
		return v
	}
	v.DueAt, v.Late = some(c.DueAt), c.Late(now)
	if s := c.Submitted; s != nil {
		v.ToldAt, v.By, v.Channel, v.Reference, v.SHA256 = new(s.SentAt), s.Submitter, s.Channel, s.Reference, s.SHA256
	}
	return v
}

// RegisterEntry is one personal data breach in the register of Art. 33(5).
type RegisterEntry struct {
	Incident   ID        `json:"incident"`
	Title      string    `json:"title"`
	Status     string    `json:"status"`
	Exercise   bool      `json:"exercise"`
	DetectedAt time.Time `json:"detected_at"`
	BreachView
}

// Breaches is the register of all personal data breaches, oldest incident
// first, as it is at now.
func (s *State) Breaches(now time.Time) []RegisterEntry {
	out := []RegisterEntry{}
	for _, id := range s.order {
		i := s.incidents[id]
		for _, b := range i.Breaches {
			out = append(out, RegisterEntry{
				Incident: i.ID, Title: i.Title, Status: i.Status, Exercise: i.Exercise, DetectedAt: i.DetectedAt,
				BreachView: i.viewBreach(b, now),
			})
		}
	}
	return out
}
