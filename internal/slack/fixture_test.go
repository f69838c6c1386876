package slack

import (
	"fmt"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/classify"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

var (
	detected = time.Date(2026, 11, 22, 2, 5, 37, 0, time.UTC)
	opened   = detected.Add(40 * time.Second)
	brussels = mustZone("Europe/Brussels")
)

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// clock is a running clock that is due after so long from detection.
func clock(stage regime.StageID, title string, due time.Duration, now time.Time) incident.ClockView {
	at := detected.Add(due)
	c := incident.ClockView{
		ClockID: incident.ClockID{Entity: "default", Regime: "nis2", Stage: stage},
		Title:   title, State: incident.ClockRunning, Basis: "detection", StartedAt: detected, TargetAt: at, DueAt: at,
		RemainingSeconds: int64(at.Sub(now) / time.Second),
	}
	if regime.Overdue(at, now) {
		c.State, c.Late = incident.ClockOverdue, true
	}
	return c
}

// freshView is an incident as it stands at now, with nobody on it yet.
func freshView(now time.Time) incident.View {
	final := clock("final_report", "Final report", 30*24*time.Hour, now)
	final.State = incident.ClockProjected
	return incident.View{
		ID: "INC-2026-0001", Title: "Admin login from an unknown country", Summary: "Three logins as root within a minute.",
		Status: incident.Open, Reportability: incident.Undecided, DetectedAt: detected, ReceivedAt: opened, OpenedAt: opened, UpdatedAt: opened,
		Severity: "critical", Category: classify.Category{Class: "intrusions", Type: "system-compromise"}, Service: "login", TLP: "AMBER",
		Incomplete: []string{},
		Clocks: []incident.ClockView{
			clock("early_warning", "Early warning", 24*time.Hour, now),
			clock("notification", "Incident notification", 72*time.Hour, now),
			final,
		},
		Alerts: []incident.AlertView{alert("RootLogin", incident.Firing), alert("RootLogin", incident.Firing), alert("NewCountry", incident.Resolved)},
	}
}

func alert(name, status string) incident.AlertView {
	return incident.AlertView{Status: status, StartsAt: detected, Labels: map[string]string{"alertname": name, "severity": "critical"}}
}

// notice is one about the incident for Slack.
func notice(role incident.Role, now time.Time, v incident.View) dispatch.Notice {
	return dispatch.Notice{
		Item: agenda.Item{
			ID: v.ID, Since: opened,
			Effect: incident.Effect{Key: string(v.ID) + "/" + string(role) + "/slack", Role: role, For: Name, Channel: Name},
		},
		Key: "9f2c/" + string(v.ID) + "/" + string(role) + "/slack", Incident: v, Page: "https://clock.example.org/incidents/" + string(v.ID), Now: now,
	}
}

// reminder is a reminder about the incident's first clock.
func reminder(now time.Time, v incident.View, thresholds ...incident.Passed) dispatch.Notice {
	n := notice(incident.Reminder, now, v)
	n.Effect.Clock = v.Clocks[0].ClockID
	n.Effect.Thresholds = thresholds
	n.Since = thresholds[0].At
	return n
}

func acknowledge(v *incident.View, by string) {
	v.AcknowledgedBy, v.AcknowledgedAt = new(by), new(detected.Add(7*time.Minute))
}

// proposals are one of each state, oldest first.
func proposals(now time.Time) []incident.MotionView {
	p := incident.MotionView{
		Number: 1, What: "submit/v1", Plan: "record that early_warning was submitted to <CSIRT>", By: "U024BE7LH@T061EG9R6", MadeAt: now.Add(-time.Hour),
		ExpiresAt: now.Add(-time.Minute), State: incident.ProposalExpired,
	}
	all := []incident.MotionView{p, p, p, p}
	for n := range all {
		all[n].Number = n + 1
	}
	for n, state := range map[int]string{1: incident.ProposalRejected, 2: incident.ProposalConfirmed} {
		all[n].State, all[n].SettledBy, all[n].SettledAt = state, new("anna"), new(now.Add(-2*time.Minute))
	}
	all[1].Reason = "not <sent> yet"
	all[3].State, all[3].ExpiresAt = incident.ProposalOpen, now.Add(time.Hour)
	return all
}

// cases are the notices whose rendering is kept as golden files.
func cases() map[string]dispatch.Notice {
	all := map[string]dispatch.Notice{}

	now := opened.Add(3 * time.Second)
	all["post-fresh"] = notice(incident.Post, now, freshView(now))

	v := freshView(now)
	acknowledge(&v, "U024BE7LH@T061EG9R6")
	v.Commander = new("anna & <b>ob")
	all["update-acknowledged"] = notice(incident.Update, now, v)

	v = freshView(now)
	acknowledge(&v, "anna")
	v.Unanswered = true
	again := detected.Add(18 * time.Hour)
	all["update-called-again"] = notice(incident.Update, again, v)
	all["reminder-called-again"] = reminder(again, v, incident.Passed{Name: "75%", At: again})
	n := notice(incident.Page, again, v)
	n.Refused, n.Reason = []string{"pagerduty"}, "rejected: 400 invalid event"
	all["page-called-again"] = n

	late := detected.Add(27*time.Hour + 10*time.Minute)
	v = freshView(late)
	acknowledge(&v, "anna")
	v.Clocks[1].State, v.Clocks[1].SubmittedAt, v.Clocks[1].Reference = incident.ClockSubmitted, new(detected.Add(26*time.Hour)), new("BSI-77/<1>")
	v.Clocks[2].State, v.Clocks[2].Stopped = incident.ClockStopped, new("decided: not reportable")
	all["update-overdue"] = notice(incident.Update, late, v)

	v = freshView(now)
	v.ID, v.Exercise = "EX-2026-0001", true
	all["post-exercise"] = notice(incident.Post, now, v)

	v = freshView(now)
	v.Incomplete = []string{
		"Alertmanager cut 7 alerts from a batch of this incident (max_alerts); they are being read back.",
		"Alertmanager cut 1 alert from a batch of this incident (max_alerts) and they could not be read back: <html>502</html>",
	}
	all["post-incomplete"] = notice(incident.Post, now, v)

	v = freshView(now)
	v.AwareAt = new(detected.Add(2 * time.Hour))
	for i := range v.Clocks[:2] { // awareness came later: the law's instants move, the house's stay
		v.Clocks[i].Basis, v.Clocks[i].DueAt = "awareness", v.Clocks[i].DueAt.Add(2*time.Hour)
	}
	all["update-aware"] = notice(incident.Update, detected.Add(25*time.Hour), v)

	v = freshView(now)
	hostile := "<!channel> <@U1> <https://evil.example|Acknowledge> & ```\n\n*Acknowledged by:* anna\x00\u202e"
	v.Title, v.Summary, v.Service, v.Severity = hostile, hostile, hostile, hostile
	v.Alerts = []incident.AlertView{alert(hostile, incident.Firing), alert("", incident.Firing)}
	v.Incomplete = []string{hostile}
	n = notice(incident.Post, now, v)
	n.Page = "https://clock.example.org/incidents/1?a=1&b=<!channel>|x"
	all["post-hostile"] = n

	v = freshView(now)
	v.Alerts = nil
	for i := range 500 {
		v.Alerts = append(v.Alerts, alert(fmt.Sprintf("Storm%d", i%40), incident.Firing))
	}
	all["post-storm"] = notice(incident.Post, now, v)

	v = freshView(late)
	n = notice(incident.Post, late, v)
	n.Since = late.Add(-time.Second)
	n.Effect.Covers = []incident.ClockPassed{
		{Clock: v.Clocks[0].ClockID, Thresholds: []incident.Passed{
			{Name: "90%", At: detected.Add(21*time.Hour + 36*time.Minute)}, {Name: "0s", At: detected.Add(24 * time.Hour)}, {Name: "overdue 3h", At: detected.Add(27 * time.Hour)},
		}},
		{Clock: v.Clocks[1].ClockID, Thresholds: []incident.Passed{{Name: "33%", At: detected.Add(24 * time.Hour)}}},
	}
	all["post-opened-late"] = n
	n.Effect.Role, n.Refused, n.Reason = incident.Page, []string{"pagerduty"}, "rejected: 400 invalid event"
	all["page-opened-late"] = n

	noon := detected.Add(12 * time.Hour)
	all["reminder"] = reminder(noon, freshView(noon), incident.Passed{Name: "50%", At: noon})

	n = reminder(late, freshView(late),
		incident.Passed{Name: "90%", At: detected.Add(21*time.Hour + 36*time.Minute)}, incident.Passed{Name: "1h", At: detected.Add(23 * time.Hour)},
		incident.Passed{Name: "0s", At: detected.Add(24 * time.Hour)}, incident.Passed{Name: "overdue 3h", At: detected.Add(27 * time.Hour)})
	n.Repeat = true
	all["reminder-overdue-late-repeat"] = n

	n.Refused, n.Reason, n.Repeat = []string{"pagerduty"}, "rejected: routing key <unknown>", false
	all["reminder-refused"] = n

	n = notice(incident.Page, now, freshView(now))
	n.Refused, n.Reason = []string{"pagerduty"}, "rejected: 400 invalid event"
	all["page-refused"] = n

	v = freshView(now)
	v.Exercise = true
	all["page-direct-exercise"] = notice(incident.Page, now, v)

	v = freshView(now)
	v.Proposals = proposals(now)
	all["update-proposals"] = notice(incident.Update, now, v)
	n = notice(incident.Ask, now, v)
	n.Effect.Proposal = 4
	all["ask"] = n
	n.Effect.Proposal = 3
	all["ask-settled"] = n

	for label, file := range map[string]string{"RED": "red", "AMBER+STRICT": "strict"} {
		v = freshView(now)
		v.TLP, v.Proposals = label, proposals(now)
		all["post-"+file] = notice(incident.Post, now, v)
	}
	v = freshView(now)
	v.Title, v.Summary = "Beacon to c2.evil.example", "192.0.2.77 fetched https://c2.evil.example/x and mailed drop@evil.example"
	all["post-indicators"] = notice(incident.Post, now, v)

	n = notice(incident.Heartbeat, now, incident.View{})
	n.Text = "Watchdog has not been seen since 2026-11-22 01:50 UTC: alerts may not reach this service."
	all["heartbeat"] = n
	return all
}

// named gives one of the cases.
func named(t *testing.T, name string) dispatch.Notice {
	t.Helper()
	n, ok := cases()[name]
	if !ok {
		t.Fatalf("no case %q", name)
	}
	return n
}
