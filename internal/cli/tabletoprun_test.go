package cli

import (
	"testing"

	"nis2clock/internal/tabletop/scorecard"
)

func TestTheScoreAddsUp(t *testing.T) {
	for _, tt := range []struct {
		card scorecard.Scorecard
		want string
	}{
		{scorecard.Scorecard{Points: 19, Of: 19, Percent: 100}, "19 of 19 points in time: 100 %"},
		{scorecard.Scorecard{Late: 2, Of: 19, Percent: 5}, "0 of 19 points in time, 2 late, which count half: 5 %"},
		{scorecard.Scorecard{Points: 3, Of: 3, Percent: 100, Auto: true}, "3 of 3 points in time: 100 %; AUTOMATED REHEARSAL, NO PERSON TOOK PART"},
	} {
		if got := scored(tt.card); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
