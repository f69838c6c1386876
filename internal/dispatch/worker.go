package dispatch

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

// sendWithin bounds one call to a vendor.
const sendWithin = 15 * time.Second

// longestRest bounds what a vendor may ask for: a deadline does not wait for it.
const longestRest = 15 * time.Minute

// stopWithin bounds what is left of a call once the service stops. One that is
// cut then is in doubt, and looked for at the next start.
const stopWithin = 3 * time.Second

// recordWithin bounds the wait for an outcome to be durable.
const recordWithin = 30 * time.Second

// worker speaks to one vendor, one call at a time and no faster than its pace.
type worker struct {
	d       *Dispatcher
	channel Channel
	wake    chan struct{}
	failed  int    // tries in a row that the vendor did not take; owned by run
	last    string // key of the newest of them; owned by run
	remind  bool   // a reminder is next: somebody was woken last; owned by run
	unwell  error  // why the store did not take the last entry; owned by run

	mu      sync.Mutex
	queue   map[incident.ID][]queued
	current *queued // what is being tried; it is not in the queue unless a look put it there
}

// queued names an item; what it says is looked up when its turn comes.
type queued struct {
	key       string
	role      incident.Role
	since     time.Time
	notBefore time.Time // domain time; zero for at once
	lost      bool      // every channel refused it
	reason    string    // of its last failure
}

func newWorker(d *Dispatcher, c Channel) *worker {
	return &worker{d: d, channel: c, wake: make(chan struct{}, 1), queue: map[incident.ID][]queued{}}
}

