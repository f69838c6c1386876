package incident

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Artefact is one thing that was captured or handed in, or what stands in its
// place when it could not be. Its bytes lie in the vault under their digest.
type Artefact struct {
	// Collector is the name of who captured it, as in the settings; [Upload]
	// for a file that a person handed in.
	Collector string `json:"collector"`
	// Kind is what it is, such as prometheus_range.
	Kind string `json:"kind"`
	// Digest is "sha256:" and 64 hex digits; empty when no byte was kept.
	Digest string `json:"digest,omitzero"`
	// Stored is the SHA-256 in hex of the file it lies in, where that is
	// encrypted: nobody can compare such a file with Digest without its key.
	Stored string `json:"stored,omitzero"`
	Bytes  int64  `json:"bytes"`
	// CollectedAt is when it was asked for or handed in, in UTC.
	CollectedAt time.Time `json:"collected_at"`
	// Complete is true when everything asked for is in it.
	Complete bool `json:"complete"`
	// Empty is true when the source answered that there is nothing.
	Empty bool `json:"empty,omitzero"`
	// Skipped is true when the question does not arise; Error says why.
	Skipped bool `json:"skipped,omitzero"`
	// Error is why it failed; empty when it did not.
	Error string `json:"error,omitzero"`
	// Retry is true when asking again can help.
	Retry    bool     `json:"retry,omitzero"`
	Warnings []string `json:"warnings,omitempty"`
	// Query is the question as it was put, From (included) and To (not
	// included) the time it was about, Step the distance of the points.
	Query string    `json:"query,omitzero"`
	From  time.Time `json:"from,omitzero"`
	To    time.Time `json:"to,omitzero"`
	Step  string    `json:"step,omitzero"`
	// Server is the base address of the source, without credentials.
	Server        string         `json:"server,omitzero"`
	ServerVersion string         `json:"server_version,omitzero"`
	Counts        map[string]int `json:"counts,omitempty"`
	// Parts are the answers it is made of, in the order of its bytes.
	Parts []Part `json:"parts,omitempty"`
	Gaps  []Gap  `json:"gaps,omitempty"`
	// MadeFrom is the digest of the artefact it was made from; empty when its
	// bytes are as received.
	MadeFrom string `json:"made_from,omitzero"`
	// Name, MediaType and Note are a person's words about a file.
	Name      string `json:"name,omitzero"`
	MediaType string `json:"media_type,omitzero"`
	Note      string `json:"note,omitzero"`
}

// Upload is the collector of files that people hand in, and File their kind.
const (
	Upload = "upload"
	File   = "file"
)

// Part is one answer of a source.
type Part struct {
	Method string    `json:"method"`
	URL    string    `json:"url"` // what looks like a credential is masked
	Status int       `json:"status"`
	Type   string    `json:"type,omitzero"`
	At     time.Time `json:"at"`
	Offset int64     `json:"offset"`
	Bytes  int64     `json:"bytes"`
	Items  int       `json:"items,omitzero"`
}

// Gap is what an artefact lacks though it was asked for.
type Gap struct {
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Reason string    `json:"reason"`
}

// Run is one run of one collector, and what it was for.
type Run struct {
	Collector string    `json:"collector"`
	StartedAt time.Time `json:"started_at"` // wall time, in UTC
	// Rounds are those of the schedule that it stood for: on whose authority it
	// ran. Try counts from 1.
	Rounds []string `json:"rounds"`
	Try    int      `json:"try"`
}

// RanCollector is a run as the record has it.
type RanCollector struct {
	Run
	At    time.Time // of its entries
	Retry bool      // it failed, and another try can help
}

// Holding is an artefact in the record of an incident, without the list of its
// parts: the entry has it.
type Holding struct {
	Artefact
	Entry  uint64
	Record Stamp
	Rounds []string
}

// RecordRun records what a run of a collector came to: an entry for each
// artefact. A run that is recorded already changes nothing.
type RecordRun struct {
	ID        ID
	Run       Run
	Artefacts []Artefact
}

