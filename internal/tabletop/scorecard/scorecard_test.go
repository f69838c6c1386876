package scorecard_test

import (
	"testing"

	"nis2clock/internal/tabletop/playtest"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
)

// Every shipped script does what its scenario expects, in time.
func TestShippedScriptsMeetEverything(t *testing.T) {
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			e, views := playtest.Auto(t, s)
			c := scorecard.Score(scorecard.Input{Scenario: s, Exercise: e, Incidents: views})
			for _, r := range c.Results {
				if r.Outcome != scorecard.Met && r.Outcome != scorecard.Avoided {
					t.Errorf("%s (%s) is %s: target %s, done %s", r.ID, r.What, r.Outcome, r.Target.In(s.Zone), r.At.Scenario.In(s.Zone))
				}
			}
			if c.Percent != 100 || len(c.Gaps) != 0 {
				t.Errorf("score %d %%, gaps %v: want 100 and none", c.Percent, c.Gaps)
			}
			for _, k := range c.Known {
				if k.Shown.IsZero() {
					t.Errorf("nothing shows that they knew %s", k.What)
				}
			}
		})
	}
}
