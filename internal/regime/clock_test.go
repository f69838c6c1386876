package regime

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// nis2 is the clocks of the built-in NIS2, by name.
func nis2(t testing.TB, f Facts, p Place) map[string]Clock {
	t.Helper()
	r, ok := Builtin().Regime("nis2")
	if !ok {
		t.Fatal("no regime nis2")
	}
	clocks := map[string]Clock{}
	for _, c := range r.Explained(f, p) {
		clocks[c.Name] = c
	}
	return clocks
}

// line writes a clock as "stage basis started | target | due | outer".
func line(c Clock) string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Format(time.RFC3339Nano)
	}
	basis := string(c.Basis)
	if c.Projected {
		basis += " projected"
	}
	return strings.Join([]string{string(c.Stage), basis, at(c.StartedAt), at(c.TargetAt), at(c.DueAt), at(c.OuterReadingAt)}, " | ")
}

func TestClocks(t *testing.T) {
	at := func(s string) time.Time { return instant(t, s) }
	notified := func(log, receipt string) map[StageID]Submission {
		s := Submission{LoggedAt: at(log)}
		if receipt != "" {
			s.ReceivedAt = at(receipt)
		}
		return map[StageID]Submission{"notification": s}
	}
	tests := []struct {
		name  string
		facts Facts
		want  []string
	}{
		{"nothing known", Facts{HandledAt: at("2026-09-16T00:00:00Z"), Submitted: notified("2026-09-15T00:00:00Z", "")}, nil},
		{"detection alone: everything from detection, the final report projected",
			Facts{DetectedAt: at("2026-09-15T07:55:10+02:00")},
			[]string{
				"early_warning | detection | 2026-09-15T05:55:10Z | 2026-09-16T05:55:10Z | 2026-09-16T05:55:10Z | 2026-09-16T06:00:00Z",
				"notification | detection | 2026-09-15T05:55:10Z | 2026-09-18T05:55:10Z | 2026-09-18T05:55:10Z | 2026-09-18T06:00:00Z",
				"final_report | detection projected | 2026-09-15T05:55:10Z | 2026-10-15T05:55:10Z | 2026-10-15T05:55:10Z | -",
			}},
		{"awareness moves the due instants, never the targets",
			Facts{DetectedAt: at("2026-09-15T07:55:10+02:00"), AwareAt: at("2026-09-15T10:17:42+02:00")},
			[]string{
				"early_warning | awareness | 2026-09-15T08:17:42Z | 2026-09-16T05:55:10Z | 2026-09-16T08:17:42Z | 2026-09-16T09:00:00Z",
				"notification | awareness | 2026-09-15T08:17:42Z | 2026-09-18T05:55:10Z | 2026-09-18T08:17:42Z | 2026-09-18T09:00:00Z",
				"final_report | detection projected | 2026-09-15T05:55:10Z | 2026-10-15T05:55:10Z | 2026-10-15T05:55:10Z | -",
			}},
		{"awareness alone stands for detection too",
			Facts{AwareAt: at("2026-09-15T10:17:42+02:00")},
			[]string{
				"early_warning | awareness | 2026-09-15T08:17:42Z | 2026-09-16T08:17:42Z | 2026-09-16T08:17:42Z | 2026-09-16T09:00:00Z",
				"notification | awareness | 2026-09-15T08:17:42Z | 2026-09-18T08:17:42Z | 2026-09-18T08:17:42Z | 2026-09-18T09:00:00Z",
				"final_report | awareness projected | 2026-09-15T08:17:42Z | 2026-10-15T08:17:42Z | 2026-10-15T08:17:42Z | -",
			}},
		{"awareness before detection: due before target",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), AwareAt: at("2026-09-15T08:00:00Z")},
			[]string{
				"early_warning | awareness | 2026-09-15T08:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T08:00:00Z | 2026-09-16T09:00:00Z",
				"notification | awareness | 2026-09-15T08:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T08:00:00Z | 2026-09-18T09:00:00Z",
				"final_report | detection projected | 2026-09-15T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-15T09:00:00Z | -",
			}},
		{"final report: conservative from the earlier record of the submission, outer from the later",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Submitted: notified("2026-09-16T21:59:00Z", "2026-09-16T22:01:00Z")},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"final_report | submission | 2026-09-16T21:59:00Z | 2026-10-15T09:00:00Z | 2026-10-16T21:59:00Z | 2026-10-19T22:00:00Z",
			}},
		{"final report after a late notification: conservative from when that was due",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Submitted: notified("2026-09-20T12:00:00Z", "")},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"final_report | submission | 2026-09-18T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-18T09:00:00Z | 2026-10-20T22:00:00Z",
			}},
		{"trust service provider, trust services affected: notification in the time of the early warning",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Entity: TrustServiceProvider, AffectsTrustService: true},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"final_report | detection projected | 2026-09-15T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-15T09:00:00Z | -",
			}},
		{"trust services affected at another kind of entity: no derogation",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), AffectsTrustService: true},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"final_report | detection projected | 2026-09-15T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-15T09:00:00Z | -",
			}},
		{"handled a nanosecond before the final report is due: an ordinary final report",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Submitted: notified("2026-09-16T09:00:00Z", ""), HandledAt: at("2026-10-16T08:59:59.999999999Z")},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"final_report | submission | 2026-09-16T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-16T09:00:00Z | 2026-10-16T22:00:00Z",
			}},
		{"handled when the final report is due: it was ongoing then, a progress report and a later final report",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Submitted: notified("2026-09-16T09:00:00Z", ""), HandledAt: at("2026-10-16T09:00:00Z")},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"progress_report | submission | 2026-09-16T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-16T09:00:00Z | 2026-10-16T22:00:00Z",
				"final_report | handling | 2026-10-16T09:00:00Z | 2026-10-15T09:00:00Z | 2026-11-16T10:00:00Z | 2026-11-16T23:00:00Z",
			}},
		{"ongoing and not handled: the final report is projected again",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Submitted: notified("2026-09-16T09:00:00Z", ""), Ongoing: true},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"progress_report | submission | 2026-09-16T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-16T09:00:00Z | 2026-10-16T22:00:00Z",
				"final_report | detection projected | 2026-09-15T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-15T09:00:00Z | -",
			}},
		{"ongoing, but no notification: no progress report yet",
			Facts{DetectedAt: at("2026-09-15T09:00:00Z"), Ongoing: true, HandledAt: at("2026-12-01T00:00:00Z")},
			[]string{
				"early_warning | detection | 2026-09-15T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T09:00:00Z | 2026-09-16T10:00:00Z",
				"notification | detection | 2026-09-15T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T09:00:00Z | 2026-09-18T10:00:00Z",
				"final_report | detection projected | 2026-09-15T09:00:00Z | 2026-10-15T09:00:00Z | 2026-10-15T09:00:00Z | -",
			}},
	}
	r, _ := Builtin().Regime("nis2")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range r.Explained(tt.facts, Place{Zone: zone(t, "Europe/Vienna")}) {
				if c.Regime != "nis2" {
					t.Errorf("regime %q, want nis2", c.Regime)
				}
				got = append(got, line(c))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("clocks (-want +got):\n%s", diff)
			}
		})
	}
}