func (c RecordRun) decide(_ *Rules, d *decision) (any, error) {
	i, ok := d.s.incidents[c.ID]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, c.ID)
	}
	if len(c.Artefacts) == 0 {
		return nil, invalid("a run of a collector came to nothing, and did not say why")
	}
	if i.ran(c.Run) >= 0 {
		return c.ID, nil
	}
	for _, a := range c.Artefacts {
		d.emit(Collected{Meta: Meta{ID: c.ID, By: Actor{Name: c.Run.Collector, Via: "collector"}}, Artefact: a, Run: c.Run})
	}
	return c.ID, nil
}

// ran is the place of the run among those recorded; -1 for none.
func (i *Incident) ran(r Run) int {
	return slices.IndexFunc(i.Ran, func(o RanCollector) bool { return o.Collector == r.Collector && o.StartedAt.Equal(r.StartedAt) })
}

// AddEvidence records a file that a person handed in; its bytes lie in the
// vault already.
type AddEvidence struct {
	Person
	ID       ID
	Artefact Artefact
}

func (c AddEvidence) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	a := c.Artefact
	switch {
	case !strings.HasPrefix(a.Digest, "sha256:"):
		return nil, invalid("the file has no digest")
	case strings.TrimSpace(a.Name) == "":
		return nil, invalid("the file needs a name")
	}
	a.Collector, a.Kind, a.Complete, a.Empty = Upload, File, true, a.Bytes == 0
	if a.CollectedAt.IsZero() {
		a.CollectedAt = d.now
	}
	d.emit(Collected{Meta: c.metaFor(c.ID), Artefact: a})
	return c.ID, nil
}

// Collected adds an artefact to the record, or says why there is none.
type Collected struct {
	Meta
	Artefact Artefact `json:"artefact"`
	Run      Run      `json:"run,omitzero"` // of a collector; a person has none
}

func (Collected) Kind() string { return "evidence.collected/v1" }

// Describe implements [Event].
func (e Collected) Describe() string {
	a := e.Artefact
	var what string
	switch {
	case a.Name != "":
		what = fmt.Sprintf("evidence: file %q", a.Name)
	case a.Kind == "":
		what = "evidence"
	default:
		what = "evidence: " + a.Kind
	}
	what += ": " + a.Outcome()
	if a.Digest != "" {
		what += fmt.Sprintf(", %d bytes, %s", a.Bytes, a.Digest)
	}
	if a.Note != "" {
		what += ": " + a.Note
	}
	if len(e.Run.Rounds) > 0 {
		what += " (" + strings.Join(e.Run.Rounds, ", ")
		if e.Run.Try > 1 {
			what += fmt.Sprintf(", try %d", e.Run.Try)
		}
		what += ")"
	}
	return what
}

// Outcome says in words what became of it.
func (a Artefact) Outcome() string {
	switch {
	case a.Skipped:
		return "skipped: " + a.Error
	case a.Error != "" && a.Digest != "":
		return "broken off: " + a.Error
	case a.Error != "":
		return "failed: " + a.Error
	case !a.Complete:
		s := "incomplete"
		if len(a.Gaps) > 0 {
			s += ": " + a.Gaps[0].Reason
		}
		return s
	case a.Empty:
		return "complete, and empty: there was nothing"
	}
	return "complete"
}

func (ev Collected) applyTo(_ *State, i *Incident, e Entry) {
	a := ev.Artefact
	a.Parts = nil
	i.Evidence = append(i.Evidence, Holding{Artefact: a, Entry: e.Seq, Record: Stamp{By: ev.By, At: e.At}, Rounds: ev.Run.Rounds})
	if ev.Run.Collector == "" {
		return
	}
	n := i.ran(ev.Run)
	if n < 0 {
		n = len(i.Ran)
		i.Ran = append(i.Ran, RanCollector{Run: ev.Run, At: e.At})
	}
	i.Ran[n].Retry = i.Ran[n].Retry || a.Retry
}

// ReadEvidence records that somebody reads an artefact: before a byte of it
// leaves the house. To says where it goes when it is handed on; empty for a
// reading in the house.
type ReadEvidence struct {
	By     Actor
	ID     ID
	Digest string // as in [Artefact]
	To     string
}

func (c ReadEvidence) decide(_ *Rules, d *decision) (any, error) {
	i, ok := d.s.incidents[c.ID]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, c.ID)
	}
	if _, ok := i.Holds(c.Digest); !ok {
		return nil, fmt.Errorf("%w: %s has no artefact %s", ErrNoArtefact, c.ID, c.Digest)
	}
	if c.To != "" {
		d.emit(EvidenceExported{Meta: Meta{ID: c.ID, By: c.By}, Artefact: c.Digest, To: c.To})
	} else {
		d.emit(EvidenceRead{Meta: Meta{ID: c.ID, By: c.By}, Artefact: c.Digest})
	}
	return c.ID, nil
}

