package journal

import (
	"context"
	"errors"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Errors of a [Log] and of [Open], to be told apart with [errors.Is].
var (
	// ErrSize is returned by Append when the log is not at the expected size:
	// somebody else has appended. Nothing was written.
	ErrSize = errors.New("the log is at another size")

	// ErrRange is returned for entries and sizes past the end of the log.
	ErrRange = errors.New("past the end of the log")

	// ErrRecord is returned by Append for a record that cannot be stored.
	// Nothing of its batch was written.
	ErrRecord = errors.New("record refused")

	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("journal is closed")

	// ErrReadOnly is returned by Append on a store opened with ReadOnly.
	ErrReadOnly = errors.New("journal is open for reading only")

	// ErrLocked is returned by Open when another process uses the folder.
	ErrLocked = errors.New("journal is in use")

	// ErrNone is returned by Open with ReadOnly and by Verify for a folder
	// that holds no journal.
	ErrNone = errors.New("no journal here")

	// ErrFormat is returned by Open for a file of a newer format or of something
	// that is no journal.
	ErrFormat = errors.New("not a journal this program can read")

	// ErrKey is returned by Open when the key files are missing, unreadable or
	// belong to another journal.
	ErrKey = errors.New("journal key does not fit")

	// ErrDamaged is returned by every call that meets stored bytes which do not
	// agree with each other: torn, truncated, rolled back or altered. Verify
	// says which entry.
	ErrDamaged = errors.New("journal is damaged")
)

// MaxPayload is the largest payload of one record, in bytes.
const MaxPayload = 16 << 20

// MaxName is the largest kind and the largest incident id, in bytes.
const MaxName = 255

// A Record is what a caller appends.
//
// At is stored in UTC with nanoseconds and must lie in the years 1 to 9999; the
// zero time is refused. Kind is an explicit string with a version, such as
// "incident.opened/v1". Incident is empty for an entry that belongs to none.
// Kind and Incident are UTF-8 without control characters. Payload may be empty
// and is at most [MaxPayload] bytes; Append keeps no reference to it.
//
// Write, when it is set, stands in the place of Payload: it appends the payload to b, so
// that of a large batch no second copy is needed. Append calls it once, before it writes
// anything; an error makes it a record that cannot be stored.
type Record struct {
	At             time.Time
	Kind, Incident string
	Payload        []byte
	Write          func(b []byte) ([]byte, error)
}

// appendPayload appends the payload to b.
func (r *Record) appendPayload(b []byte) ([]byte, error) {
	if r.Write != nil {
		return r.Write(b)
	}
	return append(b, r.Payload...), nil
}

// An Entry is a record as the log holds it.
//
// Seq is 0-based and the index of the leaf in the tree. At is in UTC. Payload
// and Salt are the reader's own copies. Of an erased entry they are gone
// (Payload is nil, Salt is zero); Digest, which stands in the leaf, remains.
type Entry struct {
	Seq            uint64
	At             time.Time
	Kind, Incident string
	Payload        []byte
	Erased         bool
	Salt           [32]byte
	Digest         [32]byte // SHA-256(Salt ‖ Payload)
}

// A Head is a size of the log with the root of its tree at that size.
type Head struct {
	Size uint64
	Root tlog.Hash
}

// A Log is an append-only sequence of entries. All methods may be called
// concurrently.
type Log interface {
	// Append adds the batch at the end, all of it or nothing, if the log holds
	// exactly size entries. When it returns without error the batch is durable,
	// and the returned head includes it. Appending nothing returns the head at size.
	// It returns ErrSize when the log is not at size, and ErrRecord for a record that
	// cannot be stored. A ctx that has ended when the batch's turn comes prevents
	// it; later it has no effect. After any other error nobody knows whether the batch
	// was stored until the log has been opened anew.
	Append(ctx context.Context, size uint64, batch []Record) (Head, error)

	// Read yields the entries [from, to) in order. An error is yielded once, with
	// a zero Entry, and ends the sequence: ErrRange when to is past the end of the
	// log or before from, and ctx's error when ctx ends first.
	Read(ctx context.Context, from, to uint64) iter.Seq2[Entry, error]

	// Follow yields the entries from on, those that exist and then those that are
	// appended, until the loop is left, ctx ends or the log is closed. The last two
	// are yielded as an error, once, with a zero Entry. from may be at most the
	// present size (else ErrRange).
	Follow(ctx context.Context, from uint64) iter.Seq2[Entry, error]

	// Head returns the newest durable head.
	Head() Head
}
