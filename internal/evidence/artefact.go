package evidence

import "time"

// Artefact is one thing captured, or what stands in its place when it could
// not be. Texts in it are at most [maxText] bytes and hold no credentials.
type Artefact struct {
	// Collector is the name of who captured it, as in the settings.
	Collector string `json:"collector"`
	// Kind is what it is, such as prometheus_range.
	Kind string `json:"kind"`
	// Digest is "sha256:" and 64 hex digits; empty when no byte was kept.
	Digest string `json:"digest,omitzero"`
	Bytes  int64  `json:"bytes"`
	// CollectedAt is when it was asked for, in UTC.
	CollectedAt time.Time `json:"collected_at"`
	// Complete is true when everything asked for is in it.
	Complete bool `json:"complete"`
	// Empty is true when the source answered that there is nothing.
	Empty bool `json:"empty,omitzero"`
	// Skipped is true when the question does not arise for this alert, because
	// it lacks a label the query needs; Error says which.
	Skipped bool `json:"skipped,omitzero"`
	// Error is why it failed; empty when it did not. Bytes that came before are
	// kept.
	Error string `json:"error,omitzero"`
	// Retry is true when asking again can help.
	Retry bool `json:"retry,omitzero"`
	// Warnings are the source's and ours: the artefact stands with them.
	Warnings []string `json:"warnings,omitempty"`
	// Query is the question as it was put, in the source's language.
	Query string `json:"query,omitzero"`
	// From (inclusive) and To (exclusive) are the time asked about; zero when
	// the question has none.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Step is the distance of the points asked for, such as 15s.
	Step string `json:"step,omitzero"`
	// Server is the base address of the source.
	Server string `json:"server,omitzero"`
	// ServerVersion is what the source calls its version.
	ServerVersion string `json:"server_version,omitzero"`
	// Counts are what was counted in it, such as lines or series.
	Counts map[string]int `json:"counts,omitempty"`
	// Parts are the answers it is made of, in the order of its bytes.
	Parts []Part `json:"parts,omitempty"`
	// Gaps are what is known to be missing.
	Gaps []Gap `json:"gaps,omitempty"`
	// MadeFrom is the digest of the artefact it was made from; empty when its
	// bytes are as received.
	MadeFrom string `json:"made_from,omitzero"`
}

// Part is one answer of a source.
type Part struct {
	Method string    `json:"method"`
	URL    string    `json:"url"` // what looks like a credential is masked
	Status int       `json:"status"`
	Type   string    `json:"type,omitzero"` // media type, as answered
	At     time.Time `json:"at"`            // when its head arrived, in UTC
	Offset int64     `json:"offset"`        // of its first byte in the artefact
	Bytes  int64     `json:"bytes"`
	Items  int       `json:"items,omitzero"` // lines, hits or objects in it, where they are counted
}

// Gap is what an artefact lacks though it was asked for: of the time from From
// (inclusive) to To (exclusive), which are zero where it is not a matter of
// time.
type Gap struct {
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Reason string    `json:"reason"`
}

const (
	maxText  = 1 << 10 // bytes of an error or a warning
	maxParts = 256     // listed one by one
	maxWarns = 32
	maxGaps  = 32
	maxQuery = 64 << 10
)
