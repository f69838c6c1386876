package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/indicator"
	"nis2clock/internal/packet"
	"nis2clock/internal/report"
	"nis2clock/internal/web"
)

// Packet prepares an incident's packet and records that it is exported. What it
// returns writes it.
func (a *App) Packet(ctx context.Context, by incident.Actor, id incident.ID, req web.PacketRequest) (func(context.Context, io.Writer) error, error) {
	src, err := a.packetSource(ctx, id, req)
	if err != nil {
		return nil, err
	}
	p, err := packet.Prepare(ctx, src, req.Profile)
	if err != nil {
		return nil, err
	}
	_, err = a.desk.Do(ctx, incident.RecordExport{
		By: by, ID: id, Profile: req.Profile.Name, Entity: req.Entity, Manifest: p.Digest(), Size: src.Size, Langs: src.Langs, Encrypted: len(req.Recipients) > 0,
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
func (a *App) packetSource(ctx context.Context, id incident.ID, req web.PacketRequest) (packet.Source, error) {
	for {
		src, err := a.tryPacketSource(ctx, id, req)
		if !errors.Is(err, errMoved) {
			return src, err
		}
	}
}

// entityNames are the legal entities as strangers read them, by the name that
// clocks bear; one that is not there is read as it stands.
func (a *App) entityNames() map[string]string {
	names := map[string]string{}
	for _, e := range a.cfg.Entities {
		switch {
		case e.LegalName != "":
			names[e.Name] = e.LegalName
		case e.Name == config.Default().Entities[0].Name:
			names[e.Name] = "the entity (no name is configured)"
		}
	}
	return names
}

// Indicators are the indicators of compromise of an incident, as a STIX bundle.
func (a *App) Indicators(id incident.ID) ([]byte, error) {
	var v incident.View
	known := false
	a.desk.View(func(s *incident.State) {
		var i *incident.Incident
		if i, known = s.Incident(id); known {
			v = i.View(i.UpdatedAt)
		}
	})
	if !known {
		return nil, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	src, err := indicator.Of(v, a.entityNames())
	if err != nil {
		return nil, err
	}
	return indicator.Bundle(src)
}

func (a *App) tryPacketSource(ctx context.Context, id incident.ID, req web.PacketRequest) (packet.Source, error) {
	src := packet.Source{Log: a.store, Vault: a.vault, Decode: desk.Decode, Entities: a.entityNames(), Langs: req.Langs}
	if len(req.Langs) == 0 {
		src.Langs = a.cfg.Languages
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
	if req.Entity != "" {
		if !slices.ContainsFunc(src.Incident.Clocks, func(c incident.ClockView) bool { return c.Entity == req.Entity }) {
			return src, fmt.Errorf("%w: %s has no clock of an entity %q", incident.ErrInvalid, id, req.Entity)
		}
		src.Entity, src.Share = req.Entity, incident.ShareOf(req.Entity, src.Incident)
		src.Incident, _ = incident.OfEntity(req.Entity, src.Incident, nil)
	}
	var err error
	src.Reports, err = a.packetReports(ctx, src.Incident, req, src.Langs)
	return src, err
}

// packetReports are every approved version, then a draft of every other report
// that the incident asks for, or that the profile is about.
func (a *App) packetReports(ctx context.Context, v incident.View, req web.PacketRequest, langs []string) ([]packet.Report, error) {
	var out []packet.Report
	approved := map[report.Request]bool{}
	for n := range v.Approvals {
		approval := v.Approvals[n]
		stage := incident.JoinStage(approval.Regime, approval.Stage)
		if !req.Profile.Shows(stage) {
			out = append(out, packet.Report{Stage: stage})
			continue
		}
		frozen := version{ApprovalView: approval}
		if err := a.read(&frozen); err != nil {
			return nil, err
		}
		out = append(out, packet.Report{Stage: stage, Lang: approval.Lang, Entity: approval.Entity, PDF: frozen.pdf, Signature: frozen.sig, Approval: &frozen.ApprovalView})
		approved[report.Request{Stage: stage, Lang: approval.Lang, Entity: approval.Entity}] = true
		approved[report.Request{Stage: stage, Lang: approval.Lang}] = true
	}
	src, err := a.source(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	if src.Incident.Revision != v.Revision {
		return nil, errMoved
	}
	drafts := report.Asked(v)
	for _, stage := range req.Profile.Reports {
		drafts = append(drafts, report.Request{Stage: stage})
	}
	for _, draft := range drafts {
		draft.Entity = cmp.Or(req.Entity, draft.Entity)
		for _, draft.Lang = range langs {
			if approved[draft] {
				continue
			}
			r := packet.Report{Stage: draft.Stage, Lang: draft.Lang, Entity: draft.Entity}
			if req.Profile.Shows(draft.Stage) { // what is not shown is not drawn
				if r.PDF, err = a.draw(web.ReportName{Stage: draft.Stage, Lang: draft.Lang, Entity: draft.Entity}, src); err != nil {
					return nil, err
				}
			}
			out = append(out, r)
		}
	}
	return out, nil
}
