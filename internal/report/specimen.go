package report

import (
	"fmt"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// Specimen is an incident that never was, to try templates on: an exercise
// with two alerts, awareness, answers, a submitted early warning and a change
// after it. It is the same each time.
func Specimen() (Source, error) {
	began := time.Date(2026, 11, 20, 1, 22, 7, 0, time.UTC)
	zone, err := time.LoadLocation("Europe/Sofia")
	if err != nil {
		return Source{}, fmt.Errorf("make the specimen: %w", err)
	}
	rules := &incident.Rules{
		Classify: classify.DefaultPolicy(), Law: regime.Builtin(), Exercise: true,
		Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2", "gdpr"}, Place: regime.Place{Zone: zone}}},
	}
	state := incident.NewState()
	var entries []incident.Entry
	do := func(after time.Duration, cmd incident.Command) error {
		_, more, err := rules.Execute(state, began.Add(after), cmd)
		entries = append(entries, more...)
		return err
	}
	by := incident.Person{By: incident.Actor{Name: "ivana", Via: "cli"}}
	alert := func(name, host string, after time.Duration) incident.Delivery {
		return incident.Delivery{
			Fingerprint: fmt.Sprintf("%016x", 0x9f86d081+len(host)), StartsAt: began.Add(after), Firing: true,
			Labels:      map[string]string{"alertname": name, "instance": host, "nis2_reportable": "true", "nis2_incident": "dispatch", "nis2_service": "dispatch", "nis2_category": "malicious-code/infected-system", "severity": "critical"},
			Annotations: map[string]string{"summary": "Files on " + host + " are being encrypted"},
		}
	}
	id := incident.ID("EX-2026-0001")
	aware := began.Add(43 * time.Minute)
	for _, step := range []struct {
		after time.Duration
		cmd   incident.Command
	}{
		{2 * time.Second, incident.ReceiveBatch{By: incident.Actor{Name: "alertmanager", Via: "webhook"}, ReceivedAt: began.Add(2 * time.Second), Receipt: incident.Receipt{SHA256: "specimen", Raw: []byte("{}")}, Alerts: []incident.Delivery{alert("RansomwareOnHost", "dispatch-1", 0), alert("RansomwareOnHost", "dispatch-02", 0)}}},
		{4 * time.Minute, incident.Acknowledge{Person: by, ID: id}},
		{5 * time.Minute, incident.TakeCommand{Person: by, ID: id}},
		{44 * time.Minute, incident.SetDate{Date: incident.DateID{Date: incident.AwareAt}, Person: by, ID: id, At: aware, Reason: "Encryption confirmed on two hosts; ransom note found."}},
		{50 * time.Minute, incident.SetReportFields{Person: by, ID: id, Fields: map[string][]string{
			"summary":                         {"Two dispatch servers were encrypted at 03:22 local time. Supply to customers is not affected so far."},
			"suspected_unlawful_or_malicious": {"yes"}, "suspicion_basis": {"Ransom note on both hosts."},
			"cross_border_possible": {"unknown"}, "users_affected": {"12500"}, "severity_assessment": {"medium"},
		}}},
		{6 * time.Hour, incident.Submit{Person: by, ID: id, Stages: []string{"early_warning"}, Submission: incident.Submission{Authority: "CSIRT", Channel: "portal", Reference: "CSIRT-2026-77"}}},
		{30 * time.Hour, incident.SetReportFields{Person: by, ID: id, Fields: map[string][]string{
			"cross_border_possible": {"no"}, "users_affected": {"14500"}, "users_share": {"12.5"}, "figures_basis": {"estimate"}, "severity_assessment": {"high"},
			"impact_assessment": {"Dispatch ran on paper for nine hours; 14 500 customers were told late of planned interruptions."},
			"cia_impact":        {"availability", "integrity"}, "outage_duration": {"540"},
			"measures_taken":           {"Both hosts isolated at 04:10.", "Credentials of the dispatch domain reset."},
			"indicators_of_compromise": {"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "198.51.100.23"},
			"root_cause_category":      {"malicious-actions"}, "threat_type": {"unknown"},
		}}},
		{31 * time.Hour, incident.AddNote{Person: by, ID: id, Text: "Forensics has both images."}},
	} {
		if err := do(step.after, step.cmd); err != nil {
			return Source{}, fmt.Errorf("make the specimen: %w", err)
		}
	}
	i, ok := state.Incident(id)
	if !ok {
		return Source{}, fmt.Errorf("make the specimen: %w: %s", incident.ErrUnknown, id)
	}
	var about []incident.Entry
	for _, e := range entries {
		if e.About == id {
			about = append(about, e)
		}
	}
	return Source{
		Incident: i.View(i.UpdatedAt), Entries: about,
		Journal: Journal{Size: i.Revision, Root: "q5kHc8Zb0m1y7QeXWq0cT8Jr9uVb2sLx4nGfPzDh3Ao=", Key: "specimen+8d3f21aa+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEf="},
	}, nil
}

// SpecimenEntity is the entity of the [Specimen].
func SpecimenEntity() Entity {
	zone, err := time.LoadLocation("Europe/Sofia")
	if err != nil {
		zone = time.UTC
	}
	return Entity{
		Track: "default", Name: "Примерна енергия АД", NationalID: "EIK 200000001", Address: "ул. Примерна 1\n1000 София", Sector: "energy / electricity", Class: "essential",
		MemberState: "BG", Contact: Contact{Name: "Ivana Example", Role: "incident commander", Email: "soc@example.eu", Phone: "+359 2 000 0000"}, Zone: zone,
	}
}
