package packet

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Format is the version of a packet's form.
const Format = "nis2clock-packet/v1"

// Names of the files that every packet has.
const (
	readmeFile     = "README.txt"
	manifestFile   = "manifest.json"
	noteFile       = "manifest.note"
	incidentFile   = "incident.json"
	keyFile        = "journal/journal.pub"
	checkpointFile = "journal/checkpoint"
	entriesFile    = "journal/entries.jsonl"
	rootsFile      = "journal/roots.jsonl"
	evidenceDir    = "evidence/"
	stampsDir      = "timestamps/"
)

// A Manifest says what is in a packet and what is not.
type Manifest struct {
	Format   string `json:"format"`
	Incident string `json:"incident"`
	Exercise bool   `json:"exercise"`
	Profile  string `json:"profile"`
	For      string `json:"for"`
	// Entity is the one whose packet it is; left out for all of the incident.
	Entity string `json:"entity,omitzero"`
	// AsOf is the time of the newest entry in it.
	AsOf    time.Time `json:"as_of"`
	Journal Place     `json:"journal"`
	// Entries counts the lines of journal/entries.jsonl.
	Entries   int      `json:"entries"`
	Languages []string `json:"languages"`
	// Files are all but the manifest and its signature, as they lie in the zip file.
	Files    []File         `json:"files"`
	Reports  []ReportFile   `json:"reports"`
	Evidence []EvidenceFile `json:"evidence"`
	LeftOut  []LeftOut      `json:"left_out"`
}

// A Place is a place in the journal, and the key that signs for it.
type Place struct {
	Size           uint64 `json:"size"`
	Root           string `json:"root"` // base64
	Key            string `json:"key"`
	KeyFingerprint string `json:"key_fingerprint"`
}

// A File is one of the packet's.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	What   string `json:"what"`
}

// A ReportFile says which report a file is. Version, Entry and ApprovedBy are
// null for a draft.
type ReportFile struct {
	File       string  `json:"file"`
	Signature  *string `json:"signature_file"`
	Stage      string  `json:"stage"`
	Lang       string  `json:"lang"`
	Entity     string  `json:"entity"`
	Version    *int    `json:"version"`
	Entry      *uint64 `json:"approval_entry"`
	ApprovedBy *string `json:"approved_by"`
}

// An EvidenceFile says what an artefact is and who had to do with it.
type EvidenceFile struct {
	Digest string `json:"digest"` // sha256:…
	// File is null when it is left out.
	File        *string    `json:"file"`
	Kind        string     `json:"kind"`
	CollectedAt *time.Time `json:"collected_at"`
	Bytes       int64      `json:"bytes"`
	// Complete and Error say how collecting it went.
	Complete bool      `json:"complete"`
	Error    *string   `json:"error"`
	Custody  []Custody `json:"custody"`
}

// Custody is one entry of the journal that names an artefact.
type Custody struct {
	Entry uint64    `json:"entry"`
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	By    string    `json:"by"`
}

// LeftOut is something that the recipient does not see.
type LeftOut struct {
	What   string  `json:"what"`
	Entry  *uint64 `json:"entry,omitzero"`
	SHA256 string  `json:"sha256,omitzero"` // of an entry: the salted digest that its leaf names
	Why    string  `json:"why"`
}

// encode is JSON for people and programs, the same bytes each time.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// about is what a packet's signed statement is about.
func (m *Manifest) about() string { return "packet " + m.Incident + " " + m.Profile }
