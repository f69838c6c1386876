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

// significant is the occurrence, found to be significant by itself.
func significant(o Occurrence) Occurrence {
	o.Significant = true
	return o
}

// What an incident cost and what it could have cost: the larger counts, and a
// sum with an estimate in it is one.
func TestRecurringLoss(t *testing.T) {
	p := profile("cloud_computing_service_provider")
	turnover := facts(t, "annual_turnover_eur=1000000000")
	for _, tt := range []struct {
		loss      string // of the second; the first lost 300k
		estimated FactID
		want      string
		guessed   bool
		unknown   string // at the end of the reason
	}{
		{"financial_loss_eur=100k potential_financial_loss_eur=250k", "", "550000", false, ""},
		{"financial_loss_eur=250k potential_financial_loss_eur=100k", "", "550000", false, ""},
		{"potential_financial_loss_eur=250k", "", "550000", false, ""},
		{"financial_loss_eur=100k potential_financial_loss_eur=250k", PotentialLoss, "550000", true, ""},
		{"financial_loss_eur=100k potential_financial_loss_eur=250k", FinancialLoss, "550000", false, ""},
		{"", "", "300000", false, "; the loss is not known for b."},
	} {
		a, b := occurrence(t, "a", "disk", "2026-01-31T10:00:00Z", "300k"), occurrence(t, "b", "disk", "2026-02-01T10:00:00Z", "")
		b.Facts = facts(t, tt.loss)
		if f, ok := b.Facts[tt.estimated]; ok {
			f.Estimated = true
			b.Facts[tt.estimated] = f
		}
		sets := Recurring(p, turnover, []Occurrence{a, b})
		if len(sets) != 1 {
			t.Fatalf("%q: %v", tt.loss, sets)
		}
		if s := sets[0]; string(s.LossEUR) != tt.want || s.Estimated != tt.guessed || !strings.HasSuffix(s.Because, tt.unknown) || strings.Contains(s.Because, "not known") != (tt.unknown != "") {
			t.Errorf("%q: %s, estimated %t: %s", tt.loss, s.LossEUR, s.Estimated, s.Because)
		}
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
		{"its own record", occurrence(t, "b", "disk", "2026-03-01T10:00:00Z", ""), []Occurrence{occurrence(t, "b", "disk", "2026-03-01T10:00:00Z", "200k")}, "recurring_incidents=1"},
		{"what is significant by itself", occurrence(t, "b", "disk", "2026-03-01T10:00:00Z", ""), []Occurrence{significant(before)}, "recurring_incidents=1"},
		{"it is significant by itself", significant(occurrence(t, "b", "disk", "2026-03-01T10:00:00Z", "200k")), []Occurrence{before}, "recurring_incidents=2 recurring_loss_eur=500000"},
		{"two windows, the later costs more", occurrence(t, "b", "disk", "2026-06-01T10:00:00Z", "100k"), []Occurrence{before, occurrence(t, "c", "disk", "2026-10-01T10:00:00Z", "400k")}, "recurring_incidents=2 recurring_loss_eur=500000"},
		{"two windows, the earlier costs more", occurrence(t, "b", "disk", "2026-06-01T10:00:00Z", "100k"), []Occurrence{before, occurrence(t, "c", "disk", "2026-10-01T10:00:00Z", "200k")}, "recurring_incidents=2 recurring_loss_eur=400000"},
		{"a window without it", occurrence(t, "b", "cable", "2026-06-01T10:00:00Z", "100k"), []Occurrence{before, occurrence(t, "c", "disk", "2026-05-01T10:00:00Z", "200k"), occurrence(t, "d", "Cable", "2026-05-01T10:00:00Z", "1k")}, "recurring_incidents=2 recurring_loss_eur=101000"},
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
