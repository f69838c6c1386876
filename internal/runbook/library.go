package runbook

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
)

// ErrUnknown: there is no such runbook, or it has no such step.
var ErrUnknown = errors.New("no such runbook")

// maxFile bounds one file, in bytes.
const maxFile = 256 << 10

// Folder is where runbooks lie: the *.md files at its root, but README.md.
type Folder struct {
	FS   fs.FS
	Path string // as messages call it
	// BuiltIn is true for the program's own: nobody can edit them in place.
	BuiltIn bool
}

// Library is a set of runbooks. It is read-only and safe for concurrent use.
type Library struct {
	all []*Runbook // by name
}

// Load reads the folders; a file in a later one replaces its namesake in an
// earlier one. The error joins all mistakes, each as "file:line: reason";
// there is no partial library.
func Load(folders ...Folder) (*Library, error) {
	l := &Library{}
	var errs []error
	for _, folder := range folders {
		files, err := fs.Glob(folder.FS, "*.md")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.EqualFold(file, "README.md") {
				continue
			}
			r, err := read(folder, file)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			r.BuiltIn = folder.BuiltIn
			l.all = slices.DeleteFunc(l.all, func(old *Runbook) bool { return old.Name == r.Name })
			l.all = append(l.all, r)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortFunc(l.all, func(a, b *Runbook) int { return strings.Compare(a.Name, b.Name) })
	return l, errors.Join(l.dangling()...)
}

func read(folder Folder, file string) (*Runbook, error) {
	at := path.Join(folder.Path, file)
	info, err := fs.Stat(folder.FS, file)
	if err != nil {
		return nil, fmt.Errorf("read runbook %s: %w", at, err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s:1: the file is larger than %d bytes: split it", at, maxFile)
	}
	data, err := fs.ReadFile(folder.FS, file)
	if err != nil {
		return nil, fmt.Errorf("read runbook %s: %w", at, err)
	}
	return Parse(strings.TrimSuffix(file, ".md"), at, data)
}

// dangling are the links from one runbook to another that is not there.
func (l *Library) dangling() (errs []error) {
	for _, r := range l.all {
		for _, link := range r.Links {
			name, ok := linked(link.Text)
			if !ok {
				continue
			}
			if _, err := l.Get(name); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: the link to %s leads nowhere: there is no such runbook", r.File, link.Line, link.Text))
			}
		}
	}
	return errs
}

// All are the runbooks by name. The slice must not be changed.
func (l *Library) All() []*Runbook { return l.all }

// Get is the runbook of that name. The error is [ErrUnknown] and names those
// there are.
func (l *Library) Get(name string) (*Runbook, error) {
	names := make([]string, len(l.all))
	for n, r := range l.all {
		if r.Name == name {
			return r, nil
		}
		names[n] = r.Name
	}
	return nil, fmt.Errorf("%w: %q; there is %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Tick is the command that ticks a step of an incident, or takes the tick
// back. The error is [ErrUnknown] where there is no such step.
func (l *Library) Tick(by incident.Person, id incident.ID, name, step string, done bool, note string) (incident.TickStep, error) {
	r, err := l.Get(name)
	if err != nil {
		return incident.TickStep{}, err
	}
	s, ok := r.Step(step)
	if !ok {
		return incident.TickStep{}, fmt.Errorf("%w with a step %q: %s has none of that id", ErrUnknown, step, name)
	}
	ref := incident.StepRef{Runbook: r.Name, Title: r.Title, Step: s.ID, Text: s.Title, Version: r.Digest, Total: len(r.Steps)}
	return incident.TickStep{Person: by, ID: id, Step: ref, Done: done, Note: note}, nil
}

// Overdue are those whose review is overdue at now.
func (l *Library) Overdue(now time.Time) []*Runbook {
	return slices.DeleteFunc(slices.Clone(l.all), func(r *Runbook) bool { return !r.Overdue(now) })
}

// ReviewNotes say whose review is overdue at now and who should see to it, a
// sentence each, and one for all that are built in.
func (l *Library) ReviewNotes(now time.Time) (notes []string) {
	var builtIn []string
	for _, r := range l.Overdue(now) {
		if r.BuiltIn {
			builtIn = append(builtIn, r.Name)
			continue
		}
		notes = append(notes, fmt.Sprintf("runbook %s was last reviewed on %s and its review was due on %s: %s should go through it and set reviewed in %s",
			r.Name, r.Reviewed.Format(time.DateOnly), r.ReviewDue().Format(time.DateOnly), r.Owner, r.File))
	}
	if len(builtIn) > 0 {
		notes = append(notes, fmt.Sprintf("the review of the built-in runbooks %s is overdue: put a copy (nis2clock runbook show NAME --source >NAME.md) into the folder that runbooks_dir names, go through it for your organisation and set reviewed there",
			strings.Join(builtIn, ", ")))
	}
	return notes
}
