package evidence

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Recorder takes the artefacts of one run of one collector. It is safe for
// concurrent use.
type Recorder struct {
	source Source
	sink   Sink
	now    func() time.Time

	mu      sync.Mutex
	room    int64 // bytes left of the budget
	open    []*Capture
	done    []Artefact
	givenUp bool // by the runner: nothing more is taken
}

// NewRecorder makes one for a run of the source, whose MaxBytes bound it. The
// [Runner] makes its own; others are for what people hand in, such as a file.
func NewRecorder(s Source, sink Sink, now func() time.Time) *Recorder {
	return &Recorder{source: s, sink: sink, now: now, room: s.MaxBytes}
}

// Capture is one artefact in the making. Its fields belong to the function
// that [Recorder.Take] calls; its writer may be used by others too, and refuses
// bytes once that function has returned.
type Capture struct {
	Artefact

	rec *Recorder

	mu    sync.Mutex
	draft Draft // nil before the first byte
	n     int64
	over  bool  // no more bytes
	err   error // of the sink, or of an answer that broke off unread
	parts []Part
	lost  int // parts beyond maxParts
}

type captureKey struct{}

// Take captures one artefact: fetch puts bytes into the capture, by writing or
// by asking through a [Client] with the context it is given, and fills in what
// it learns. The artefact is complete when fetch returns nil and reported no
// gap; a panic in fetch is its error.
func (r *Recorder) Take(ctx context.Context, kind string, fetch func(context.Context, *Capture) error) Artefact {
	c := &Capture{rec: r, Artefact: Artefact{Collector: r.source.Name, Kind: kind, CollectedAt: r.now().UTC()}}
	r.mu.Lock()
	r.open = append(r.open, c)
	r.mu.Unlock()
	err := unbroken(func() error { return fetch(context.WithValue(ctx, captureKey{}, c), c) })
	return r.close(ctx, c, err)
}

// close ends a capture whose function has returned.
func (r *Recorder) close(ctx context.Context, c *Capture, err error) Artefact {
	digest, n, kept := c.commit(r.abandoned())
	a := c.Artefact
	a.Bytes, a.Parts = n, c.parts
	if c.lost > 0 {
		a.Warnings = append(a.Warnings, fmt.Sprintf("%d further answers are in the bytes and not listed", c.lost))
	}
	if digest != "" {
		a.Digest = "sha256:" + digest
	}
	a.bound()
	a.Complete = len(a.Gaps) == 0
	if _, lost := errors.AsType[*Failure](kept); lost || err == nil {
		err = kept
	}
	if err != nil {
		a.fail(ctx, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.givenUp {
		for n, open := range r.open {
			if open == c {
				r.open = append(r.open[:n], r.open[n+1:]...)
				break
			}
		}
		r.done = append(r.done, a)
	}
	return a
}

// bound cuts what others wrote to a size that can be recorded.
func (a *Artefact) bound() {
	a.Query, a.ServerVersion = cut(a.Query, maxQuery), clip(a.ServerVersion, maxText)
	for i := range a.Warnings {
		a.Warnings[i] = clip(a.Warnings[i], maxText)
	}
	if more := len(a.Warnings) - maxWarns; more > 0 {
		a.Warnings = append(a.Warnings[:maxWarns], fmt.Sprintf("%d further warnings", more))
	}
	if more := len(a.Gaps) - maxGaps; more > 0 {
		rest := Gap{From: a.Gaps[maxGaps].From, To: a.Gaps[len(a.Gaps)-1].To, Reason: fmt.Sprintf("%d further gaps lie in this time", more)}
		a.Gaps = append(a.Gaps[:maxGaps], rest)
	}
	for i := range a.Gaps {
		a.Gaps[i].Reason = clip(a.Gaps[i].Reason, maxText)
	}
}

// cut is the text in at most that many bytes; its lines stay.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return clip(s, most)
}

// abandoned reports whether the runner has given up.
func (r *Recorder) abandoned() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.givenUp
}

// finish returns what was taken. What is still open is given up: it stands as
// failed for the reason, and nothing more is kept of it.
func (r *Recorder) finish(reason string, retry bool) []Artefact {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.givenUp = true
	all := r.done
	for _, c := range r.open {
		all = append(all, Artefact{Collector: r.source.Name, Kind: c.Kind, CollectedAt: c.CollectedAt, Error: clip(reason, maxText), Retry: retry})
	}
	return all
}

// take takes up to n bytes from the budget.
func (r *Recorder) take(n int) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenUp {
		return 0, errOver
	}
	got := int(min(int64(n), r.room))
	r.room -= int64(got)
	return got, nil
}

// errOver is for who writes to a capture that has ended.
var errOver = errors.New("the capture has ended")

// Write implements [io.Writer]. It keeps what the budget allows.
func (c *Capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
		return 0, errOver
	case c.err != nil:
		return 0, c.err
	case len(p) == 0:
		return 0, nil
	}
	room, err := c.rec.take(len(p))
	if err != nil {
		return 0, err
	}
	if room > 0 {
		if err := c.keep(p[:room]); err != nil {
			c.err = Fail(true, "what was received could not be kept: %v", err)
			return 0, c.err
		}
	}
	if room < len(p) {
		return room, &tooLargeError{c.rec.source.MaxBytes}
	}
	return room, nil
}

func (c *Capture) keep(p []byte) error {
	if c.draft == nil {
		d, err := c.rec.sink.Create()
		if err != nil {
			return err
		}
		c.draft = d
	}
	n, err := c.draft.Write(p)
	c.n += int64(n)
	if len(c.parts) > 0 && c.lost == 0 {
		c.parts[len(c.parts)-1].Bytes += int64(n)
	}
	return err
}

// begin lists an answer whose bytes come next.
func (c *Capture) begin(p Part) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if len(c.parts) == maxParts {
		c.lost++
		return
	}
	p.Offset = c.n
	c.parts = append(c.parts, p)
}

// brokeOff keeps the first error of an answer that nobody else may hear of.
func (c *Capture) brokeOff(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && !c.over {
		c.err = err
	}
}

// commit ends the bytes and keeps them, unless they cannot be or are no longer
// wanted.
func (c *Capture) commit(unwanted bool) (digest string, n int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	_, sick := errors.AsType[*Failure](c.err) // the sink's
	switch {
	case c.draft == nil:
		return "", 0, c.err
	case unwanted || sick:
		return "", 0, errors.Join(c.err, c.draft.Discard())
	}
	if digest, err = c.draft.Commit(); err != nil {
		return "", 0, Fail(true, "what was received could not be kept: %v", err)
	}
	return digest, c.n, c.err
}

// Count adds to one of the artefact's counts.
func (c *Capture) Count(what string, n int) {
	if c.Counts == nil {
		c.Counts = map[string]int{}
	}
	c.Counts[what] += n
}

// Warn adds a warning.
func (c *Capture) Warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

// Items says how many things the last answer held.
func (c *Capture) Items(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.parts) > 0 && c.lost == 0 {
		c.parts[len(c.parts)-1].Items = n
	}
}

// Miss adds a gap.
func (c *Capture) Miss(from, to time.Time, format string, args ...any) {
	c.Gaps = append(c.Gaps, Gap{from.UTC(), to.UTC(), fmt.Sprintf(format, args...)})
}

// Aside is a context whose answers are captured nowhere: for what has to be
// asked or said but is no evidence.
func Aside(ctx context.Context) context.Context {
	return context.WithValue(ctx, captureKey{}, (*Capture)(nil))
}
