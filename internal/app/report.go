package app

import (
	"context"
	"fmt"
	"slices"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/report"
	"nis2clock/internal/web"
)

// Report makes one report as of the incident's last entry about content: the
// approved version where there is one of that, else a draft.
func (a *App) Report(ctx context.Context, id incident.ID, stage string) ([]byte, error) {
	return a.newest(ctx, id, web.ReportName{Stage: stage})
}

func (a *App) newest(ctx context.Context, id incident.ID, req web.ReportName) ([]byte, error) {
	v, ok, err := a.frozen(id, req)
	if err != nil || ok {
		return v.pdf, err
	}
	src, err := a.source(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.draw(req, src)
}

// draw renders a report.
func (a *App) draw(req web.ReportName, src report.Source) ([]byte, error) {
	if req.Lang != "" && req.Lang != "en" {
		return nil, fmt.Errorf("%w in the language %.20q: there is en", report.ErrStage, req.Lang)
	}
	return a.report.PDF(req.Stage, src)
}

// source reads what reports of an incident are made from.
func (a *App) source(ctx context.Context, id incident.ID) (report.Source, error) {
	var src report.Source
	known := false
	a.desk.View(func(s *incident.State) {
		var i *incident.Incident
		if i, known = s.Incident(id); known {
			src.Incident = i.View(i.UpdatedAt)
			src.Journal.Size = i.Revision
		}
	})
	if !known {
		return src, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	// What was approved since is not what the report is made from.
	src.Incident.Approvals = slices.DeleteFunc(src.Incident.Approvals, func(v incident.ApprovalView) bool { return v.Entry >= src.Journal.Size })
	entries, err := desk.Entries(ctx, a.desk, a.store, id)
	if err != nil {
		return src, err
	}
	src.Entries = slices.DeleteFunc(entries, func(e incident.Entry) bool { return e.Seq >= src.Journal.Size })
	root, err := a.store.Root(src.Journal.Size)
	if err != nil {
		return src, err
	}
	src.Journal.Root, src.Journal.Key = root.String(), a.store.VerifierKey()
	return src, nil
}
