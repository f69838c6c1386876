package packet

import (
	"context"
	"io"
	"iter"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

// Log is the journal as a packet needs it.
type Log interface {
	Read(ctx context.Context, from, to uint64) iter.Seq2[journal.Entry, error]
	CheckpointAt(size uint64) ([]byte, error)
	ProveEntry(seq, size uint64) (journal.Proof, error)
	ProveHead(old, size uint64) (journal.Proof, error)
	Sign(journal.Statement) ([]byte, error)
	VerifierKey() string
}

// Vault holds artefacts by their SHA-256 in hex. A reader of Open fails at its
// end at the latest when its bytes are not those of the digest.
type Vault interface {
	Open(digest string) (io.ReadCloser, error)
}

// A Source is what a packet is made of.
type Source struct {
	// Incident is the incident as of its newest entry about content.
	Incident incident.View
	// Entity is whose packet it is, Share its share in the incident, of which
	// Incident is the view; empty and nil for all entities.
	Entity string
	Share  *incident.Share
	// Size is [incident.Incident.Sealed], Entries are the positions of everything
	// about the incident below it, ascending.
	Size    uint64
	Entries []uint64
	Log     Log
	Vault   Vault
	// Decode reads an entry, as desk.Decode does.
	Decode func(journal.Entry) (incident.Entry, error)
	// Entities are the legal entities as the README names them, by the name that
	// clocks bear; one that is not there is named as they do.
	Entities map[string]string
	// Reports are those that the recipient gets, in the order they are shown.
	Reports []Report
	Stamps  []Stamp
	// Beside: the incident came in one webhook body with another whose access is
	// restricted, so that no such body goes into the packet.
	Beside bool
	// Langs are the languages that reports were asked for in.
	Langs []string

	partly map[uint64]bool // entries of which the entity has only a part
}

// A Report is one that goes into the packet.
type Report struct {
	Stage, Lang, Entity string
	PDF                 []byte
	Signature           []byte // detached, CMS in DER; nil for none
	// Approval is nil for a draft.
	Approval *incident.ApprovalView
}

// A Stamp is a time-stamp of the signed head of a size, in DER. Size is at most
// that of the packet.
type Stamp struct {
	Size  uint64
	Token []byte
}
