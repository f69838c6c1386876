package pdf

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// warning is the data of an early warning, by the names the template uses.
type warning struct {
	Title, Incident, Stage        string
	Marks                         []string
	Exercise                      bool
	Entity                        warnedEntity
	Summary                       string
	DetectedAt, ReceivedAt        string
	AwareAt, AwareBy, AwareReason string
	Malicious, CrossBorder        string
	CrossBorderStates             string
	Clocks                        []warningClock
	Alerts                        []warningAlert
	MoreAlerts                    int
	Incomplete                    []string
	Timeline                      []warningEvent
	Journal                       struct {
		Size      int
		Root, Key string
	}
	AsOf, LateReason string
}

type warnedEntity struct {
	Name, Sector, Class, MemberState, Authority, Address, NationalID string
	Contact                                                          struct{ Name, Role, Email, Phone string }
}

type warningClock struct {
	Stage, StageTitle, State, Basis            string
	StartedAt, TargetAt, DueAt, OuterReadingAt string
	Late                                       bool
	SubmittedAt, Reference, Source             string
}

type warningAlert struct {
	Name, Status, StartsAt, EndsAt, Fingerprint, Summary string
	Labels                                               []warningLabel
}

type warningLabel struct{ Name, Value string }

type warningEvent struct{ At, Who, What string }

const (
	testRoot = "q5kHc8Zb0m1y7QeXWq0cT8Jr9uVb2sLx4nGfPzDh3Ao="
	testKey  = "nis2clock+8d3f21aa+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEf="
)

// twoZones writes an instant as the reports do: UTC, then the authority's zone.
func twoZones(t *testing.T, rfc3339 string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		t.Fatal(err)
	}
	sofia := time.FixedZone("EET", 2*60*60)
	return at.UTC().Format("2006-01-02 15:04:05 MST") + "\n" + at.In(sofia).Format("2006-01-02 15:04:05 MST (-07:00)")
}

// fullWarning is an early warning with everything in it, in three scripts.
func fullWarning(t *testing.T) warning {
	t.Helper()
	z := func(s string) string { return twoZones(t, s) }
	w := warning{
		Title:    "Ransomware on the dispatch network of Балкан Енерго",
		Incident: "INC-2026-0042", Stage: "early_warning",
		Marks: []string{"DRAFT", "TLP:AMBER"},
		Entity: warnedEntity{
			Name: "Балкан Енерго АД", Sector: "energy / electricity", Class: "essential", MemberState: "BG",
			Authority: "", Address: "бул. Цариградско шосе 115, 1784 София", NationalID: "EIK 204676177",
		},
		Summary:    "Two dispatch servers were encrypted at 03:22 local time. Ο έλεγχος συνεχίζεται· żółć, Ärger, œuvre, ħ.\nSupply to customers is not affected so far.",
		DetectedAt: z("2026-11-20T01:22:07Z"), ReceivedAt: z("2026-11-20T01:22:09Z"),
		AwareAt: z("2026-11-20T02:05:00Z"), AwareBy: "Ивана Петрова (incident commander)",
		AwareReason: "Encryption confirmed on two hosts; ransom note found.",
		Malicious:   "yes", CrossBorder: "unknown",
		Clocks: []warningClock{
			{Stage: "early_warning", StageTitle: "Early warning", State: "running", Basis: "awareness",
				StartedAt: z("2026-11-20T02:05:00Z"), TargetAt: z("2026-11-21T01:22:07Z"), DueAt: z("2026-11-21T02:05:00Z"), OuterReadingAt: z("2026-11-21T03:00:00Z"),
				Source: "Directive (EU) 2022/2555 Art. 23(4)(a)"},
			{Stage: "notification", StageTitle: "Incident notification", State: "running", Basis: "awareness",
				StartedAt: z("2026-11-20T02:05:00Z"), TargetAt: z("2026-11-23T01:22:07Z"), DueAt: z("2026-11-23T02:05:00Z"), OuterReadingAt: z("2026-11-23T03:00:00Z"),
				Source: "Directive (EU) 2022/2555 Art. 23(4)(b)"},
			{Stage: "final_report", StageTitle: "Final report", State: "projected", Basis: "projection from the notification",
				TargetAt: z("2026-12-20T01:22:07Z"), DueAt: z("2026-12-20T01:22:07Z"),
				Source: "Directive (EU) 2022/2555 Art. 23(4)(d)"},
		},
		Incomplete: []string{"7 alerts were cut by max_alerts; the sender's own list has been asked for them."},
		Timeline: []warningEvent{
			{z("2026-11-20T01:22:09Z"), "Alertmanager", "Alert DispatchHostEncrypted received and incident opened."},
			{z("2026-11-20T01:31:40Z"), "Ивана Петрова", "Page acknowledged."},
			{z("2026-11-20T02:05:00Z"), "Ивана Петрова", "Awareness recorded."},
		},
		AsOf: z("2026-11-20T02:06:00Z"),
	}
	w.Entity.Contact.Name, w.Entity.Contact.Role = "Ивана Петрова", "incident commander"
	w.Entity.Contact.Email = "ivana.petrova@balkan-energo.example"
	w.Journal.Size, w.Journal.Root, w.Journal.Key = 123, testRoot, testKey
	for i := range 3 {
		w.Alerts = append(w.Alerts, warningAlert{
			Name: "DispatchHostEncrypted", Status: "firing", StartsAt: z("2026-11-20T01:22:07Z"),
			Fingerprint: fmt.Sprintf("9f86d081884c7d%02x", i), Summary: "Files renamed in bulk on a dispatch host",
			Labels: []warningLabel{
				{"alertname", "DispatchHostEncrypted"}, {"instance", fmt.Sprintf("dispatch-%02d.ot.balkan-energo.example:9100", i+1)},
				{"nis2_reportable", "true"}, {"severity", "critical"},
				{"image", "registry.example/ot/scada@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			},
		})
	}
	return w
}

// warningDocument is the frame that belongs to w.
func warningDocument(w warning) Document {
	return Document{
		Title: w.Title, Subject: "NIS2 early warning", Author: w.Entity.Name, Lang: "en",
		Header: "NIS2 early warning · " + w.Incident,
		Footer: fmt.Sprintf("journal size %d · root %s", w.Journal.Size, w.Journal.Root),
		Marks:  w.Marks,
		At:     time.Date(2026, 11, 20, 2, 6, 0, 0, time.UTC),
		Attach: []Attachment{{Name: "report.json", Description: "the same report for machines", Data: []byte(`{"incident":"` + w.Incident + `"}`)}},
	}
}

// warningMarkdown executes a template as a house may write one.
func warningMarkdown(t testing.TB, w warning) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/house.md")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := ParseTemplate("house.md", string(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	md, err := tmpl.Execute(w, nil)
	if err != nil {
		t.Fatal(err)
	}
	return md
}
