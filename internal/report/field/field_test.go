package field

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTheLawsOwnFieldsAreRequiredWhereItAsks(t *testing.T) {
	for _, tt := range []struct {
		id    string
		form  Form
		want  Rule
		basis string
	}{
		{"suspected_unlawful_or_malicious", EarlyWarning, Required, "23(4)(a)"},
		{"cross_border_possible", EarlyWarning, Required, "23(4)(a)"},
		{"severity_assessment", Notification, Required, "23(4)(b)"},
		{"impact_assessment", Notification, Required, "23(4)(b)"},
		{"indicators_of_compromise", Notification, Wanted, "where available"},
		{"severity_assessment", Final, Required, "(d)(i)"},
		{"root_cause_category", Final, Required, "(d)(ii)"},
		{"threat_type", Final, Required, "(d)(ii)"},
		{"measures_taken", Final, Required, "(d)(iii)"},
		{"measures_ongoing", Final, Required, "(d)(iii)"},
		{"cross_border_possible", Final, Required, "(d)(iv)"},
		{"likely_consequences", GDPR, Required, "33(3)(c)"},
		{"dpo_contact", GDPR, Required, "33(3)(b)"},
	} {
		d, ok := Lookup(tt.id)
		if !ok {
			t.Fatalf("no field %s", tt.id)
		}
		if got := d.Rule(tt.form); got != tt.want || !strings.Contains(d.Basis, tt.basis) {
			t.Errorf("%s in %s is %s (%s), want %s by %s", tt.id, tt.form, got, d.Basis, tt.want, tt.basis)
		}
	}
}

// An early warning must be sendable with entity, contact, awareness, the two
// answers and one sentence; what else it requires the record itself knows.
func TestAnEarlyWarningAsksForLittle(t *testing.T) {
	var people []string
	for _, d := range All() {
		if d.Rule(EarlyWarning) == Required && (d.From == "" || d.From == "config" || strings.HasPrefix(d.From, "incident ")) {
			people = append(people, d.ID)
		}
	}
	want := []string{"notification_basis", "summary", "incident_status", "suspected_unlawful_or_malicious", "cross_border_possible", "aware_at", "entity_name", "reporter"}
	if !slices.Equal(people, want) {
		t.Errorf("it requires %v, want %v", people, want)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		id     string
		values []string
		want   string // the values, or a part of the refusal after "!"
	}{
		{"users_affected", []string{" 1200 "}, "[1200]"},
		{"users_affected", []string{"unknown"}, "[unknown]"},
		{"users_affected", []string{"-1"}, `!users_affected is "-1": want a whole number`},
		{"users_affected", []string{"1", "2"}, "!takes one value, not 2"},
		{"users_share", []string{"12.5"}, "[12.5]"},
		{"users_share", []string{"100.1"}, "!0 to 100"},
		{"users_share", []string{"NaN"}, "!0 to 100"},
		{"root_cause_category", []string{"human-errors"}, "[human-errors]"},
		{"root_cause_category", []string{"human error"}, "!system-failures, natural-phenomena, human-errors"},
		{"cia_impact", []string{"availability", "integrity"}, "[availability integrity]"},
		{"cia_impact", []string{"availability", "unknown"}, "!unknown and something else"},
		{"ransom_demand", []string{"maybe"}, "!yes or no, or unknown"},
		{"occurred_at", []string{"2026-11-20T16:30:00+01:00"}, "[2026-11-20T16:30:00+01:00]"},
		{"occurred_at", []string{"2026-11-20 16:30"}, "!time with offset"},
		{"gross_costs", []string{"12000.50"}, "[12000.50]"},
		{"gross_costs", []string{"12,000"}, "!amount in EUR"},
		{"summary", nil, "[]"},
		{"summary", []string{"  "}, "[]"},
		{"summary", []string{strings.Repeat("é", MaxText)}, "[" + strings.Repeat("é", MaxText) + "]"},
		{"summary", []string{strings.Repeat("é", MaxText+1)}, "!at most 32767"},
		{"summary", []string{"\xff"}, "!not UTF-8"},
		{"aware_at", []string{"2026-11-20T16:30:00Z"}, "!record it with incident aware"},
		{"report_stage", []string{"final"}, "!comes from the incident itself"},
		{"evidence_annex", []string{"x"}, "!lists the evidence"},
		{"entity_name", []string{"Muster AG"}, "[Muster AG]"},
		{"title", []string{"Outage"}, "[Outage]"},
	} {
		d, ok := Lookup(tt.id)
		if !ok {
			t.Fatalf("no field %s", tt.id)
		}
		got, err := d.Check(tt.values)
		want, refused := strings.CutPrefix(tt.want, "!")
		switch {
		case refused != (err != nil):
			t.Errorf("%s %.40q: %v, %v", tt.id, tt.values, got, err)
		case refused && !strings.Contains(err.Error(), want):
			t.Errorf("%s %.40q: %v, want %q in it", tt.id, tt.values, err, want)
		case !refused && fmt.Sprint(got) != want && !(len(got) == 0 && want == "[]"):
			t.Errorf("%s %.40q: %.60v, want %.60s", tt.id, tt.values, got, want)
		}
	}
}

func TestMistakesInTheTableAreFound(t *testing.T) {
	for text, want := range map[string]string{
		`- {id: a, group: g, type: text, nis2: RRR, basis: b}`:                                                   "not a rule for each stage",
		`- {id: a, group: g, type: text, gdpr: X, basis: b}`:                                                     "not a rule for each stage",
		`- {id: a, group: g, type: words, gdpr: R, basis: b}`:                                                    "no type",
		`- {id: a, group: g, type: choice, gdpr: R, basis: b}`:                                                   "a choice has values",
		`- {id: a, group: g, type: text, basis: b}`:                                                              "no report has it",
		`- {id: a, group: g, type: text, gdpr: R}`:                                                               "basis are needed",
		"- {id: a, group: g, type: text, gdpr: R, basis: b}\n- {id: a, group: g, type: text, gdpr: R, basis: b}": "twice",
		`- {id: a, group: g, type: text, gdpr: R, basis: b, nis: RRRR}`:                                          "nis",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
