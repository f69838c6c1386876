package report

import (
	"time"

	"nis2clock/internal/incident"
)

// extra is what the source says beside the view.
func (src Source) extra(v incident.View) Extra {
	if src.Extra == nil {
		return Extra{}
	}
	return src.Extra(v)
}

// Extra is what a report takes from records that are not part of an incident's
// own facts. What is not there is left empty, and the fields it would answer
// stay open.
type Extra struct {
	// Criteria are the points of law that make the incident significant, in
	// words; AssessedBy and AssessedAt say whose assessment it is.
	Criteria   []string
	AssessedBy string
	AssessedAt time.Time
	// Evidence is what was collected.
	Evidence []Evidence
	// Breach is the personal data breach; nil when none is recorded.
	Breach *Breach
	// Messages are those from the authority and to it, oldest first.
	Messages []Message
}

// Evidence is one collected artefact.
type Evidence struct {
	Digest, Kind string
	CollectedAt  time.Time
	Complete     bool
}

// Breach answers fields of a GDPR notification, by field id, with the
// instant since which the answers hold.
type Breach struct {
	Fields map[string][]string
	By     string
	At     time.Time
}

// Message is one message from an authority or to it.
type Message struct {
	FromAuthority   bool
	At              time.Time
	Kind, Reference string
	Text            string
}
