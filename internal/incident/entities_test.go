package incident

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
)

// newGroup is a world of two entities, of which one also owes GDPR reports.
func newGroup(t *testing.T) *world {
	w := newWorld(t, "2026-11-20T10:00:05Z")
	w.rules.Tracks = []Track{
		{Entity: "saas", Regimes: []regime.ID{"nis2", "gdpr"}, Place: regime.Place{Zone: time.UTC}},
		{Entity: "bank", Regimes: []regime.ID{"dora"}, Place: regime.Place{Zone: time.UTC}},
	}
	w.rules.Classify.CorrelateBy = []string{"alertname"}
	return w
}

// running are the entities and regimes that have clocks.
func running(i *Incident) string {
	var out []string
	for _, c := range i.Clocks {
		if name := c.Entity + "/" + string(c.Regime); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return strings.Join(out, " ")
}

func TestAlertChoosesEntities(t *testing.T) {
	const all = "saas/nis2 saas/gdpr bank/dora"
	start := at("2026-11-20T10:00:00Z")
	for _, tt := range []struct {
		name   string
		labels []string
		want   string
		flag   string
	}{
		{"no label: every entity", nil, all, ""},
		{"one", []string{classify.LabelEntity, "bank"}, "bank/dora", ""},
		{"both", []string{classify.LabelEntity, "bank,saas"}, all, ""},
		{"an unknown one: every entity", []string{classify.LabelEntity, "bnak"}, all, `nis2_entity names "bnak", which is not configured: the clocks of every entity run`},
		{"an unknown one beside a known one: every entity", []string{classify.LabelEntity, "bank, saaas"}, all, `nis2_entity names "saaas", which is not configured: the clocks of every entity run`},
		{"with a regime", []string{classify.LabelEntity, "saas", classify.LabelRegimes, "gdpr"}, "saas/gdpr", ""},
		{"a regime that does not bind the entity: all of its own", []string{classify.LabelEntity, "bank", classify.LabelRegimes, "gdpr"}, "bank/dora", ""},
		{"an unknown regime: all", []string{classify.LabelRegimes, "nis3"}, all, `nis2_regimes names "nis3", which binds no entity here`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newGroup(t)
			w.receive(firing("Breach", start, tt.labels...))
			i := w.incident("INC-2026-0001")
			if got := running(i); got != tt.want {
				t.Errorf("clocks of %s, want %s", got, tt.want)
			}
			if got := strings.Join(i.Alerts[0].Flags, "; "); got != tt.flag {
				t.Errorf("flags %q, want %q", got, tt.flag)
			}
		})
	}
}

func TestAlertThatJoinsBringsItsEntities(t *testing.T) {
	w := newGroup(t)
	start := at("2026-11-20T10:00:00Z")
	saas := func(pod string) Delivery {
		return firing("Breach", start, classify.LabelEntity, "saas", classify.LabelRegimes, "nis2", "pod", pod)
	}
	w.receive(saas("a"))
	i := w.incident("INC-2026-0001")
	early := i.Clocks[0].ClockID
	w.do(Submit{Person: by("anna"), ID: i.ID, Stages: []string{string(early.Stage)}, Submission: Submission{SentAt: w.now}})
	w.wait(time.Minute)

	w.receive(saas("b"))
	if got := running(i); got != "saas/nis2" {
		t.Errorf("an alert that names nothing new: clocks of %s", got)
	}
	w.receive(firing("Breach", start.Add(-time.Hour), "pod", "c"))
	if got := running(i); got != "saas/nis2" || !i.DetectedAt.Equal(start.Add(-time.Hour)) {
		t.Errorf("an alert that names nothing: clocks of %s, detected %s", got, i.DetectedAt)
	}
	r := w.receive(firing("Breach", start.Add(-2*time.Hour), classify.LabelEntity, "bank", classify.LabelRegimes, "dora"))
	if got := running(i); r.Attached != 1 || got != "saas/nis2 bank/dora" {
		t.Errorf("attached %d, clocks of %s, want the bank's too", r.Attached, got)
	}
	for _, c := range i.Clocks {
		if c.TargetAt.IsZero() || c.Entity == "bank" && !c.StartedAt.Equal(start.Add(-2*time.Hour)) {
			t.Errorf("%s started %s, want the earliest detection", c.ClockID, c.StartedAt)
		}
	}
	if c, _ := i.Clock(early); c.Submitted == nil {
		t.Error("the submission was lost")
	}
	if said := w.entries[len(w.entries)-1].Event.Describe(); !strings.Contains(said, "more clocks run since: ") || !strings.Contains(said, "bank/dora/initial due 2026-11-20 12:00:00Z") {
		t.Errorf("the timeline says %q", said)
	}
}

func TestNotReportableIsNotWidened(t *testing.T) {
	w := newGroup(t)
	start := at("2026-11-20T10:00:00Z")
	w.receive(firing("Breach", start, classify.LabelEntity, "saas"))
	w.do(MarkNotReportable{Person: by("anna"), ID: "INC-2026-0001", Reason: "a test system"})
	w.receive(firing("Breach", start, classify.LabelEntity, "bank"))
	if got := running(w.incident("INC-2026-0001")); strings.Contains(got, "bank") {
		t.Errorf("clocks of %s run on an incident that is not reportable", got)
	}
}

// A rule may go while its alert still fires: the alert is followed all the
// same, or its incident would never end.
func TestAlertIsFollowedWithoutItsRule(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:05Z")
	start := at("2026-11-20T10:00:00Z")
	rules, _, mistakes := classify.NewRules([]classify.Rule{{Name: "all", Match: "true", Reportable: classify.Reportable}})
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	w.rules.Classify.Rules = rules
	labels := map[string]string{"alertname": "Odd"}
	d := Delivery{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: start, Labels: labels, Annotations: map[string]string{"summary": "odd"}}
	if r := w.receive(d); r.Opened != 1 || r.Rules["all"] != 1 {
		t.Fatalf("got %+v, want it opened by the rule", r)
	}
	w.rules.Classify.Rules = nil
	w.wait(time.Hour)
	d.Firing, d.EndsAt = false, start.Add(time.Minute)
	if r := w.receive(d); r.Resolved != 1 {
		t.Errorf("got %+v, want it resolved", r)
	}
	d.Firing, d.StartsAt, d.EndsAt = true, w.now, time.Time{}
	if r := w.receive(d); r.Ignored != 1 {
		t.Errorf("got %+v, want a new occurrence ignored", r)
	}
}
