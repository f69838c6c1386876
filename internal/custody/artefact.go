package custody

import (
	"maps"
	"strings"

	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"
)

// record is an artefact in the words of the record.
func record(v *vault.Vault, a evidence.Artefact) (incident.Artefact, error) {
	out := incident.Artefact{
		Collector: a.Collector, Kind: a.Kind, Digest: a.Digest, Bytes: a.Bytes, CollectedAt: a.CollectedAt.UTC(),
		Complete: a.Complete, Empty: a.Empty, Skipped: a.Skipped, Error: a.Error, Retry: a.Retry, Warnings: a.Warnings,
		Query: a.Query, From: a.From, To: a.To, Step: a.Step, Server: a.Server, ServerVersion: a.ServerVersion,
		Counts: a.Counts, MadeFrom: a.MadeFrom,
	}
	for _, p := range a.Parts {
		out.Parts = append(out.Parts, incident.Part(p))
	}
	for _, g := range a.Gaps {
		out.Gaps = append(out.Gaps, incident.Gap(g))
	}
	digest, ok := strings.CutPrefix(a.Digest, "sha256:")
	if !ok {
		return out, nil
	}
	info, err := v.Stat(digest)
	if err == nil && info.Encrypted {
		out.Stored = info.Stored
	}
	return out, err
}

// state is what the schedule goes by.
func state(i *incident.Incident) evidence.State {
	st := evidence.State{
		OpenedAt: i.OpenedAt,
		Over:     i.Status == incident.StatusClosed || i.Reportability == incident.ReportNotReportable,
	}
	for n := range i.Clocks {
		if c := &i.Clocks[n]; c.Open() {
			st.Reports = append(st.Reports, evidence.Report{Clock: c.ClockID.String(), DueAt: c.Deadline()})
		}
	}
	for _, r := range i.Ran {
		st.Runs = append(st.Runs, evidence.Run{Collector: r.Collector, Rounds: r.Rounds, At: r.At, Retry: r.Retry})
	}
	return st
}

// alert is the one that queries are made from: the first of the incident's. An
// incident that was declared by hand has none.
func alert(i *incident.Incident) evidence.Alert {
	if len(i.Alerts) == 0 {
		return evidence.Alert{StartsAt: i.DetectedAt}
	}
	a := i.Alerts[0]
	return evidence.Alert{Labels: maps.Clone(a.Labels), StartsAt: a.StartsAt, GeneratorURL: a.GeneratorURL}
}
