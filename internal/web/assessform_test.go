package web_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
)

// Significance is assessed on the telephone as in Slack: what is known stands
// there, what was changed is recorded, and a decision needs its reason.
func TestPageAssessesSignificance(t *testing.T) {
	s := start(t)
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	const at = "assess.default"
	page := d.page()
	for _, want := range []string{"default, undecided; the criteria say cannot tell", `name="fact:severe_operational_disruption"`, `<option value="possible">Not yet, but it could</option>`, `<option value="unknown" selected>Not known</option>`, `name="decision"`} {
		if !strings.Contains(page, want) {
			t.Fatalf("the page lacks %s: %s", want, page)
		}
	}
	hidden := d.form(page, at)
	status, _, page := d.send("assess", hidden, "fact:severe_operational_disruption", "yes", "decision", "significant", "reason", " ")
	if status != 400 || !strings.Contains(page, "A decision needs its reason.") || !strings.Contains(page, `<option value="yes" selected>Yes</option>`) || !strings.Contains(page, `<option value="significant" selected>`) {
		t.Errorf("without a reason: %d %s", status, page)
	}
	if status, _, page := d.send("assess", hidden, "decision", "as_it_is"); status != 400 || !strings.Contains(page, "Nothing was answered or changed") {
		t.Errorf("nothing: %d %s", status, page)
	}
	for range 2 {
		status, landed, page := d.send("assess", hidden, "fact:severe_operational_disruption", "yes", "decision", "significant", "reason", "the grid <is> down")
		if status != 200 || landed != "/incidents/"+d.id+"#"+at || !strings.Contains(page, "default, significant; the criteria say significant") {
			t.Fatalf("%d at %s: %s", status, landed, page)
		}
	}
	v := d.view()["significance"].(map[string]any)
	if v["decision"] != "significant" || v["by"] != "ana" || v["reason"] != "the grid <is> down" || d.kinds("incident.assessed/v1") != 1 || d.kinds("incident.decided/v1") != 1 {
		t.Errorf("%v; assessed %d and decided %d times", v, d.kinds("incident.assessed/v1"), d.kinds("incident.decided/v1"))
	}
	// Emptied, an answer is taken back; one that was not asked stays.
	if status, _, page := d.send("assess", d.form(d.page(), at), "fact:severe_operational_disruption", "unknown", "fact:damage_to_others", "no"); status != 200 {
		t.Errorf("taken back: %d %s", status, page)
	}
	if status, _, page := d.send("assess", d.form(d.page(), at), "fact:considerable_financial_loss", "possible"); status != 200 {
		t.Errorf("%d %s", status, page)
	}
	facts := d.view()["significance"].(map[string]any)["facts"].(map[string]any)
	if got := strings.Join(slices.Sorted(maps.Keys(facts)), " "); got != "considerable_financial_loss damage_to_others" {
		t.Errorf("known is %s", got)
	}
}

// A page that is out of date writes over nothing that others recorded, now or
// when its button is pressed again.
func TestPageAssessmentOutOfDate(t *testing.T) {
	s := start(t)
	d := s.at(access.Commander, "ana", s.alert("B", "x"))
	hidden := d.form(d.page(), "assess.default")
	s.must(s.api("POST", "/incidents/"+d.id+"/assess", `{"facts":{"damage_to_others":"no"}}`))
	status, _, page := d.send("assess", hidden, "fact:damage_to_others", "yes", "decision", "as_it_is", "reason", "")
	if status != 400 || !strings.Contains(page, "somebody assessed it since") || !strings.Contains(page, "You answered: Yes") || d.form(page, "assess.default").Get("seen") == hidden.Get("seen") {
		t.Errorf("%d %s", status, page)
	}
	_, field, _ := strings.Cut(page, `name="fact:damage_to_others"`)
	field, _, _ = strings.Cut(field, "</select>")
	if !strings.Contains(field, `value="no" selected`) {
		t.Errorf("what stands now is not shown: %s", field)
	}
	if got := fmt.Sprint(d.view()["significance"].(map[string]any)["facts"].(map[string]any)["damage_to_others"]); !strings.Contains(got, "value:no") {
		t.Errorf("written over: %s", got)
	}
}

// A responder states facts and decides nothing.
func TestPageLetsResponderStateFacts(t *testing.T) {
	s := start(t)
	d := s.at(access.Responder, "ben", s.alert("B", "x"))
	page := d.page()
	if strings.Contains(page, `name="decision"`) {
		t.Error("a responder is asked for a decision")
	}
	if status, _, page := d.send("assess", d.form(page, "assess.default"), "fact:damage_to_others", "no", "decision", "significant", "reason", "x"); status != 403 || !strings.Contains(page, "may not decide") {
		t.Errorf("a decision: %d %s", status, page)
	}
	if status, _, page := d.send("assess", d.form(page, "assess.default")); status != 400 || !strings.Contains(page, "Not recorded: Nothing was answered") {
		t.Errorf("nothing: %d %s", status, page)
	}
	if status, _, page := d.send("assess", d.form(page, "assess.default"), "fact:damage_to_others", "no"); status != 200 || d.kinds("incident.assessed/v1") != 1 {
		t.Errorf("a fact: %d %s", status, page)
	}
}

// Where it takes two, the first press decides nothing, and the page says so.
func TestPageSaysThatASecondPersonIsNeeded(t *testing.T) {
	s := start(t, func(c *config.Config) { c.Decisions.SecondPerson = true })
	id := s.alert("B", "x")
	ana, ben := s.at(access.Commander, "ana", id), s.at(access.Commander, "ben", id)
	const waits = "default, undecided (not significant, says ana: a second person must decide the same)"
	if status, _, page := ana.send("assess", ana.form(ana.page(), "assess.default"), "decision", "not_significant", "reason", "a test"); status != 200 || !strings.Contains(page, waits) {
		t.Errorf("the first: %d %s", status, page)
	}
	if status, _, page := ben.send("assess", ben.form(ben.page(), "assess.default"), "decision", "not_significant", "reason", "a test"); status != 200 || strings.Contains(page, "a second person must") || !strings.Contains(page, "default, not significant; ") {
		t.Errorf("the second: %d %s", status, page)
	}
}