// replace takes over what is owed for each incident in the map.
func (w *worker) replace(owed map[incident.ID][]agenda.Item) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, items := range owed {
		var mine []queued
		for _, it := range items {
			if it.Effect.Channel == w.channel.Name() {
				mine = append(mine, queued{it.Effect.Key, it.Effect.Role, it.Since, it.NotBefore, it.Unreachable, it.Reason})
			}
		}
		if len(mine) == 0 {
			delete(w.queue, id)
			continue
		}
		w.queue[id] = mine
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// urgency orders roles: what wakes somebody overtakes what only informs.
var urgency = map[incident.Role]int{
	incident.Page: 0, incident.Escalate: 0, incident.Heartbeat: 1, incident.Triage: 1, incident.PagerAcknowledge: 1, incident.Ask: 2, incident.Reminder: 3,
	incident.Post: 4, incident.PagerResolve: 4, incident.Update: 5,
	incident.OpenRoom: 4, incident.Gather: 4, incident.Brief: 5, incident.CloseRoom: 6,
}

// rank is how urgent a role is now, the lower the more. Reminders and what is
// new take turns where both wait: in a storm of new incidents a deadline runs
// out all the same, and where many deadlines run out a new incident is no less
// new.
func (w *worker) rank(role incident.Role) int {
	if role == incident.Reminder && w.remind {
		return -1
	}
	return urgency[role]
}

// pick takes the most urgent item that may be tried at now, the oldest among
// equals. What failed last gives way to anything else, so that one notice a
// vendor chokes on does not hold up the rest.
func (w *worker) pick(now time.Time) (id incident.ID, best queued, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := 0
	for i, items := range w.queue {
		for n, q := range items {
			if !q.notBefore.After(now) && (!ok || w.before(q, best)) {
				id, best, at, ok = i, q, n, true
			}
		}
	}
	if ok {
		w.queue[id] = slices.Delete(w.queue[id], at, at+1)
		if len(w.queue[id]) == 0 {
			delete(w.queue, id)
		}
		w.current = &best
		w.remind = urgency[best.role] == 0
	}
	return id, best, ok
}

func (w *worker) before(a, b queued) bool {
	if (a.key == w.last) != (b.key == w.last) {
		return b.key == w.last
	}
	return cmp.Or(cmp.Compare(w.rank(a.role), w.rank(b.role)), a.since.Compare(b.since), cmp.Compare(a.key, b.key)) < 0
}

// finish ends the try of what was picked; with again it is queued as q, unless
// a look at the agenda has queued it already.
func (w *worker) finish(id incident.ID, q queued, again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = nil
	if again && !slices.ContainsFunc(w.queue[id], q.same) {
		w.queue[id] = append(w.queue[id], q)
	}
}

func (q queued) same(other queued) bool { return q.key == other.key }

// backlog is what a worker has not delivered.
type backlog struct {
	n       int       // notices that wait, also for another try
	oldest  time.Time // since when the oldest of all is due
	failure string    // what the vendor last said about one of the n
	lost    int       // notices that every channel refused
	refusal string    // what was last said about one of those
}

func (w *worker) backlog() (b backlog) {
	w.mu.Lock()
	defer w.mu.Unlock()
	trying := w.current
	for _, items := range w.queue {
		for _, q := range items {
			b.count(q)
			if trying != nil && trying.same(q) {
				trying = nil
			}
		}
	}
	if trying != nil {
		b.count(*trying)
	}
	return b
}

func (b *backlog) count(q queued) {
	if q.lost {
		b.lost++
		b.refusal = q.reason
	} else {
		b.n++
		b.failure = cmp.Or(q.reason, b.failure)
	}
	if b.oldest.IsZero() || q.since.Before(b.oldest) {
		b.oldest = q.since
	}
}

func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause, worked := w.step(ctx)
		if !worked {
			select {
			case <-ctx.Done():
			case <-w.wake:
			}
			continue
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// step takes the next item that may be tried now and says it, if it is still
// due. It returns how long the channel rests, and false when nothing was there
// to try.
func (w *worker) step(ctx context.Context) (pause time.Duration, worked bool) {
	id, q, ok := w.pick(w.d.o.Desk.Now())
	if !ok {
		return 0, false
	}
	n, due := w.d.find(id, q.key, w.channel.Name())
	if !due {
		w.finish(id, q, false) // acknowledged, submitted or said meanwhile
		return 0, true
	}
	pause, retry, err := w.deliver(ctx, n)
	if err != nil { // no entry tells the agenda to look again
		pause = max(pause, storeRest)
		if w.unwell == nil { // not with every try: the disk may be full
			w.d.o.Logger.Error("The store takes no record of notices; they are tried again", "channel", w.channel.Name(), "key", n.Key, "err", err)
		}
	}
	w.unwell = err
	q.notBefore = retry
	w.finish(id, q, err != nil || !retry.IsZero())
	return pause, true
}

// storeRest is the wait after the store did not take an entry.
const storeRest = time.Second

// deliver says one thing and records what came of it. It returns how long the
// channel rests: its pace, or until a vendor that is unwell is tried again; and
// when the notice is to be tried again, zero for not on this channel. The
// error is the store's: without a stored intent nothing was sent, and what was
// sent without a stored outcome is in doubt.
func (w *worker) deliver(ctx context.Context, n Notice) (pause time.Duration, retry time.Time, err error) {
	t := w.try(ctx, n)
	if t.unstored != nil {
		return 0, retry, t.unstored
	}
	pause = w.channel.Pace()
	if t.err == nil {
		if w.failed > 0 {
			w.d.o.Logger.Info("The channel takes notices again", "channel", w.channel.Name(), "failed", w.failed)
		}
		w.failed, w.last = 0, ""
		if err := w.record(incident.Deliver{ID: n.ID, Effect: t.effect, Ref: t.ref, Found: t.found}); err != nil {
			return pause, retry, err
		}
		w.d.metrics.delivered(w.channel.Name(), n, w.d.o.Desk.Now())
		return pause, retry, nil
	}
	e := w.explain(n, t.err)
	fail := incident.Fail{ID: n.ID, Effect: t.effect, Reason: w.channel.Name() + ": " + e.Error(), Permanent: e.Permanent}
	if e.Permanent {
		w.failed, w.last = 0, "" // the vendor is well, it only will not have this
	} else {
		asked := min(e.RetryAfter, longestRest)
		pause = max(pause, backOff(w.failed), asked)
		fail.RetryAt = n.Now.Add(max(backOff(max(n.Attempts, w.failed)), asked))
		w.failed, w.last = w.failed+1, n.Effect.Key
	}
	return pause, fail.RetryAt, w.record(fail)
}

// tried is what came of a try.
type tried struct {
	effect   incident.Effect // what was said, or would have been
	ref      string
	found    bool
	err      error // the vendor's
	unstored error // the intent could not be made durable, so nothing was sent
}

// try looks for a notice in doubt, and sends it if it is not there.
func (w *worker) try(ctx context.Context, n Notice) (t tried) {
	stopping := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
	defer cancel()
	defer context.AfterFunc(stopping, func() { time.AfterFunc(stopWithin, cancel) })()
	defer func() {
		if p := recover(); p != nil { // the other channels go on, and so does the intake
			w.d.o.Logger.Error("Channel panicked", "channel", w.channel.Name(), "key", n.Key, "panic", p, "stack", string(debug.Stack()))
			t = tried{effect: n.Effect, err: &Error{Reason: Rejected, Permanent: true, Detail: "it could not be put into words"}}
		}
	}()
	repeatable := n.Effect.Repeatable()
	if !repeatable && (n.InDoubt || n.Attempts > 0) {
		ref, found, err := w.channel.Find(ctx, n.Confine(classOf(w.channel, n)))
		refused, ok := errors.AsType[*Error](err)
		switch {
		case err == nil && found:
			return tried{effect: n.Intended, ref: ref, found: true}
		case err != nil && !(ok && refused.Permanent):
			return tried{effect: n.Intended, err: err} // cannot tell yet: better later than twice
		}
		n.Repeat = true
	}
	if !repeatable {
		if err := w.record(incident.Intend{ID: n.ID, Effect: n.Effect, Repeat: n.Repeat}); err != nil {
			return tried{unstored: err}
		}
	}
	ref, err := w.channel.Send(ctx, n.Confine(classOf(w.channel, n)))
	return tried{effect: n.Effect, ref: ref, err: err}
}

func (w *worker) record(cmd incident.Command) error {
	ctx, cancel := context.WithTimeout(context.Background(), recordWithin)
	defer cancel()
	_, err := w.d.o.Desk.Do(ctx, cmd)
	return err
}

// explain reads a vendor's error, counts it and logs it.
func (w *worker) explain(n Notice, err error) *Error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Reason: Unreachable}
	}
	w.d.metrics.failed(w.channel.Name(), e.Reason)
	level := slog.LevelWarn
	if !e.Permanent && w.failed > 0 { // the outage was told of when it began; how long it lasts, the metrics say
		level = slog.LevelDebug
	}
	w.d.o.Logger.Log(context.Background(), level, "Not delivered", "channel", w.channel.Name(), "key", n.Key, "role", n.Effect.Role, "permanent", e.Permanent, "err", e)
	return e
}

// backOff is the wait after n failures in a row and one more: 5 s doubling to 5 min.
func backOff(n int) time.Duration {
	return min(5*time.Second<<min(n, 10), 5*time.Minute)
}
