package regime

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNthReportOfAStage(t *testing.T) {
	for n, want := range map[int]StageID{1: "intermediate_report", 2: "intermediate_report-2", 12: "intermediate_report-12"} {
		got := StageID("intermediate_report").Nth(n)
		if got != want || got.Base() != "intermediate_report" {
			t.Errorf("Nth(%d) is %q of %q, want %q", n, got, got.Base(), want)
		}
	}
}

// dues are the stages and due instants of clocks, of those of one base.
func dues(clocks []Clock, base StageID) map[StageID]string {
	got := map[StageID]string{}
	for _, c := range clocks {
		if c.Stage.Base() == base {
			got[c.Stage] = c.DueAt.Format(time.RFC3339)
		}
	}
	return got
}

// Every request runs a clock to its own date: the second does not move the first.
func TestEachRequestHasItsClock(t *testing.T) {
	nis2, _ := Builtin().Regime("nis2")
	at := func(s string) time.Time { return instant(t, s) }
	f := Facts{DetectedAt: at("2026-10-01T08:00:00Z"), Requests: []Request{
		{At: at("2026-10-02T08:00:00Z"), DueAt: at("2026-10-05T12:00:00Z")},
		{Stage: "something_else", At: at("2026-10-02T09:00:00Z"), DueAt: at("2026-10-05T13:00:00Z")},
		{Stage: "intermediate_report", At: at("2026-10-06T08:00:00Z"), DueAt: at("2026-10-09T12:00:00Z")},
	}}
	want := map[StageID]string{"intermediate_report": "2026-10-05T12:00:00Z", "intermediate_report-2": "2026-10-09T12:00:00Z"}
	if diff := cmp.Diff(want, dues(nis2.Clocks(f, Place{}), "intermediate_report")); diff != "" {
		t.Errorf("intermediate reports (-want +got):\n%s", diff)
	}
}

// Italy wants a progress report every month while the incident is open.
func TestAgain(t *testing.T) {
	italy, _ := Builtin().In("nis2", "IT")
	at := func(s string) time.Time { return instant(t, s) }
	sent := func(stages ...string) map[StageID]Submission {
		m := map[StageID]Submission{"notification": {LoggedAt: at("2026-10-02T08:00:00Z")}}
		for n := 0; n < len(stages); n += 2 {
			m[StageID(stages[n])] = Submission{LoggedAt: at(stages[n+1])}
		}
		return m
	}
	for _, tt := range []struct {
		name    string
		handled time.Time
		sent    map[StageID]Submission
		want    map[StageID]string
	}{
		{"the first until it is sent", time.Time{}, sent(), map[StageID]string{"progress_report": "2026-11-02T08:00:00Z"}},
		{"the next once it is sent, whenever that was", time.Time{}, sent("progress_report", "2026-10-20T08:00:00Z"),
			map[StageID]string{"progress_report": "2026-11-02T08:00:00Z", "progress_report-2": "2026-12-02T08:00:00Z"}},
		{"the third", time.Time{}, sent("progress_report", "2026-11-05T08:00:00Z", "progress_report-2", "2026-12-01T08:00:00Z"),
			map[StageID]string{"progress_report": "2026-11-02T08:00:00Z", "progress_report-2": "2026-12-02T08:00:00Z", "progress_report-3": "2027-01-02T08:00:00Z"}},
		{"none that falls due after the handling", at("2026-12-02T07:59:59Z"), sent("progress_report", "2026-11-01T08:00:00Z"),
			map[StageID]string{"progress_report": "2026-11-02T08:00:00Z"}},
		{"handled at the very instant: it was open then", at("2026-12-02T08:00:00Z"), sent("progress_report", "2026-11-01T08:00:00Z"),
			map[StageID]string{"progress_report": "2026-11-02T08:00:00Z", "progress_report-2": "2026-12-02T08:00:00Z"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Facts{DetectedAt: at("2026-10-01T08:00:00Z"), Ongoing: true, HandledAt: tt.handled, Submitted: tt.sent}
			if diff := cmp.Diff(tt.want, dues(italy.Clocks(f, Place{}), "progress_report")); diff != "" {
				t.Errorf("progress reports (-want +got):\n%s", diff)
			}
		})
	}
	germany, _ := Builtin().In("nis2", "DE")
	f := Facts{DetectedAt: at("2026-10-01T08:00:00Z"), Ongoing: true, Submitted: sent("progress_report", "2026-10-20T08:00:00Z")}
	if got := dues(germany.Clocks(f, Place{}), "progress_report"); len(got) != 1 {
		t.Errorf("elsewhere there is one: %v", got)
	}
}

// The duties of Regulation (EU) 2024/2847 Art. 14 begin with 11 September 2026 at the place.
func TestAppliesFrom(t *testing.T) {
	at := func(s string) time.Time { return instant(t, s) }
	berlin := Place{Zone: zone(t, "Europe/Berlin")}
	for _, tt := range []struct {
		name            string
		detected, aware time.Time
		want            bool
	}{
		{"detected the day before", at("2026-09-10T23:59:59+02:00"), time.Time{}, false},
		{"detected on the day", at("2026-09-11T00:00:00+02:00"), time.Time{}, true},
		{"detected before, aware on the day", at("2026-09-01T00:00:00Z"), at("2026-09-10T22:00:00Z"), true},
		{"aware before", at("2026-09-12T00:00:00Z"), at("2026-09-10T21:59:59Z"), false},
	} {
		for _, id := range []ID{"cra_vulnerability", "cra_severe_incident"} {
			cra, _ := Builtin().Regime(id)
			clocks := cra.Clocks(Facts{DetectedAt: tt.detected, AwareAt: tt.aware}, berlin)
			if got := len(clocks) > 0; got != tt.want {
				t.Errorf("%s, %s: %d clocks", tt.name, id, len(clocks))
			}
		}
		nis2, _ := Builtin().Regime("nis2")
		if !nis2.Applies(Facts{DetectedAt: tt.detected, AwareAt: tt.aware}, berlin) {
			t.Errorf("%s: a regime without such a day does not apply", tt.name)
		}
	}
}

func TestCountsFrom(t *testing.T) {
	for id, want := range map[ID]map[Event]bool{
		"dora":                {FromClassification: true, FromAwareness: true, FromFix: false},
		"cra_vulnerability":   {FromFix: true, FromClassification: false},
		"cra_severe_incident": {FromFix: false},
		"nis2":                {FromHandling: true, FromImpactEnd: false}, // the first in an exception
	} {
		r, _ := Builtin().Regime(id)
		for event, want := range want {
			if got := r.CountsFrom(event); got != want {
				t.Errorf("%s counts from %s: %v, want %v", id, event, got, want)
			}
		}
	}
}
