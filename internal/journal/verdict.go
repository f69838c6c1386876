package journal

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// State is the answer of [Verify]. The zero State is CannotTell.
type State int

const (
	// CannotTell: nothing contradicts, but something needed is not to be had.
	CannotTell State = iota
	// Consistent: every byte agrees with the signed head.
	Consistent
	// Altered: some bytes do not.
	Altered
)

// String returns "cannot tell", "consistent" or "altered".
func (s State) String() string {
	switch s {
	case Consistent:
		return "consistent"
	case Altered:
		return "altered"
	default:
		return "cannot tell"
	}
}

// MarshalText writes the state as String returns it.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Problem is one thing that Verify found wrong, or missing for an answer.
type Problem struct {
	Seq  *uint64 // the entry it belongs to; nil when it belongs to none
	What string  // lower-case, without the entry's number
}

// String returns the problem as a line: "entry 41: payload does not match its digest".
func (p Problem) String() string {
	if p.Seq == nil {
		return p.What
	}
	return fmt.Sprintf("entry %d: %s", *p.Seq, p.What)
}

// A Verdict is what Verify found.
type Verdict struct {
	State State

	// Size and Root are computed from the entries that were read, not taken from
	// the head. Root is zero when the tree could not be computed to its end.
	Size uint64
	Root tlog.Hash

	// Key is the text of the verifier key that was used, Origin its name
	// and KeyFingerprint its [Fingerprint]. All are empty when there was none.
	Key, Origin, KeyFingerprint string

	// KeyGiven says that the key came from the caller. A key that was found beside the
	// journal proves only that the journal agrees with itself.
	KeyGiven bool

	// Witness is the earlier head in journal.checkpoint that the journal was
	// compared with, nil when there is none.
	Witness *Head

	// Prefixes are the roots that [VerifyOptions.Prefixes] asked for, of the
	// sizes that the journal has reached; nil unless it is consistent.
	Prefixes map[uint64]tlog.Hash

	// LastAt is the time of the last entry, zero in an empty journal.
	LastAt time.Time

	// Erased counts the entries whose payload was lawfully erased.
	Erased uint64

	// Problems come in the order of their entries, those that belong to
	// no entry last: the first is the first bad entry. There are at most [MaxProblems].
	Problems []Problem
}

// MaxProblems is how many problems a verdict lists.
const MaxProblems = 100
