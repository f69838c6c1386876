// Package report makes an incident's reports: it fills the fields that a stage
// asks for from the incident, the configuration and what people said, and
// renders the result as PDF and as JSON.
//
// A report is rendered as of the incident's last entry about content: its
// time, its place in the journal and the root of the tree there; never "now".
// Deliveries, reads and exports do not count. The same incident therefore
// gives the same bytes.
//
// # Templates
//
// A template is a Markdown file with Go template actions, named after its
// stage: early_warning.md, gdpr/notification.md; files in partials are
// definitions that all of them may use. It is given a [Page], and these
// functions besides those of [pdf.Template]:
//
//	t KEY [NAME VALUE]…  a text of the catalogue in the report's language
//	field ID             one [Field], answered or not
//	fields GROUP         the fields of a group that are worth a line
//	status_panel         a panel with the state of the report's clock
//	timeline_figure      a figure of what happened and what is owed
//
// A custom template is checked at start; one that fails later is replaced by
// the built-in one, which then says so on the report.
package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/report/pdf"
	"nis2clock/internal/report/portal"
)

// Entity is a reporting entity as reports name it. Empty fields are shown as
// not answered.
type Entity struct {
	// Track is its name in the clocks.
	Track                                                                  string
	Name, NationalID, Address, Sector, Type, Class, MemberState, Authority string
	Contact                                                                Contact
	Zone                                                                   *time.Location // of its authority; nil for UTC
}

// Contact is whom the authority can reach.
type Contact struct{ Name, Role, Email, Phone string }

// Request is which report is wanted.
type Request struct {
	// Stage is one of [Stages], or any that a clock of the incident names.
	Stage string
	// Lang is a language of the catalogue; English when empty.
	Lang string
	// Entity is whose report it is; the first that owes it when empty.
	Entity string
	// For is the stage whose answers a worksheet lists; early_warning when empty.
	For string
}

// Source is what a report is made from.
type Source struct {
	// Incident is the incident as of UpdatedAt, its last entry about content.
	Incident incident.View
	// Entries is everything about it up to then.
	Entries []incident.Entry
	Journal Journal
	// Extra is what other rooms have added to the incident as the view shows
	// it; nil for nothing.
	Extra func(incident.View) Extra
	// Approval is who approved this version; nil for a draft.
	Approval *Approval
}

// Approval is a person's approval of a report. Role is the right they had, as
// the configuration names it, and empty where it names none.
type Approval struct {
	By   string    `json:"by"`
	Role string    `json:"role"`
	At   time.Time `json:"at"`
}

// Journal is the place in the journal a report commits to.
type Journal struct {
	Size      uint64
	Root, Key string
}

// Options is what a renderer is made of.
type Options struct {
	Entities []Entity // at least one
	Builtin  fs.FS
	// Custom replaces built-in templates file by file; nil for none. Its name
	// stands before file names in errors.
	Custom     fs.FS
	CustomName string
	Law        *regime.Set
	Logger     *slog.Logger
}

// Renderer turns incidents into reports. It is read-only and safe for
// concurrent use.
type Renderer struct {
	o               Options
	builtin, custom map[string]*pdf.Template // by file, without ".md"
}

// New parses every template. A custom one that cannot be parsed, names a text
// or field that is not there, or fails on a specimen, is refused.
func New(o Options) (*Renderer, error) {
	if len(o.Entities) == 0 {
		return nil, errors.New("reports need an entity")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Renderer{o: o}
	var err error
	if r.builtin, err = parseFolder(o.Builtin, nil, ""); err != nil {
		return nil, err
	}
	if o.Custom == nil {
		return r, nil
	}
	if r.custom, err = parseFolder(o.Custom, o.Builtin, o.CustomName); err != nil {
		return nil, err
	}
	return r, r.trial()
}

// addressee is whom the entity reports to under a regime, and the sentence that
// says that a document is not itself a report to them. The entity's configured
// authority is that of the regime which its State's overlay is about.
func (r *Renderer) addressee(e Entity, regime string, l *catalogue.Language) (authority, prepared string) {
	law, _, _ := strings.Cut(regime, "_")
	state, known := r.o.Law.State(e.MemberState)
	switch {
	case l.Has("authority_" + law):
		authority = l.Say("authority_" + law)
	case e.Authority != "":
		authority = e.Authority
	case known && string(state.Regime) == regime:
		authority = state.Authority
	}
	if p, ok := portal.For(e.MemberState, regime); ok && p.Name != "" {
		return authority, l.Say("not_a_submission", "portal", p.Name)
	}
	return authority, l.Say("prepared_note", "authority", cmp.Or(authority, l.Say("own_channel")))
}

// entity is whose report is wanted, and the clock of it.
func (r *Renderer) entity(name string, st stage, v incident.View) (Entity, *incident.ClockView, error) {
	var clock *incident.ClockView
	for n := range v.Clocks {
		c := &v.Clocks[n]
		if string(c.Regime) == st.Regime && string(c.Stage) == st.Name && (name == "" || c.Entity == name) {
			clock = c
			break
		}
	}
	switch {
	case name == "" && clock != nil:
		name = clock.Entity
	case name == "" && len(v.Clocks) > 0:
		name = v.Clocks[0].Entity
	}
	if name == "" {
		return r.o.Entities[0], clock, nil
	}
	n := slices.IndexFunc(r.o.Entities, func(e Entity) bool { return e.Track == name })
	switch {
	case n >= 0:
		return r.o.Entities[n], clock, nil
	case slices.ContainsFunc(v.Clocks, func(c incident.ClockView) bool { return c.Entity == name }): // configured otherwise since
		return Entity{Track: name}, clock, nil
	}
	return Entity{}, nil, fmt.Errorf("%w: there is no entity %q", ErrStage, name)
}

// draft fills a report with what its entity's authority may read.
func (r *Renderer) draft(req Request, src Source) (*draft, error) {
	l, err := catalogue.In(req.Lang)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStage, err)
	}
	asked := req.Stage
	if asked == worksheet {
		req.Stage = cmp.Or(req.For, "early_warning")
	}
	st, err := findStage(req.Stage, src.Incident)
	if err != nil {
		return nil, err
	}
	entity, clock, err := r.entity(req.Entity, st, src.Incident)
	if err != nil {
		return nil, err
	}
	src = src.outside()
	src.Incident, src.Entries = incident.OfEntity(entity.Track, src.Incident, src.Entries)
	if st, err = findStage(req.Stage, src.Incident); err != nil { // another's authority alone asked for it
		return nil, err
	}
	l = l.National(entity.MemberState)
	d := r.fill(facts{stage: st, entity: entity, view: src.Incident, entries: src.Entries, extra: src.extra(src.Incident), clock: clock}, l, src)
	if asked == worksheet {
		d.worksheet()
	}
	return d, nil
}

