// Package desk is the single writer: commands go in, and once their entries
// are on disk the answer comes out.
//
// One goroutine owns the state. It takes every waiting command, decides each
// against the state as left by the one before, appends all their entries in
// one transaction and only then answers and publishes. Readers never see an
// entry that is not durable: the state is locked from the first decision to
// the end of the commit.
//
// When a commit fails, every command of the batch is answered with
// [ErrNotDurable], the state is rebuilt from the journal, and [Desk.Err] is
// set until a later commit succeeds. A command that alone cannot be stored is
// answered with [ErrUnstorable] and fails nobody else's.
package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"

	"github.com/prometheus/client_golang/prometheus"
)

// Errors of [Desk.Do], besides those of the command itself.
var (
	// ErrNotDurable: the journal did not take it. Nothing was changed and the
	// command can be sent again.
	ErrNotDurable = errors.New("not stored")
	// ErrUnstorable: the command leads to an entry that no journal takes, for
	// example one that is too large. Nothing was changed, and sending it again
	// gives the same answer.
	ErrUnstorable = errors.New("cannot be stored")
	// ErrClosed: the desk is shutting down. Nothing was changed.
	ErrClosed = errors.New("shutting down")
)

// maxBatch bounds the commands that share one commit, so that under load a
// caller's wait stays near one commit's time.
const maxBatch = 512

// Options is what a desk is made of.
type Options struct {
	Log      journal.Log
	Rules    *incident.Rules
	Now      func() time.Time // domain time
	Logger   *slog.Logger
	Register prometheus.Registerer
}

// Desk is safe for concurrent use.
type Desk struct {
	log     journal.Log
	rules   *incident.Rules
	now     func() time.Time
	logger  *slog.Logger
	metrics *metrics

	requests chan *request
	erasures chan *removal
	closed   chan struct{} // closed by Close
	stopped  chan struct{} // closed when the writer has ended
	stop     sync.Once

	mu    sync.RWMutex // held by the writer from the first decision to the end of the commit
	state *incident.State
	err   error // why the last commit failed; nil after one that succeeded

	// Owned by the writer.
	retryAt time.Time // wall time before which a journal that failed is left alone
	since   time.Time // domain time at which it began to fail
	broken  bool      // the state could not be rebuilt: there is none to decide against
	// The room for a batch, kept for the next.
	records []journal.Record

	feedsMu sync.Mutex
	feeds   map[*Feed]bool
}

type request struct {
	ctx   context.Context
	cmd   incident.Command
	reply any
	err   error
	done  chan struct{}
}

// Open folds the journal and starts the writer. It ends with [Desk.Close].
func Open(ctx context.Context, o Options) (*Desk, error) {
	state, err := fold(ctx, o.Log)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		log: o.Log, rules: o.Rules, now: o.Now, logger: o.Logger, state: state,
		requests: make(chan *request, maxBatch),
		erasures: make(chan *removal),
		closed:   make(chan struct{}), stopped: make(chan struct{}),
		feeds: map[*Feed]bool{},
	}
	d.metrics = newMetrics(o.Register, d)
	go d.run()
	return d, nil
}

// Do executes the command and returns its reply once its entries are durable.
// When ctx ends first, the command may or may not have been executed; sent
// again it does no harm.
func (d *Desk) Do(ctx context.Context, cmd incident.Command) (any, error) {
	req := &request{ctx: ctx, cmd: cmd, done: make(chan struct{})}
	select {
	case d.requests <- req:
	case <-d.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case <-req.done:
		return req.reply, req.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-d.stopped:
		select {
		case <-req.done: // answered in the writer's last batch
			return req.reply, req.err
		default:
			return nil, ErrClosed
		}
	}
}

// Queue is how many commands wait for the writer, and how many can before
// callers do.
func (d *Desk) Queue() (waiting, capacity int) { return len(d.requests), cap(d.requests) }

// View calls f with the state as of the last commit. f must not keep the
// state or anything in it, must not change it, and should be quick: the
// writer waits for it.
func (d *Desk) View(f func(*incident.State)) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	f(d.state)
}

// Incident is the incident as it now stands; false when there is none of that id.
func (d *Desk) Incident(id incident.ID) (v incident.View, ok bool) {
	d.View(func(s *incident.State) {
		var i *incident.Incident
		if i, ok = s.Incident(id); ok {
			v = i.View(d.now())
		}
	})
	return v, ok
}

// Now is the domain time the desk decides by.
func (d *Desk) Now() time.Time { return d.now() }

// Err is why the last commit failed; nil when it did not.
func (d *Desk) Err() error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.err
}

// Close answers what is waiting and stops the writer. The journal stays open.
func (d *Desk) Close() {
	d.stop.Do(func() { close(d.closed) })
	<-d.stopped
}

func (d *Desk) run() {
	defer close(d.stopped)
	batch := make([]*request, 0, maxBatch)
	probe := time.NewTimer(probeEvery)
	defer probe.Stop()
	for {
		batch = batch[:0]
		select {
		case req := <-d.requests:
			batch = append(batch, req)
		case e := <-d.erasures:
			d.erase(e)
			continue
		case <-probe.C:
			probe.Reset(probeEvery)
			if d.err == nil {
				continue
			}
		case <-d.closed:
			if batch = d.waiting(batch); len(batch) == 0 {
				return
			}
		}
		d.commit(d.waiting(batch))
	}
}

