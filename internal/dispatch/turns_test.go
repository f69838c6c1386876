package dispatch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// New incidents and deadlines take turns at the pager, whichever come in
// numbers: a deadline does not wait for a storm, nor a new incident for many
// deadlines.
func TestTurns(t *testing.T) {
	for _, tt := range []struct {
		name               string
		opened, runningOut int
		role               incident.Role // of which there are few
	}{
		{"a storm of new incidents", 60, 1, incident.Reminder},
		{"many deadlines at once", 1, 60, incident.Page},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newService(t, usual())
				for n := range tt.runningOut { // at three quarters in an hour
					s.do(incident.Declare{Person: ana, Title: fmt.Sprint("old ", n), DetectedAt: s.now().Add(-17 * time.Hour)})
				}
				pass(time.Hour - time.Second)
				begin := time.Now()
				s.pd.set(func() { s.pd.calls = nil })
				if tt.opened == 1 {
					pass(2 * time.Second)
				}
				for n := range tt.opened {
					s.declare(fmt.Sprint("new ", n))
				}
				pass(time.Minute)
				s.pd.set(func() {
					n := slices.IndexFunc(s.pd.calls, func(c call) bool { return c.role == tt.role })
					if n < 0 || s.pd.calls[n].at.Sub(begin) > 5*time.Second {
						t.Errorf("the one %s is call %d of %d", tt.role, n, len(s.pd.calls))
					}
				})
			})
		})
	}
}
