package app

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// An alert that was found long after it began wakes people once, with all that
// its clocks have passed, wherever the power goes meanwhile; when it is
// acknowledged and forgotten, the next threshold wakes them anew.
func TestOpenedLate(t *testing.T) {
	const reminders = 30 * time.Minute // what waits for its next try is said by then
	for _, tt := range []struct {
		name string
		ago  time.Duration
		says []string // of the page
		next time.Duration
	}{
		{"in the last quarter", 20 * time.Hour, []string{"Early warning (NIS2) due in 3 h 59 min", "(passed: 75%)"}, 21*time.Hour + 36*time.Minute},
		{"overdue", 30 * time.Hour, []string{"Early warning (NIS2) OVERDUE by 6 h", "(passed: 75%, 90%, 1h before, expiry, overdue 6h)"}, 31 * time.Hour},
	} {
		for cut := range 7 { // calls until the power goes; 0 for never
			for _, taken := range []bool{false, true} {
				if cut == 0 && taken {
					continue
				}
				t.Run(fmt.Sprintf("%s/cut=%d,taken=%v", tt.name, cut, taken), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := newStage(t, nil)
						s.weather.arm(cut, taken)
						began := time.Now().Add(-tt.ago - 5*time.Second)
						s.alert(began, 1)
						s.wait(reminders - 2*time.Minute)
						s.weather.arm(0, false)
						s.once(began, tt.says)

						s.insist("acknowledge", func() error {
							_, err := s.post("/api/v1/incidents/"+string(s.inc)+"/acknowledge", access.AdminFile, struct{}{})
							return err
						})
						s.wait(time.Until(began.Add(tt.next)) - time.Second)
						if page := s.newestPage(); page != "" {
							t.Errorf("answered, and still woken by %s", page)
						}
						s.wait(10 * time.Second)
						if page := s.newestPage(); !strings.Contains(page, "early_warning") {
							t.Errorf("acknowledged and forgotten, at the next threshold woken by %q", page)
						}
					})
				})
			}
		}
	}
}

// once fails unless the incident was one page and one message so far, and every
// threshold its early warning passed by its opening is covered on both channels.
func (s *stage) once(began time.Time, says []string) {
	s.t.Helper()
	pages := s.pager.Pages()
	if len(pages) != 1 {
		for _, p := range pages {
			s.t.Errorf("one of %d alerts: %s", len(pages), p.DedupKey)
		}
		return
	}
	for _, want := range says {
		if !strings.Contains(string(pages[0].Body), want) {
			s.t.Errorf("the page does not say %q: %s", want, pages[0].Body)
		}
	}
	fresh := 0
	for _, m := range s.slack.Messages() {
		if m.ThreadTS == "" && !strings.Contains(m.Text, repeated) {
			fresh++
		}
		if m.ThreadTS != "" {
			s.t.Errorf("a reminder beside the message: %s", m.Text)
		}
	}
	if fresh != 1 {
		s.t.Errorf("%d messages", fresh)
	}
	covered := map[string]map[string]bool{}
	for _, e := range s.entries() {
		ev, ok := e.Event.(incident.Delivered)
		if !ok {
			continue
		}
		if covered[ev.Effect.For] == nil {
			covered[ev.Effect.For] = map[string]bool{}
		}
		for _, c := range ev.Effect.Covers {
			for _, p := range c.Thresholds {
				if c.Clock.Stage == "early_warning" {
					covered[ev.Effect.For][p.Name] = true
				}
			}
		}
	}
	clock := incident.ClockView{}
	for _, c := range s.view().Clocks {
		if c.Stage == "early_warning" {
			clock = c
		}
	}
	for _, p := range s.cfg.Clocks.Reminders {
		at := p.At(&incident.Clock{ClockID: clock.ClockID, StartedAt: clock.StartedAt, TargetAt: clock.TargetAt, DueAt: clock.DueAt}, began)
		for channel, from := range map[string]time.Time{"slack": {}, "pagerduty": began.Add(18 * time.Hour)} {
			if passed := !at.After(s.view().OpenedAt) && !at.Before(from); passed != covered[channel][p.String()] {
				s.t.Errorf("%s: passed %v, covered %v on %s", p, passed, covered[channel][p.String()], channel)
			}
		}
	}
}
