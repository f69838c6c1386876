package app

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Five hundred alerts in a minute, each an incident of its own: no call is over
// a limit of Slack's or PagerDuty's, no reminder waits for what only informs,
// and how long the oldest waits is a metric.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(cfg *config.Config) { cfg.Clocks.Escalation.Steps = nil })
		// Twenty incidents whose early warning reaches three quarters, at which both
		// PagerDuty and Slack speak, one every three seconds of the storm.
		const before, storm, alerts = 20, time.Minute, 500
		begin := time.Now().Add(2 * time.Hour)
		for n := range before {
			detected := begin.Add(time.Duration(n)*3*time.Second - 18*time.Hour)
			if _, err := s.app.Desk().Do(t.Context(), incident.Declare{
				Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, Title: fmt.Sprint("before ", n), DetectedAt: detected,
			}); err != nil {
				t.Fatal(err)
			}
		}
		s.wait(time.Until(begin))
		for n := range alerts {
			s.wait(time.Until(begin.Add(storm * time.Duration(n) / alerts)))
			s.alert(time.Now().Add(-time.Second), 100+n)
		}
		waiting := map[string]float64{}
		for _, each := range []string{"slack", "pagerduty"} {
			waiting[each] = s.metric(`nis2clock_dispatch_oldest_waiting_seconds{channel="` + each + `"}`)
			if waiting[each] < 10 {
				t.Errorf("at the end of the storm the oldest notice for %s has waited %.1f s", each, waiting[each])
			}
		}
		s.wait(20 * time.Minute)
		late := map[string]time.Duration{}
		reminders := map[string]int{}
		posts := 0
		for n := range before + alerts {
			s.inc = incident.ID(fmt.Sprintf("INC-2026-%04d", n+1))
			for _, e := range s.entries() {
				ev, ok := e.Event.(incident.Delivered)
				if !ok {
					continue
				}
				switch ev.Effect.Role {
				case incident.Post:
					posts++
				case incident.Reminder:
					if last := ev.Effect.Thresholds[len(ev.Effect.Thresholds)-1]; !last.At.Before(begin) {
						reminders[ev.Effect.Channel]++
						late[ev.Effect.Channel] = max(late[ev.Effect.Channel], e.At.Sub(last.At))
					}
				}
			}
		}
		for channel, worst := range late {
			if worst > 10*time.Second {
				t.Errorf("a reminder through %s was %s late", channel, worst)
			}
		}
		if reminders["slack"] != before || reminders["pagerduty"] != before || posts != before+alerts {
			t.Errorf("reminders %v, messages %d", reminders, posts)
		}
		// Then somebody answers a hundred of them at once, and each message changes.
		for n := range 100 {
			s.inc = incident.ID(fmt.Sprintf("INC-2026-%04d", n+1))
			if _, err := s.post("/api/v1/incidents/"+string(s.inc)+"/acknowledge", access.AdminFile, struct{}{}); err != nil {
				t.Fatal(err)
			}
		}
		s.wait(5 * time.Minute)
		if n := s.slack.Calls()["chat.update"]; n < 100 {
			t.Errorf("%d of 100 messages were brought up to date", n)
		}
		if n := s.slack.Limited(); n > 0 {
			t.Errorf("Slack refused %d calls as too many", n)
		}
		if n := s.metric(`nis2clock_dispatch_failures_total{channel="pagerduty",reason="` + string(dispatch.RateLimited) + `"}`); n > 0 {
			t.Errorf("PagerDuty refused %.0f calls as too many", n)
		}
		t.Logf("reminders late by at most %v; oldest waiting at the end of the storm %v s; calls to Slack %v", late, waiting, s.slack.Calls())
	})
}

// metric reads one series of /metrics; 0 when it is not there.
func (s *stage) metric(series string) float64 {
	s.t.Helper()
	said, err := answer(s.client.Get("http://clock.example/metrics"))
	if err != nil {
		s.t.Fatal(err)
	}
	value := 0.0
	for line := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return value
}
