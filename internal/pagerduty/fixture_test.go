package pagerduty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"nis2clock/internal/agenda"
	"nis2clock/internal/classify"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
)

const testKey = "0123456789abcdef0123456789ABCDEF"

// detected lies a day before Europe's clocks go forward.
var detected = time.Date(2026, 3, 28, 9, 12, 30, 0, time.UTC)

var (
	earlyWarning = incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}
	notification = incident.ClockID{Entity: "default", Regime: "nis2", Stage: "notification"}
	finalReport  = incident.ClockID{Entity: "default", Regime: "nis2", Stage: "final_report"}
)

func config(t testing.TB) pagerduty.Config {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	return pagerduty.Config{RoutingKey: testKey, Zone: zone}
}

// clock is a projected clock at now: target and due are one.
func clock(id incident.ClockID, title string, end, now time.Time) incident.ClockView {
	c := incident.ClockView{
		ClockID: id, Title: title, State: incident.ClockProjected, Basis: "detection", StartedAt: detected,
		TargetAt: end, DueAt: end, Source: "Directive (EU) 2022/2555 Art. 23(4)",
	}
	if c.Late = !now.Before(end); c.Late {
		c.State = incident.ClockOverdue
	}
	return c
}

// incidentAt is an incident with NIS2's three clocks as it stands at now.
func incidentAt(now time.Time) incident.View {
	return incident.View{
		ID: "INC-2026-0001", Title: "Login service: sessions of other customers visible", Status: incident.Open,
		Reportability: incident.Undecided, Severity: "critical", Service: "login",
		Category:   classify.Category{Class: "intrusions", Type: "system-compromise"},
		DetectedAt: detected, ReceivedAt: detected.Add(31 * time.Second), OpenedAt: detected.Add(31 * time.Second),
		Clocks: []incident.ClockView{
			clock(earlyWarning, "Early warning", detected.Add(24*time.Hour), now),
			clock(notification, "Incident notification", detected.Add(72*time.Hour), now),
			clock(finalReport, "Final report", detected.AddDate(0, 1, 0), now),
		},
		Alerts: []incident.AlertView{{
			Fingerprint: "00f1e2d3c4b5a697", StartsAt: detected, Status: "firing",
			Labels:       map[string]string{"alertname": "SessionMixup", "severity": "critical", "nis2_reportable": "true", "cluster": "eu-1"},
			Annotations:  map[string]string{"summary": "Sessions <mixed> & leaked"},
			GeneratorURL: "https://prometheus.example/graph?g0.expr=x",
		}},
		Incomplete: []string{},
	}
}

// page is the notice that opens an incident.
func page(now time.Time) dispatch.Notice {
	return dispatch.Notice{
		Item: agenda.Item{
			ID:     "INC-2026-0001",
			Effect: incident.Effect{Key: "INC-2026-0001/opened/pagerduty", Role: incident.Page, For: pagerduty.Name, Channel: pagerduty.Name},
			Since:  detected.Add(31 * time.Second),
		},
		Key: "example/INC-2026-0001/opened/pagerduty", Incident: incidentAt(now),
		Page: "https://nis2.example/incidents/INC-2026-0001", Now: now,
	}
}

// remind is a reminder about the clock that has passed the thresholds, the
// first of them at since.
func remind(now time.Time, id incident.ClockID, since time.Time, names ...string) dispatch.Notice {
	n := page(now)
	n.Effect.Role, n.Effect.Clock, n.Since = incident.Reminder, id, since
	for _, name := range names {
		n.Effect.Thresholds = append(n.Effect.Thresholds, incident.Passed{Name: name, At: since})
	}
	n.Key = "example/INC-2026-0001/" + id.String() + "/" + names[len(names)-1] + "/pagerduty"
	return n
}

// exercise makes a notice one of an exercise.
func exercise(n dispatch.Notice) dispatch.Notice {
	n.ID, n.Incident.ID, n.Incident.Exercise = "EX-2026-0001", "EX-2026-0001", true
	n.Key = strings.ReplaceAll(n.Key, "INC-", "EX-")
	return n
}

func heartbeat() dispatch.Notice {
	return dispatch.Notice{
		Item: agenda.Item{
			Effect: incident.Effect{Key: "heartbeat/Watchdog/2026-03-28T09:12:30Z/pagerduty", Role: incident.Heartbeat, For: pagerduty.Name, Channel: pagerduty.Name},
			Since:  detected,
		},
		Key:  "example/heartbeat/Watchdog/2026-03-28T09:12:30Z/pagerduty",
		Text: "Alertmanager has gone quiet: Watchdog was last seen 2026-03-28 09:12 UTC, 15m ago.",
		Page: "https://nis2.example/", Now: detected.Add(15 * time.Minute),
	}
}

// refusedBySlack turns a notice into one that Slack would not take.
func refusedBySlack(n dispatch.Notice) dispatch.Notice {
	n.Effect.For, n.Refused, n.Reason = "slack", []string{"slack"}, "slack: rejected: channel_not_found"
	n.Repeat = true
	return n
}

// storm gives a notice 500 alerts with long labels.
func storm(n dispatch.Notice) dispatch.Notice {
	n.Incident.Alerts = nil
	for i := range 500 {
		labels := map[string]string{"alertname": "SessionMixup", "instance": fmt.Sprintf("login-%03d.example:9100", i)}
		for l := range 40 {
			labels[fmt.Sprintf("label_%02d", l)] = strings.Repeat("long label é ", 100)
		}
		n.Incident.Alerts = append(n.Incident.Alerts, incident.AlertView{
			Fingerprint: fmt.Sprintf("%016x", i), StartsAt: detected, Status: "firing", Labels: labels,
			Annotations: map[string]string{"description": strings.Repeat("the same again ", 200)},
		})
	}
	n.Incident.Incomplete = []string{"Alertmanager cut 12 alerts from a batch of this incident (max_alerts); they are being read back."}
	return n
}
