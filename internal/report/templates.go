package report

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/report/field"
	"nis2clock/internal/report/pdf"
)

// partials is the folder of definitions that all templates share.
const partials = "partials"

// templateFiles are the templates below a folder, without ".md".
func templateFiles(folder fs.FS) (names, shared []string, err error) {
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() || path.Ext(name) != ".md":
		case path.Dir(name) == partials:
			shared = append(shared, name)
		default:
			names = append(names, strings.TrimSuffix(name, ".md"))
		}
		return nil
	})
	return names, shared, err
}

// parseFolder reads the templates of a folder. Over a base, definitions and
// stages that the folder lacks come from there. Every mistake is named with file
// and line.
func parseFolder(folder, base fs.FS, called string) (map[string]*pdf.Template, error) {
	names, shared, err := templateFiles(folder)
	if err != nil {
		return nil, fmt.Errorf("read report templates: %w", err)
	}
	definitions := map[string]pdf.Source{}
	read := func(from fs.FS, name, in string) (pdf.Source, error) {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return pdf.Source{}, fmt.Errorf("read report template: %w", err)
		}
		return pdf.Source{Name: path.Join(in, name), Text: string(text)}, nil
	}
	from := map[string]fs.FS{}
	for _, name := range names {
		from[name] = folder
	}
	if base != nil {
		inherited, baseShared, err := templateFiles(base)
		if err != nil {
			return nil, fmt.Errorf("read report templates: %w", err)
		}
		for _, name := range baseShared {
			if definitions[name], err = read(base, name, ""); err != nil {
				return nil, err
			}
		}
		for _, name := range inherited {
			if _, own := from[name]; !own && len(shared) > 0 { // its definitions may be the house's
				from[name] = base
			}
		}
		for _, name := range names {
			if !slices.Contains(inherited, name) {
				return nil, fmt.Errorf("report template %s.md: there is no such report: a file is named after its stage, as %s", path.Join(called, name), strings.Join(inherited, ".md, ")+".md")
			}
		}
	}
	for _, name := range shared {
		if definitions[name], err = read(folder, name, called); err != nil {
			return nil, err
		}
	}
	// What is parsed later wins: the folder's own definitions come last.
	own := func(name string) bool { return slices.Contains(shared, name) }
	var all, last []pdf.Source
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		if own(name) {
			last = append(last, definitions[name])
			continue
		}
		all = append(all, definitions[name])
	}
	all = append(all, last...)
	out := map[string]*pdf.Template{}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(from)) {
		in := called
		if base != nil && from[name] == base {
			in = ""
		}
		src, err := read(from[name], name+".md", in)
		if err != nil {
			return nil, err
		}
		t, err := pdf.ParseTemplate(src.Name, src.Text, new(draft).funcs(), all...)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		mistakes = append(mistakes, checkNames(t)...)
		out[name] = t
	}
	return out, errors.Join(unique(mistakes)...)
}

// unique leaves out what is said twice: every template holds the shared
// definitions.
func unique(errs []error) []error {
	var out []error
	said := map[string]bool{}
	for _, err := range errs {
		if !said[err.Error()] {
			said[err.Error()] = true
			out = append(out, err)
		}
	}
	return out
}

// checkNames finds texts, fields and groups that are not there.
func checkNames(t *pdf.Template) []error {
	var errs []error
	l, err := catalogue.In("")
	if err != nil {
		return []error{err}
	}
	for function, known := range map[string]func(string) bool{
		"t":     l.Has,
		"field": func(id string) bool { _, ok := field.Lookup(id); return ok },
		"fields": func(group string) bool {
			return slices.ContainsFunc(field.All(), func(d *field.Def) bool { return d.Group == group })
		},
	} {
		constants := t.Constants(function)
		for _, name := range slices.Sorted(maps.Keys(constants)) {
			if !known(name) {
				for _, at := range constants[name] {
					errs = append(errs, fmt.Errorf("report template: %s: %s %q: there is none of that name", at, function, name))
				}
			}
		}
	}
	return errs
}

// trial executes every custom template on a specimen.
func (r *Renderer) trial() error {
	src, err := Specimen()
	if err != nil {
		return err
	}
	var mistakes []error
	for _, id := range Stages() {
		d, err := r.draft(Request{Stage: id}, src)
		if err != nil {
			return err
		}
		name := d.stage.Template
		if id == worksheet {
			name = worksheet
		}
		if t, ok := r.custom[name]; ok {
			if _, err := t.Execute(d.Page, d.funcs()); err != nil {
				mistakes = append(mistakes, err)
			}
		}
	}
	return errors.Join(unique(mistakes)...)
}

// CheckTemplates reads the custom templates as [New] would at start and returns
// how many files there are.
func CheckTemplates(o Options) (int, error) {
	names, shared, err := templateFiles(o.Custom)
	if err != nil {
		return 0, fmt.Errorf("read report templates: %w", err)
	}
	_, err = New(o)
	return len(names) + len(shared), err
}
