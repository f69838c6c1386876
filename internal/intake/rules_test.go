package intake

import (
	"testing"

	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/journal/journaltest"

	"github.com/google/go-cmp/cmp"
)

// A rule that never counts has to be seen to, so it shows from the start.
func TestRuleMatchesAreCounted(t *testing.T) {
	list, _, mistakes := classify.NewRules([]classify.Rule{
		{Name: "never", Match: `labels.alertname == "Nothing"`, Reportable: classify.Reportable},
		{Name: "receiver", Match: `receiver == "nis2"`, Service: "web", Continue: true},
		{Name: "disk", Match: `labels.alertname startsWith "Disk"`, Reportable: classify.Reportable},
	})
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	d := newDoor(t, func(o *Options) {
		o.Classify.Rules = list
		r := *rules()
		r.Classify.Rules = list
		var err error
		if o.Desk, err = desk.Open(t.Context(), desk.Options{Log: journaltest.Open(t), Rules: &r, Now: day, Logger: o.Logger}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(o.Desk.Close)
	})
	want := func(never, receiver, disk float64) {
		t.Helper()
		got := d.counters("nis2clock_classification_rule_matches_total")
		if diff := cmp.Diff(map[string]float64{"never": never, "receiver": receiver, "disk": disk}, got); diff != "" {
			t.Errorf("matches by rule (-want +got):\n%s", diff)
		}
	}
	want(0, 0, 0)
	if got := d.post(body(plain("DiskFull"), plain("Quiet"), reportable("Breach"))); got.OpenedAlerts != 2 || got.Ignored != 1 {
		t.Errorf("got %+v, want the disk's and the labelled alert opened", got)
	}
	want(0, 3, 1)
}
