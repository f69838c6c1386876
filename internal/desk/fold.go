package desk

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

// chunk is how many entries are decoded together.
const chunk = 1024

// decoded is a run of entries on its way through a decoder.
type decoded struct {
	raw   []journal.Entry
	out   []incident.Entry
	err   error
	ready chan struct{}
}

// fold rebuilds the state from the journal. Payloads are decoded on all cores;
// entries are applied in order.
func fold(ctx context.Context, log journal.Log) (*incident.State, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *decoded, workers)    // to the decoders
	ordered := make(chan *decoded, workers) // to Apply, in order
	for range workers {
		go func() {
			for d := range work {
				d.decode()
			}
		}()
	}
	var readErr error
	go func() {
		defer close(work)
		defer close(ordered)
		readErr = read(ctx, log, func(d *decoded) bool {
			select {
			case work <- d:
			case <-ctx.Done():
				return false
			}
			select {
			case ordered <- d:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	state := incident.NewState()
	for d := range ordered {
		<-d.ready
		if d.err != nil {
			return nil, d.err
		}
		for _, e := range d.out {
			state.Apply(e)
		}
	}
	if readErr != nil {
		return nil, fmt.Errorf("read the journal: %w", readErr)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return state, nil
}

// read hands the log's entries to emit in chunks until it returns false.
func read(ctx context.Context, log journal.Log, emit func(*decoded) bool) error {
	next := func() *decoded {
		return &decoded{raw: make([]journal.Entry, 0, chunk), ready: make(chan struct{})}
	}
	d := next()
	for e, err := range log.Read(ctx, 0, log.Head().Size) {
		if err != nil {
			return err
		}
		if d.raw = append(d.raw, e); len(d.raw) == chunk {
			if !emit(d) {
				return nil
			}
			d = next()
		}
	}
	if len(d.raw) > 0 {
		emit(d)
	}
	return nil
}

func (d *decoded) decode() {
	defer close(d.ready)
	d.out = make([]incident.Entry, len(d.raw))
	for n, e := range d.raw {
		if d.out[n], d.err = decodeWith(incident.DecodeToApply, e); d.err != nil {
			return
		}
	}
	d.raw = nil
}

// Decode reads a journal entry as the incident room's. The event is nil when
// its payload was erased, and for the journal's own kinds.
func Decode(e journal.Entry) (incident.Entry, error) { return decodeWith(incident.Decode, e) }

func decodeWith(decode func(string, []byte) (incident.Event, error), e journal.Entry) (incident.Entry, error) {
	out := incident.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, About: incident.ID(e.Incident)}
	if e.Erased || strings.HasPrefix(e.Kind, "journal.") {
		return out, nil
	}
	ev, err := decode(e.Kind, e.Payload)
	if err != nil {
		return out, fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	out.Event = ev
	return out, nil
}