// Lacks says what a report would lack if it went out for the incident as it
// stands, as ids of required fields. It is [incident.Lacks] but for the view.
func (r *Renderer) Lacks(v incident.View, id incident.ClockID, extra func(incident.View) Extra) []string {
	name := string(id.Stage)
	if id.Regime != "nis2" {
		name = string(id.Regime) + "/" + name
	}
	st, err := findStage(name, v)
	if err != nil || st.Title != "" { // no form of its own: nothing is known to be required
		return nil
	}
	entity, clock, err := r.entity(id.Entity, st, v)
	if err != nil {
		return nil
	}
	var ids []string
	v, _ = incident.OfEntity(entity.Track, v, nil)
	f := facts{stage: st, entity: entity, view: v, clock: clock, extra: Source{Extra: extra}.extra(v)}
	for _, m := range missing(f.values()) {
		ids = append(ids, m.Def.ID)
	}
	return ids
}

// outside is what may leave the house: everything but privileged notes.
func (src Source) outside() Source {
	src.Incident = src.Incident.WithoutPrivileged()
	src.Entries = slices.DeleteFunc(slices.Clone(src.Entries), incident.Entry.Privileged)
	return src
}

// PDF renders one report. The error is [ErrStage] when there is no such one.
func (r *Renderer) PDF(req Request, src Source) ([]byte, error) {
	d, err := r.draft(req, src)
	if err != nil {
		return nil, err
	}
	markdown, err := r.markdown(d)
	if err != nil {
		return nil, err
	}
	attach, err := d.attachments()
	if err != nil {
		return nil, err
	}
	title := d.heading()
	var banner []string
	if d.Exercise {
		banner = append(banner, d.lang.Say("exercise_mark"))
	}
	if d.Draft {
		banner = append(banner, d.lang.Say("draft_mark"))
	}
	tlp := "TLP:" + src.Incident.TLP
	if v, ok := d.value("tlp_marking"); ok && len(v.Items) > 0 {
		tlp = v.Items[0]
	}
	var out bytes.Buffer
	err = pdf.Render(&out, pdf.Document{
		Title: title + " " + d.Incident, Subject: d.Page.Title, Author: d.entity.Name, Lang: d.lang.Tag,
		Header: title + " · " + d.Incident,
		Footer: fmt.Sprintf("%d · %s", d.Journal.Size, d.Journal.Root),
		Marks:  []string{tlp}, Banner: strings.Join(banner, "  ·  "), Alarm: d.Exercise,
		PageOf: d.lang.Say("page_of"), Numbered: true, At: src.Incident.UpdatedAt, Attach: attach,
	}, markdown)
	if err != nil {
		return nil, fmt.Errorf("render %s for %s: %w", d.Stage, d.Incident, err)
	}
	return out.Bytes(), nil
}

// heading is what the document is called.
func (d *draft) heading() string {
	if d.Worksheet != nil {
		return d.lang.Say("stage_worksheet") + ": " + d.StageTitle
	}
	return d.StageTitle
}

// markdown executes the report's template: the house's own where there is one
// and it works.
func (r *Renderer) markdown(d *draft) ([]byte, error) {
	name := d.stage.Template
	if d.Worksheet != nil {
		name = worksheet
	}
	if t, ok := r.custom[name]; ok {
		markdown, err := t.Execute(d.Page, d.funcs())
		if err == nil {
			return markdown, nil
		}
		r.o.Logger.Error("The house's report template failed; the built-in one is used", "template", name, "incident", d.Incident, "err", err)
		d.Fallback = d.lang.Say("fallback_note", "error", err.Error())
	}
	t, ok := r.builtin[name]
	if !ok {
		return nil, fmt.Errorf("%w: there is no template %s.md", ErrStage, name)
	}
	markdown, err := t.Execute(d.Page, d.funcs())
	if err != nil {
		return nil, fmt.Errorf("fill %s for %s: %w", d.Stage, d.Incident, err)
	}
	return markdown, nil
}

// Formats are what a report can be written as.
var Formats = []string{"pdf", "json"}

// Render renders one report in one of [Formats].
func (r *Renderer) Render(req Request, src Source, format string) ([]byte, error) {
	switch format {
	case "pdf":
		return r.PDF(req, src)
	case "json":
		return r.JSON(req, src)
	}
	return nil, fmt.Errorf("%w as %q: want %s", ErrStage, format, strings.Join(Formats, " or "))
}
