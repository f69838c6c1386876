package significance

import (
	"strings"
	"testing"
	"time"
)

func occurrence(t *testing.T, id, cause, detected, loss string) Occurrence {
	t.Helper()
	at, err := time.Parse(time.RFC3339, detected)
	if err != nil {
		t.Fatal(err)
	}
	o := Occurrence{ID: id, RootCause: cause, DetectedAt: at}
	if loss != "" {
		o.Facts = facts(t, "financial_loss_eur="+loss)
	}
	return o
}

func TestRecurring(t *testing.T) {
	p := profile("cloud_computing_service_provider")
	turnover := facts(t, "annual_turnover_eur=1000000000")
	o := func(id, cause, detected, loss string) Occurrence { return occurrence(t, id, cause, detected, loss) }
	for _, tt := range []struct {
		name string
		all  []Occurrence
		want string // sets as id+id:result
	}{
		{"together above the sum", []Occurrence{o("a", "disk full", "2026-01-31T10:00:00Z", "300k"), o("b", " Disk  Full ", "2026-07-31T23:59:59Z", "200000.01")}, "a+b:met"},
		{"together at the sum", []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "300k"), o("b", "disk", "2026-07-31T10:00:00Z", "200k")}, ""},
		{"a day more than six months", []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "600k"), o("b", "disk", "2026-08-01T00:00:00Z", "600k")}, ""},
		{"the end of a shorter month", []Occurrence{o("a", "disk", "2026-08-31T10:00:00Z", "300k"), o("b", "disk", "2027-02-28T23:00:00Z", "300k")}, "a+b:met"},
		{"past the end of a shorter month", []Occurrence{o("a", "disk", "2026-08-31T10:00:00Z", "300k"), o("b", "disk", "2027-03-01T00:00:00Z", "300k")}, ""},
		{"once", []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "600k")}, ""},
		{"other causes", []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "600k"), o("b", "", "2026-02-01T10:00:00Z", "600k"), o("c", "cable", "2026-02-01T10:00:00Z", "600k")}, ""},
		{"a loss not known", []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "300k"), o("b", "disk", "2026-02-01T10:00:00Z", "")}, "a+b:unknown"},
		{"above whatever is not known", []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "500001"), o("b", "disk", "2026-02-01T10:00:00Z", "")}, "a+b:met"},
		{"a window that moves on", []Occurrence{o("a", "disk", "2026-01-01T10:00:00Z", "300k"), o("b", "disk", "2026-05-01T10:00:00Z", "300k"), o("c", "disk", "2026-09-01T10:00:00Z", "300k")}, "a+b:met b+c:met"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, s := range Recurring(p, turnover, tt.all) {
				got = append(got, strings.Join(s.Incidents, "+")+":"+string(s.Result))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %q", got, tt.want)
			}
		})
	}
	pair := []Occurrence{o("a", "disk", "2026-01-31T10:00:00Z", "300k"), o("b", "disk", "2026-02-01T10:00:00Z", "300k")}
	if sets := Recurring(Profile{}, turnover, pair); len(sets) != 0 {
		t.Errorf("an entity outside the Regulation: %v", sets)
	}
	pair[0].Significant = true
	if sets := Recurring(p, turnover, pair); len(sets) != 0 {
		t.Errorf("what is significant by itself is counted again: %v", sets)
	}
}

func TestRecurringFacts(t *testing.T) {
	p := profile("cloud_computing_service_provider")
	before := occurrence(t, "a", "disk", "2026-01-31T10:00:00Z", "300k")
	for _, tt := range []struct {
		name   string
		this   Occurrence
		others []Occurrence
		want   string
	}{
		{"none before", occurrence(t, "b", "", "2026-03-01T10:00:00Z", ""), nil, "recurring_incidents=1"},
		{"others long ago", occurrence(t, "b", "", "2027-03-01T10:00:00Z", ""), []Occurrence{before}, "recurring_incidents=1"},
		{"one before, its own cause not known", occurrence(t, "b", "", "2026-03-01T10:00:00Z", ""), []Occurrence{before}, ""},
		{"another cause", occurrence(t, "b", "cable", "2026-03-01T10:00:00Z", "1"), []Occurrence{before}, "recurring_incidents=1"},
		{"the same cause", occurrence(t, "b", "disk", "2026-03-01T10:00:00Z", "200k"), []Occurrence{before}, "recurring_incidents=2 recurring_loss_eur=500000"},
		{"the same cause, loss not known", occurrence(t, "b", "disk", "2026-03-01T10:00:00Z", ""), []Occurrence{before}, "recurring_incidents=2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, want := RecurringFacts(p, tt.this, tt.others), facts(t, tt.want)
			if len(got) != len(want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			for id, f := range want {
				if got[id].Value != f.Value || got[id].Origin != FromRecord {
					t.Errorf("%s is %+v, want %s", id, got[id], f.Value)
				}
			}
		})
	}
}
