package slack

import (
	"regexp"
	"strings"
	"testing"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/dispatch/dispatchtest"
	"nis2clock/internal/incident"
)

// Under TLP:RED no message of any kind holds more than which incident it is.
// clickable is an address that a program might make a link of.
var clickable = regexp.MustCompile(`(?i)\bhttps?://|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|[a-z0-9]\.(com|example|net|org)\b`)

func TestRedSaysNothing(t *testing.T) {
	for name, n := range cases() {
		if n.Effect.Role == incident.Heartbeat {
			continue
		}
		n.Incident.TLP = incident.TLPRed
		n.Incident.Title, n.Incident.Summary, n.Incident.Severity = "secret", "secret", "secret"
		n.Reason = "secret"
		got := string(pretty(t, render(n, brussels)))
		for _, word := range []string{"secret", "Early warning", "early_warning", "RootLogin", "Storm", "anna", "submitted", "2026-11"} {
			if strings.Contains(strings.ReplaceAll(got, string(n.Incident.ID), ""), word) {
				t.Errorf("%s: %q got out:\n%s", name, word, got)
			}
		}
		if !strings.Contains(got, string(n.Incident.ID)+" needs you") || n.Page == "" || !strings.Contains(got, "/incidents/") {
			t.Errorf("%s does not say which incident, and where:\n%s", name, got)
		}
	}
}

func TestIndicatorsAreDefanged(t *testing.T) {
	for _, role := range []incident.Role{incident.Post, incident.Page} {
		n := named(t, "post-indicators")
		n.Effect.Role = role
		n.Page = ""
		got := string(pretty(t, render(n, brussels)))
		if m := clickable.FindString(got); m != "" || strings.Contains(got, "evil.example") {
			t.Errorf("%s: an indicator got through (%q):\n%s", role, m, got)
		}
	}
}

func TestRedIncidentInSlack(t *testing.T) {
	h := newHouse(t)
	h.say(incident.Post)
	h.do(incident.SetTLP{Person: incident.Person{By: incident.Actor{Name: "Carla Commander", Via: "cli"}}, ID: inc, TLP: "RED"})
	h.say(incident.Update)
	if m := h.fake.Messages()[0]; strings.Contains(m.Text+string(m.Blocks), "Admin login") {
		t.Errorf("the message still says %s", m.Blocks)
	}
	for _, text := range []string{"list", "show INC-2026-0001"} {
		got, err := h.fake.Command(t.Context(), Command, text, "UC", team)
		if err != nil || strings.Contains(got, "Admin login") || !strings.Contains(got, string(inc)) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

// Out of band nobody acts here, and that somebody tried is kept.
func TestOutOfBandInSlack(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	h.do(incident.SetOutOfBand{Person: incident.Person{By: incident.Actor{Name: "Carla Commander", Via: "cli"}}, ID: inc, On: true, Reason: "they read our chat"})
	before := len(h.entries(0))
	for _, action := range []string{AcknowledgeAction, SubmitAction} {
		wantIn(t, action, h.press(ts, action, "UC"), "out of band")
	}
	if h.incident().AcknowledgedAt != nil {
		t.Error("it was acknowledged")
	}
	if after := h.entries(0); len(after) != before+1 || !strings.HasPrefix(after[before], "access.refused/v1") {
		t.Errorf("entries %v", after[before:])
	}
	got, err := h.fake.Command(t.Context(), Command, "list", "UC", team)
	if err != nil || strings.Contains(got, string(inc)) {
		t.Errorf("the list: %q, %v", got, err)
	}
}

// A Slack message keeps to what its label allows, and names no address that can
// be opened but that of the incident's page.
func TestConfidential(t *testing.T) {
	roles := []incident.Role{incident.Post, incident.Update, incident.Page, incident.Reminder, incident.Escalate, incident.Ask, incident.Triage}
	dispatchtest.Confidential(t, dispatch.Vendor, roles, func(n dispatch.Notice) string { return string(pretty(t, render(n, nil))) })
}
