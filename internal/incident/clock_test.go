package incident

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/regime"
)

// Overdue from the due instant on, one second either side; the boundary is
// exclusive.
func TestOverdueBoundary(t *testing.T) {
	due := at("2026-11-21T10:00:00Z")
	for _, tt := range []struct {
		now  time.Time
		want string
	}{
		{due.Add(-time.Second), ClockRunning}, {due, ClockOverdue}, {due.Add(time.Second), ClockOverdue},
	} {
		c := Clock{DueAt: due, TargetAt: due}
		if got := c.State(tt.now); got != tt.want || c.Late(tt.now) != (tt.want == ClockOverdue) {
			t.Errorf("at %s: %s, late %v", tt.now, got, c.Late(tt.now))
		}
		v := c.view(tt.now)
		if want := int64(due.Sub(tt.now).Seconds()); v.RemainingSeconds != want {
			t.Errorf("at %s: %d s left, want %d", tt.now, v.RemainingSeconds, want)
		}
	}
}

// Lateness of a submission goes by the later of the two records of it.
func TestLateSubmission(t *testing.T) {
	due := at("2026-11-21T10:00:00Z")
	for _, tt := range []struct {
		name string
		sub  Submission
		want bool
	}{
		{"before", Submission{SentAt: due.Add(-time.Second)}, false},
		{"at the due instant", Submission{SentAt: due}, true},
		{"sent before, received after", Submission{SentAt: due.Add(-time.Hour), ReceiptAt: due.Add(time.Second)}, true},
	} {
		c := Clock{DueAt: due, TargetAt: due, Submitted: &tt.sub}
		if got := c.Late(due.Add(time.Hour)); got != tt.want {
			t.Errorf("%s: late %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDetectionThirtyHoursAgo(t *testing.T) {
	w := newWorld(t, "2026-11-21T16:00:00Z")
	i := w.incident(w.receive(firing("B", at("2026-11-20T10:00:00Z"))).Incidents[0])
	if got := i.Clocks[0].State(w.now); got != ClockOverdue {
		t.Errorf("early warning is %s: detection was 30 h ago, acknowledgement has nothing to do with it", got)
	}
	if got := i.Clocks[1].State(w.now); got != ClockRunning {
		t.Errorf("notification is %s", got)
	}
}

// Each entity's clocks follow the law of its Member State: in Cyprus the early
// warning is due in 6 hours. Without a State that is known, the Directive holds.
func TestClocksFollowTheState(t *testing.T) {
	w := newWorld(t, "2026-11-21T10:00:00Z")
	w.rules.Tracks = nil
	for _, state := range []string{"", "CY", "FI", "XX"} {
		w.rules.Tracks = append(w.rules.Tracks, Track{Entity: "in" + state, MemberState: state, Regimes: []regime.ID{"nis2"}})
	}
	i := w.incident(w.receive(firing("B", at("2026-11-21T10:00:00Z"))).Incidents[0])
	due, source := map[string]string{}, map[string]string{}
	for _, c := range i.Clocks {
		if c.Stage == "early_warning" {
			due[c.Entity] = c.DueAt.Format(time.RFC3339)
			source[c.Entity] = c.Source
		}
	}
	want := map[string]string{"in": "2026-11-22T10:00:00Z", "inCY": "2026-11-21T16:00:00Z", "inFI": "2026-11-22T10:00:00Z", "inXX": "2026-11-22T10:00:00Z"}
	if diff := cmp.Diff(want, due); diff != "" {
		t.Errorf("early warnings (-want +got):\n%s", diff)
	}
	if source["in"] != source["inXX"] || !strings.HasPrefix(source["inCY"], "CY, Law 60(I)/2025") {
		t.Errorf("sources are %q", source)
	}
}
