package offsite

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	objects, bytes, failures, altered prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, c *Copier) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "nis2clock_offsite_" + name, Help: help})
	}
	m := &metrics{
		objects:  counter("objects_total", "Objects copied to the bucket and found locked there."),
		bytes:    counter("bytes_total", "Bytes of the objects copied."),
		failures: counter("failures_total", "Tries that the bucket did not take."),
		altered:  counter("altered_artefacts_total", "Artefacts that were not copied because their bytes in the vault had been altered."),
	}
	if reg != nil {
		reg.MustRegister(m.objects, m.bytes, m.failures, m.altered, &lagCollector{c, prometheus.NewDesc(
			"nis2clock_offsite_lag_seconds", "For how long the oldest entry, or artefact, that the bucket does not hold has waited.", []string{"what"}, nil)})
	}
	return m
}

// lagCollector asks when it is asked.
type lagCollector struct {
	c    *Copier
	desc *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (l *lagCollector) Describe(ch chan<- *prometheus.Desc) { ch <- l.desc }

// Collect implements [prometheus.Collector].
func (l *lagCollector) Collect(ch chan<- prometheus.Metric) {
	journal, artefacts := l.c.lag(context.Background())
	ch <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, journal.Seconds(), "journal")
	ch <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, artefacts.Seconds(), "artefacts")
}
