package scenario_test

import (
	"net/url"
	"strings"
	"testing"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/playtest"
	"nis2clock/internal/tabletop/scenario"
)

// What a scenario says of the law is what the law makes of its script.
func TestShippedAgreesWithTheLaw(t *testing.T) {
	for _, s := range shipped(t) {
		t.Run(s.Name, func(t *testing.T) {
			_, views := playtest.Auto(t, s)
			if len(views) != 1 || !views[0].Exercise || !strings.HasPrefix(string(views[0].ID), "EX-") {
				t.Fatalf("it opens %d incidents: want one of an exercise; what is not labelled stays quiet", len(views))
			}
			found := map[scenario.ExpectedClock]bool{}
			for _, v := range views {
				for _, c := range v.Clocks {
					if c.State == incident.ClockOverdue || c.State == incident.ClockRunning {
						t.Errorf("%s: the %s of %s is %s at the end: the script does not reach one", v.ID, c.Stage, c.Entity, c.State)
					}
					for _, want := range s.Clocks {
						if string(c.Stage) == want.Stage && c.Regime == want.Regime && (want.Entity == "" || want.Entity == c.Entity) {
							found[want] = true
							if !c.DueAt.Equal(want.Due) {
								t.Errorf("%s of %s is due %s, the scenario says %s", c.Stage, c.Entity, c.DueAt.In(s.Zone), want.Due.In(s.Zone))
							}
						}
					}
				}
				for _, j := range append(v.Significance.Entities, v.Significance.EntitySignificance) {
					if j.Advice == nil || string(j.Advice.Verdict) != j.Decision {
						t.Errorf("%s decides %s: the criteria say %+v", j.Entity, j.Decision, j.Advice)
					}
				}
				if v.Status != incident.StatusClosed {
					t.Errorf("%s is %s at the end", v.ID, v.Status)
				}
			}
			for _, want := range s.Clocks {
				if !found[want] {
					t.Errorf("no clock %s/%s runs", want.Regime, want.Stage)
				}
			}
		})
	}
}

// The alert comes as Prometheus would send it for the rule that the scenario is
// about.
func TestPrivilegeEscalationAlert(t *testing.T) {
	const expression = `increase(k8s_rbac_denied_total{verb="create",resource="clusterrolebindings"}[5m]) > 0`
	s, err := scenario.Open("privilege-escalation")
	if err != nil {
		t.Fatal(err)
	}
	first := s.Injects[0]
	source, err := url.Parse(first.Alerts[0].GeneratorURL)
	if err != nil {
		t.Fatal(err)
	}
	if got := source.Query().Get("g0.expr"); got != expression || first.Alerts[0].Labels["alertname"] != "UnauthorizedPrivilegeEscalation" {
		t.Errorf("alert %s on %s", first.Alerts[0].Labels["alertname"], got)
	}
	if !strings.Contains(first.Note, expression) {
		t.Errorf("the facilitator does not read the expression: %s", first.Note)
	}
}

func shipped(t *testing.T) []*scenario.Scenario {
	t.Helper()
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
