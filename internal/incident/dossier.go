package incident

import (
	"slices"
	"time"
)

// Dossier is the part of a [View] about what came before the incident, what
// went out, and personal data.
type Dossier struct {
	// Breaches are personal data breaches, at most one for each entity.
	Breaches []BreachView `json:"breaches"`
	// Submissions are all reports and notices recorded as sent, by the
	// time they were.
	Submissions []SentView `json:"submissions"`
	// Withdrawals are tasks to take reports back, done ones too.
	Withdrawals []WithdrawalView `json:"withdrawals"`
	// Approvals are the approved versions of its reports, oldest first.
	Approvals []ApprovalView `json:"approvals"`
	// Events are those of the event register that belong to it.
	Events []ID `json:"events"`
	// DetectionProposals are the instants before detection that these speak
	// for. None of them counts until a person says so.
	DetectionProposals []EarlierDetection `json:"detection_proposals"`
}

func (i *Incident) dossier(now time.Time) Dossier {
	d := Dossier{Breaches: []BreachView{}, Withdrawals: i.withdrawalViews(), Submissions: []SentView{}, Approvals: []ApprovalView{}, Events: []ID{}, DetectionProposals: []EarlierDetection{}}
	for _, b := range i.Breaches {
		d.Breaches = append(d.Breaches, i.viewBreach(b, now))
	}
	for _, s := range i.Submissions {
		d.Submissions = append(d.Submissions, s.view())
	}
	slices.SortStableFunc(d.Submissions, func(a, b SentView) int { return a.SubmittedAt.Compare(b.SubmittedAt) })
	for n := range i.Approvals {
		d.Approvals = append(d.Approvals, i.Approvals[n].View())
	}
	for _, l := range i.Events {
		d.Events = append(d.Events, l.Event)
		for _, p := range l.Proposals {
			if p.At.Before(i.DetectedAt) {
				d.DetectionProposals = append(d.DetectionProposals, p)
			}
		}
	}
	return d
}
