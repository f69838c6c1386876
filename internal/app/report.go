package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/report"
	"nis2clock/internal/significance"
	"nis2clock/internal/web"
	"nis2clock/templates"
)

// renderer parses the report templates.
func (a *App) renderer() (*report.Renderer, error) {
	o := report.Options{Builtin: templates.FS, Law: a.cfg.Law, Logger: a.o.Logger}
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

// lang is the language of a report, the service's own unless one is asked for.
func (a *App) lang(asked string) string { return cmp.Or(asked, a.cfg.Languages[0]) }

// Report makes one report as PDF, in the service's language.
func (a *App) Report(ctx context.Context, id incident.ID, stage string) ([]byte, error) {
	return a.Render(ctx, id, report.Request{Stage: stage}, "pdf")
}

// Render makes one report as of the incident's last entry about content; as PDF
// it is the approved version where there is one of that, else a draft.
func (a *App) Render(ctx context.Context, id incident.ID, req report.Request, format string) ([]byte, error) {
	req.Lang = a.lang(req.Lang)
	if format == "pdf" {
		return a.newest(ctx, id, web.ReportName{Stage: req.Stage, Lang: req.Lang, Entity: req.Entity, For: req.For})
	}
	src, err := a.source(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.report.Render(req, src, format)
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

// draw renders a report as PDF.
func (a *App) draw(req web.ReportName, src report.Source) ([]byte, error) {
	return a.report.Render(report.Request{Stage: req.Stage, Lang: req.Lang, Entity: req.Entity, For: req.For}, src, "pdf")
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
	switch {
	case !known:
		return src, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	case src.Incident.Erased:
		return src, fmt.Errorf("%w: %s was erased: there is nothing to report on", incident.ErrRefused, id)
	}
	// What was approved since is not what the report is made from.
	src.Incident.Approvals = slices.DeleteFunc(src.Incident.Approvals, func(v incident.ApprovalView) bool { return v.Entry >= src.Journal.Size })
	entries, err := desk.Entries(ctx, a.desk, a.store, id)
	if err != nil {
		return src, err
	}
	src.Entries = slices.DeleteFunc(entries, func(e incident.Entry) bool { return e.Seq >= src.Journal.Size })
	src.Extra = extra
	root, err := a.store.Root(src.Journal.Size)
	if err != nil {
		return src, err
	}
	src.Journal.Root, src.Journal.Key = root.String(), a.store.VerifierKey()
	return src, nil
}

// extra maps to reports what other rooms have added to an incident: the one
// place to say it.
func extra(v incident.View) report.Extra {
	var out report.Extra
	for _, c := range v.Significance.Criteria {
		if c.Result == significance.Met {
			out.Criteria = append(out.Criteria, c.Source+": "+c.Text)
		}
	}
	out.AssessedBy, out.AssessedAt = orZero(v.Significance.By), orZero(v.Significance.At)
	for _, e := range v.Evidence {
		out.Evidence = append(out.Evidence, report.Evidence{Digest: orZero(e.Digest), Kind: e.Kind, CollectedAt: e.CollectedAt, Complete: e.Complete})
	}
	for _, m := range v.Messages {
		out.Messages = append(out.Messages, report.Message{
			FromAuthority: m.Direction == incident.In, At: cmp.Or(orZero(m.ReceivedAt), orZero(m.SentAt)),
			Kind: string(m.Kind), Reference: orZero(m.Reference), Text: m.Text,
		})
	}
	if len(v.Breaches) > 0 {
		out.Breach = breach(v.Breaches[0])
	}
	return out
}

// breach answers the fields of a GDPR notification from what was recorded.
func breach(b incident.BreachView) *report.Breach {
	fields := map[string][]string{"personal_data_involved": {"yes"}}
	say := func(id string, values ...string) {
		if values = slices.DeleteFunc(values, func(s string) bool { return s == "" }); len(values) > 0 {
			fields[id] = values
		}
	}
	number := func(a incident.Approximately) string {
		if a.Number == nil {
			return ""
		}
		return strconv.FormatInt(*a.Number, 10)
	}
	var categories []string
	for _, set := range b.DataSets {
		categories = append(categories, set.Categories...)
	}
	say("data_categories", categories...)
	say("data_subject_categories", b.Subjects.Categories...)
	say("data_subjects_number", number(b.Subjects))
	say("records_number", number(b.Records))
	say("likely_consequences", b.Consequences)
	if b.Informing != nil {
		say("subjects_informed", map[string]string{incident.Inform: "yes", incident.DoNotInform: "no", incident.InformNotYet: "planned"}[b.Informing.Decision])
	}
	out := &report.Breach{Fields: fields}
	if n := len(b.History); n > 0 {
		out.By, out.At = b.History[n-1].By, b.History[n-1].At
	}
	return out
}

// orZero is what p points to, zero for nil.
func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// lacks says what a report would lack if it went out now.
func (a *App) lacks(i *incident.Incident, clock incident.ClockID, now time.Time) []string {
	v := i.View(now)
	return a.report.Lacks(v, clock, extra)
}
