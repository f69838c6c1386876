package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
)

// fieldsOf are the fields of a report's JSON by id.
func fieldsOf(t *testing.T, r *Renderer, req Request, src Source) (map[string]machineField, machine) {
	t.Helper()
	out, err := r.JSON(req, src)
	if err != nil {
		t.Fatal(err)
	}
	var m machine
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	fields := map[string]machineField{}
	for _, f := range m.Fields {
		fields[f.ID] = f
	}
	return fields, m
}

func say(fields map[string][]string) func(incident.Person, incident.ID) incident.Command {
	return func(p incident.Person, id incident.ID) incident.Command {
		return incident.SetReportFields{Person: p, ID: id, Fields: fields}
	}
}

// Unknown, no and not asked are three things, and each value says where it is
// from.
func TestValuesAndTheirOrigins(t *testing.T) {
	r := renderer(t)
	src := written(t,
		say(map[string][]string{"suspected_unlawful_or_malicious": {"unknown"}, "cross_border_possible": {"no"}}),
		func(p incident.Person, id incident.ID) incident.Command {
			return incident.SetFacts{Person: p, ID: id, Summary: new("One sentence."), CrossBorder: new(classify.Yes)}
		},
	)
	src.Incident.Service = "payments"
	src.Extra = func(incident.View) Extra {
		return Extra{
			Criteria: []string{"CIR Art. 3(1)(a)"}, AssessedBy: "ben", AssessedAt: at0,
			Evidence: []Evidence{{Digest: "sha256:00", Kind: "prometheus_range"}},
			Breach:   &Breach{Fields: map[string][]string{"likely_consequences": {"phishing"}}, By: "dpo", At: at0},
		}
	}
	f, _ := fieldsOf(t, r, Request{Stage: "notification"}, src)
	for _, tt := range []struct{ id, state, value, kind, name string }{
		{"suspected_unlawful_or_malicious", "unknown", "unknown", "person", "ana via cli"},
		{"cross_border_possible", "value", "yes", "person", "ana via cli"}, // said again since, as a fact
		{"exercise_flag", "no", "no", "record", ""},
		{"ransom_demand", "not_asked", "", "", ""},
		{"summary", "value", "One sentence.", "person", "ana via cli"},
		{"affected_services", "value", "payments", "alert", classify.LabelService},
		{"entity_name", "value", "Примерна енергия АД", "config", ""},
		{"significance_criteria", "value", "CIR Art. 3(1)(a)", "assessment", "ben"},
		{"evidence_annex", "value", "prometheus_range sha256:00", "record", ""},
		{"personal_data_involved", "value", "yes", "assessment", "dpo"},
		{"previous_report_ref", "no", "no", "record", ""},
		{"detected_at", "value", "2026-11-20T16:30:00Z", "record", ""},
		{"aware_at", "not_asked", "", "", ""},
	} {
		got := f[tt.id]
		var kind, name string
		if got.Origin != nil {
			kind, name = got.Origin.Kind, got.Origin.Name
		}
		if got.State != tt.state || strings.Join(got.Values, "|") != tt.value || kind != tt.kind || name != tt.name {
			t.Errorf("%s is %s %q from %s %q, want %s %q from %s %q", tt.id, got.State, got.Values, kind, name, tt.state, tt.value, tt.kind, tt.name)
		}
	}
	alone := written(t, func(p incident.Person, id incident.ID) incident.Command {
		return incident.SetFacts{Person: p, ID: id, CrossBorder: new(classify.Unknown)}
	})
	if g, _ := fieldsOf(t, r, Request{Stage: "early_warning"}, alone); g["cross_border_possible"].State != "unknown" || g["suspected_unlawful_or_malicious"].State != "not_asked" {
		t.Errorf("cross-border said to be unknown is %s, malicious not spoken of is %s", g["cross_border_possible"].State, g["suspected_unlawful_or_malicious"].State)
	}
	if g, _ := fieldsOf(t, r, Request{Stage: "gdpr/notification"}, src); g["likely_consequences"].State != "value" {
		t.Error("the breach does not answer the GDPR notification")
	}
}

