package slack

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"
	"nis2clock/internal/slack/slackfake"
)

// asked is the block of a form that asks for a fact.
func asked(t *testing.T, v slackfake.View, name string) slackfake.Input {
	t.Helper()
	for _, b := range v.Blocks {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("the form asks for no %s: %+v", name, v.Blocks)
	return slackfake.Input{}
}

func TestAssessInSlack(t *testing.T) {
	h := newHouse(t)
	form := h.form(h.say(incident.Post), AssessAction, "UC")
	wantIn(t, "the introduction", form.Blocks[0].Label, string(inc), "Art. 23(3)", "cannot tell")
	for _, tt := range []struct {
		name    string
		answers map[string][]string
		wrong   []string // the questions at fault
	}{
		{"nothing", nil, []string{"decision"}},
		{"a decision without its reason", map[string][]string{"decision": {"significant"}, "reason": {"  "}}, []string{"reason"}},
		{"a reason without a decision", map[string][]string{"reason": {"x"}}, []string{"decision"}},
		{"no answer of the choice", map[string][]string{"fact:damage_to_others": {"perhaps"}}, []string{"fact:damage_to_others"}},
		{"two that are no choice", map[string][]string{"fact:damage_to_others": {"perhaps"}, "decision": {"eventually"}}, []string{"decision", "fact:damage_to_others"}},
	} {
		sent := h.send(form, tt.answers)
		wrong := map[string]bool{}
		for q := range sent.Errors {
			wrong[q] = true
		}
		for _, q := range tt.wrong {
			if !wrong[q] {
				t.Errorf("%s: no error at %s: %+v", tt.name, q, sent)
			}
		}
		if len(wrong) != len(tt.wrong) {
			t.Errorf("%s: errors %v, want at %v", tt.name, sent.Errors, tt.wrong)
		}
	}
	if got := h.entries(2); len(got) != 0 {
		t.Fatalf("a form with a mistake left %v", got)
	}
	answers := map[string][]string{"fact:severe_operational_disruption": {"possible"}, "decision": {"significant"}, "reason": {"the shop may go down"}}
	sent := h.send(form, answers)
	wantIn(t, "the form's place", sent.Says, "severe_operational_disruption possible", "decide that it is significant: the shop may go down", "The criteria say significant", "become aware")
	wantIn(t, "sent again (SL-6)", h.send(form, answers).Says, "")
	v := h.incident()
	if v.Significance.Decision != incident.DecidedSignificant || v.Significance.Facts["severe_operational_disruption"].Value != "possible" || len(v.Significance.Facts) != 1 {
		t.Errorf("%+v", v.Significance)
	}
	if diff := cmp.Diff([]string{"incident.assessed/v1 Carla Commander via slack", "incident.decided/v1 Carla Commander via slack"}, h.entries(2)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}

	again := h.form(h.say(incident.Post), AssessAction, "UC")
	if q := asked(t, again, "fact:severe_operational_disruption"); q.Initial != "possible" {
		t.Errorf("what was said stands as %q", q.Initial)
	}
	h.send(again, map[string][]string{"fact:severe_operational_disruption": {"unknown"}})
	if _, known := h.incident().Significance.Facts["severe_operational_disruption"]; known {
		t.Error("what was taken back is still known")
	}
}

// What somebody else changed since a form was opened is not written over.
func TestStaleAssessment(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	first, second := h.form(ts, AssessAction, "UC"), h.form(ts, AssessAction, "UB")
	h.send(second, map[string][]string{"decision": {"significant"}, "reason": {"data of others are gone"}})
	n := len(h.entries(0))
	sent := h.send(first, map[string][]string{"decision": {"not_significant"}, "reason": {"a test"}})
	wantIn(t, "the form's place", sent.Says, "since this form was opened", "Nothing was recorded")
	forged := first
	forged.Metadata = strings.Replace(first.Metadata, `"seen"`, `"sein"`, 1)
	wantIn(t, "a form that does not say what it shows", h.send(forged, map[string][]string{"decision": {"not_significant"}, "reason": {"a test"}}).Says, "since this form was opened")
	if after := h.entries(0); len(after) != n || h.incident().Significance.Decision != incident.DecidedSignificant {
		t.Errorf("the stale form left %v", after[n:])
	}
}

// Two people send what they answered at the same instant: one of them decides.
func TestTwoAssessAtOnce(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	forms := []slackfake.View{h.form(ts, AssessAction, "UC"), h.form(ts, AssessAction, "UB")}
	said := make([]string, 2)
	var wg sync.WaitGroup
	for n, decision := range []string{"significant", "not_significant"} {
		wg.Go(func() {
			sent, err := h.fake.Send(t.Context(), forms[n], map[string][]string{"decision": {decision}, "reason": {"because"}})
			if err != nil {
				t.Error(err)
			}
			said[n] = sent.Says
		})
	}
	wg.Wait()
	recorded := strings.Count(strings.Join(said, "\n"), "Recorded for ")
	if decided := strings.Count(strings.Join(h.entries(2), "\n"), "incident.decided/v1"); recorded != 1 || decided != 1 {
		t.Errorf("%d were told that it is recorded, %d decisions: %q", recorded, decided, said)
	}
}

// Without the right an assessment is a proposal, and one that is overtaken
// cannot be confirmed.
func TestProposedAssessment(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	propose := func() {
		sent := h.send(h.form(ts, AssessAction, "UR"), map[string][]string{"fact:damage_to_others": {"yes"}, "decision": {"significant"}, "reason": {"a customer's shop is down"}})
		wantIn(t, "proposed", sent.Says, "Nothing has taken effect", "damage_to_others yes", "a customer's shop is down", "can confirm")
	}
	propose()
	if v := h.incident(); v.Significance.Decision != incident.Undecided || len(v.Significance.Facts) != 0 {
		t.Fatalf("a proposal took effect: %+v", v.Significance)
	}
	asked := h.say(incident.Ask)
	h.do(incident.Assess{Person: incident.Person{By: incident.Actor{Name: "Bruno Boss", Via: "cli"}}, ID: inc, Facts: map[significance.FactID]string{"damage_to_others": "no"}})
	wantIn(t, "overtaken", h.press(asked, ConfirmAction, "UC"), "out of date", "Bruno Boss assessed it")
	propose()
	wantIn(t, "confirmed", h.press(h.say(incident.Ask), ConfirmAction, "UC"), "You confirmed proposal 2")
	if v := h.incident(); v.Significance.Decision != incident.DecidedSignificant || v.Significance.Facts["damage_to_others"].Value != "yes" {
		t.Errorf("%+v", v.Significance)
	}
	wantIn(t, "an auditor", h.send(h.form(ts, AssessAction, "UA"), map[string][]string{"decision": {"undecided"}, "reason": {"x"}}).Says, "As auditor you may not decide")
}

// Not significant takes two people by policy, whichever button it is said with.
func TestSecondPersonHoldsForAssessments(t *testing.T) {
	h := newHouse(t)
	h.clerk.SecondPerson = []Kind{NotReportable}
	ts := h.say(incident.Post)
	sent := h.send(h.form(ts, AssessAction, "UC"), map[string][]string{"decision": {"not_significant"}, "reason": {"a drill"}})
	wantIn(t, "alone", sent.Says, "may not do this alone")
	sent = h.send(h.form(ts, AssessAction, "UC"), map[string][]string{"decision": {"significant"}, "reason": {"it is"}})
	wantIn(t, "the safe side", sent.Says, "Recorded")
}

func twoEntities(r *incident.Rules) {
	r.Tracks = []incident.Track{
		{Entity: "shop", Regimes: []regime.ID{"nis2"}, Types: []significance.EntityType{"cloud_computing_service_provider"}, Known: significance.Facts{
			significance.UsersInUnion: {Value: "200000", Origin: significance.FromConfig},
		}},
		{Entity: "bank", Regimes: []regime.ID{"nis2"}},
	}
}

// With several entities the form asks for whom first.
func TestAssessOneOfSeveralEntities(t *testing.T) {
	h := newHouse(t, twoEntities)
	first := h.form(h.say(incident.Post), AssessAction, "UC")
	if got := asked(t, first, askEntity).Options; len(got) != 2 {
		t.Fatalf("the incident concerns %v", got)
	}
	if sent := h.send(first, nil); sent.Errors[askEntity] == "" {
		t.Errorf("without an entity: %+v", sent)
	}
	sent := h.send(first, map[string][]string{askEntity: {"shop"}})
	if sent.Next == nil {
		t.Fatalf("no second form: %+v", sent)
	}
	wantIn(t, "the second", sent.Says, "for *shop*", "Implementing Regulation (EU) 2024/2690")
	if q := asked(t, *sent.Next, "fact:users_in_union"); q.Initial != "200000" {
		t.Errorf("the configured number stands as %q", q.Initial)
	}
	bad := h.send(*sent.Next, map[string][]string{"fact:users_limited": {"many"}, "fact:limited_availability": {"soon"}, "fact:users_in_union": {""}})
	for _, q := range []string{"fact:users_limited", "fact:limited_availability", "fact:users_in_union"} {
		if bad.Errors[q] == "" {
			t.Errorf("no error at %s: %+v", q, bad)
		}
	}
	done := h.send(*sent.Next, map[string][]string{"fact:users_limited": {"~12 000"}, "fact:limited_availability": {"90 min"}})
	wantIn(t, "the form's place", done.Says, "users_limited 12", "estimated", "for shop", "The criteria say")
	for _, e := range h.incident().Significance.Entities {
		if f, known := e.Facts["users_limited"]; known != (e.Entity == "shop") || known && (f.Value != "12000" || !f.Estimated) {
			t.Errorf("%s: %+v", e.Entity, e.Facts)
		}
		if f := e.Facts[significance.UsersInUnion]; e.Entity == "shop" && f.Origin != significance.FromConfig {
			t.Errorf("what was not touched is said by a person now: %+v", f)
		}
	}
}

// Every question of every kind of entity fits into one modal with its words
// whole (SL-17, SL-18).
func TestEveryAssessmentFitsAModal(t *testing.T) {
	all := significance.Catalogue()
	if n := len(all) + 3; n > maxModalBlocks {
		t.Errorf("%d blocks", n)
	}
	for _, q := range all {
		asked := factQuestion(incident.AssessmentQuestion{Fact: q.ID, Kind: q.Kind, Question: q.Ask, Form: q.Kind.Form(), Explain: q.Explain})
		if chars(asked.Label) > maxLabel || chars(asked.Hint) > maxHint {
			t.Errorf("%s: a label of %d and a hint of %d characters would be cut", q.ID, chars(asked.Label), chars(asked.Hint))
		}
		for _, o := range asked.Options {
			if chars(o.Label) > maxOptionText {
				t.Errorf("%s: option %q would be cut", q.ID, o.Label)
			}
		}
	}
}
