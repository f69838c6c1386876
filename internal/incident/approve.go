package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// ApproveReport freezes a version of a report by the digest of its bytes. Later
// content of the incident makes a new draft, which can be approved in its
// turn; nothing changes a version that was approved.
type ApproveReport struct {
	Person
	ID     ID
	Entity string // the first that a clock of the stage belongs to when empty
	// Stage is as reports are asked for: early_warning, or gdpr/notification for
	// another regime than nis2.
	Stage string
	Lang  string
	Role  string // of who approves
	// SHA256 is of the PDF without a draft's mark, in hex; Signature of its
	// detached signature, empty where there is none.
	SHA256, Signature string
	// Stored and SignatureStored are those of the files they lie in, where these
	// are encrypted.
	Stored, SignatureStored string
	// Size is the incident's revision that the report was made from.
	Size uint64
	// At is printed on the report, which is made before the entry is written.
	At     time.Time
	Reason string
}

func (c ApproveReport) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	ev := ReportApproved{
		Meta: c.metaFor(c.ID), Entity: c.Entity, Lang: c.Lang, Role: c.Role, SHA256: c.SHA256, Signature: c.Signature, Stored: c.Stored, SignatureStored: c.SignatureStored,
		Size: c.Size, ApprovedAt: c.At.UTC(), Reason: strings.TrimSpace(c.Reason),
	}
	ev.Regime, ev.Stage = SplitStage(c.Stage)
	if ev.Entity == "" {
		ev.Entity = i.reporting(ev.Regime, ev.Stage)
	}
	switch {
	case !isSHA256(c.SHA256) || c.Signature != "" && !isSHA256(c.Signature):
		return nil, invalid("an approval names the SHA-256 of the report, 64 hexadecimal digits")
	case ev.Reason == "":
		return nil, invalid("say with --reason what was checked, or why this version may go out")
	case c.Size != i.Revision:
		return nil, refused("%s has changed since that draft (journal size %d, now %d): read the new draft, then approve it", i.ID, c.Size, i.Revision)
	}
	if last, ok := i.Approval(ev.Entity, ev.Regime, ev.Stage, ev.Lang); ok {
		if last.Size == i.Revision {
			return nil, refused("this is version %d of the %s, approved by %s at %s: what is recorded later makes a new draft",
				last.Version, c.Stage, last.Record.By.Name, utc(last.Record.At))
		}
		ev.Version = last.Version
	}
	ev.Version++
	d.emit(ev)
	return c.ID, nil
}

// SplitStage takes the name of a report apart: gdpr/notification is the stage
// notification of the regime gdpr, and one without a regime is of nis2.
func SplitStage(report string) (reg, stage string) {
	if reg, stage, ok := strings.Cut(report, "/"); ok {
		return reg, stage
	}
	return string(nis2), report
}

// JoinStage is the inverse of [SplitStage].
func JoinStage(reg, stage string) string {
	if reg == string(nis2) {
		return stage
	}
	return reg + "/" + stage
}

// reporting is the entity whose report it is when nobody says: the first that
// owes it, else the first there is.
func (i *Incident) reporting(reg, stage string) string {
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Regime == regime.ID(reg) && string(c.Stage) == stage {
			return c.Entity
		}
	}
	if len(i.Clocks) > 0 {
		return i.Clocks[0].Entity
	}
	return ""
}

func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// ReportApproved freezes a version of a report.
type ReportApproved struct {
	Meta
	Entity  string `json:"entity"`
	Regime  string `json:"regime"`
	Stage   string `json:"stage"`
	Lang    string `json:"lang"`
	Version int    `json:"version"` // of this entity's report in this language, from 1
	Role    string `json:"role"`
	// SHA256 is of the PDF as it went out, in hex; the bytes lie in the vault
	// under it. Signature is the same of the detached signature, empty for none.
	SHA256    string `json:"sha256"`
	Signature string `json:"signature,omitzero"`
	// Stored and SignatureStored are the SHA-256 in hex of the files they lie
	// in, where those are encrypted.
	Stored          string `json:"stored,omitzero"`
	SignatureStored string `json:"signature_stored,omitzero"`
	// Size is the journal size that the report was made as of.
	Size       uint64    `json:"size"`
	ApprovedAt time.Time `json:"approved_at"` // as the report prints it
	Reason     string    `json:"reason"`
}

func (ReportApproved) Kind() string { return "report.approved/v1" }

func (e ReportApproved) Describe() string {
	return fmt.Sprintf("version %d of the %s in %s approved as %s: %s", e.Version, JoinStage(e.Regime, e.Stage), e.Lang, e.Role, e.Reason)
}

// apply is no content of the incident: the approved version stays the newest
// until there is some.
func (ev ReportApproved) apply(s *State, e Entry) {
	if i := s.incidents[e.About]; i != nil {
		i.Approvals = append(i.Approvals, Approval{ReportApproved: ev, Seq: e.Seq, Record: Stamp{By: ev.By, At: e.At}})
	}
}

// Approval is an approval at its place in the journal.
type Approval struct {
	ReportApproved
	Seq    uint64
	Record Stamp
}

// Approval is the newest approved version of a report.
func (i *Incident) Approval(entity, reg, stage, lang string) (Approval, bool) {
	for _, a := range slices.Backward(i.Approvals) {
		if a.Entity == entity && a.Regime == reg && a.Stage == stage && a.Lang == lang {
			return a, true
		}
	}
	return Approval{}, false
}

// Reporting is the entity whose report it is: that of the name, else the first
// that owes it.
func (i *Incident) Reporting(entity, report string) string {
	if entity != "" {
		return entity
	}
	return i.reporting(SplitStage(report))
}

// Sealed is the journal size up to which the incident says what it is: behind
// its newest entry about content and the newest approval. What was only
// delivered, read or exported since does not count.
func (i *Incident) Sealed() uint64 {
	size := i.Revision
	for _, a := range i.Approvals {
		size = max(size, a.Seq+1)
	}
	return size
}

// ApprovalView is an approved version of a report as the outside sees it.
type ApprovalView struct {
	Entity  string `json:"entity"`
	Regime  string `json:"regime"`
	Stage   string `json:"stage"`
	Lang    string `json:"lang"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
	// Signature is the SHA-256 of the detached signature; null for none.
	Signature *string `json:"signature_sha256"`
	// Size is the journal size that it was made as of; Entry the approval's own
	// number in the journal.
	Size       uint64    `json:"journal_size"`
	Entry      uint64    `json:"entry"`
	ApprovedBy string    `json:"approved_by"`
	Role       string    `json:"role"`
	ApprovedAt time.Time `json:"approved_at"`
	Reason     string    `json:"reason"`
}

// View is the approval as the outside sees it.
func (a *Approval) View() ApprovalView {
	return ApprovalView{
		Entity: a.Entity, Regime: a.Regime, Stage: a.Stage, Lang: a.Lang, Version: a.Version, SHA256: a.SHA256, Signature: some(a.Signature),
		Size: a.Size, Entry: a.Seq, ApprovedBy: a.Record.By.Name, Role: a.Role, ApprovedAt: a.ApprovedAt, Reason: a.Reason,
	}
}

func (ReportApproved) lasting() string { return "which version of a report was approved" }
