package custody

import (
	"nis2clock/internal/evidence"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes of a run, as the metric has them: the worst of its artefacts.
const (
	outcomeComplete   = "complete"
	outcomeSkipped    = "skipped"
	outcomeIncomplete = "incomplete"
	outcomeFailed     = "failed"
)

// sum is what a run came to, in one word.
func sum(o evidence.Outcome) string {
	skipped, incomplete := 0, false
	for _, a := range o.Artefacts {
		switch {
		case a.Skipped:
			skipped++
		case a.Error != "":
			return outcomeFailed
		case !a.Complete:
			incomplete = true
		}
	}
	switch {
	case incomplete:
		return outcomeIncomplete
	case skipped == len(o.Artefacts):
		return outcomeSkipped
	}
	return outcomeComplete
}

func (r *Rounds) register() {
	r.runs = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nis2clock_evidence_runs_total", Help: "Runs of collectors by what they came to.",
	}, []string{"collector", "outcome"})
	r.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "nis2clock_evidence_run_duration_seconds", Help: "How long a run of a collector took.",
		Buckets: prometheus.ExponentialBuckets(0.05, 3, 8),
	}, []string{"collector"})
	for _, name := range r.names {
		for _, outcome := range []string{outcomeComplete, outcomeSkipped, outcomeIncomplete, outcomeFailed} {
			r.runs.WithLabelValues(name, outcome)
		}
	}
	if r.o.Register == nil {
		return
	}
	r.o.Register.MustRegister(r.runs, r.took, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nis2clock_evidence_backlog", Help: "Runs of collectors that are due and have not begun.",
	}, func() float64 {
		n := 0
		for _, l := range r.lanes {
			waiting, _ := l.waiting()
			n += waiting
		}
		return float64(n)
	}))
}
