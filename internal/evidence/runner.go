package evidence

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// perSource bounds the runs of one collector at a time, so that a storm of
	// incidents does not become a storm of queries.
	perSource = 4
	// grace is how long a collector may take to notice that its time is up.
	grace = time.Second
)

// Runner runs collectors. It is safe for concurrent use.
type Runner struct {
	sink    Sink
	now     func() time.Time
	sources []*slot
}

// slot is a collector and the right to run it.
type slot struct {
	Collector
	source Source
	free   chan struct{} // holds one value for each run that may start
}

// NewRunner makes a runner. Names must be unique. Now is wall time.
func NewRunner(sink Sink, now func() time.Time, collectors ...Collector) (*Runner, error) {
	r := &Runner{sink: sink, now: now}
	for _, c := range collectors {
		s := &slot{Collector: c, source: c.Source(), free: make(chan struct{}, perSource)}
		switch {
		case s.source.Name == "":
			return nil, fmt.Errorf("a collector of kind %s has no name: give it one", s.source.Kind)
		case slices.Contains(r.Names(), s.source.Name):
			return nil, fmt.Errorf("two collectors are named %q: give each its own name", s.source.Name)
		case s.source.Timeout <= 0 || s.source.MaxBytes <= 0:
			return nil, fmt.Errorf("collector %q may spend no time or no bytes: set both", s.source.Name)
		}
		for range perSource {
			s.free <- struct{}{}
		}
		r.sources = append(r.sources, s)
	}
	return r, nil
}

// Names are those of the collectors, in their order.
func (r *Runner) Names() []string {
	names := make([]string, len(r.sources))
	for i, s := range r.sources {
		names[i] = s.source.Name
	}
	return names
}

// Outcome is what one run of one collector came to.
type Outcome struct {
	Collector string
	StartedAt time.Time // in UTC
	// Artefacts are at least one.
	Artefacts []Artefact
}

// Retry reports whether running the collector again can help.
func (o Outcome) Retry() bool {
	return slices.ContainsFunc(o.Artefacts, func(a Artefact) bool { return a.Retry })
}

// Run runs the named collectors at the same time and calls each with every
// outcome as it comes, one call at a time. It returns when all are over: none
// takes longer than twice its timeout and a second, whatever it does, the
// first of which is for its turn. A name that is not configured is an outcome
// that failed. Run belongs in a goroutine of its own; intake and paging wait
// for nothing here.
func (r *Runner) Run(ctx context.Context, req Request, names []string, each func(Outcome)) {
	outcomes := make(chan Outcome)
	var running sync.WaitGroup
	for _, name := range names {
		running.Go(func() { outcomes <- r.one(ctx, req, name) })
	}
	go func() {
		running.Wait()
		close(outcomes)
	}()
	for o := range outcomes {
		each(o)
	}
}

func (r *Runner) one(ctx context.Context, req Request, name string) Outcome {
	o := Outcome{Collector: name, StartedAt: r.now().UTC()}
	i := slices.IndexFunc(r.sources, func(s *slot) bool { return s.source.Name == name })
	if i < 0 {
		o.Artefacts = []Artefact{{Collector: name, CollectedAt: o.StartedAt, Error: "no collector of this name is configured any more"}}
		return o
	}
	s := r.sources[i]
	if reason := s.turn(ctx); reason != "" {
		o.Artefacts = []Artefact{{Collector: name, Kind: s.source.Kind, CollectedAt: o.StartedAt, Error: reason, Retry: true}}
		return o
	}
	o.StartedAt = r.now().UTC()
	o.Artefacts = r.collect(ctx, s, req)
	return o
}

// turn waits for the right to run; it says why there was none.
func (s *slot) turn(ctx context.Context) string {
	timer := time.NewTimer(s.source.Timeout)
	defer timer.Stop()
	select {
	case <-s.free:
		return ""
	case <-ctx.Done():
		return "stopped before it began"
	case <-timer.C:
		return fmt.Sprintf("not begun: %d earlier runs of it are not over after %s", perSource, s.source.Timeout)
	}
}

// panicked is what a collector died of.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprintf("the collector broke: %v", p.value) }

// unbroken calls f and returns what it panicked with as an error.
func unbroken(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v}
		}
	}()
	return f()
}

// collect runs a collector whose turn it is. A run that does not end in time
// is left behind: its turn comes back when it ends.
func (r *Runner) collect(ctx context.Context, s *slot, req Request) []Artefact {
	late := &Failure{fmt.Sprintf("not done within its timeout of %s", s.source.Timeout), true}
	ctx, cancel := context.WithTimeoutCause(ctx, s.source.Timeout, late)
	defer cancel()
	rec := NewRecorder(s.source, r.sink, r.now)
	begun := r.now().UTC()
	ended := make(chan error, 1)
	req = req.clone()
	go func() {
		defer func() { s.free <- struct{}{} }()
		ended <- unbroken(func() error { return s.Collect(ctx, req, rec) })
	}()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case err = <-ended:
		case <-timer.C:
			err = late
		}
	}
	return rec.settle(ctx, begun, err)
}

// settle is what a run came to that returned err.
func (r *Recorder) settle(ctx context.Context, begun time.Time, err error) []Artefact {
	whole := Artefact{Collector: r.source.Name, Kind: r.source.Kind, CollectedAt: begun}
	if err == nil {
		if all := r.finish("the collector ended before this was done", false); len(all) > 0 {
			return all
		}
		err = Fail(false, "the collector captured nothing and did not say why")
	}
	whole.fail(ctx, err)
	all := r.finish(whole.Error, whole.Retry)
	if open := slices.ContainsFunc(all, func(a Artefact) bool { return a.Error == whole.Error }); open {
		return all // said already, of what it was at
	}
	return append(all, whole)
}
