package incident

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
)

func TestSetReportFields(t *testing.T) {
	w := newWorld(t, "2026-11-20T16:30:00Z")
	id := w.do(Declare{Person: Person{By: Actor{Name: "ana", Via: "cli"}}, Title: "x", DetectedAt: w.now}).(ID)
	say := func(fields map[string][]string) error {
		_, err := w.try(SetReportFields{Person: Person{By: Actor{Name: "ana", Via: "cli"}}, ID: id, Fields: fields})
		return err
	}
	if err := say(map[string][]string{"users_affected": {"1200"}, "suspected_unlawful_or_malicious": {"yes"}, "summary": {"One sentence."}}); err != nil {
		t.Fatal(err)
	}
	i := w.incident(id)
	if i.Malicious != classify.Yes || i.Summary != "One sentence." {
		t.Errorf("the incident says %s, %q: fields that stand in it too must reach it", i.Malicious, i.Summary)
	}
	view := i.View(w.now).ReportFields["users_affected"]
	if !slices.Equal(view.Values, []string{"1200"}) || view.By != "ana via cli" || !view.At.Equal(w.now) {
		t.Errorf("view says %+v", view)
	}
	n := len(w.entries)
	if err := say(map[string][]string{"users_affected": {"1200"}}); err != nil || len(w.entries) != n {
		t.Errorf("saying the same again: %v, %d new entries", err, len(w.entries)-n)
	}
	if err := say(map[string][]string{"users_affected": nil}); err != nil {
		t.Fatal(err)
	}
	if _, still := w.incident(id).ReportFields["users_affected"]; still {
		t.Error("what was taken back is still there")
	}

	for name, tt := range map[string]struct {
		fields map[string][]string
		want   string
	}{
		"unknown id":         {map[string][]string{"users_afected": {"1"}}, "is it users_affected"},
		"wrong value":        {map[string][]string{"severity_assessment": {"red"}}, "none, low, medium, high"},
		"recorded elsewhere": {map[string][]string{"aware_at": {"2026-11-20T16:30:00Z"}}, "incident aware"},
		"nothing":            {nil, "at least one field"},
	} {
		if err := say(tt.fields); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want invalid with %q", name, err, tt.want)
		}
	}
}

// That a report went out is a fact; what it lacked stands beside it.
func TestAnIncompleteReportIsRecordedAsSuch(t *testing.T) {
	w := newWorld(t, "2026-11-20T16:30:00Z")
	w.rules.Lacks = func(i *Incident, c ClockID, _ time.Time) []string {
		if len(i.ReportFields["impact_assessment"].Values) > 0 {
			return nil
		}
		return []string{"impact_assessment", "aware_at"}
	}
	by := Person{By: Actor{Name: "ana", Via: "cli"}}
	id := w.do(Declare{Person: by, Title: "x", DetectedAt: w.now}).(ID)

	w.do(Submit{Person: by, ID: id, Stages: []string{"early_warning"}})
	if e := w.entries[len(w.entries)-1].Event.(Submitted); !slices.Equal(e.Lacking, []string{"early_warning: impact_assessment", "early_warning: aware_at"}) {
		t.Errorf("the entry says it lacks %v", e.Lacking)
	}
	w.do(Submit{Person: by, ID: id, Stages: []string{"notification"}, IncompleteReason: "sent by telephone"})
	e := w.entries[len(w.entries)-1].Event.(Submitted)
	if e.IncompleteReason != "sent by telephone" || !strings.Contains(e.Describe(), "without 2 fields that it requires (sent by telephone)") {
		t.Errorf("the entry says %q: %s", e.IncompleteReason, e.Describe())
	}
	w.do(SetReportFields{Person: by, ID: id, Fields: map[string][]string{"impact_assessment": {"unknown"}}})
	w.do(Submit{Person: by, ID: id, Stages: []string{"final_report"}})
	if e := w.entries[len(w.entries)-1].Event.(Submitted); len(e.Lacking) > 0 {
		t.Errorf("a complete report lacks %v: unknown is an answer", e.Lacking)
	}
}