// Holds is the newest artefact of the incident with that digest.
func (i *Incident) Holds(digest string) (Holding, bool) {
	for _, h := range slices.Backward(i.Evidence) {
		if digest != "" && h.Digest == digest {
			return h, true
		}
	}
	return Holding{}, false
}

// EvidenceRead says that somebody was given an artefact to read. Like every
// look it is part of the chain of custody and changes no content.
type EvidenceRead struct {
	Meta
	Artefact string `json:"artefact"` // its digest
}

func (EvidenceRead) Kind() string { return "evidence.read/v1" }

// Describe implements [Event].
func (e EvidenceRead) Describe() string { return "read evidence " + e.Artefact }

func (EvidenceRead) apply(*State, Entry) {}

// EvidenceExported says that an artefact was handed on.
type EvidenceExported struct {
	Meta
	Artefact string `json:"artefact"` // its digest
	To       string `json:"to"`
}

func (EvidenceExported) Kind() string { return "evidence.exported/v1" }

// Describe implements [Event].
func (e EvidenceExported) Describe() string { return "exported evidence " + e.Artefact + " to " + e.To }

func (EvidenceExported) apply(*State, Entry) {}

// EvidenceView is an artefact as the outside sees it.
type EvidenceView struct {
	Digest      *string   `json:"digest"` // null when no byte was kept
	Kind        string    `json:"kind"`
	CollectedAt time.Time `json:"collected_at"`
	Bytes       int64     `json:"bytes"`
	Complete    bool      `json:"complete"`
	Error       *string   `json:"error"`
	Empty       bool      `json:"empty"`
	Skipped     bool      `json:"skipped"`
	Retry       bool      `json:"retry"`
	// Outcome says the five above in words.
	Outcome       string         `json:"outcome"`
	Collector     string         `json:"collector"`
	Rounds        []string       `json:"rounds"`
	Name          *string        `json:"name"`
	MediaType     *string        `json:"media_type"`
	Note          *string        `json:"note"`
	Query         *string        `json:"query"`
	From          *time.Time     `json:"from"`
	To            *time.Time     `json:"to"`
	Step          *string        `json:"step"`
	Server        *string        `json:"server"`
	ServerVersion *string        `json:"server_version"`
	Counts        map[string]int `json:"counts"`
	Warnings      []string       `json:"warnings"`
	Gaps          []Gap          `json:"gaps"`
	MadeFrom      *string        `json:"made_from"`
	RecordedBy    string         `json:"recorded_by"`
	RecordedAt    time.Time      `json:"recorded_at"`
	Entry         uint64         `json:"entry"` // of the journal
}

func (h *Holding) view() EvidenceView {
	return EvidenceView{
		Digest: some(h.Digest), Kind: h.Kind, CollectedAt: h.CollectedAt, Bytes: h.Bytes, Complete: h.Complete, Error: some(h.Error),
		Empty: h.Empty, Skipped: h.Skipped, Retry: h.Retry, Outcome: h.Outcome(), Collector: h.Collector, Rounds: slices.Clone(h.Rounds),
		Name: some(h.Name), MediaType: some(h.MediaType), Note: some(h.Note), Query: some(h.Query), From: some(h.From), To: some(h.To), Step: some(h.Step),
		Server: some(h.Server), ServerVersion: some(h.ServerVersion), Counts: maps.Clone(h.Counts), Warnings: slices.Clone(h.Warnings), Gaps: slices.Clone(h.Gaps),
		MadeFrom: some(h.MadeFrom), RecordedBy: h.Record.By.Name, RecordedAt: h.Record.At, Entry: h.Entry,
	}
}

// evidenceViews are those of all artefacts, oldest first.
func (i *Incident) evidenceViews() []EvidenceView {
	out := make([]EvidenceView, len(i.Evidence))
	for n := range i.Evidence {
		out[n] = i.Evidence[n].view()
	}
	return out
}

func (EvidenceRead) logged() string     { return "who read an artefact" }
func (EvidenceExported) logged() string { return "who was given an artefact" }
