package custody

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/timestamp"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// apart is the least time between two requests, so that a storm of reports
	// is not a storm of requests; and the first pause after one that failed.
	apart = time.Minute
	// offBy is a difference of clocks that a person should know of.
	offBy = time.Minute
)

// StamperOptions is what a [Stamper] is made of.
type StamperOptions struct {
	Desk   *desk.Desk
	Log    Heads
	Client *timestamp.Client
	// Every is the longest time between two time-stamps while the journal grows.
	Every    time.Duration
	Now      func() time.Time // wall time
	Logger   *slog.Logger
	Register prometheus.Registerer // nil for none
}

// Heads are a journal's signed heads.
type Heads interface {
	Head() journal.Head
	// CheckpointAt is the head of that size as a signed note.
	CheckpointAt(size uint64) ([]byte, error)
}

// Stamper has an authority time-stamp the newest checkpoint: when a while has
// gone by, when a round of evidence was captured, at detection as before a
// report, and when a report was approved or submitted; at most once a minute. Nothing waits
// for it. Its methods are safe for concurrent use.
type Stamper struct {
	o        StamperOptions
	failures prometheus.Counter

	// Owned by Run.
	seen    map[incident.ID]int // occasions, by incident
	wanted  bool                // there was another one
	triedAt time.Time
	pause   time.Duration // after the last try

	mu    sync.Mutex
	err   error     // of the last try
	since time.Time // when it began to fail
}

// NewStamper returns a stamper that [Stamper.Run] begins.
func NewStamper(o StamperOptions) *Stamper {
	s := &Stamper{o: o, seen: map[incident.ID]int{}, failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "nis2clock_timestamp_failures_total", Help: "Time-stamps that could not be had from the authority.",
	})}
	if o.Register != nil {
		o.Register.MustRegister(s.failures, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nis2clock_timestamp_last_timestamp_seconds", Help: "When the journal was last time-stamped; 0 for never.",
		}, func() float64 {
			if last, ok := s.last(); ok {
				return float64(last.At.Unix())
			}
			return 0
		}))
	}
	return s
}

// Run has checkpoints time-stamped until ctx ends.
func (s *Stamper) Run(ctx context.Context) {
	feed := s.o.Desk.Subscribe()
	defer feed.Close()
	var all []incident.ID
	s.o.Desk.View(func(st *incident.State) { all = append(all, st.IDs()...) })
	s.notice(all)
	s.wanted = false // those are of earlier days
	for ctx.Err() == nil {
		wait := s.wait()
		if wait <= 0 {
			s.stamp(ctx)
			wait = s.wait()
		}
		select {
		case <-ctx.Done():
		case <-feed.C:
			s.notice(feed.Take())
		case <-time.After(max(wait, time.Second)):
		}
	}
}

// notice looks whether an occasion came for a time-stamp: an approval, a
// submission, or a round of evidence, of which further tries are none.
func (s *Stamper) notice(ids []incident.ID) {
	s.o.Desk.View(func(st *incident.State) {
		for _, id := range ids {
			i, ok := st.Incident(id)
			if !ok {
				continue
			}
			n := len(i.Approvals) + len(i.Submissions)
			for _, r := range i.Ran {
				if r.Try == 1 {
					n++
				}
			}
			if n > s.seen[id] {
				s.seen[id], s.wanted = n, true
			}
		}
	})
}

// last is the newest time-stamp in the record.
func (s *Stamper) last() (last incident.Stamped, ok bool) {
	s.o.Desk.View(func(st *incident.State) { last, ok = st.Stamped() })
	return last, ok
}

// wait is how long the next time-stamp has time; 0 or less for now.
func (s *Stamper) wait() time.Duration {
	now := s.o.Now()
	last, ok := s.last()
	due := time.Duration(0)
	switch {
	case ok && last.Entry == last.Size && s.o.Log.Head().Size == last.Entry+1:
		return s.o.Every // nothing but the entry about it was added since
	case ok && !s.wanted:
		due = last.At.Add(s.o.Every).Sub(now)
	}
	if !s.triedAt.IsZero() {
		due = max(due, s.triedAt.Add(s.pause).Sub(now))
	}
	return min(due, s.o.Every) // a clock that was set back
}

// stamp has the newest checkpoint time-stamped and records it.
func (s *Stamper) stamp(ctx context.Context) {
	s.triedAt = s.o.Now()
	err := s.try(ctx)
	if ctx.Err() != nil || errors.Is(err, desk.ErrClosed) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		if s.err != nil {
			s.o.Logger.Info("The journal is time-stamped again")
		}
		s.err, s.pause, s.wanted = nil, apart, false
		return
	}
	s.failures.Inc()
	if s.err == nil {
		s.since, s.pause = s.triedAt, apart
		s.o.Logger.Warn("The journal could not be time-stamped", "err", err)
	} else {
		s.pause = min(2*s.pause, max(s.o.Every, apart))
	}
	s.err = err
}

func (s *Stamper) try(ctx context.Context) error {
	size := s.o.Log.Head().Size
	note, err := s.o.Log.CheckpointAt(size)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(note)
	token, at, err := s.o.Client.Stamp(ctx, digest)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	_, err = s.o.Desk.Do(ctx, incident.RecordStamp{Stamp: incident.CheckpointStamped{
		Size: size, Checkpoint: string(note), SHA256: hex.EncodeToString(digest[:]), Token: token,
		At: at.At, Authority: at.Authority, Qualified: at.Qualified, Ahead: incident.Span(at.Ahead.Round(time.Millisecond)),
	}})
	return err
}

// Status says in sentences what is wrong with the time-stamps.
func (s *Stamper) Status() (out []string) {
	s.mu.Lock()
	err, since := s.err, s.since
	s.mu.Unlock()
	if err != nil {
		out = append(out, fmt.Sprintf("the journal could not be time-stamped since %s: %v", since.UTC().Format(time.RFC3339), err))
	}
	if last, ok := s.last(); ok && last.Ahead.Abs() >= offBy {
		out = append(out, fmt.Sprintf("the time-stamp authority's clock and ours are %s apart: one of them is wrong", last.Ahead.Abs()))
	}
	return out
}
