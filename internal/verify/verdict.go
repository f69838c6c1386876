package verify

import (
	"fmt"
	"time"

	"nis2clock/internal/journal"
)

// State is what a verdict comes to. The zero State is CannotTell.
type State int

// The states, by what outweighs what: altered before missing before cannot
// tell.
const (
	CannotTell State = iota
	Consistent
	Anchored
	Missing
	Altered
)

// String is the state as the contract with the outside words it.
func (s State) String() string {
	switch s {
	case Consistent:
		return "consistent"
	case Anchored:
		return "anchored"
	case Missing:
		return "missing"
	case Altered:
		return "altered"
	}
	return "cannot tell"
}

// MarshalText writes the state as String returns it.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Problem is one thing that is not as it was recorded, or that prevents an
// answer.
type Problem struct {
	Entry    *uint64 `json:"entry"`    // of the journal; null when it belongs to none
	Artefact string  `json:"artefact"` // its digest, or the path of a file; empty when it is none
	What     string  `json:"what"`
}

// String returns the problem as a line.
func (p Problem) String() string {
	s := p.What
	if p.Artefact != "" {
		s = p.Artefact + ": " + s
	}
	if p.Entry != nil {
		s = fmt.Sprintf("entry %d: %s", *p.Entry, s)
	}
	return s
}

// Anchor is somebody else's word for the first entries of the journal.
type Anchor struct {
	// By is a time-stamp authority's name, or where an earlier checkpoint is
	// kept.
	By string `json:"by"`
	// Size is how many entries it speaks for.
	Size uint64 `json:"size"`
	// At is since when; null when only that it is earlier is known.
	At        *time.Time `json:"at"`
	Qualified bool       `json:"qualified"` // as the authority calls its stamp
	Entry     *uint64    `json:"entry"`     // that holds it; null when it came from outside
}

// String returns the anchor as a line.
func (a Anchor) String() string {
	s := fmt.Sprintf("the first %d entries, by %s", a.Size, a.By)
	if a.At != nil {
		s += ", since " + a.At.UTC().Format(time.RFC3339)
	}
	if a.Qualified {
		s += " (its authority calls the time-stamp qualified)"
	}
	return s
}

// Verdict is what was found.
type Verdict struct {
	State   State
	Journal journal.Verdict
	// Problems are those of the journal, then those of artefacts and
	// time-stamps, in the order of their entries; at most [journal.MaxProblems] of each.
	Problems []Problem
	// Anchors come with the one that speaks for most entries first.
	Anchors []Anchor
	// Notes are what a person should know besides, a sentence each.
	Notes []string

	Named   int // artefacts that entries name
	Present int // of these, there and unaltered
	Sealed  int // of these, compared as encrypted files only
	Unnamed int // artefacts that no entry names, as a crash leaves them
	Stamps  int // time-stamps in the journal
}
