// Package report makes an incident's reports: it fills a template's fields
// from the incident, and renders the result as PDF.
//
// A report is rendered as of the incident's last entry about content: its
// time, its place in the journal and the root of the tree there; never "now".
// Deliveries, reads and exports do not count. The same incident therefore
// gives the same bytes.
package report

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/report/pdf"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrStage: there is no template for the stage that was asked for.
var ErrStage = errors.New("no such report")

// Entity is the reporting entity as reports name it. Empty fields are shown as
// not recorded.
type Entity struct {
	Name, NationalID, Address, Sector, Class, MemberState, Authority string
	Contact                                                          Contact
}

// Contact is whom the authority can reach.
type Contact struct{ Name, Role, Email, Phone string }

// Source is what a report is made from.
type Source struct {
	// Incident is the incident as of UpdatedAt, its last entry about content.
	Incident incident.View
	// Entries is everything about it up to then.
	Entries []incident.Entry
	Journal Journal
}

// Journal is the place in the journal a report commits to.
type Journal struct {
	Size      uint64
	Root, Key string
}

// Renderer turns incidents into reports. It is read-only and safe for
// concurrent use.
type Renderer struct {
	entity    Entity
	zone      *time.Location
	templates map[string]*pdf.Template // by stage
}

// New parses every template of the folders given; a file in a later one
// replaces its namesake in an earlier one. A template that cannot be parsed is
// refused.
func New(entity Entity, zone *time.Location, folders ...fs.FS) (*Renderer, error) {
	r := &Renderer{entity: entity, zone: zone, templates: map[string]*pdf.Template{}}
	for _, folder := range folders {
		names, err := fs.Glob(folder, "*.md")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, fmt.Errorf("read template %s: %w", name, err)
			}
			t, err := pdf.ParseTemplate(name, string(text))
			if err != nil {
				return nil, err
			}
			r.templates[strings.TrimSuffix(name, ".md")] = t
		}
	}
	return r, nil
}

// Stages are those there is a template for.
func (r *Renderer) Stages() []string {
	var out []string
	for stage := range r.templates {
		out = append(out, stage)
	}
	slices.Sort(out)
	return out
}

// PDF renders one stage. The error is ErrStage when there is no template for it.
func (r *Renderer) PDF(stage string, src Source) ([]byte, error) {
	t, ok := r.templates[stage]
	if !ok {
		return nil, fmt.Errorf("%w: %q; there is %s", ErrStage, stage, strings.Join(r.Stages(), ", "))
	}
	data := r.fill(stage, src)
	markdown, err := t.Execute(data)
	if err != nil {
		return nil, fmt.Errorf("fill %s for %s: %w", stage, data.Incident, err)
	}
	machine, err := json.Marshal(src.Incident.WithoutPrivileged(), json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("attach the record of %s: %w", data.Incident, err)
	}
	name := strings.ReplaceAll(stage, "_", " ")
	var out bytes.Buffer
	err = pdf.Render(&out, pdf.Document{
		Title: fmt.Sprintf("NIS2 %s %s", name, data.Incident), Subject: src.Incident.Title, Author: data.Entity.Name, Lang: "en",
		Header: fmt.Sprintf("NIS2 %s · %s", name, data.Incident),
		Footer: fmt.Sprintf("journal size %d · root %s", data.Journal.Size, data.Journal.Root),
		Marks:  data.Marks, At: src.Incident.UpdatedAt,
		Attach: []pdf.Attachment{{Name: data.Incident + ".json", Description: "The incident as recorded, for machines", Data: machine}},
	}, markdown)
	if err != nil {
		return nil, fmt.Errorf("render %s for %s: %w", stage, data.Incident, err)
	}
	return out.Bytes(), nil
}
