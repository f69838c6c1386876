package app

import (
	"runtime"
	"slices"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"

	"github.com/prometheus/client_golang/prometheus"
)

func buildInfo(version string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nis2clock_build_info", Help: "What is running; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}

// incidentCollector shows every clock that still owes a report. A clock's
// series go away when it does.
type incidentCollector struct {
	desk                         *desk.Desk
	due, target, overdue, counts *prometheus.Desc
	unacknowledged               *prometheus.Desc

	// Those of a notice to a controller name it as well.
	noticeDue, noticeTarget *prometheus.Desc
	untriaged, late         *prometheus.Desc
}

func newIncidentCollector(d *desk.Desk) *incidentCollector {
	labels := []string{"incident", "entity", "regime", "stage", "exercise"}
	due := func(labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("nis2clock_clock_due_timestamp_seconds", "When the report is due by the conservative reading of the law.", labels, nil)
	}
	target := func(labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("nis2clock_clock_target_timestamp_seconds", "When the report is due by the house rule, from detection.", labels, nil)
	}
	withParty := append(slices.Clip(labels), "counterparty")
	return &incidentCollector{
		desk: d,
		due:  due(labels...), target: target(labels...),
		noticeDue: due(withParty...), noticeTarget: target(withParty...),
		untriaged:      prometheus.NewDesc("nis2clock_events_untriaged", "Suspicious events nobody has assessed.", nil, nil),
		late:           prometheus.NewDesc("nis2clock_events_triage_overdue", "Suspicious events nobody has assessed in time.", nil, nil),
		overdue:        prometheus.NewDesc("nis2clock_clocks_overdue", "Clocks past their due instant whose report is still owed.", nil, nil),
		counts:         prometheus.NewDesc("nis2clock_incidents", "Incidents by status.", []string{"status", "exercise"}, nil),
		unacknowledged: prometheus.NewDesc("nis2clock_incidents_unacknowledged", "Open incidents nobody has acknowledged.", nil, nil),
	}
}

// Describe implements [prometheus.Collector]. It describes nothing, so that the
// series of one name may differ in whether they have a counterparty.
func (c *incidentCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (c *incidentCollector) Collect(ch chan<- prometheus.Metric) {
	now := c.desk.Now()
	type key struct{ status, exercise string }
	counts := map[key]int{{incident.Open, "false"}: 0, {incident.StatusHandled, "false"}: 0, {incident.StatusClosed, "false"}: 0}
	overdue, unacked, untriaged, late := 0, 0, 0, 0
	var out []prometheus.Metric
	restricted := soonest{}
	c.desk.View(func(s *incident.State) {
		for _, id := range s.IDs() {
			i, _ := s.Incident(id)
			exercise := "false"
			if i.Exercise {
				exercise = "true"
			}
			counts[key{i.Status, exercise}]++
			if i.Status == incident.Open && i.Acknowledged == nil {
				unacked++
			}
			for n := range i.Clocks {
				k := &i.Clocks[n]
				if !k.Open() {
					continue
				}
				if k.Late(now) {
					overdue++
				}
				labels := []string{string(id), k.Entity, string(k.Regime), string(k.Stage), exercise}
				if i.Restricted != nil { // the metrics are for whoever reaches them
					restricted.add(k, exercise)
					continue
				}
				due, target := c.due, c.target
				if k.Counterparty != "" {
					labels = append(labels, k.Counterparty)
					due, target = c.noticeDue, c.noticeTarget
				}
				if !k.DueAt.IsZero() {
					out = append(out, prometheus.MustNewConstMetric(due, prometheus.GaugeValue, float64(k.DueAt.UnixMilli())/1e3, labels...))
				}
				out = append(out, prometheus.MustNewConstMetric(target, prometheus.GaugeValue, float64(k.TargetAt.UnixMilli())/1e3, labels...))
			}
		}
		for _, id := range s.EventIDs() {
			ev, _ := s.Event(id)
			if ev.Assessed() == nil {
				untriaged++
			}
			if ev.Overdue(now) {
				late++
			}
		}
	})
	restricted.collect(ch, c.due, c.target)
	for _, m := range out {
		ch <- m
	}
	for k, n := range counts {
		ch <- prometheus.MustNewConstMetric(c.counts, prometheus.GaugeValue, float64(n), k.status, k.exercise)
	}
	ch <- prometheus.MustNewConstMetric(c.overdue, prometheus.GaugeValue, float64(overdue))
	ch <- prometheus.MustNewConstMetric(c.untriaged, prometheus.GaugeValue, float64(untriaged))
	ch <- prometheus.MustNewConstMetric(c.late, prometheus.GaugeValue, float64(late))
	ch <- prometheus.MustNewConstMetric(c.unacknowledged, prometheus.GaugeValue, float64(unacked))
}

// soonest are the clocks of all restricted incidents together: for each entity,
// regime and stage the first instants, so that an alert on a deadline still
// fires and tells nothing of which incident it is.
type soonest map[[4]string]*instants

type instants struct{ due, target time.Time }

// RestrictedIncident stands in metrics for every incident that is restricted.
const RestrictedIncident = "restricted"

func (s soonest) add(k *incident.Clock, exercise string) {
	key := [4]string{k.Entity, string(k.Regime), string(k.Stage), exercise}
	at := s[key]
	if at == nil {
		at = &instants{}
		s[key] = at
	}
	for _, p := range []struct {
		have *time.Time
		t    time.Time
	}{{&at.due, k.DueAt}, {&at.target, k.TargetAt}} {
		if !p.t.IsZero() && (p.have.IsZero() || p.t.Before(*p.have)) {
			*p.have = p.t
		}
	}
}

func (s soonest) collect(ch chan<- prometheus.Metric, due, target *prometheus.Desc) {
	for key, at := range s {
		labels := append([]string{RestrictedIncident}, key[:]...)
		if !at.due.IsZero() {
			ch <- prometheus.MustNewConstMetric(due, prometheus.GaugeValue, float64(at.due.UnixMilli())/1e3, labels...)
		}
		ch <- prometheus.MustNewConstMetric(target, prometheus.GaugeValue, float64(at.target.UnixMilli())/1e3, labels...)
	}
}

// journalCollector shows how large the journal is.
type journalCollector struct {
	store                *journal.Store
	entries, bytes, free *prometheus.Desc
}

func newJournalCollector(s *journal.Store) *journalCollector {
	return &journalCollector{
		store:   s,
		entries: prometheus.NewDesc("nis2clock_journal_entries", "Entries in the journal: its tree size.", nil, nil),
		bytes:   prometheus.NewDesc("nis2clock_journal_file_bytes", "Size of the journal's file.", nil, nil),
		free:    prometheus.NewDesc("nis2clock_journal_free_bytes", "Bytes of free pages in the journal's file.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *journalCollector) Describe(ch chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(c, ch)
}

// Collect implements [prometheus.Collector].
func (c *journalCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.store.Stats()
	ch <- prometheus.MustNewConstMetric(c.entries, prometheus.GaugeValue, float64(s.Entries))
	ch <- prometheus.MustNewConstMetric(c.bytes, prometheus.GaugeValue, float64(s.FileBytes))
	ch <- prometheus.MustNewConstMetric(c.free, prometheus.GaugeValue, float64(s.FreeBytes))
}
