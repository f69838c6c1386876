package desk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

// Eraser is what a journal needs to be erased from; [journal.Store] has it.
type Eraser interface {
	// Erase removes payloads and records that; see [journal.Store.Erase].
	Erase(ctx context.Context, size uint64, order journal.Record, entries []uint64, reason string) (journal.Head, error)
}

// Files is where content lies that entries name by digest.
type Files interface {
	// Has reports whether there is content of that digest, as 64 hex digits.
	Has(digest string) (bool, error)
	// Condemn is called with the digests that no entry will name once the
	// erasure is committed, before it is. On error nothing is erased.
	Condemn(digests []string) error
}

// Erased is what an erasure did.
type Erased struct {
	incident.Erasure
	// At is the position of the entry that says who ordered it; the journal's
	// own, which names the entries, follows it.
	At uint64
	// Uncompacted is why erased bytes may still lie in free pages of the
	// journal's file; nil when they do not.
	Uncompacted error
}

// removal is an erasure on its way through the writer.
type removal struct {
	q     incident.ErasureRequest
	files Files
	reply Erased
	err   error
	done  chan struct{}
}

// Erase erases what the request leads to, as one command among others: what is
// decided before it is on disk, what comes after it is decided against the
// state that is left. The state is folded anew, so that nothing erased stays in
// memory; until then, and while the journal's file is rewritten, commands wait.
//
// The error is that of [incident.State.PlanErasure]; [ErrNotDurable] or
// [ErrUnstorable] when the journal did not take it, and then nothing was erased;
// or [ErrClosed]. When ctx ends first, it may or may not have been done.
func (d *Desk) Erase(ctx context.Context, q incident.ErasureRequest, files Files) (Erased, error) {
	e := &removal{q: q, files: files, done: make(chan struct{})}
	select {
	case d.erasures <- e:
	case <-d.stopped:
		return Erased{}, ErrClosed
	case <-ctx.Done():
		return Erased{}, context.Cause(ctx)
	}
	select {
	case <-e.done:
		return e.reply, e.err
	case <-ctx.Done():
		return Erased{}, context.Cause(ctx)
	}
}

// erase does what is asked and answers it. It belongs to the writer.
func (d *Desk) erase(e *removal) {
	e.reply, e.err = d.eraseLocked(e)
	close(e.done)
	if e.err == nil {
		d.publish(append(slices.Clone(e.reply.Incidents), ""))
	}
}

func (d *Desk) eraseLocked(e *removal) (Erased, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || d.broken {
		return Erased{}, fmt.Errorf("%w: %w", ErrNotDurable, d.err)
	}
	log, ok := d.log.(Eraser)
	if !ok {
		return Erased{}, fmt.Errorf("%w: %T cannot erase", ErrUnstorable, d.log)
	}
	plan, err := d.state.PlanErasure(e.q, d.now())
	if err != nil {
		return Erased{}, err
	}
	if err := d.condemn(plan.Entries, e.files); err != nil {
		return Erased{}, fmt.Errorf("%w: %w", ErrNotDurable, err)
	}
	start, at := time.Now(), d.state.Size
	_, entries, err := d.rules.Execute(d.state, d.now(), plan)
	if err != nil {
		return Erased{}, err
	}
	payload, err := incident.Encode(entries[0].Event)
	if err == nil {
		order := journal.Record{At: entries[0].At, Kind: entries[0].Kind, Payload: payload}
		_, err = log.Erase(context.Background(), at, order, plan.Entries, plan.Reason)
	} else {
		err = fmt.Errorf("%w: %w", journal.ErrRecord, err)
	}
	out := Erased{Erasure: plan, At: at}
	switch {
	case errors.Is(err, journal.ErrNotCompacted):
		d.logger.Error("Entries are erased, but their bytes are still in free pages of the journal's file", "entries", len(plan.Entries), "err", err)
		out.Uncompacted = err
	case errors.Is(err, journal.ErrRecord):
		d.rebuild()
		return Erased{}, fmt.Errorf("%w: %w", ErrUnstorable, err)
	case err != nil:
		d.logger.Error("Erasure failed, nothing is erased", "err", err)
		d.err = err
		d.metrics.failed()
		d.rebuild()
		d.rest(start)
		return Erased{}, fmt.Errorf("%w: %w", ErrNotDurable, err)
	}
	d.rebuild() // Apply cannot take back what an entry said
	d.logger.Info("Erased", "by", plan.By.Name, "entries", len(plan.Entries), "incidents", len(plan.Incidents), "reason", plan.Reason, "took", time.Since(start))
	return out, nil
}

// condemn names to files the content that only the entries to be erased name.
func (d *Desk) condemn(entries []uint64, files Files) error {
	named := map[string]bool{}
	err := eachRun(entries, func(from, to uint64) error {
		for e, err := range d.log.Read(context.Background(), from, to) {
			if err != nil {
				return err
			}
			for digest := range digests(e.Payload) {
				here, err := files.Has(digest)
				if err != nil {
					return err
				}
				if here {
					named[digest] = true
				}
			}
		}
		return nil
	})
	if err != nil || len(named) == 0 {
		return err
	}
	if err := d.spare(named, entries); err != nil {
		return err
	}
	var condemned []string
	for digest, only := range named {
		if only {
			condemned = append(condemned, digest)
		}
	}
	if len(condemned) == 0 {
		return nil
	}
	slices.Sort(condemned)
	return files.Condemn(condemned)
}

// spare sets to false every digest that an entry besides those names.
func (d *Desk) spare(named map[string]bool, besides []uint64) error {
	for e, err := range d.log.Read(context.Background(), 0, d.log.Head().Size) {
		if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(besides, e.Seq); ok {
			continue
		}
		for digest := range digests(e.Payload) {
			if named[digest] {
				named[digest] = false
			}
		}
	}
	return nil
}

// Unnamed are those of the digests that no entry of the journal names.
func Unnamed(ctx context.Context, log journal.Log, all []string) ([]string, error) {
	left := map[string]bool{}
	for _, digest := range all {
		left[digest] = true
	}
	for e, err := range log.Read(ctx, 0, log.Head().Size) {
		if err != nil {
			return nil, err
		}
		for digest := range digests(e.Payload) {
			delete(left, digest)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(digest string) bool { return !left[digest] }), nil
}

// digests yields every SHA-256 in lower-case hex that the payload holds,
// whatever its kind and in whichever field: a kind that is new cannot be
// forgotten.
func digests(payload []byte) iter.Seq[string] {
	const length = 64
	return func(yield func(string) bool) {
		start := 0 // of the run of digits
		for n := 0; n <= len(payload); n++ {
			if n < len(payload) && isHex(payload[n]) {
				continue
			}
			if n-start == length && !yield(string(payload[start:n])) {
				return
			}
			start = n + 1
		}
	}
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// eachRun calls f with each run of positions that follow one another. They are
// in order.
func eachRun(positions []uint64, f func(from, to uint64) error) error {
	for n := 0; n < len(positions); {
		from, to := positions[n], positions[n]
		for ; n < len(positions) && positions[n] == to; n++ {
			to++
		}
		if err := f(from, to); err != nil {
			return err
		}
	}
	return nil
}

// Bytes is how many bytes of payload the entries hold.
func Bytes(ctx context.Context, log journal.Log, entries []uint64) (n int64, err error) {
	err = eachRun(entries, func(from, to uint64) error {
		for e, err := range log.Read(ctx, from, to) {
			if err != nil {
				return err
			}
			n += int64(len(e.Payload))
		}
		return nil
	})
	return n, err
}