// A projected due instant is none of the law's: it anchors nothing.
func TestSubmissionOfAProjectedStage(t *testing.T) {
	set := load(t, strings.Replace(good, "from: awareness", "from: handling", 1))
	r, _ := set.Regime("one")
	sent := instant(t, "2026-09-20T09:00:00Z") // after the target of the first stage, which nothing started
	f := Facts{DetectedAt: instant(t, "2026-09-15T09:00:00Z"), Ongoing: true,
		Submitted: map[StageID]Submission{"first": {LoggedAt: sent}}}
	clocks := r.Explained(f, Place{})
	if len(clocks) != 2 || !clocks[0].Projected || clocks[1].StartedAt != sent {
		t.Errorf("got %+v, want the second stage counted from %v", clocks, sent)
	}
}

func TestClockCarriesTheRuleInForce(t *testing.T) {
	f := Facts{DetectedAt: instant(t, "2026-09-15T09:00:00Z"), Entity: TrustServiceProvider}
	if got, want := nis2(t, f, Place{})["notification"].Source, "Directive (EU) 2022/2555 Art. 23(4)(b)"; got != want {
		t.Errorf("got source %q, want %q", got, want)
	}
	f.AffectsTrustService = true
	c := nis2(t, f, Place{})["notification"]
	if want := "Directive (EU) 2022/2555 Art. 23(4), last subparagraph"; c.Source != want || c.Confidence != Verified {
		t.Errorf("got source %q, %q, want %q, %q", c.Source, c.Confidence, want, Verified)
	}
}

