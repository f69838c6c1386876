package evidence

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestDue(t *testing.T) {
	at := func(s string) time.Time { return instant(t, "2026-11-22T"+s+"Z") }
	opened := at("10:00:00")
	s := Schedule{Offsets: []time.Duration{0, 15 * time.Minute}, BeforeReport: time.Hour}
	report := []Report{{"default/nis2/early_warning", at("18:00:00")}}
	first := Run{Collector: "m", Rounds: []string{"+0s"}, At: at("10:00:05")}
	failed := func(when string, rounds ...string) Run { return Run{"m", rounds, at(when), true} }
	for _, tt := range []struct {
		name string
		st   State
		now  string
		want []Task
		next string // empty for never
	}{
		{"at once", State{OpenedAt: opened}, "10:00:00", []Task{{"m", []string{"+0s"}, opened, 1}}, "10:15:00"},
		{"not before it is opened", State{OpenedAt: opened}, "09:59:59", nil, "10:00:00"},
		{"nothing between two rounds", State{OpenedAt: opened, Runs: []Run{first}}, "10:14:59", nil, "10:15:00"},
		{"at the second offset", State{OpenedAt: opened, Runs: []Run{first}}, "10:15:00", []Task{{"m", []string{"+15m0s"}, at("10:15:00"), 1}}, ""},
		{"one run for all rounds that passed while nobody ran", State{OpenedAt: opened, Reports: report}, "17:30:00",
			[]Task{{"m", []string{"+0s", "+15m0s", "before default/nis2/early_warning"}, opened, 1}}, ""},
		{"before a report", State{OpenedAt: opened, Reports: report, Runs: []Run{{"m", []string{"+0s", "+15m0s"}, at("10:15:00"), false}}}, "17:00:00",
			[]Task{{"m", []string{"before default/nis2/early_warning"}, at("17:00:00"), 1}}, ""},
		{"a second before that", State{OpenedAt: opened, Reports: report, Runs: []Run{{"m", []string{"+0s", "+15m0s"}, at("10:15:00"), false}}}, "16:59:59", nil, "17:00:00"},
		{"a report due at once is not before opening", State{OpenedAt: opened, Reports: []Report{{"r", at("10:10:00")}}}, "10:00:00",
			[]Task{{"m", []string{"+0s", "before r"}, opened, 1}}, "10:15:00"},
		{"a clock that moved does not repeat the round", State{OpenedAt: opened, Reports: []Report{{"r", at("19:00:00")}}, Runs: []Run{{"m", []string{"+0s", "+15m0s", "before r"}, at("10:20:00"), false}}}, "18:30:00", nil, ""},
		{"what failed rests a minute", State{OpenedAt: opened, Runs: []Run{failed("10:00:10", "+0s")}}, "10:01:09", nil, "10:01:10"},
		{"and is tried again", State{OpenedAt: opened, Runs: []Run{failed("10:00:10", "+0s")}}, "10:01:10", []Task{{"m", []string{"+0s"}, at("10:01:10"), 2}}, "10:15:00"},
		{"then rests five", State{OpenedAt: opened, Runs: []Run{failed("10:00:10", "+0s"), failed("10:01:15", "+0s")}}, "10:06:14", nil, "10:06:15"},
		{"a new round goes before another try", State{OpenedAt: opened, Runs: []Run{failed("10:14:50", "+0s")}}, "10:15:00", []Task{{"m", []string{"+15m0s"}, at("10:15:00"), 1}}, ""},
		{"what failed for good is not tried again", State{OpenedAt: opened, Runs: []Run{{"m", []string{"+0s", "+15m0s"}, at("10:15:10"), false}}}, "11:00:00", nil, ""},
		{"given up after four tries", State{OpenedAt: opened, Runs: []Run{failed("10:15:00", "+0s", "+15m0s"), failed("10:16:00", "+0s", "+15m0s"), failed("10:21:00", "+0s", "+15m0s"), failed("10:36:00", "+0s", "+15m0s")}}, "15:00:00", nil, ""},
		{"other collectors' runs do not count", State{OpenedAt: opened, Runs: []Run{{"other", []string{"+0s"}, at("10:00:01"), true}}}, "10:00:05", []Task{{"m", []string{"+0s"}, opened, 1}}, "10:15:00"},
		{"nothing once it is over", State{OpenedAt: opened, Over: true}, "10:00:00", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := at(tt.now)
			if diff := cmp.Diff(tt.want, Due(s, []string{"m"}, tt.st, now)); diff != "" {
				t.Errorf("Due (-want +got):\n%s", diff)
			}
			var want time.Time
			if tt.next != "" {
				want = at(tt.next)
			}
			if got := Next(s, []string{"m"}, tt.st, now); !got.Equal(want) {
				t.Errorf("Next is %s, want %s", got, want)
			}
		})
	}
}

// Whoever sleeps until Next and runs what is Due runs each round once, and
// comes to an end.
func TestSleepingUntilNextMissesNothing(t *testing.T) {
	opened := instant(t, "2026-11-22T10:00:00Z")
	s := DefaultSchedule()
	names := []string{"a", "b"}
	st := State{OpenedAt: opened, Reports: []Report{{"w", opened.Add(24 * time.Hour)}, {"n", opened.Add(72 * time.Hour)}}}
	now := opened
	for range 100 {
		for _, task := range Due(s, names, st, now) {
			st.Runs = append(st.Runs, Run{task.Collector, task.Rounds, now, task.Collector == "b"}) // b always fails
		}
		wake := Next(s, names, st, now)
		if wake.IsZero() {
			break
		}
		now = wake
	}
	count := map[string]int{}
	for _, r := range st.Runs {
		for _, round := range r.Rounds {
			count[r.Collector+" "+round]++
		}
	}
	want := map[string]int{
		"a +0s": 1, "a +15m0s": 1, "a before w": 1, "a before n": 1,
		"b +0s": 3, "b +15m0s": 4, "b before w": 4, "b before n": 4, // the third pause of +0s is longer than the way to +15m
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("runs of each round (-want +got):\n%s", diff)
	}
}

func TestWindow(t *testing.T) {
	detected := instant(t, "2026-11-22T10:00:00Z")
	s := Schedule{Before: 30 * time.Minute, After: time.Hour}
	for _, tt := range []struct{ name, now, from, to string }{
		{"at detection it ends now", "2026-11-22T10:00:10Z", "2026-11-22T09:30:00Z", "2026-11-22T10:00:10Z"},
		{"later it ends after detection", "2026-11-25T10:00:00Z", "2026-11-22T09:30:00Z", "2026-11-22T11:00:00Z"},
		{"a clock that runs behind", "2026-11-22T09:00:00Z", "2026-11-22T08:59:59Z", "2026-11-22T09:00:00Z"},
	} {
		from, to := s.Window(detected, instant(t, tt.now))
		if !from.Equal(instant(t, tt.from)) || !to.Equal(instant(t, tt.to)) {
			t.Errorf("%s: got %s to %s, want %s to %s", tt.name, from, to, tt.from, tt.to)
		}
	}
}
