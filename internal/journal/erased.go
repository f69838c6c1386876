package journal

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// erasedKind is the one kind that belongs to the journal. It cannot be appended.
const erasedKind = "journal.erased/v1"

// erased is the payload of an erasure entry.
type erased struct {
	Entries []uint64 `json:"entries"` // whose payloads were removed, all older than this entry
	Reason  string   `json:"reason"`  // on what legal ground, in words
}

func decodeErased(payload []byte) (erased, error) {
	var e erased
	if err := json.Unmarshal(payload, &e, json.RejectUnknownMembers(true)); err != nil {
		return erased{}, fmt.Errorf("erasure entry cannot be read: %w", err)
	}
	return e, nil
}

// Erasure reads an entry of the journal's own that records an erasure: whose
// payloads were removed, and on what ground. It is false for every other entry.
func (e Entry) Erasure() (entries []uint64, reason string, ok bool) {
	if e.Kind != erasedKind {
		return nil, "", false
	}
	d, err := decodeErased(e.Payload)
	return d.Entries, d.Reason, err == nil
}