// probeEvery is how often a journal that failed is tried without being asked:
// while the service is not ready nobody may be sending.
const probeEvery = 5 * time.Second

// waiting adds every command that waits now.
func (d *Desk) waiting(batch []*request) []*request {
	for len(batch) < maxBatch {
		select {
		case req := <-d.requests:
			batch = append(batch, req)
		default:
			return batch
		}
	}
	return batch
}

// commit executes a batch, makes it durable and answers it.
func (d *Desk) commit(batch []*request) {
	changed := d.execute(batch)
	for _, req := range batch {
		close(req.done)
	}
	d.publish(changed)
}

// execute fills in every request's answer and returns which incidents changed.
func (d *Desk) execute(batch []*request) []incident.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settle(batch)
}

// settle is execute with d.mu held.
func (d *Desk) settle(batch []*request) []incident.ID {
	if d.err != nil && time.Now().Before(d.retryAt) || d.broken && !d.rebuild() {
		fail(batch, fmt.Errorf("%w: %w", ErrNotDurable, d.err))
		return nil
	}
	changed, err := d.try(batch)
	if err == nil {
		return changed
	}
	if !errors.Is(err, ErrUnstorable) {
		if d.err == nil { // not with every try: the disk may be full
			d.logger.Error("Commit failed, nothing of it was acknowledged", "commands", len(batch), "err", err)
		}
		d.err = err
		d.metrics.failed()
		start := time.Now()
		d.rebuild()
		d.rest(start)
		fail(batch, fmt.Errorf("%w: %w", ErrNotDurable, d.err))
		return nil
	}
	switch rebuilt := d.rebuild(); {
	case len(batch) == 1:
		d.logger.Error("Command refused, no journal takes what it leads to", "err", err)
		fail(batch, err)
		return nil
	case !rebuilt:
		fail(batch, fmt.Errorf("%w: %w", ErrNotDurable, d.err))
		return nil
	}
	for n := range batch { // each by itself: only the one at fault fails
		changed = append(changed, d.settle(batch[n:n+1])...)
	}
	return changed
}

// try decides the commands in order and commits their entries together. On
// error the state holds entries that are not on disk and must be rebuilt; the
// error is [ErrUnstorable] when a command is at fault and not the journal.
func (d *Desk) try(batch []*request) (changed []incident.ID, err error) {
	start := time.Now()
	size := d.state.Size
	records := d.records[:0]
	defer func() { d.forget(records) }()
	keep := func(entries []incident.Entry) {
		for _, e := range entries {
			write := func(b []byte) ([]byte, error) { return incident.Append(b, e.Event) }
			records = append(records, journal.Record{At: e.At, Kind: e.Kind, Incident: string(e.About), Write: write})
			changed = append(changed, e.About)
		}
	}
	if d.err != nil { // the first entry after an outage tells of it
		_, entries, err := d.rules.Execute(d.state, d.now(), incident.RecordRecovery{Since: d.since, Error: d.err.Error()})
		if err != nil {
			return nil, err
		}
		keep(entries)
	}
	for _, req := range batch {
		if req.ctx.Err() != nil {
			req.err = context.Cause(req.ctx) // nobody waits for it any more
			continue
		}
		var entries []incident.Entry
		if entries, err = d.decide(req); err != nil {
			return nil, err
		}
		keep(entries)
	}
	if len(records) == 0 {
		return nil, nil
	}
	switch _, err := d.log.Append(context.Background(), size, records); {
	case errors.Is(err, journal.ErrRecord):
		return nil, fmt.Errorf("%w: %w", ErrUnstorable, err)
	case err != nil:
		return nil, err
	}
	if d.err != nil {
		d.logger.Info("The journal takes entries again")
		d.err = nil
	}
	d.metrics.committed(len(batch), len(records), time.Since(start))
	return changed, nil
}

// forget keeps the room that a batch took for the next one, unless it was a storm's.
func (d *Desk) forget(records []journal.Record) {
	if cap(records) > 2*maxBatch {
		records = nil
	}
	clear(records)
	d.records = records[:0]
}

// decide executes one command. A panic is that command's: the process, and
// with it the intake, goes on.
func (d *Desk) decide(req *request) (entries []incident.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.logger.Error("Command panicked", "command", fmt.Sprintf("%T", req.cmd), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: internal fault while deciding %T", ErrUnstorable, req.cmd)
		}
	}()
	req.reply, entries, req.err = d.rules.Execute(d.state, d.now(), req.cmd)
	return entries, nil
}

// rebuild folds the journal anew and reports whether it could.
func (d *Desk) rebuild() bool {
	start := time.Now()
	state, err := fold(context.Background(), d.log)
	was := d.broken
	d.broken = err != nil
	if d.broken {
		d.err = fmt.Errorf("rebuild the state: %w", err)
		if !was {
			d.logger.Error("Nothing can be decided until the state is rebuilt", "err", err)
		}
		d.rest(start)
		state = incident.NewState() // never the one with entries that are not on disk
	}
	d.state = state
	return !d.broken
}

// rest leaves a journal that failed alone for ten times as long as rebuilding
// took since start.
func (d *Desk) rest(start time.Time) {
	d.retryAt = time.Now().Add(max(time.Second, 10*time.Since(start)))
}

func fail(batch []*request, err error) {
	for _, req := range batch {
		req.reply, req.err = nil, err
	}
}
