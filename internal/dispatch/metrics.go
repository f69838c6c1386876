package dispatch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	deliveries *prometheus.CounterVec
	failures   *prometheus.CounterVec
	age        *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer, d *Dispatcher) *metrics {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_dispatch_deliveries_total", Help: "Notices delivered.",
		}, []string{"channel", "role"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_dispatch_failures_total", Help: "Tries that a vendor did not take.",
		}, []string{"channel", "reason"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nis2clock_dispatch_delivery_age_seconds", Help: "Time from a notice being due to its delivery.",
			Buckets: prometheus.ExponentialBuckets(0.1, 4, 10),
		}, []string{"channel", "role"}),
	}
	if reg == nil {
		return m
	}
	reg.MustRegister(m.deliveries, m.failures, m.age, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nis2clock_agenda_last_run_timestamp_seconds", Help: "When the agenda was last looked at.",
	}, func() float64 { return float64(d.ran.Load()) / 1e9 }))
	for _, w := range d.workers {
		labels := prometheus.Labels{"channel": w.channel.Name()}
		reg.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "nis2clock_dispatch_waiting", Help: "Notices that are due and not delivered, also those that wait for another try.", ConstLabels: labels,
			}, func() float64 { b := w.backlog(); return float64(b.n + b.lost) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "nis2clock_dispatch_oldest_waiting_seconds", Help: "For how long the oldest notice that is not delivered has been due.", ConstLabels: labels,
			}, func() float64 {
				if b := w.backlog(); b.n+b.lost > 0 {
					return d.o.Desk.Now().Sub(b.oldest).Seconds()
				}
				return 0
			}))
	}
	return m
}

func (m *metrics) delivered(channel string, n Notice, now time.Time) {
	m.deliveries.WithLabelValues(channel, string(n.Effect.Role)).Inc()
	m.age.WithLabelValues(channel, string(n.Effect.Role)).Observe(now.Sub(n.Since).Seconds())
}

func (m *metrics) failed(channel string, r Reason) {
	m.failures.WithLabelValues(channel, string(r)).Inc()
}
