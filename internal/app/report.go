package app

import (
	"context"
	"os"
	"slices"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/report"
	"nis2clock/templates"
)

// renderer parses the report templates.
func (a *App) renderer() (*report.Renderer, error) {
	o := report.Options{Builtin: templates.FS, Law: regime.Builtin(), Logger: a.o.Logger}
	for _, e := range a.cfg.Entities {
		o.Entities = append(o.Entities, reporting(e))
	}
	if a.cfg.TemplatesDir != "" {
		o.Custom, o.CustomName = os.DirFS(a.cfg.TemplatesDir), a.cfg.TemplatesDir
	}
	return report.New(o)
}

// reporting is an entity as reports name it. The name that stands for "none
// configured" is nobody's.
func reporting(e config.Entity) report.Entity {
	out := report.Entity{
		Track: e.Name, Name: e.LegalName, NationalID: e.NationalID, Address: e.Address, Sector: e.Sector, Type: e.Type, Class: string(e.Class),
		MemberState: e.MemberState, Authority: e.Authority, Contact: report.Contact(e.Contact), Zone: e.Place.Zone,
	}
	if out.Name == "" && e.Name != config.Default().Entities[0].Name {
		out.Name = e.Name
	}
	return out
}

// Report renders one report as PDF, in English.
func (a *App) Report(ctx context.Context, id incident.ID, stage string) ([]byte, error) {
	return a.Render(ctx, id, report.Request{Stage: stage}, "pdf")
}

// Render makes one report as of the incident's last entry about content.
func (a *App) Render(ctx context.Context, id incident.ID, req report.Request, format string) ([]byte, error) {
	src, err := a.source(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.report.Render(req, src, format)
}

// source reads what reports of an incident are made from.
func (a *App) source(ctx context.Context, id incident.ID) (report.Source, error) {
	var src report.Source
	a.desk.View(func(s *incident.State) {
		if i, ok := s.Incident(id); ok {
			src.Incident = i.View(i.UpdatedAt)
			src.Journal.Size = i.Revision
		}
	})
	entries, err := desk.Entries(ctx, a.desk, a.store, id)
	if err != nil {
		return src, err
	}
	src.Entries = slices.DeleteFunc(entries, func(e incident.Entry) bool { return e.Seq >= src.Journal.Size })
	src.Extra = extra(src.Incident)
	root, err := a.store.Root(src.Journal.Size)
	if err != nil {
		return src, err
	}
	src.Journal.Root, src.Journal.Key = root.String(), a.store.VerifierKey()
	return src, nil
}

// extra maps to reports what other rooms have added to an incident: the one
// place to say it. Evidence, breach and the authority's messages go here as
// the incident's view comes to hold them.
func extra(v incident.View) report.Extra {
	out := report.Extra{Criteria: v.Significance.Criteria}
	if v.Significance.By != nil {
		out.AssessedBy = *v.Significance.By
	}
	if v.Significance.At != nil {
		out.AssessedAt = *v.Significance.At
	}
	return out
}

// lacks says what a report would lack if it went out now.
func (a *App) lacks(i *incident.Incident, clock incident.ClockID, now time.Time) []string {
	v := i.View(now)
	return a.report.Lacks(v, clock, extra(v))
}
