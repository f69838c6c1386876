package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/packet"
	"nis2clock/internal/report"
	"nis2clock/internal/web"
)

// Packet prepares an incident's packet and records that it is exported. What it
// returns writes it.
func (a *App) Packet(ctx context.Context, by incident.Actor, id incident.ID, req web.PacketRequest) (func(context.Context, io.Writer) error, error) {
	src, err := a.packetSource(ctx, id, req.Profile, req.Langs)
	if err != nil {
		return nil, err
	}
	p, err := packet.Prepare(ctx, src, req.Profile)
	if err != nil {
		return nil, err
	}
	_, err = a.desk.Do(ctx, incident.RecordExport{
		By: by, ID: id, Profile: req.Profile.Name, Manifest: p.Digest(), Size: src.Size, Langs: src.Langs, Encrypted: len(req.Recipients) > 0,
	})
	if err != nil {
		return nil, err
	}
	// Who was given an artefact stands in the chain of custody before a byte of
	// it leaves the house. The body of a webhook is none of the incident's.
	for _, e := range p.Manifest().Evidence {
		if e.File == nil || !slices.ContainsFunc(src.Incident.Evidence, func(v incident.EvidenceView) bool { return v.Digest != nil && *v.Digest == e.Digest }) {
			continue
		}
		if _, err := a.desk.Do(ctx, incident.ReadEvidence{By: by, ID: id, Digest: e.Digest, To: "packet for the " + req.Profile.Name}); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, w io.Writer) error { return p.Write(ctx, w, req.Recipients...) }, nil
}

// restricted tells which incidents are.
func restricted(s *incident.State) func(incident.ID) bool {
	return func(id incident.ID) bool {
		i, ok := s.Incident(id)
		return ok && i.Restricted != nil
	}
}

// errMoved: the incident changed while its packet was made.
var errMoved = errors.New("the incident changed meanwhile")

// packetSource gathers what a packet is made of, all of it as of one instant.
func (a *App) packetSource(ctx context.Context, id incident.ID, profile packet.Profile, langs []string) (packet.Source, error) {
	for {
		src, err := a.tryPacketSource(ctx, id, profile, langs)
		if !errors.Is(err, errMoved) {
			return src, err
		}
	}
}

func (a *App) tryPacketSource(ctx context.Context, id incident.ID, profile packet.Profile, langs []string) (packet.Source, error) {
	src := packet.Source{Log: a.store, Vault: a.vault, Decode: desk.Decode, Entities: map[string]string{}, Langs: langs}
	if len(langs) == 0 {
		src.Langs = []string{"en"}
	}
	for _, e := range a.cfg.Entities {
		switch {
		case e.LegalName != "":
			src.Entities[e.Name] = e.LegalName
		case e.Name == config.Default().Entities[0].Name:
			src.Entities[e.Name] = "the entity (no name is configured)"
		}
	}
	known := false
	a.desk.View(func(s *incident.State) {
		var i *incident.Incident
		if i, known = s.Incident(id); known {
			src.Incident, src.Size = i.View(i.UpdatedAt), i.Sealed()
			src.Beside = s.BesideRestricted(id, restricted(s))
			src.Entries = slices.DeleteFunc(slices.Clone(i.Entries), func(seq uint64) bool { return seq >= src.Size })
		}
	})
	if !known {
		return src, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	var err error
	src.Reports, err = a.packetReports(ctx, src.Incident, profile, src.Langs)
	return src, err
}

// packetReports are every approved version, then a draft of every report that can
// be asked for and has no approved version of the incident as it stands. Of
// another regime than nis2 only what a clock or an approval speaks of is there.
func (a *App) packetReports(ctx context.Context, v incident.View, profile packet.Profile, langs []string) ([]packet.Report, error) {
	var out []packet.Report
	current := map[web.ReportName]bool{} // with an approved version
	for n := range v.Approvals {
		approval := v.Approvals[n]
		stage := incident.JoinStage(approval.Regime, approval.Stage)
		if !profile.Shows(stage) {
			out = append(out, packet.Report{Stage: stage})
			continue
		}
		frozen := version{ApprovalView: approval}
		if err := a.read(&frozen); err != nil {
			return nil, err
		}
		out = append(out, packet.Report{Stage: stage, Lang: approval.Lang, Entity: approval.Entity, PDF: frozen.pdf, Signature: frozen.sig, Approval: &frozen.ApprovalView})
		if approval.Size == v.Revision {
			current[web.ReportName{Stage: stage, Lang: approval.Lang}] = true
		}
	}
	src, err := a.source(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	if src.Incident.Revision != v.Revision {
		return nil, errMoved
	}
	for _, stage := range report.Stages() {
		if stage == "worksheet" {
			continue
		}
		if reg, _ := incident.SplitStage(stage); strings.Contains(stage, "/") && !slices.ContainsFunc(v.Clocks, func(c incident.ClockView) bool { return string(c.Regime) == reg }) {
			continue
		}
		for _, lang := range langs {
			req := web.ReportName{Stage: stage, Lang: lang}
			if current[req] {
				continue
			}
			r := packet.Report{Stage: stage, Lang: lang}
			if profile.Shows(stage) { // what is not shown is not drawn
				if r.PDF, err = a.draw(req, src); err != nil {
					return nil, err
				}
			}
			out = append(out, r)
		}
	}
	return out, nil
}
