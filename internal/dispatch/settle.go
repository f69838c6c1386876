package dispatch

import (
	"context"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

// Settle says everything that is due at the desk's time, one notice after the
// other and one channel after the other, and returns the first instant at which
// something can be due that is not now; zero for never. No channel's pace and
// no back-off is waited for: it is for a clock that jumps and for channels in
// process. It must not be called beside [Dispatcher.Run]. The error is the
// store's, or ctx's.
func (d *Dispatcher) Settle(ctx context.Context) (next time.Time, err error) {
	for said := true; said; {
		said = false
		d.look(nil, true)
		for _, w := range d.workers {
			for {
				if ctx.Err() != nil {
					return time.Time{}, context.Cause(ctx)
				}
				if _, worked := w.step(ctx); !worked {
					break
				}
				if w.unwell != nil {
					return time.Time{}, w.unwell
				}
				said = true
			}
		}
	}
	return d.Next(), nil
}

// Next is the first instant after the desk's time at which something can be due;
// zero for never.
func (d *Dispatcher) Next() (next time.Time) {
	now := d.o.Desk.Now()
	d.o.Desk.View(func(s *incident.State) {
		next = sooner(agenda.NextHeartbeat(s, now), agenda.NextTriage(s, now))
		for _, id := range s.IDs() {
			i, _ := s.Incident(id)
			next = sooner(next, agenda.Next(i, s.Policy, now))
		}
	})
	return next
}
