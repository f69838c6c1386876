package incident

import (
	"fmt"
	"time"
)

// CheckpointStamped keeps an RFC 3161 time-stamp over a signed checkpoint of
// the journal. The token stands in the entry itself, so that it goes wherever
// the journal goes and is checked with nothing but the authority's root.
type CheckpointStamped struct {
	Meta
	Size uint64 `json:"size"` // entries that the checkpoint covers
	// Checkpoint is the signed note, and Digest its SHA-256 in hex, which was
	// stamped.
	Checkpoint string `json:"checkpoint"`
	SHA256     string `json:"sha256"`
	Token      []byte `json:"token"` // a TimeStampToken in DER
	// At, Authority and Qualified are what the token says.
	At        time.Time `json:"at"`
	Authority string    `json:"authority"`
	Qualified bool      `json:"qualified,omitzero"`
	// Ahead is how far the authority's clock was ahead of ours; negative when it
	// was behind.
	Ahead Span `json:"ahead"`
}

func (CheckpointStamped) Kind() string { return "checkpoint.stamped/v1" }

// Describe implements [Event].
func (e CheckpointStamped) Describe() string {
	s := fmt.Sprintf("the checkpoint of %d entries was time-stamped by %s: %s", e.Size, e.Authority, utc(e.At))
	if d := time.Duration(e.Ahead); d.Abs() >= stampSlack {
		s += fmt.Sprintf(", %s from our clock", d.Abs())
	}
	return s
}

// stampSlack is a difference of clocks that is worth a word.
const stampSlack = 5 * time.Second

// Stamped is the newest time-stamp in the record.
type Stamped struct {
	Size  uint64 // entries that it covers
	Entry uint64 // where it stands
	At    time.Time
	Ahead time.Duration
}

// Stamped is the newest time-stamp; false when there is none.
func (s *State) Stamped() (Stamped, bool) {
	if s.stamped == nil {
		return Stamped{}, false
	}
	return *s.stamped, true
}

func (e CheckpointStamped) apply(s *State, at Entry) {
	s.stamped = &Stamped{Size: e.Size, Entry: at.Seq, At: at.At, Ahead: time.Duration(e.Ahead)}
}

// RecordStamp records a time-stamp over a checkpoint.
type RecordStamp struct {
	Stamp CheckpointStamped // without its Meta
}

func (c RecordStamp) decide(_ *Rules, d *decision) (any, error) {
	if c.Stamp.Size > d.s.Size {
		return nil, invalid("a checkpoint of %d entries was stamped, there are %d", c.Stamp.Size, d.s.Size)
	}
	ev := c.Stamp
	ev.Meta = Meta{By: System}
	d.emit(ev)
	return nil, nil
}

func (CheckpointStamped) lasting() string { return "what anchors the record, and since when" }
