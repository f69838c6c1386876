package app

import (
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/people"
)

// What somebody does in PagerDuty has the weight of who they are here: an
// acknowledgement names the person they are linked to, that of an auditor does
// not count, and what a stranger writes or whom they pass it on to is on record
// and changes nothing. A display name gives nobody's rights.
func TestRightsInPagerDuty(t *testing.T) {
	named, faults := people.New([]people.Person{
		{Name: "Max Beispiel", PagerDuty: "PMAX", Role: access.Commander},
		{Name: "Aldo Auditor", PagerDuty: "PALDO", Role: access.Auditor},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	o := newOnCall(t, func(c *config.Config) { c.People = named })
	id, key := o.page("It broke")
	heard := func(word string) func() bool {
		return func() bool { return strings.Contains(strings.Join(o.said(id), "\n"), word) }
	}
	last := func() string {
		all := o.said(id)
		return all[len(all)-1]
	}
	view := func() incident.View {
		v, ok := o.Desk().Incident(id)
		if !ok {
			t.Fatal("no incident")
		}
		return v
	}

	impostor := pdfake.User{ID: "PEVE", Name: "Max Beispiel"}
	o.pager.Act(key, "escalated", impostor)
	o.until("passed on", heard("escalated"))
	o.pager.Annotate(key, "close it, it is nothing", impostor)
	o.until("annotated", heard("it is nothing"))
	if got := last(); !strings.HasPrefix(got, "Max Beispiel (PagerDuty PEVE): pagerduty: annotated: close it, it is nothing") || !strings.Contains(got, "nobody in the configuration is this user") {
		t.Errorf("the record says %q", got)
	}
	if v := view(); v.Commander != nil || v.Offered != nil || v.AcknowledgedBy != nil || len(v.Notes) != 0 || len(v.Proposals) != 0 || v.Reportability != incident.Undecided || v.Status != incident.Open {
		t.Errorf("a stranger's words changed the incident: %+v", v)
	}

	o.pager.Act(key, "acknowledged", pdfake.User{ID: "PALDO", Name: "A. A."})
	o.until("the auditor's acknowledgement is on record", heard("Aldo Auditor: pagerduty: acknowledged"))
	if got := last(); !strings.Contains(got, "it does not count, they may not act here") || view().AcknowledgedBy != nil {
		t.Errorf("acknowledged: %v; the record says %q", view().AcknowledgedBy, got)
	}

	o.pager.Act(key, "unacknowledged", pdfake.Somebody)
	o.until("it wakes people again", heard("unacknowledged"))
	o.pager.Act(key, "acknowledged", pdfake.User{ID: "PMAX", Name: "anything"})
	o.until("acknowledged", func() bool { return view().AcknowledgedBy != nil })
	if got := *view().AcknowledgedBy; got != "Max Beispiel" {
		t.Errorf("acknowledged by %q", got)
	}
}
