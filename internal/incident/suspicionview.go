package incident

import "time"

// SuspicionView is a suspicious event as the outside sees it at one instant.
type SuspicionView struct {
	ID                 ID               `json:"id"`
	What               string           `json:"what"`
	Reporter           Reporter         `json:"reporter"`
	Service            string           `json:"service"`
	Exercise           bool             `json:"exercise"`
	NoticedAt          *time.Time       `json:"noticed_at"`
	SupplierDetectedAt *time.Time       `json:"supplier_detected_at"`
	ReceivedAt         time.Time        `json:"received_at"`
	RecordedAt         time.Time        `json:"recorded_at"`
	RecordedBy         string           `json:"recorded_by"`
	Status             string           `json:"status"` // untriaged or assessed
	TriageBy           time.Time        `json:"triage_by"`
	Overdue            bool             `json:"overdue"`
	Assessment         *AssessmentView  `json:"assessment"`  // the one that holds
	Assessments        []AssessmentView `json:"assessments"` // all, oldest first
	Incident           *ID              `json:"incident"`
	Notes              []NoteView       `json:"notes"`
	Erased             bool             `json:"erased"` // only its id and times are left
	UpdatedAt          time.Time        `json:"updated_at"`
	Revision           uint64           `json:"revision"`
	Links              EventLinks       `json:"links"`
}

// AssessmentView is one assessment.
type AssessmentView struct {
	Outcome       string    `json:"outcome"`
	Reportability string    `json:"reportability"`
	Reason        string    `json:"reason"`
	By            string    `json:"by"`
	At            time.Time `json:"at"`
}

// NoteView is one note. The text of a privileged one is left out for all but
// those who may decide; see [Incident.Disclose].
type NoteView struct {
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Author     string    `json:"author,omitzero"` // wrote it elsewhere, where By only added it
	Text       string    `json:"text"`
	Privileged bool      `json:"privileged,omitzero"`
}

// EventLinks are paths below the service's address.
type EventLinks struct {
	Self     string `json:"self"`
	Timeline string `json:"timeline"`
}

// Statuses of a suspicious event.
const (
	Untriaged      = "untriaged"
	StatusAssessed = "assessed"
)

// View copies the event out as it is at now.
func (s *Suspicion) View(now time.Time) SuspicionView {
	self := "/api/v1/events/" + string(s.ID)
	v := SuspicionView{
		ID: s.ID, What: s.What, Reporter: s.Reporter, Service: s.Service, Exercise: s.Exercise,
		NoticedAt: some(s.NoticedAt), SupplierDetectedAt: some(s.SupplierDetectedAt), ReceivedAt: s.ReceivedAt,
		RecordedAt: s.Recorded.At, RecordedBy: s.Recorded.By.Name, Status: Untriaged, TriageBy: s.TriageBy, Overdue: s.Overdue(now),
		Assessments: []AssessmentView{}, Incident: some(s.Incident), Notes: []NoteView{}, Erased: s.Erased, UpdatedAt: s.UpdatedAt, Revision: s.Revision,
		Links: EventLinks{Self: self, Timeline: self + "/timeline"},
	}
	for _, a := range s.Assessments {
		v.Assessments = append(v.Assessments, AssessmentView{Outcome: a.Outcome, Reportability: a.Reportability, Reason: a.Reason, By: a.Record.By.Name, At: a.Record.At})
	}
	if n := len(v.Assessments); n > 0 {
		v.Status, v.Assessment = StatusAssessed, new(v.Assessments[n-1])
	}
	for _, n := range s.Notes {
		v.Notes = append(v.Notes, NoteView{At: n.At, By: n.By.Name, Text: n.Text})
	}
	return v
}
