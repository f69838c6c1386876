package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const someSHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func approve(w *world, name string) ApproveReport {
	return ApproveReport{
		Person: by(name), ID: first, Stage: "early_warning", Lang: "en", Role: "commander", SHA256: someSHA256,
		Size: w.incident(first).Revision, At: w.now, Reason: "checked against the timeline",
	}
}

// An approval names the bytes and who vouches for them, and is no content: what
// was approved stays the newest version until something else is recorded.
func TestApprovedVersions(t *testing.T) {
	w := opened(t)
	revision := w.incident(first).Revision
	w.do(approve(w, "ana"))
	i := w.incident(first)
	if i.Revision != revision {
		t.Errorf("the approval moved the revision from %d to %d: its own report would be out of date", revision, i.Revision)
	}
	if i.Sealed() != w.state.Size {
		t.Errorf("sealed up to %d of %d: a packet would leave the approval out", i.Sealed(), w.state.Size)
	}
	v := i.View(w.now).Approvals
	if len(v) != 1 || v[0].Version != 1 || v[0].SHA256 != someSHA256 || v[0].Size != revision || v[0].ApprovedBy != "ana" || v[0].Role != "commander" || v[0].Entity != "default" || v[0].Regime != "nis2" {
		t.Errorf("approvals %+v", v)
	}
	if _, err := w.try(approve(w, "ben")); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "version 1") {
		t.Errorf("approved the same version twice: %v", err)
	}

	w.wait(time.Hour)
	stale := approve(w, "ana")
	w.do(AddNote{Person: by("ana"), ID: first, Text: "more is known"})
	if _, err := w.try(stale); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "has changed since") {
		t.Errorf("approved what nobody has read: %v", err)
	}
	w.do(approve(w, "ana"))
	german := approve(w, "ana")
	german.Lang = "de"
	w.do(german)
	v = w.incident(first).View(w.now).Approvals
	if len(v) != 3 || v[1].Version != 2 || v[2].Version != 1 {
		t.Errorf("versions %+v", v)
	}
	if last, ok := w.incident(first).Approval("default", "nis2", "early_warning", "en"); !ok || last.Version != 2 {
		t.Errorf("newest is %+v", last)
	}
}

func TestApprovalRefusals(t *testing.T) {
	for name, change := range map[string]func(*ApproveReport){
		"no digest":          func(c *ApproveReport) { c.SHA256 = "" },
		"capitals":           func(c *ApproveReport) { c.SHA256 = strings.ToUpper(someSHA256) },
		"a signature's":      func(c *ApproveReport) { c.Signature = "ab" },
		"no reason":          func(c *ApproveReport) { c.Reason = " \n" },
		"an unknown":         func(c *ApproveReport) { c.ID = "INC-1999-0001" },
		"an earlier draft":   func(c *ApproveReport) { c.Size-- },
		"a draft of no size": func(c *ApproveReport) { c.Size = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			w := opened(t)
			c := approve(w, "ana")
			change(&c)
			before := w.state.Size
			if _, err := w.try(c); err == nil || w.state.Size != before {
				t.Errorf("approved, error %v, %d entries", err, w.state.Size-before)
			}
		})
	}
}

func TestStageNames(t *testing.T) {
	for report, want := range map[string][2]string{
		"early_warning": {"nis2", "early_warning"}, "gdpr/notification": {"gdpr", "notification"}, "cra_severe_incident/final": {"cra_severe_incident", "final"},
	} {
		reg, stage := SplitStage(report)
		if got := [2]string{reg, stage}; got != want || JoinStage(reg, stage) != report {
			t.Errorf("%s is %v, and again %s", report, got, JoinStage(reg, stage))
		}
	}
}

// An export is on record and changes nothing that a report or a packet shows.
func TestExportIsRecorded(t *testing.T) {
	w := opened(t)
	before := w.incident(first).View(w.now)
	sealed := w.incident(first).Sealed()
	w.do(RecordExport{By: Actor{Name: "ana", Via: "api"}, ID: first, Profile: "authority", Manifest: someSHA256, Size: sealed, Langs: []string{"en"}})
	if d := diffView(w.incident(first).View(w.now), before); d != "" || w.incident(first).Sealed() != sealed {
		t.Errorf("the export changed the incident:\n%s", d)
	}
	if last := w.entries[len(w.entries)-1]; last.Kind != "packet.exported/v1" || !strings.Contains(last.Event.Describe(), someSHA256) {
		t.Errorf("the last entry is %s: %s", last.Kind, last.Event.Describe())
	}
	if _, err := w.try(RecordExport{ID: "INC-1999-0001"}); !errors.Is(err, ErrUnknown) {
		t.Errorf("exported what is not there: %v", err)
	}
}

// What counsel wrote stays in the record; no timeline repeats it.
func TestPrivilegedNoteIsNotDescribed(t *testing.T) {
	w := opened(t)
	w.do(AddNote{Person: by("ana"), ID: first, Text: "counsel advises", Privileged: true})
	last := w.entries[len(w.entries)-1].Event
	if got := last.Describe(); strings.Contains(got, "counsel") {
		t.Errorf("described as %q", got)
	}
	if last.(Noted).Text != "counsel advises" {
		t.Error("the record lost it")
	}
}
