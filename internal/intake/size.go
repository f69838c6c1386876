package intake

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sizeShown is how long a body that came near the limit, or over it, is shown.
const sizeShown = 24 * time.Hour

// sizes knows how near bodies come to the largest that is accepted: what is
// refused as too large never comes again.
type sizes struct {
	limit int64

	mu        sync.Mutex
	largest   int64     // bytes, of an accepted body
	near      int64     // of the newest that took three quarters of the limit or more
	nearAt    time.Time // when it came; zero for never
	refusedAt time.Time // when the newest came that was too large; zero for never
}

func newSizes(limit int64, reg prometheus.Registerer) *sizes {
	s := &sizes{limit: limit}
	if reg != nil {
		reg.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "nis2clock_intake_max_body_bytes", Help: "The largest webhook body that is accepted.",
			}, func() float64 { return float64(limit) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "nis2clock_intake_largest_body_bytes", Help: "The largest webhook body accepted since the start.",
			}, func() float64 {
				s.mu.Lock()
				defer s.mu.Unlock()
				return float64(s.largest)
			}))
	}
	return s
}

func (s *sizes) accepted(bytes int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest = max(s.largest, bytes)
	if bytes >= s.limit-s.limit/4 {
		s.near, s.nearAt = bytes, at
	}
}

func (s *sizes) refused(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusedAt = at
}

// Status says in a sentence that a body was refused as too large lately, or
// that one came near.
func (h *Handler) Status() []string {
	s, now := h.sizes, h.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	lately := func(at time.Time) bool { return !at.IsZero() && now.Sub(at) <= sizeShown }
	switch {
	case lately(s.refusedAt):
		return []string{fmt.Sprintf("a webhook body was refused at %s because it was larger than %d bytes: its alerts are not here; raise intake.max_body", s.refusedAt.UTC().Format(time.RFC3339), s.limit)}
	case lately(s.nearAt):
		return []string{fmt.Sprintf("a webhook body of %d bytes came at %s: one larger than %d is refused and its alerts are lost; raise intake.max_body", s.near, s.nearAt.UTC().Format(time.RFC3339), s.limit)}
	}
	return nil
}
