package desk

import (
	"context"
	"fmt"
	"slices"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

// Entries reads everything the journal holds about an incident or a suspicious
// event, oldest first. The error is [incident.ErrUnknown] when there is neither
// of that id.
func Entries(ctx context.Context, d *Desk, log journal.Log, id incident.ID) ([]incident.Entry, error) {
	var at []uint64
	known := false
	d.View(func(s *incident.State) {
		at, known = s.EntriesAbout(id)
		at = slices.Clone(at)
	})
	if !known {
		return nil, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	out := make([]incident.Entry, 0, len(at))
	for _, seq := range at {
		raw, err := entry(ctx, log, seq)
		if err != nil {
			return nil, err
		}
		e, err := Decode(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Find reads the first n entries that the query asks for, oldest first, as the
// journal holds them; see [Decode].
func Find(ctx context.Context, d *Desk, log journal.Log, q incident.Query, n int) ([]journal.Entry, error) {
	var at []uint64
	d.View(func(s *incident.State) { at = s.Find(q, n) })
	out := make([]journal.Entry, 0, len(at))
	for _, seq := range at {
		e, err := entry(ctx, log, seq)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func entry(ctx context.Context, log journal.Log, seq uint64) (journal.Entry, error) {
	for e, err := range log.Read(ctx, seq, seq+1) {
		return e, err
	}
	return journal.Entry{}, fmt.Errorf("read entry %d: %w", seq, journal.ErrRange)
}
