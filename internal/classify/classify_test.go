package classify

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVerdict(t *testing.T) {
	for value, want := range map[string]Verdict{
		"true": Reportable, "True": Reportable, "yes": Reportable, "1": Reportable,
		"triage": Triage,
		"":       Ignore, "false": Ignore, "TRUE": Ignore, "no": Ignore, "0": Ignore, " true": Ignore, "maybe": Ignore,
	} {
		if got := DefaultPolicy().Classify("", map[string]string{LabelReportable: value}).Verdict; got != want {
			t.Errorf("nis2_reportable=%q: got %s, want %s", value, got, want)
		}
	}
	if got := DefaultPolicy().Classify("", map[string]string{"alertname": "X"}).Verdict; got != Ignore {
		t.Errorf("without the label: got %s, want ignore", got)
	}
}

func TestHints(t *testing.T) {
	d := DefaultPolicy().Classify("", map[string]string{
		LabelReportable: "true", LabelSeverity: "critical", LabelCategory: "intrusions/system-compromise",
		LabelRegimes: "nis2, gdpr,", LabelService: "login", LabelMalicious: "Yes", LabelCrossBorder: "perhaps",
	})
	if d.Severity != "critical" || d.Category != (Category{"intrusions", "system-compromise"}) || d.Service != "login" {
		t.Errorf("got %+v", d)
	}
	if len(d.Regimes) != 2 || d.Regimes[1] != "gdpr" {
		t.Errorf("regimes: got %q, want nis2 and gdpr", d.Regimes)
	}
	if d.Malicious != Yes || d.CrossBorder != Unknown {
		t.Errorf("answers: got %s and %s, want yes and unknown", d.Malicious, d.CrossBorder)
	}
}

func TestCorrelation(t *testing.T) {
	base := map[string]string{LabelReportable: "true", "alertname": "Breach", "cluster": "prod", "pod": "web-1"}
	with := func(kv ...string) map[string]string {
		m := maps.Clone(base)
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	key := func(p Policy, m map[string]string) string { return p.Classify("", m).Correlation }
	def := DefaultPolicy()
	by := Policy{CorrelateBy: []string{"cluster"}}
	tests := []struct {
		name string
		p    Policy
		a, b map[string]string
		same bool
	}{
		{"volatile labels do not tell events apart", def, base, with("pod", "web-2", "instance", "10.0.0.7", "node", "n", "container", "c", "endpoint", "e", "replica", "b", "prometheus_replica", "1"), true},
		{"another cluster is another event", def, base, with("cluster", "test"), false},
		{"another alert name is another event", def, base, with("alertname", "Leak"), false},
		{"nis2_incident wins over everything", def, with(LabelIncident, "x"), with(LabelIncident, "x", "alertname", "Leak", "cluster", "test"), true},
		{"two values of nis2_incident are two events", def, with(LabelIncident, "x"), with(LabelIncident, "y"), false},
		{"configured labels alone decide", by, base, with("alertname", "Leak"), true},
		{"configured labels tell apart", by, base, with("cluster", "test"), false},
	}
	for _, tt := range tests {
		if got := key(tt.p, tt.a) == key(tt.p, tt.b); got != tt.same {
			t.Errorf("%s: same key %v, want %v (%s | %s)", tt.name, got, tt.same, key(tt.p, tt.a), key(tt.p, tt.b))
		}
	}
	none := Policy{CorrelateBy: []string{"tenant"}}
	if key(none, base) != key(def, base) {
		t.Error("an alert with none of the configured labels falls back to its name and labels")
	}
}

// Keys are kept with open incidents: one that is written differently tomorrow
// opens a second incident for the same event.
func TestCorrelationKeysStay(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct {
		p      Policy
		labels map[string]string
		want   string
	}{
		{DefaultPolicy(), map[string]string{"alertname": "Breach", "cluster": "prod", "pod": "web-1"}, `{alertname="Breach", cluster="prod", nis2_reportable="true"}`},
		{Policy{CorrelateBy: []string{"cluster", "tenant"}}, map[string]string{"alertname": "Breach", "cluster": "prod"}, `{cluster="prod"}`},
		{DefaultPolicy(), map[string]string{LabelIncident: "x", "alertname": "Breach"}, `{nis2_incident="x"}`},
		{Policy{CorrelateBy: []string{"a"}}, map[string]string{"a": long(maxKey - 6)}, `{a="` + long(maxKey-6) + `"}`},
		{Policy{CorrelateBy: []string{"a"}}, map[string]string{"a": long(maxKey - 5)}, "sha256:d3aff58a874171d05387c132db1f9ffe0bc8888c233e985428a3089b5b29f589"},
	} {
		tt.labels[LabelReportable] = "true"
		if got := tt.p.Classify("", tt.labels).Correlation; got != tt.want {
			t.Errorf("%v: got key %s, want %s", tt.labels, got, tt.want)
		}
	}
}

func TestDefaultPolicy(t *testing.T) {
	if p := DefaultPolicy(); p.CorrelateWithin != 24*time.Hour || p.TriageWithin != 4*time.Hour || len(p.CorrelateBy) != 0 {
		t.Errorf("got %+v, want what the documentation says", p)
	}
	for name, p := range map[string]Policy{
		"labels": {CorrelateBy: []string{"a"}, CorrelateWithin: 24 * time.Hour, TriageWithin: 4 * time.Hour},
		"within": {CorrelateWithin: time.Hour, TriageWithin: 4 * time.Hour},
		"triage": {CorrelateWithin: 24 * time.Hour, TriageWithin: time.Hour},
	} {
		if p.Equal(DefaultPolicy()) || DefaultPolicy().Equal(p) {
			t.Errorf("%s: another policy is equal to the default", name)
		}
	}
}

// Derived fingerprints must be the ones Alertmanager itself would have sent,
// or the same alert from two senders would be two.
func TestFingerprintAgreesWithAlertmanager(t *testing.T) {
	files, err := filepath.Glob("../../testdata/webhooks/am0*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captured webhook bodies: %v", err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Alerts []struct {
				Labels      map[string]string
				Fingerprint string
			}
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, a := range body.Alerts {
			if got := Fingerprint(a.Labels); got != a.Fingerprint {
				t.Errorf("%s: derived %s, Alertmanager sent %s", f, got, a.Fingerprint)
			}
		}
	}
}
