package custody

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// gather is the least time between two looks: what changes in a storm is
	// evaluated together.
	gather = 50 * time.Millisecond
	// lookAtLeast is how often the schedule is looked at when nothing asks for
	// it, so that a clock that jumped is noticed.
	lookAtLeast = 15 * time.Second
	// portion bounds the incidents that are evaluated while the desk's writer
	// waits.
	portion = 256
	// recordAgain is the pause after a run that the journal did not take.
	recordAgain = 5 * time.Second
)

// RoundsOptions is what [Rounds] are made of.
type RoundsOptions struct {
	Desk     *desk.Desk
	Runner   *evidence.Runner // its sink is [Sink] of Vault
	Schedule evidence.Schedule
	Vault    *vault.Vault
	Logger   *slog.Logger
	Register prometheus.Registerer // nil for none
}

// Rounds runs collectors for incidents, exercises too, when the schedule says
// so. What was under way when the service ended has left no entry, and is run
// again. Its methods are safe for concurrent use.
type Rounds struct {
	o     RoundsOptions
	names []string
	lanes []*lane
	runs  *prometheus.CounterVec
	took  *prometheus.HistogramVec

	// Owned by Run: when each incident is to be looked at again.
	next map[incident.ID]time.Time
}

// NewRounds returns rounds that [Rounds.Run] begins.
func NewRounds(o RoundsOptions) *Rounds {
	r := &Rounds{o: o, names: o.Runner.Names(), next: map[incident.ID]time.Time{}}
	for _, name := range r.names {
		r.lanes = append(r.lanes, newLane(name))
	}
	r.register()
	return r
}

// Run goes the rounds until ctx ends.
func (r *Rounds) Run(ctx context.Context) {
	if len(r.lanes) == 0 {
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, l := range r.lanes {
		for range abreast {
			wg.Go(func() { r.work(ctx, l) })
		}
	}
	feed := r.o.Desk.Subscribe()
	defer feed.Close()
	var changed []incident.ID
	r.o.Desk.View(func(s *incident.State) { changed = append(changed, s.IDs()...) })
	for {
		wait := r.look(append(changed, feed.Take()...))
		changed = nil
		select {
		case <-ctx.Done():
			return
		case <-time.After(gather):
		}
		if wait <= gather {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-feed.C:
		case <-time.After(wait - gather):
		}
	}
}

// look evaluates the incidents that changed, and those whose time has come,
// and returns how long to wait for the next.
func (r *Rounds) look(changed []incident.ID) time.Duration {
	now := r.o.Desk.Now()
	for id, at := range r.next {
		if !at.After(now) {
			changed = append(changed, id)
		}
	}
	for len(changed) > 0 {
		n := min(len(changed), portion)
		r.evaluate(changed[:n], now)
		changed = changed[n:]
	}
	wait := lookAtLeast
	for _, at := range r.next {
		wait = min(wait, max(at.Sub(now), 0))
	}
	return wait
}

// evaluate queues what is due for the incidents, and forgets what is not.
func (r *Rounds) evaluate(ids []incident.ID, now time.Time) {
	states := make(map[incident.ID]evidence.State, len(ids))
	r.o.Desk.View(func(s *incident.State) {
		for _, id := range ids {
			if i, ok := s.Incident(id); ok {
				states[id] = state(i)
			}
		}
	})
	since := make(map[string]map[incident.ID]time.Time, len(r.lanes)) // by collector
	for _, name := range r.names {
		since[name] = make(map[incident.ID]time.Time, len(states))
	}
	for id, st := range states {
		for _, name := range r.names {
			since[name][id] = time.Time{}
		}
		for _, t := range evidence.Due(r.o.Schedule, r.names, st, now) {
			since[t.Collector][id] = t.Since
		}
		if at := evidence.Next(r.o.Schedule, r.names, st, now); at.IsZero() {
			delete(r.next, id)
		} else {
			r.next[id] = at
		}
	}
	for _, l := range r.lanes {
		l.set(since[l.collector])
	}
}

// work runs one collector for one incident after another.
func (r *Rounds) work(ctx context.Context, l *lane) {
	for {
		id, ok := l.take(ctx)
		if !ok {
			return
		}
		if r.run(ctx, l.collector, id) {
			l.done(id)
		}
	}
}

// run runs a collector if it is still due, and records what came of it. It
// reports false when nothing can be recorded: the incident is then left alone
// until the next start, rather than asked about without end.
func (r *Rounds) run(ctx context.Context, collector string, id incident.ID) bool {
	task, req, due := r.task(collector, id)
	if !due {
		return true
	}
	began := time.Now()
	var outcome evidence.Outcome
	r.o.Runner.Run(ctx, req, []string{collector}, func(o evidence.Outcome) { outcome = o })
	if ctx.Err() != nil {
		return true // the service stops: the run is made again at the next start
	}
	cmd := incident.RecordRun{ID: id, Run: incident.Run{Collector: collector, StartedAt: outcome.StartedAt, Rounds: task.Rounds, Try: task.Try}}
	for _, a := range outcome.Artefacts {
		kept, err := record(r.o.Vault, a)
		if err != nil {
			kept.Warnings = append(kept.Warnings, fmt.Sprintf("the vault does not show it: %v", err))
		}
		cmd.Artefacts = append(cmd.Artefacts, kept)
	}
	r.took.WithLabelValues(collector).Observe(time.Since(began).Seconds())
	r.runs.WithLabelValues(collector, sum(outcome)).Inc()
	return r.record(ctx, cmd)
}

// task is what is due of the collector for the incident, as the record stands.
func (r *Rounds) task(collector string, id incident.ID) (task evidence.Task, req evidence.Request, due bool) {
	now := r.o.Desk.Now()
	r.o.Desk.View(func(s *incident.State) {
		i, ok := s.Incident(id)
		if !ok {
			return
		}
		tasks := evidence.Due(r.o.Schedule, []string{collector}, state(i), now)
		if len(tasks) == 0 {
			return
		}
		task, due = tasks[0], true
		req = evidence.Request{Incident: string(id), Alert: alert(i), DetectedAt: i.DetectedAt}
		req.From, req.To = r.o.Schedule.Window(i.DetectedAt, now)
	})
	return task, req, due
}

// record has the run recorded, however long the journal takes nothing.
func (r *Rounds) record(ctx context.Context, cmd incident.RecordRun) bool {
	for {
		_, err := r.o.Desk.Do(ctx, cmd)
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, desk.ErrClosed):
			return true
		case !errors.Is(err, desk.ErrNotDurable):
			r.o.Logger.Error("Evidence cannot be recorded", "incident", cmd.ID, "collector", cmd.Run.Collector, "err", err)
			return false
		}
		select {
		case <-ctx.Done():
		case <-time.After(recordAgain):
		}
	}
}

// late is how long a run may wait before [Rounds.Status] says so.
const late = 5 * time.Minute

// Status says in sentences which captures wait.
func (r *Rounds) Status() []string {
	var out []string
	now := r.o.Desk.Now()
	for _, l := range r.lanes {
		if n, oldest := l.waiting(); n > 0 && now.Sub(oldest) >= late {
			out = append(out, fmt.Sprintf("%d capture(s) of evidence wait for collector %s, the oldest for %s", n, l.collector, now.Sub(oldest).Round(time.Second)))
		}
	}
	return out
}
