package slack

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/incident"
)

// Of a restricted incident those who are not named find nothing in Slack,
// whichever way they ask, and are told what they are told of one that there is
// not. That they asked stands in its own record.
func TestRestrictedInSlack(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	opened := h.form(ts, NoteAction, "UB") // before it is restricted
	carla := incident.Person{By: incident.Actor{Name: "Carla Commander", Via: "cli"}}
	h.do(incident.Restrict{Person: carla, ID: inc, On: true, Names: []string{"Rita Responder"}, Reason: "one of us"})
	n := len(h.entries(0)) + 1 // and the delivery of the message
	command := func(user, text string) string {
		t.Helper()
		said, err := h.fake.Command(t.Context(), Command, text, user, team)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	for _, user := range []string{"UB", "UA", "UX"} { // another commander, an auditor, nobody
		if said := command(user, "list"); said != "No incident is open." {
			t.Errorf("the list of %s: %q", user, said)
		}
		if got, want := command(user, "show "+string(inc)), command(user, "show INC-2026-0002"); strings.ReplaceAll(got, string(inc), "INC-2026-0002") != want {
			t.Errorf("%s is shown %q, of another %q", user, got, want)
		}
		for _, word := range []string{"ack ", "note "} {
			if got, want := command(user, word+string(inc)+" x"), command(user, word+"INC-2026-0002 x"); strings.ReplaceAll(got, string(inc), "INC-2026-0002") != want {
				t.Errorf("%s%s gets %q, of another %q", word, user, got, want)
			}
		}
		for _, action := range []string{AcknowledgeAction, TakeCommandAction, AssessAction, SubmitAction, NotReportableAction, NoteAction} {
			if said := h.press(ts, action, user); said != "There is no incident "+string(inc)+"." {
				t.Errorf("%s by %s: %q", action, user, said)
			}
		}
		if err := h.fake.OpenHome(t.Context(), user, team); err != nil {
			t.Fatal(err)
		}
		h.Wait()
		if page := h.fake.HomePage(user); strings.Contains(page, string(inc)) || !strings.Contains(page, "0 incidents open") {
			t.Errorf("the page of %s: %s", user, page)
		}
		if err := h.fake.React(t.Context(), home, h.fake.Write(home, ts, "UR", "a word"), DefaultMark, user, team); err != nil {
			t.Error(err)
		}
	}
	wantIn(t, "a form that was open", h.send(opened, map[string][]string{"text": {"x"}}).Says, "There is no incident")
	for _, e := range h.entries(n) {
		if !strings.HasPrefix(e, "access.refused/v1 ") {
			t.Errorf("somebody who is not named left %s", e)
		}
	}
	if len(h.entries(n)) == 0 {
		t.Error("that they tried is not on record")
	}
	n = len(h.entries(0)) + 1
	wantIn(t, "the list of somebody named", command("UR", "list"), string(inc))
	wantIn(t, "their button", h.press(ts, AcknowledgeAction, "UR"), "You acknowledged")
	sent := h.send(h.form(ts, NotReportableAction, "UR"), map[string][]string{"reason": {"x"}})
	wantIn(t, "who can confirm it", sent.Says, "Carla Commander can confirm")
	if strings.Contains(sent.Says, "Bruno") {
		t.Errorf("it names somebody who may not know of it: %q", sent.Says)
	}
	if diff := cmp.Diff([]string{"incident.acknowledged/v1 Rita Responder via slack", "proposal.made/v1 Rita Responder via slack"}, h.entries(n)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}