func TestUnknownIsNotDeterminedInTheFinalReport(t *testing.T) {
	r := renderer(t)
	src := written(t, say(map[string][]string{"threat_type": {"unknown"}}))
	for stage, want := range map[string]string{"notification": "unknown", "final_report": "not determined"} {
		d, err := r.draft(Request{Stage: stage}, src)
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := d.value("threat_type"); d.words(v) != want {
			t.Errorf("in the %s it is %q, want %q", stage, d.words(v), want)
		}
	}
}

func TestALaterReportShowsWhatChanged(t *testing.T) {
	r := renderer(t)
	src := written(t,
		say(map[string][]string{"summary": {"First."}, "users_affected": {"10"}, "impact_assessment": {"Small."}}),
		func(p incident.Person, id incident.ID) incident.Command {
			return incident.Submit{Person: p, ID: id, Stages: []string{"early_warning"}, Submission: incident.Submission{Reference: "A-1"}}
		},
		say(map[string][]string{"users_affected": {"20"}, "impact_assessment": nil, "cia_impact": {"availability"}}),
		func(p incident.Person, id incident.ID) incident.Command {
			return incident.Submit{Person: p, ID: id, Stages: []string{"notification"}}
		},
		say(map[string][]string{"users_affected": {"30"}}),
	)
	_, m := fieldsOf(t, r, Request{Stage: "early_warning"}, src)
	if len(m.Changes) != 0 {
		t.Errorf("the first report has changes: %+v", m.Changes)
	}
	got := func(stage string) (out []string) {
		_, m := fieldsOf(t, r, Request{Stage: stage}, src)
		for _, c := range m.Changes {
			out = append(out, c.Field+": "+strings.Join(c.Before, ",")+" > "+strings.Join(c.After, ","))
		}
		return out
	}
	// The notification is compared with the early warning even after it left.
	if got, want := got("notification"), []string{"impact_assessment: Small. > ", "cia_impact:  > availability", "users_affected: 10 > 30"}; !slices.Equal(got, want) {
		t.Errorf("the notification changes %q, want %q", got, want)
	}
	if got, want := got("final_report"), []string{"users_affected: 20 > 30"}; !slices.Equal(got, want) {
		t.Errorf("the final report changes %q, want %q", got, want)
	}
}

func TestWhatAReportLacks(t *testing.T) {
	r := renderer(t)
	clock := incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}
	src := written(t)
	if got, want := r.Lacks(src.Incident, clock, nil), []string{"summary", "suspected_unlawful_or_malicious", "cross_border_possible", "aware_at"}; !slices.Equal(got, want) {
		t.Errorf("an early warning of a title alone lacks %v, want %v", got, want)
	}
	answers := say(map[string][]string{"summary": {"One sentence."}, "suspected_unlawful_or_malicious": {"unknown"}, "cross_border_possible": {"unknown"}})
	aware := func(p incident.Person, id incident.ID) incident.Command {
		return incident.SetDate{Date: incident.DateID{Date: incident.AwareAt}, Person: p, ID: id, At: at0, Reason: "x"}
	}
	src = written(t, answers, aware)
	if got := r.Lacks(src.Incident, clock, nil); len(got) > 0 {
		t.Errorf("an early warning with one sentence, two unknowns and awareness lacks %v", got)
	}
	// Late, it must say why.
	late := src.Incident
	late.Clocks = slices.Clone(late.Clocks)
	late.Clocks[0].Late = true
	if got := r.Lacks(late, clock, nil); !slices.Equal(got, []string{"delay_reason"}) {
		t.Errorf("a late one lacks %v, want the reason", got)
	}
	clock.Stage = "end_of_impact_notification"
	if got := r.Lacks(src.Incident, clock, nil); got != nil {
		t.Errorf("a stage without a form of its own lacks %v", got)
	}
}

