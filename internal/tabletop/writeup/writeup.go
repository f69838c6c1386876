package writeup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/report/pdf"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/templates"
)

// Template is the file of the template, in the program's templates and in a
// folder of the house's own.
const Template = "tabletop/write-up.md"

// Marks that stand on every page.
const (
	ExerciseMark  = "EXERCISE – NOT A REAL INCIDENT"
	RehearsalMark = "EXERCISE – AUTOMATED REHEARSAL, NO PERSON TOOK PART" // in one line
	draftMark     = "DRAFT"
)

// Approval is who vouches for a write-up.
type Approval struct {
	By   string    `json:"by"`
	Role string    `json:"role"`
	At   time.Time `json:"at"` // real time
}

// Source is what a write-up is made from.
type Source struct {
	Scenario  *scenario.Scenario
	Exercise  scorecard.Exercise
	Scorecard scorecard.Scorecard
	// Approval is nil for a draft. A rehearsal has none.
	Approval *Approval
	// Custom may hold a template of the house's own; nil for none. One that fails
	// is not used, and the write-up says why.
	Custom fs.FS
}

// Files is a write-up. Its PDF carries the JSON as an attachment.
type Files struct {
	Name      string // of both, without extension
	PDF, JSON []byte
}

// Render makes the write-up.
func Render(src Source) (Files, error) {
	src = src.named()
	f := Files{Name: src.Exercise.ID + "-write-up"}
	var err error
	if f.JSON, err = src.json(); err != nil {
		return Files{}, err
	}
	markdown, err := src.markdown()
	if err != nil {
		return Files{}, err
	}
	var out bytes.Buffer
	banner := src.mark()
	if !src.Exercise.Auto && src.Approval == nil {
		banner += "  ·  " + draftMark
	}
	e := &src.Exercise
	err = pdf.Render(&out, pdf.Document{
		Title: "Tabletop exercise " + e.ID, Subject: e.Title, Author: legalNames(src.Scenario), Lang: "en",
		Header: "Tabletop exercise · " + e.ID, Footer: fmt.Sprintf("%d · %s", e.Journal.Size, e.Journal.Root),
		Marks: []string{"TLP:AMBER"}, Banner: banner, Alarm: true, Numbered: true, At: src.dated(),
		Attach: []pdf.Attachment{{Name: f.Name + ".json", Description: "This write-up for machines", Data: f.JSON}},
	}, markdown)
	if err != nil {
		return Files{}, fmt.Errorf("write up %s: %w", e.ID, err)
	}
	f.PDF = out.Bytes()
	return f, nil
}

// mark is what stands on every page.
func (src Source) mark() string {
	if src.Exercise.Auto {
		return RehearsalMark
	}
	return ExerciseMark
}

// named takes every name out of a rehearsal.
func (src Source) named() Source {
	if !src.Exercise.Auto {
		return src
	}
	e := src.Exercise
	src.Approval = nil
	e.Attendance, e.Answers, e.Remediation = nil, nil, nil
	e.Gaps = each(e.Gaps, func(g *scorecard.Gap) { g.By = "" })
	e.Actions = each(e.Actions, func(a *scorecard.Action) { a.Name = "script" })
	e.Decisions = each(e.Decisions, func(d *scorecard.Decision) { d.Name = "script" })
	e.Hints = each(e.Hints, func(h *scorecard.HintGiven) { h.By = "script" })
	e.Pauses = each(e.Pauses, func(p *scorecard.Pause) { p.By = "script" })
	e.Rewinds = each(e.Rewinds, func(r *scorecard.Rewind) { r.By = "script" })
	src.Exercise = e
	src.Scorecard.Gaps = each(src.Scorecard.Gaps, func(g *scorecard.Gap) { g.By = "" })
	src.Scorecard.Compared, src.Scorecard.Absent, src.Scorecard.Unconfirmed = nil, nil, nil
	return src
}

// each changes a copy of every one.
func each[T any](all []T, change func(*T)) []T {
	all = slices.Clone(all)
	for n := range all {
		change(&all[n])
	}
	return all
}

// dated is the instant that the write-up stands for: the end of the exercise in
// the room, and of its scenario where there was no room.
func (src Source) dated() time.Time {
	if !src.Exercise.Ended.Real.IsZero() {
		return src.Exercise.Ended.Real
	}
	return src.Exercise.Ended.Scenario
}

// markdown fills in the house's template where there is one and it works, else
// the built-in one, which then says so: an exercise is not held again because of
// a slip in a template.
func (src Source) markdown() ([]byte, error) {
	page, err := newPage(src)
	if err != nil {
		return nil, err
	}
	if src.Custom != nil {
		markdown, err := fill(src.Custom, page)
		if err == nil {
			return markdown, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			page.Warnings = append([]string{"The house's own template was not used: " + err.Error()}, page.Warnings...)
		}
	}
	markdown, err := fill(templates.FS, page)
	if err != nil {
		return nil, fmt.Errorf("write up %s: %w", src.Exercise.ID, err)
	}
	return markdown, nil
}

func fill(from fs.FS, page Page) ([]byte, error) {
	text, err := fs.ReadFile(from, Template)
	if err != nil {
		return nil, fmt.Errorf("read the write-up's template: %w", err)
	}
	t, err := pdf.ParseTemplate(Template, string(text), nil)
	if err != nil {
		return nil, err
	}
	return t.Execute(page, nil)
}

func legalNames(s *scenario.Scenario) string {
	var names []string
	for _, e := range s.Entities {
		if e.LegalName != "" {
			names = append(names, e.LegalName)
		} else {
			names = append(names, e.Name)
		}
	}
	return strings.Join(names, ", ")
}
