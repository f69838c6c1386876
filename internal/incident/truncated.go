package incident

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Truncated marks incidents whose batch the sender cut (AM-15); the missing
// alerts are to be read back.
type Truncated struct {
	Meta
	Body      string `json:"body"`
	Receiver  string `json:"receiver"`
	Missing   int    `json:"missing"`
	Incidents []ID   `json:"incidents,omitempty"`
}

func (Truncated) Kind() string { return "webhook.truncated/v1" }

func (Truncated) logged() string { return "batches that were cut" }

func (e Truncated) Describe() string {
	return fmt.Sprintf("Alertmanager cut %d alerts from a batch for receiver %s", e.Missing, e.Receiver)
}

// ReadBack is the outcome of asking Alertmanager for what a batch lacked.
type ReadBack struct {
	Meta
	Body   string `json:"body"`
	Alerts int    `json:"alerts"`
	// Error is why it failed for good; empty when the batch is now complete.
	Error string `json:"error,omitzero"`
}

func (ReadBack) Kind() string { return "webhook.readback/v1" }

func (ReadBack) logged() string { return "batches that were cut" }

func (e ReadBack) Describe() string {
	if e.Error != "" {
		return "the alerts that were cut could not be read back: " + e.Error
	}
	return fmt.Sprintf("the batch is complete: %d alerts read back from Alertmanager", e.Alerts)
}

// Cut says that Alertmanager left alerts out of a batch, and what came of
// reading them back.
type Cut struct {
	Body    string
	Missing int
	Done    bool
	Error   string
}

// CutBatch is a truncated batch that waits to be read back.
type CutBatch struct {
	Body      string
	Receiver  string
	Missing   int
	Incidents []ID
	At        time.Time
}

// Cuts are the truncated batches not yet read back, oldest first.
func (s *State) Cuts() []CutBatch {
	return slices.SortedFunc(maps.Values(s.cuts), func(a, b CutBatch) int { return a.At.Compare(b.At) })
}

func (ev Truncated) apply(s *State, e Entry) {
	s.cuts[ev.Body] = CutBatch{Body: ev.Body, Receiver: ev.Receiver, Missing: ev.Missing, Incidents: ev.Incidents, At: e.At}
	for _, id := range ev.Incidents {
		if i := s.incidents[id]; i != nil && !i.Erased {
			i.Cut = append(i.Cut, Cut{Body: ev.Body, Missing: ev.Missing})
			i.Revision, i.UpdatedAt = s.Size, e.At
		}
	}
}

func (ev ReadBack) apply(s *State, e Entry) {
	batch := s.cuts[ev.Body]
	delete(s.cuts, ev.Body)
	for _, id := range batch.Incidents {
		i := s.incidents[id]
		if i == nil || i.Erased {
			continue
		}
		for n := range i.Cut {
			if i.Cut[n].Body == ev.Body {
				i.Cut[n].Done, i.Cut[n].Error = true, ev.Error
			}
		}
		i.Revision, i.UpdatedAt = s.Size, e.At
	}
}
