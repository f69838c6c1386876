package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
)

// What went to an authority is recorded on the telephone: one submission for
// several reports, once however often the button is pressed.
func TestPageRecordsASubmission(t *testing.T) {
	s := start(t, inVienna(t), func(c *config.Config) { c.Entities[0].Authority = "GovCERT" })
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	page := d.page()
	for _, want := range []string{`value="GovCERT"`, `value="portal"`, `value="early_warning"> `, `value="notification"> `, "in the time of Europe/Vienna"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	if strings.Contains(page, `value="final_report"> `) {
		t.Error("a report whose period has not begun can be chosen")
	}
	hidden := d.form(page, "submissions.default.nis2")
	status, _, page := d.send("submissions", hidden, "authority", "GovCERT <x>", "channel", "telephone", "sent_at", "2026-01-02 04:00", "reference", "R-1")
	if status != 400 || !strings.Contains(page, "Please answer this.") || !strings.Contains(page, `value="GovCERT &lt;x&gt;"`) || !strings.Contains(page, `value="telephone"`) || !strings.Contains(page, `value="R-1"`) {
		t.Errorf("without a report: %d %s", status, page)
	}
	said := []string{"stages", "early_warning", "stages", "notification", "authority", "GovCERT", "channel", "telephone", "sent_at", "2026-01-02 04:00", "reference", "R-1", "incomplete_reason", "not known yet"}
	status, _, page = d.send("submissions", hidden, said...)
	if status != 400 || !strings.Contains(page, "lies before detection") || strings.Count(page, " checked>") != 2 || !strings.Contains(page, `value="not known yet"`) {
		t.Errorf("before detection: %d %s", status, page)
	}
	said[9] = "2026-01-02 05:00"
	for range 2 {
		if status, landed, page := d.send("submissions", hidden, said...); status != 200 || landed != "/incidents/"+d.id+"#clocks" || !strings.Contains(page, "ana via page") {
			t.Fatalf("%d at %s: %s", status, landed, page)
		}
	}
	v := d.view()
	sent := v["submissions"].([]any)
	if len(sent) != 1 {
		t.Fatalf("recorded %d times", len(sent))
	}
	for field, want := range map[string]string{
		"stages": "[early_warning notification]", "submitted_at": "2026-01-02T04:00:00Z", "to": "GovCERT", "channel": "telephone",
		"reference": "R-1", "incomplete_reason": "not known yet", "submitter": "ana", "entity": "default", "regime": "nis2",
	} {
		if got := fmt.Sprint(sent[0].(map[string]any)[field]); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	for _, c := range v["clocks"].([]any) {
		c := c.(map[string]any)
		if submitted := c["state"] == "submitted"; submitted != (c["stage"] != "final_report") {
			t.Errorf("the %s is %s", c["stage"], c["state"])
		}
	}
	// Somebody whose page is older is not taken for a second submission.
	hidden.Set("key", "another")
	if status, _, page := d.send("submissions", hidden, said...); status < 400 || status > 409 || !strings.Contains(page, "Not recorded: ") || len(d.view()["submissions"].([]any)) != 1 {
		t.Errorf("from an old page: %d %s", status, page)
	}
}

// Each duty has its own form, in the zone and to the authority of its entity.
func TestPageAsksForSubmissionsByDuty(t *testing.T) {
	s := start(t, func(c *config.Config) {
		second := c.Entities[0]
		second.Name, second.Authority = "second", "CSIRT-2"
		c.Entities = append(c.Entities, second)
		inVienna(t)(c)
	})
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	page := d.page()
	d.form(page, "submissions.default.nis2")
	_, form, _ := strings.Cut(page, `id="submissions.second.nis2"`)
	form, _, _ = strings.Cut(form, "</details>")
	if !strings.Contains(form, "in the time of UTC") || !strings.Contains(form, `value="CSIRT-2"`) {
		t.Errorf("the second entity's form: %s", form)
	}
	if status, _, page := d.send("submissions", d.form(page, "submissions.second.nis2"), "stages", "early_warning", "authority", "CSIRT-2", "channel", "portal", "sent_at", "2026-01-02 04:00"); status != 200 {
		t.Fatalf("%d %s", status, page)
	}
	if sent := fmt.Sprint(d.view()["submissions"]); !strings.Contains(sent, "entity:second") || !strings.Contains(sent, "submitted_at:2026-01-02T04:00:00Z") {
		t.Errorf("recorded %s", sent)
	}
}

// A processor tells each controller for itself.
func TestPageRecordsWordToAController(t *testing.T) {
	s := start(t, func(c *config.Config) {
		c.Entities[0].Contracts = []incident.Contract{{Name: "north", Controller: "N", NotifyWithin: 24 * time.Hour}, {Name: "west", Controller: "W"}}
	})
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	s.must(s.api("POST", "/incidents/"+d.id+"/breach", `{"data_sets":[{"name":"tickets","role":"processor"}]}`))
	hidden := d.form(d.page(), "submissions.default.gdpr_processor.west")
	if status, _, page := d.send("submissions", hidden, "stages", "controller_notice", "authority", "W", "channel", "telephone"); status != 200 || strings.Contains(page, `id="submissions.default.gdpr_processor.west"`) {
		t.Fatalf("%d %s", status, page)
	}
	d.form(d.page(), "submissions.default.gdpr_processor.north")
	if sent := fmt.Sprint(d.view()["submissions"]); !strings.Contains(sent, "contracts:[west]") || !strings.Contains(sent, "to:W") {
		t.Errorf("recorded %s", sent)
	}
}