func TestHow(t *testing.T) {
	f := Facts{
		DetectedAt: instant(t, "2027-01-27T06:00:00Z"),
		AwareAt:    instant(t, "2027-01-28T11:17:00Z"),
	}
	p := Place{Zone: zone(t, "Europe/Vienna"), Holidays: Holidays{{2027, time.March, 1}: "a holiday"}}
	check := func(clock string, want How) {
		t.Helper()
		if diff := cmp.Diff(want, nis2(t, f, p)[clock].How); diff != "" {
			t.Errorf("%s (-want +got):\n%s", clock, diff)
		}
	}
	check("early_warning", How{
		Target: "from detection at 2027-01-27 07:00:00 +01:00: 24 hours of elapsed time",
		Due:    "from awareness at 2027-01-28 12:17:00 +01:00: 24 hours of elapsed time",
		Outer:  "from awareness at 2027-01-28 12:17:00 +01:00: 24 hours of elapsed time from 2027-01-28 13:00:00 +01:00, the clock hour of the event not counted, Reg. 1182/71 Art. 3(1)",
	})
	target := "from detection at 2027-01-27 07:00:00 +01:00: 1 month to the same day number and wall-clock time, 2027-02-27 07:00:00 +01:00"
	check("final_report", How{
		Target: target,
		Due:    "projected, the target stands in: no submission of notification yet",
	})
	f.Submitted = map[StageID]Submission{"notification": {LoggedAt: instant(t, "2027-02-02T00:00:00Z"), ReceivedAt: instant(t, "2027-02-03T00:00:00Z")}}
	check("final_report", How{
		Target: target,
		Due:    "from the due instant of the late notification at 2027-01-31 12:17:00 +01:00: 1 month to the last day of a month without a day 31, 2027-02-28 12:17:00 +01:00",
		Outer:  "from submission of notification at 2027-02-03 01:00:00 +01:00: 1 month to the end of 2027-03-03 (24:00 Europe/Vienna), Reg. 1182/71 Art. 3(2)(c)",
	})
	f.Submitted = map[StageID]Submission{"notification": {LoggedAt: instant(t, "2027-01-31T00:00:00Z")}}
	check("final_report", How{
		Target: target,
		Due:    "from submission of notification at 2027-01-31 01:00:00 +01:00: 1 month to the last day of a month without a day 31, 2027-02-28 01:00:00 +01:00",
		Outer:  "from submission of notification at 2027-01-31 01:00:00 +01:00: 1 month to 2027-02-28, no working day, so to the end of 2027-03-02 (24:00 Europe/Vienna), Reg. 1182/71 Art. 3(2)(c), 3(4)",
	})

	f.DetectedAt = instant(t, "2027-02-28T01:30:00Z")
	f.Submitted = nil
	check("final_report", How{
		Target: "from detection at 2027-02-28 02:30:00 +01:00: 1 month to the same day number and wall-clock time, 2027-03-28 03:00:00 +02:00, when the clocks skip 02:30:00",
		Due:    "projected, the target stands in: no submission of notification yet",
	})
}

func TestLateBoundary(t *testing.T) {
	due := instant(t, "2026-11-11T12:17:00Z")
	tests := []struct {
		name   string
		due    time.Time
		offset time.Duration
		want   bool
	}{
		{"a nanosecond before", due, -1, false},
		{"at the due instant", due, 0, true},
		{"a nanosecond after", due, 1, true},
		{"at the due instant, in another zone", due.In(zone(t, "Asia/Kolkata")), 0, true},
	}
	for _, tt := range tests {
		at := due.Add(tt.offset)
		if got := Late(tt.due, at); got != tt.want {
			t.Errorf("%s: Late is %v, want %v", tt.name, got, tt.want)
		}
		if got := Overdue(tt.due, at); got != tt.want {
			t.Errorf("%s: Overdue is %v, want %v", tt.name, got, tt.want)
		}
	}
	if Late(time.Time{}, due) {
		t.Error("late without a due instant")
	}
	if Late(due, time.Time{}) {
		t.Error("late without a submission")
	}
}

func TestSubmissionInstants(t *testing.T) {
	early, late := instant(t, "2026-11-11T12:00:00Z"), instant(t, "2026-11-11T13:00:00Z")
	tests := []struct {
		s           Submission
		first, last time.Time
	}{
		{Submission{}, time.Time{}, time.Time{}},
		{Submission{LoggedAt: early}, early, early},
		{Submission{ReceivedAt: early}, early, early},
		{Submission{LoggedAt: early, ReceivedAt: late}, early, late},
		{Submission{LoggedAt: late, ReceivedAt: early}, early, late},
	}
	for _, tt := range tests {
		if first, last := tt.s.FirstAt(), tt.s.LastAt(); first != tt.first || last != tt.last {
			t.Errorf("%+v: got %v and %v, want %v and %v", tt.s, first, last, tt.first, tt.last)
		}
	}
}

func TestAlarmAt(t *testing.T) {
	early, late := instant(t, "2026-11-11T12:00:00Z"), instant(t, "2026-11-11T13:00:00Z")
	for _, c := range []Clock{{TargetAt: early, DueAt: late}, {TargetAt: late, DueAt: early}} {
		if got := c.AlarmAt(); got != early {
			t.Errorf("%+v: got %v, want %v", c, got, early)
		}
	}
}

// Explaining changes no instant.
func TestExplainedCountsAlike(t *testing.T) {
	f := Facts{
		DetectedAt: time.Date(2027, 1, 28, 1, 0, 0, 0, time.UTC), AwareAt: time.Date(2027, 1, 28, 17, 0, 0, 0, time.UTC),
		Submitted: map[StageID]Submission{"notification": {LoggedAt: time.Date(2027, 2, 5, 8, 12, 0, 0, time.UTC)}},
	}
	for _, r := range Builtin().Regimes() {
		explained := r.Explained(f, Place{})
		for n := range explained {
			explained[n].How = How{}
		}
		if got := r.Clocks(f, Place{}); !slices.Equal(got, explained) {
			t.Errorf("%s: got %v, explained %v", r.ID, got, explained)
		}
	}
}
