package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// What nobody has assessed in time is said with its id, by itself.
func TestOverdueTriageIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		s.do(incident.ReportSuspicion{Person: ana, What: "odd log-ins", Reporter: incident.Reporter{Kind: incident.ByCustomer, Name: "J. Doe"}})
		pass(4*time.Hour - time.Second)
		if got := s.pd.lines(); len(got) != 0 {
			t.Errorf("said before the time is up: %v", got)
		}
		pass(time.Hour)
		for _, v := range []*vendor{s.pd, s.sl} {
			v.set(func() {
				if len(v.said) != 1 || v.said[0].Effect.Role != incident.Triage {
					t.Fatalf("%s: %d notices, want one", v.name, len(v.said))
				}
				if text := v.said[0].Text; !strings.HasPrefix(text, "Nobody has assessed EVT-2000-0001, reported by customer J. Doe") || !strings.HasSuffix(text, ": odd log-ins") {
					t.Errorf("%s: %s", v.name, text)
				}
			})
		}
	})
}
