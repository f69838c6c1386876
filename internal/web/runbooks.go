package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"nis2clock/internal/incident"
	"nis2clock/internal/runbook"
)

// lists are the checklists of the runbooks in use in an incident, in order of
// fit; also, names one that is to be among them.
func (s *server) lists(id incident.ID, also string) ([]runbook.Checklist, error) {
	now, books := s.Desk.Now(), s.Runbooks()
	out, known := []runbook.Checklist{}, false
	s.Desk.View(func(st *incident.State) {
		var i *incident.Incident
		if i, known = st.Incident(id); !known {
			return
		}
		matches := books.InUse(i.View(now))
		if r, err := books.Get(also); err == nil && !slices.ContainsFunc(matches, func(m runbook.Match) bool { return m.Name == also }) {
			matches = append(matches, runbook.Match{Runbook: r})
		}
		for _, m := range matches {
			out = append(out, m.Checklist(id, i.Ticks, now))
		}
	})
	if !known {
		return nil, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	return out, nil
}

func (s *server) checklists(w http.ResponseWriter, r *http.Request) error {
	lists, err := s.lists(id(r), "")
	if err != nil {
		return err
	}
	return s.write(w, http.StatusOK, struct {
		Runbooks []runbook.Checklist `json:"runbooks"`
	}{lists})
}

// checklist is one runbook in an incident, also one that does not fit it.
func (s *server) checklist(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	lists, err := s.lists(id(r), name)
	if err != nil {
		return err
	}
	for _, c := range lists {
		if c.Name == name {
			return s.write(w, http.StatusOK, c)
		}
	}
	_, err = s.Runbooks().Get(name)
	return err
}

func (s *server) tickStep(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Done bool   `json:"done"`
		Note string `json:"note"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	cmd, err := s.Runbooks().Tick(p, id(r), r.PathValue("name"), r.PathValue("step"), in.Done, in.Note)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, cmd)
}

// tickPage is a box pressed on an incident's page.
func (s *server) tickPage(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		return errBadRequest{fmt.Errorf("read the form: %w", err)}
	}
	by := actor(r)
	by.Via = "page"
	name, step := r.PathValue("name"), r.PathValue("step")
	cmd, err := s.Runbooks().Tick(incident.Person{By: by}, id(r), name, step, r.PostForm.Get("done") == "true", r.PostForm.Get("note"))
	if err != nil {
		return err
	}
	if _, err := s.command(r, cmd); err != nil {
		return err
	}
	back := url.URL{Path: "/incidents/" + string(id(r)), RawQuery: url.Values{"runbook": {name}}.Encode(), Fragment: name + "." + step}
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
	return nil
}

// runbookRow is a checklist on a page.
type runbookRow struct {
	runbook.Checklist
	Open  bool
	Boxes []boxRow
}

// boxRow is one box. Section is empty where it is that of the box above.
type boxRow struct {
	runbook.StepView
	Section, Ticked string
	Body            template.HTML
}

// runbookRows are the checklists of a page; the one named is open, else the first.
func runbookRows(lists []runbook.Checklist, open string) []runbookRow {
	rows := make([]runbookRow, len(lists))
	for n, c := range lists {
		row := runbookRow{Checklist: c, Open: c.Name == open || open == "" && n == 0}
		section := ""
		for _, s := range c.Steps {
			b := boxRow{StepView: s, Body: template.HTML(s.HTML)} // made by goldmark without the HTML in the text
			if s.Section != section {
				section, b.Section = s.Section, s.Section
			}
			if s.At != nil {
				b.Ticked = *s.By + ", " + utc(*s.At)
			}
			row.Boxes = append(row.Boxes, b)
		}
		rows[n] = row
	}
	return rows
}

// others are the runbooks that are not among those shown.
func others(books *runbook.Library, shown []runbook.Checklist) (out []*runbook.Runbook) {
	for _, r := range books.All() {
		if !slices.ContainsFunc(shown, func(c runbook.Checklist) bool { return c.Name == r.Name }) {
			out = append(out, r)
		}
	}
	return out
}
