// Package communication drafts what people are told about an incident: one's
// own people, the recipients of the services, the authority. A person edits
// the draft and sends it; nothing here sends anything.
//
// A draft is a Markdown file with Go template actions, named after its kind
// and language, such as recipients_notice.de.md. Each kind has a struct of its
// own with all that its templates can reach: what is not in [Recipients] cannot
// get into a notice to customers, whatever the template says. A fact that is
// not known is the empty string, and a template says so in words.
package communication

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"nis2clock/internal/incident"
)

// ErrKind: there is no such kind of communication, or none in that language.
var ErrKind = errors.New("no such draft")

// Folder is where templates lie in a file system.
const Folder = "communications"

// From is who sends. Empty fields are said as unknown.
type From struct {
	Entity, Authority string
	// Track is the entity's name in the clocks; empty for all of an incident.
	Track string
	Zone  *time.Location // of the times; nil for UTC
}

// Drafter fills in templates. It is read-only and safe for concurrent use.
type Drafter struct {
	from   From
	drafts map[string]map[string]*template.Template // by kind and language
}

// New parses every template; a file in a later file system replaces its
// namesake in an earlier one. One of no known kind, or that cannot be filled
// in, is refused.
func New(from From, systems ...fs.FS) (*Drafter, error) {
	if from.Zone == nil {
		from.Zone = time.UTC
	}
	d := &Drafter{from: from, drafts: map[string]map[string]*template.Template{}}
	var errs []error
	for _, system := range systems {
		files, err := fs.Glob(system, path.Join(Folder, "*.md"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			errs = append(errs, d.add(system, file))
		}
	}
	return d, errors.Join(errs...)
}

func (d *Drafter) add(system fs.FS, file string) error {
	kind, lang, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".md"), ".")
	if !slices.Contains(incident.CommunicationKinds, kind) || lang == "" {
		return fmt.Errorf("%s: name it KIND.LANG.md, with a kind of %s", file, strings.Join(incident.CommunicationKinds, ", "))
	}
	text, err := fs.ReadFile(system, file)
	if err != nil {
		return fmt.Errorf("read template %s: %w", file, err)
	}
	t, err := template.New(path.Base(file)).Parse(string(text))
	if err != nil {
		return err
	}
	if _, err := fill(t, d.fields(kind, incident.View{}, time.Time{})); err != nil {
		return err
	}
	if d.drafts[kind] == nil {
		d.drafts[kind] = map[string]*template.Template{}
	}
	d.drafts[kind][lang] = t
	return nil
}

// Languages are those that the kind has a template in.
func (d *Drafter) Languages(kind string) []string {
	var out []string
	for lang := range d.drafts[kind] {
		out = append(out, lang)
	}
	slices.Sort(out)
	return out
}

// Draft fills in the template of the kind and language for the incident as it
// is at now. The error is [ErrKind] where there is none, and names those there
// are.
func (d *Drafter) Draft(kind, lang string, v incident.View, now time.Time) (string, error) {
	if !slices.Contains(incident.CommunicationKinds, kind) {
		return "", fmt.Errorf("%w: %q; there is %s", ErrKind, kind, strings.Join(incident.CommunicationKinds, ", "))
	}
	t, ok := d.drafts[kind][lang]
	if !ok {
		return "", fmt.Errorf("%w: %s has no template in %q; it has one in %s", ErrKind, kind, lang, strings.Join(d.Languages(kind), ", "))
	}
	return fill(t, d.fields(kind, v, now))
}

func fill(t *template.Template, data any) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}
