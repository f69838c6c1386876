package custody

import (
	"context"
	"sync"
	"time"

	"nis2clock/internal/incident"
)

// abreast bounds the runs of one collector at a time: a storm of incidents is
// not a storm of queries, and a source that hangs holds up no other's.
const abreast = 2

// lane is the queue of one collector. That an incident is in it is a hint:
// what is due is computed when its turn comes.
type lane struct {
	collector string
	wake      chan struct{} // holds a value while there may be something to do

	mu    sync.Mutex
	queue map[incident.ID]time.Time // since when a run is due
	busy  map[incident.ID]bool      // runs that are under way, or cannot be recorded
}

func newLane(collector string) *lane {
	return &lane{collector: collector, wake: make(chan struct{}, abreast), queue: map[incident.ID]time.Time{}, busy: map[incident.ID]bool{}}
}

// set takes over since when each of some incidents is due; zero for not. They
// come in at once, so that the oldest of them goes first.
func (l *lane) set(since map[incident.ID]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, at := range since {
		if at.IsZero() {
			delete(l.queue, id)
		} else {
			l.queue[id] = at
		}
	}
	if len(l.queue) > 0 {
		l.rouse()
	}
}

// rouse tells a worker to look; l.mu is held.
func (l *lane) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take waits for an incident whose turn it is, the one that waits longest, and
// marks it busy. It reports false when ctx ends first.
func (l *lane) take(ctx context.Context) (incident.ID, bool) {
	for ctx.Err() == nil {
		if id, ok := l.pick(); ok {
			return id, true
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
		}
	}
	return "", false
}

func (l *lane) pick() (best incident.ID, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, since := range l.queue {
		if !l.busy[id] && (!ok || since.Before(l.queue[best]) || since.Equal(l.queue[best]) && id < best) {
			best, ok = id, true
		}
	}
	if ok {
		delete(l.queue, best)
		l.busy[best] = true
		if len(l.queue) > 0 {
			l.rouse()
		}
	}
	return best, ok
}

// done ends what take began.
func (l *lane) done(id incident.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, id)
	if _, again := l.queue[id]; again {
		l.rouse()
	}
}

// waiting counts what is queued, and says since when the oldest waits.
func (l *lane) waiting() (n int, oldest time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, since := range l.queue {
		if oldest.IsZero() || since.Before(oldest) {
			oldest = since
		}
	}
	return len(l.queue), oldest
}
