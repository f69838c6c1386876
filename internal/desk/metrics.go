package desk

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	commits  prometheus.Histogram
	entries  prometheus.Counter
	batch    prometheus.Histogram
	failures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, d *Desk) *metrics {
	m := &metrics{
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nis2clock_commit_duration_seconds", Help: "Time from the first decision of a batch to its entries being durable.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "nis2clock_journal_entries_written_total", Help: "Journal entries written by this process.",
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nis2clock_commit_commands", Help: "Commands that shared one commit.", Buckets: prometheus.ExponentialBuckets(1, 4, 6),
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "nis2clock_commit_failures_total", Help: "Commits the journal did not take.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.commits, m.entries, m.batch, m.failures,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "nis2clock_desk_queue_length", Help: "Commands waiting for the writer.",
			}, func() float64 { return float64(len(d.requests)) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "nis2clock_desk_queue_capacity", Help: "Commands that can wait before callers do.",
			}, func() float64 { return float64(cap(d.requests)) }))
	}
	return m
}

func (m *metrics) committed(commands, entries int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.batch.Observe(float64(commands))
	m.entries.Add(float64(entries))
}

func (m *metrics) failed() { m.failures.Inc() }
