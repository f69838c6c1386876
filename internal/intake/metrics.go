package intake

import (
	"nis2clock/internal/incident"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	received prometheus.Counter
	alerts   *prometheus.CounterVec
	outcomes map[string]prometheus.Counter // of alerts, resolved once
	rules    *prometheus.CounterVec
}

// Outcomes of an alert, the label values of nis2clock_intake_alerts_total.
// Their sum is nis2clock_intake_alerts_received_total at all times.
const (
	opened      = "opened"
	attached    = "attached"
	resolved    = "resolved"
	duplicate   = "duplicate"
	ignored     = "ignored"
	quarantined = "quarantined"
)

// newMetrics registers what the intake counts. Every rule is there from the
// start, so that one which never counts shows as 0.
func newMetrics(reg prometheus.Registerer, rules []string) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_intake_requests_total", Help: "Webhook requests by the status they were answered with.",
		}, []string{"code"}),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "nis2clock_intake_alerts_received_total", Help: "Alerts received and made durable, each counted once.",
		}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_intake_alerts_total", Help: "Alerts received, by what became of them.",
		}, []string{"outcome"}),
		rules: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_classification_rule_matches_total", Help: "Alerts for which a rule of classification.rules counted, by its name.",
		}, []string{"rule"}),
	}
	m.outcomes = map[string]prometheus.Counter{}
	for _, o := range []string{opened, attached, resolved, duplicate, ignored, quarantined} {
		m.outcomes[o] = m.alerts.WithLabelValues(o)
	}
	for _, name := range rules {
		m.rules.WithLabelValues(name)
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.received, m.alerts, m.rules)
	}
	return m
}

func (m *metrics) count(c incident.Receiving) {
	for name, n := range c.Rules {
		m.rules.WithLabelValues(name).Add(float64(n))
	}
	m.received.Add(float64(c.Received))
	m.outcomes[opened].Add(float64(c.Opened))
	m.outcomes[attached].Add(float64(c.Attached))
	m.outcomes[resolved].Add(float64(c.Resolved))
	m.outcomes[duplicate].Add(float64(c.Duplicate))
	m.outcomes[ignored].Add(float64(c.Ignored))
	m.outcomes[quarantined].Add(float64(c.Quarantined))
}
