package dispatch_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/dispatch/dispatchtest"
	"nis2clock/internal/incident"
)

// The table spells the decision out a second time.
func TestSay(t *testing.T) {
	const call, outline, all = dispatch.Call, dispatch.Outline, dispatch.Everything
	for _, tt := range []struct {
		tlp                            string
		restricted                     bool
		vendor, mail, program, private dispatch.Extent
	}{
		{"", false, all, all, all, all},
		{"CLEAR", false, all, all, all, all},
		{"GREEN", false, all, all, all, all},
		{"AMBER", false, all, all, all, all},
		{"AMBER+STRICT", false, outline, outline, outline, all},
		{"RED", false, call, call, call, call},
		{"WHITE", false, call, call, call, call},
		{"CLEAR", true, call, call, call, all},
		{"AMBER+STRICT", true, call, call, call, all},
		{"RED", true, call, call, call, call},
	} {
		for place, want := range map[dispatch.Class]dispatch.Extent{
			dispatch.Vendor: tt.vendor, dispatch.Mailbox: tt.mail, dispatch.Program: tt.program, dispatch.Circle: tt.private, "of the future": tt.vendor,
		} {
			if got := dispatch.Say(tt.tlp, tt.restricted, place); got != want {
				t.Errorf("TLP:%s, restricted %v, %s: %d, want %d", tt.tlp, tt.restricted, place, got, want)
			}
		}
	}
}

// Of a call nothing is left but the id, the label and whether it is an exercise.
func TestConfine(t *testing.T) {
	n := dispatchtest.Notice(incident.Reminder, "RED", true)
	whole := n.Confine(dispatch.Vendor)
	want := incident.View{ID: "INC-2026-0001", TLP: "RED", Title: "needs you"}
	if diff := cmp.Diff(want, whole.Incident); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if e := whole.Effect; e.Clock != (incident.ClockID{}) || e.Thresholds != nil || e.Key != n.Effect.Key || whole.Text+whole.Reason != "" {
		t.Errorf("the notice still says %+v", whole)
	}
	if n.Extent != dispatch.Unbounded || n.Incident.Summary == "" || n.Effect.Thresholds == nil {
		t.Error("the notice it was made from has changed")
	}
	if again := whole.Confine(dispatch.Circle); cmp.Diff(whole, again) != "" {
		t.Error("a second look says more")
	}
	strict := dispatchtest.Notice(incident.Reminder, "AMBER+STRICT", false).Confine(dispatch.Mailbox).Incident
	if strict.Alerts != nil || strict.Summary+strict.Service != "" || strict.Notes != nil || strict.Evidence != nil || strict.Title == "" || len(strict.Clocks) != 1 {
		t.Errorf("the outline is %+v", strict)
	}
	about := dispatch.Notice{Text: "Watchdog is quiet"}
	if about.Confine(dispatch.Vendor).Text == "" {
		t.Error("a notice about the service was confined")
	}
}

// A channel is never given more than it may say, and what was due is recorded
// whole.
func TestChannelsAreGivenWhatTheyMaySay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, usual())
		id := s.declare("Quokka")
		pass(time.Second)
		before := len(s.sl.lines())
		s.do(incident.SetTLP{Person: ana, ID: id, TLP: "RED"})
		pass(13 * time.Hour)
		said := s.sl.notices()[before:]
		if len(said) == 0 {
			t.Fatal("nothing was said")
		}
		for _, n := range said {
			if n.Extent != dispatch.Call || n.Incident.Title != "needs you" || n.Incident.Clocks != nil || n.Effect.Thresholds != nil {
				t.Errorf("the channel was given %+v", n)
			}
		}
		s.desk.View(func(st *incident.State) {
			i, _ := st.Incident(id)
			if c := i.Covered(i.Clocks[0].ClockID, slack); len(c.Done) == 0 {
				t.Errorf("which thresholds were covered is not recorded: %+v", c)
			}
		})
		if got := len(said); got != 2 { // the message brought up to date, and one reminder
			t.Errorf("%d notices: %q", got, s.sl.lines()[before:])
		}
	})
}
