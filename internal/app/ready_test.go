package app

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
)

// A service whose reminders have stood still for a minute is not ready.
func TestNotReadyWhileTheAgendaStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		ready := func() (int, string) {
			resp, err := s.client.Get("http://clock.example/-/ready")
			if err != nil {
				t.Fatal(err)
			}
			status := resp.StatusCode
			resp.StatusCode = http.StatusOK // for answer, which takes others for errors
			said, err := answer(resp, nil)
			if err != nil {
				t.Fatal(err)
			}
			return status, said
		}
		s.wait(time.Hour)
		if status, said := ready(); status != http.StatusOK {
			t.Fatalf("%d %s", status, said)
		}
		for _, step := range s.app.teardown {
			if step.name == "dispatch" {
				if err := step.stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		stood := time.Since(s.app.dispatch.LastRun())
		s.wait(agendaStale - stood)
		if status, said := ready(); status != http.StatusOK {
			t.Errorf("after a minute it is answered %d %s", status, said)
		}
		s.wait(time.Second)
		if status, said := ready(); status != http.StatusServiceUnavailable || !strings.Contains(said, "the agenda has not been looked at for 1m0s: nobody is reminded") {
			t.Errorf("after more than a minute it is answered %d %s", status, said)
		}
	})
}

// How full the writer's queue is shows from three quarters on.
func TestQueueIsSaidToBeFull(t *testing.T) {
	for waiting, want := range map[int]string{
		0: "", 383: "", 384: "384 of at most 512 commands wait for the journal", 512: "512 of at most 512",
	} {
		if got := strings.Join((&App{}).queueNotes(waiting, 512), "\n"); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%d: %q, want %q", waiting, got, want)
		}
	}
}

// Fifty deliveries of one alert at the same time, as from the members of a
// cluster (AM-34), are one incident, one set of clocks, one page, one message.
func TestParallelDeliveriesPageOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		starts := time.Now().Add(-time.Minute)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { s.alert(starts, 1) })
		}
		wg.Wait()
		s.wait(10 * time.Minute) // nobody is called a second time before half an hour
		var ids []incident.ID
		s.app.Desk().View(func(state *incident.State) { ids = state.IDs() })
		if v := s.view(); len(ids) != 1 || len(v.Clocks) != 3 || len(v.Alerts) != 1 {
			t.Errorf("%d incidents, %d clocks, %d alerts", len(ids), len(v.Clocks), len(v.Alerts))
		}
		if pages, messages := len(s.pager.Pages()), len(s.slack.Messages()); pages != 1 || messages != 1 {
			t.Errorf("%d pages and %d messages", pages, messages)
		}
		if got := s.metric(`nis2clock_intake_alerts_total{outcome="duplicate"}`); got != 49 {
			t.Errorf("%v deliveries are duplicates", got)
		}
	})
}

// While PagerDuty, Slack, mail, the bucket,
// Alertmanager and Prometheus all hang up, an alert is taken as ever, and what
// ought to be said waits.
func TestAlertsAreTakenWhileEverythingElseFails(t *testing.T) {
	o := newOutside(t)
	cfg := o.config(t)
	cfg.Timestamps = nil // its certificates are wanted before it is asked
	a, log := loggingTo(t, cfg)
	token, err := access.Read(filepath.Join(cfg.DataDir, access.IntakeFile))
	if err != nil {
		t.Fatal(err)
	}
	body := `{"version":"4","externalURL":"http://` + o.address + `","alerts":[{"status":"firing","startsAt":"` + time.Now().UTC().Format(time.RFC3339) + `","labels":{"alertname":"A","nis2_reportable":"true"}}]}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Addr()+"/webhook/alertmanager", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if said, err := answer(http.DefaultClient.Do(req)); err != nil || !strings.Contains(said, `"opened_alerts":1`) {
		t.Fatalf("answered %s, %v", said, err)
	}
	waiting(t, a.Desk(), "pagerduty", "slack", "opsgenie", "mail", "webhook")
	for _, secret := range []string{cfg.PagerDuty.RoutingKey, cfg.Slack.Token, cfg.Slack.AppToken, cfg.Webhook.Secret, token} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds the secret %q", secret)
		}
	}
}

// waiting waits until the first incident has something that failed and is owed
// still on each channel.
func waiting(t *testing.T, d *desk.Desk, channels ...string) {
	t.Helper()
	feed := d.Subscribe()
	defer feed.Close()
	late := time.After(30 * time.Second)
	for {
		owed := map[string]bool{}
		d.View(func(s *incident.State) {
			i, _ := s.Incident(s.IDs()[0])
			for _, p := range i.Pending {
				owed[p.Effect.Channel] = true
			}
		})
		missing := ""
		for _, c := range channels {
			if !owed[c] {
				missing += fmt.Sprint(" ", c)
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-feed.C:
			feed.Take()
		case <-late:
			t.Fatalf("nothing waits for%s", missing)
		}
	}
}