// A breach is reported to another authority than the incident is.
func TestEachRegimeHasItsAuthority(t *testing.T) {
	r := renderer(t, func(o *Options) { o.Entities[0].MemberState, o.Entities[0].Authority = "DE", "BSI" })
	for stage, want := range map[string][2]string{
		"early_warning":           {"BSI", "das Portal BSI"},
		"gdpr/notification":       {"Aufsichtsbehörde", "an: Aufsichtsbehörde"},
		"dora/initial":            {"Zuständige Behörde (DORA)", "an: Zuständige Behörde (DORA)"},
		"cra_vulnerability/final": {"Koordinierendes CSIRT und ENISA", "das Portal ENISA SRP"},
	} {
		_, m := fieldsOf(t, r, Request{Stage: stage, Lang: "de"}, written(t))
		if m.Authority != want[0] || !strings.Contains(m.Prepared, want[1]) {
			t.Errorf("%s goes to %q: %q", stage, m.Authority, m.Prepared)
		}
	}
}

func TestReportsOfSeveralEntities(t *testing.T) {
	r := renderer(t, func(o *Options) {
		o.Entities = []Entity{{Track: "alpha", Name: "Alpha AG"}, {Track: "beta", Name: "Beta SpA", MemberState: "IT"}}
	})
	src := written(t)
	src.Incident.Clocks = []incident.ClockView{{ClockID: incident.ClockID{Entity: "beta", Regime: "nis2", Stage: "early_warning"}, DueAt: at0, State: "running"}}
	for entity, want := range map[string]string{"": "Beta SpA", "alpha": "Alpha AG", "beta": "Beta SpA"} {
		if f, _ := fieldsOf(t, r, Request{Stage: "early_warning", Entity: entity}, src); f["entity_name"].Values[0] != want {
			t.Errorf("asked for %q, it is %s", entity, f["entity_name"].Values[0])
		}
	}
	if _, err := r.PDF(Request{Stage: "early_warning", Entity: "gamma"}, src); err == nil || !strings.Contains(err.Error(), "gamma") {
		t.Errorf("an unknown entity: %v", err)
	}
}

// A stage that only a clock knows, as one that a Member State adds, renders
// under its own title; one that nobody knows does not.
func TestStagesThatALawAdds(t *testing.T) {
	r := renderer(t)
	src := written(t)
	src.Incident.Clocks = append(src.Incident.Clocks, incident.ClockView{ClockID: incident.ClockID{Entity: "default", Regime: "nis2", Stage: "end_of_impact_notification"}, Title: "End of impact", Source: "DL 125/2025", DueAt: at0.Add(time.Hour), State: "running"})
	_, m := fieldsOf(t, r, Request{Stage: "end_of_impact_notification"}, src)
	if m.Title != "End of impact" || m.Clock == nil || m.Act != "DL 125/2025" {
		t.Errorf("it is %q with clock %v under %q", m.Title, m.Clock, m.Act)
	}
	if _, err := r.PDF(Request{Stage: "nis2/early_warning"}, src); err != nil {
		t.Errorf("with its regime: %v", err)
	}
	if _, err := r.PDF(Request{Stage: "cer/initial"}, src); err == nil {
		t.Error("a stage of a regime that does not run renders")
	}
}

// Late is said of what was sent; what was not is overdue, and that says it all.
func TestAnOverdueReportIsNotCalledLateToo(t *testing.T) {
	r, src := renderer(t), written(t)
	src.Incident.Clocks[0].State, src.Incident.Clocks[0].Late = incident.ClockOverdue, true
	table := func() string {
		t.Helper()
		d, err := r.draft(Request{Stage: "notification", Lang: "en"}, src)
		if err != nil {
			t.Fatal(err)
		}
		markdown, err := r.markdown(d)
		if err != nil {
			t.Fatal(err)
		}
		return string(markdown)
	}
	if got := table(); !strings.Contains(got, "**overdue**") || strings.Contains(got, "overdue, late") {
		t.Errorf("an overdue early warning: %s", got)
	}
	src.Incident.Clocks[0].State, src.Incident.Clocks[0].SubmittedAt = incident.ClockSubmitted, &at0
	if got := table(); !strings.Contains(got, "**submitted, late**") {
		t.Errorf("one that was sent late: %s", got)
	}
}
