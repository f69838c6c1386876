package packet

import "time"

// State is the answer of [Verify]. The zero State is CannotTell.
type State int

const (
	// CannotTell: nothing contradicts, but something needed is not to be had.
	CannotTell State = iota
	// Consistent: every byte is what the journal's key signed.
	Consistent
	// Anchored: consistent, and an earlier head or a time-stamp agrees.
	Anchored
	// Altered: some bytes are not.
	Altered
)

// String returns "cannot tell", "consistent", "anchored" or "altered".
func (s State) String() string {
	switch s {
	case Consistent:
		return "consistent"
	case Anchored:
		return "anchored"
	case Altered:
		return "altered"
	default:
		return "cannot tell"
	}
}

// MarshalText writes the state as String returns it.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Problem is one thing that is wrong, or missing for an answer.
type Problem struct {
	// File is that of the packet it belongs to; empty for the zip file's own form.
	File string `json:"file,omitzero"`
	// Entry is the journal entry that it belongs to; nil when to none.
	Entry *uint64 `json:"entry,omitzero"`
	What  string  `json:"what"`
}

// A Verdict is what [Verify] found.
type Verdict struct {
	State    State     `json:"state"`
	Incident string    `json:"incident"`
	Profile  string    `json:"profile"`
	AsOf     time.Time `json:"as_of,omitzero"`
	Size     uint64    `json:"journal_size"`
	Root     string    `json:"root"`
	// Key is the key that was used and KeyFingerprint its name. KeyGiven says that
	// it came from the caller: one found inside proves only that the packet
	// agrees with itself.
	Key            string    `json:"key"`
	KeyFingerprint string    `json:"key_fingerprint"`
	KeyGiven       bool      `json:"key_given"`
	Files          int       `json:"files"`
	Entries        int       `json:"entries"`
	LeftOut        int       `json:"left_out"`
	Anchors        []string  `json:"anchors"`
	Notes          []string  `json:"notes"`
	Problems       []Problem `json:"problems"`
}

// MaxProblems is how many problems a verdict lists.
const MaxProblems = 100
