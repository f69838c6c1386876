package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// form is one that a person fills on an incident's page; it works without a
// script.
type form struct {
	Incident incident.ID
	// Act is what it asks for, the end of its path below the incident's. For
	// tells those of one act apart; empty where there is one.
	Act, For string
	// Key is sent along unseen and makes a double press one.
	Key string

	Title, State, Intro, Button string
	Fields                      []field
	// Seen is the version of what the form shows; see [incident.Assess.Seen].
	Seen string
	// Faults say why it was not taken, by the name of the field; those of the
	// form as a whole have none. Nil unless it was sent.
	Faults map[string]string

	said url.Values // what was sent
}

// field is one question of a form. With choices it is a list of them, or boxes
// where Many may be chosen, else a line of text or, where Long, several.
type field struct {
	Name, Label, Hint    string
	Value                string // what stands in it
	Chosen               []string
	Choices              []choice
	Many, Long, Required bool
}

type choice struct{ Value, Label string }

// Has reports whether the choice is the one that is made, or among them.
func (f field) Has(value string) bool { return f.Value == value || slices.Contains(f.Chosen, value) }

// shown is an answer in the words of its choice.
func (f field) shown(answer string) string {
	for _, c := range f.Choices {
		if c.Value == answer {
			return c.Label
		}
	}
	return answer
}

// ID is the fragment of the page at which the form stands.
func (f *form) ID() string {
	return strings.NewReplacer("/", ".", " ", "_").Replace(strings.TrimSuffix(f.Act+"."+f.For, "."))
}

// text is what was typed into a field.
func (f *form) text(name string) string { return strings.TrimSpace(f.said.Get(name)) }

// instant is the time in a field, as it is written in the zone; now where
// nothing is.
func (f *form) instant(name string, zone *time.Location, now time.Time) time.Time {
	if f.text(name) == "" {
		return now
	}
	at, err := regime.ParseLocal(f.text(name), zone)
	if err != nil {
		f.Faults[name] = err.Error()
	}
	return at
}

// instantField asks for an instant that is now unless another is typed.
func instantField(name, label string, zone *time.Location) field {
	return field{Name: name, Label: label, Hint: "Empty: now, when you press the button. Else in the time of " + zoneName(zone) +
		", such as 2026-11-10 12:17, or with an offset from UTC, such as " + regime.Sample + "."}
}

func zoneName(zone *time.Location) string {
	if zone == nil {
		return "UTC"
	}
	return zone.String()
}

// zone is that of the entity's authority; of the first entity's where the
// incident concerns several and none is named.
func (s *server) zone(v incident.View, entity string) *time.Location {
	if entity == "" && !slices.ContainsFunc(v.Clocks, func(c incident.ClockView) bool { return c.Entity != v.Clocks[0].Entity }) && len(v.Clocks) > 0 {
		entity = v.Clocks[0].Entity
	}
	if zone, ok := s.Zones[entity]; ok {
		return zone
	}
	return s.Zone
}

// check finds what no answer to the form can be right with.
func (f *form) check() {
	for _, q := range f.Fields {
		said := slices.DeleteFunc(slices.Clone(f.said[q.Name]), func(s string) bool { return strings.TrimSpace(s) == "" })
		for _, s := range said {
			if len(q.Choices) > 0 && !slices.ContainsFunc(q.Choices, func(c choice) bool { return c.Value == s }) {
				f.Faults[q.Name] = "What was chosen here is no longer one of the choices: look at them again."
			}
		}
		if q.Required && len(said) == 0 && f.Faults[q.Name] == "" {
			f.Faults[q.Name] = "Please answer this."
		}
	}
}

// keep puts what was sent back into the form, with why it was not taken. Where
// the form shows something else by now that stands, and what was typed is named
// beside it: pressed again, it would write over what others recorded since.
func (f *form) keep(sent *form) {
	f.Key, f.Faults = sent.Key, sent.Faults
	for n := range f.Fields {
		q := &f.Fields[n]
		if f.Seen != sent.Seen {
			if typed := sent.text(q.Name); typed != "" && typed != q.Value {
				f.Faults[q.Name] = "You answered: " + q.shown(typed)
			}
			continue
		}
		if q.Many {
			q.Chosen = sent.said[q.Name]
		} else {
			q.Value = sent.said.Get(q.Name)
		}
	}
}

// An act is something that a person records with a form of an incident's page.
type act struct {
	needs access.Right
	// forms are those of the incident as it stands, for that person; none where
	// there is nothing to record.
	forms func(s *server, v incident.View, who access.Identity) ([]*form, error)
	// command is what a form asks for; of what is wrong with it the faults are
	// added to the form.
	command func(s *server, r *http.Request, v incident.View, f *form, by incident.Person) (incident.Command, error)
}

// acts are what can be recorded with forms, by the end of their paths.
var acts = map[string]act{
	"aware":       {access.MayDecide, awareForms, aware},
	"submissions": {access.MaySubmit, submissionForms, submission},
	"assess":      {access.MayAct, assessForms, assessed}, // a decision in it needs MayDecide
}

// inOrder are the acts as a page shows them.
var inOrder = []string{"aware", "submissions", "assess"}

// forms are those that the person may fill about the incident; sent is one that
// was not taken, which stands among them as it was filled.
func (s *server) forms(v incident.View, who access.Identity, sent *form) (out []*form, err error) {
	if v.Erased || v.Status == incident.StatusClosed {
		return nil, nil
	}
	for _, name := range inOrder {
		if !who.Role.Has(acts[name].needs) {
			continue
		}
		asked, err := acts[name].forms(s, v, who)
		if err != nil {
			return nil, err
		}
		for _, f := range asked {
			f.Incident, f.Act = v.ID, name
			if sent != nil && sent.Act == name && sent.For == f.For {
				f.keep(sent)
			}
			if f.Key == "" {
				f.Key = rand.Text()
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// fillPage does what a form of an incident's page asks for and shows the page
// again; where that could not be done, with the form as it was filled and why.
func (s *server) fillPage(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		if err := r.ParseForm(); err != nil {
			return errBadRequest{fmt.Errorf("read the form: %w", err)}
		}
		v, err := s.view(r, id(r))
		if err != nil {
			return err
		}
		said := r.PostForm
		sent := &form{Act: name, For: said.Get("for"), Key: said.Get("key"), Seen: said.Get("seen"), Faults: map[string]string{}, said: said}
		by := keyed(presser(r), r, sent.Key, []byte(said.Encode()))
		done := false
		s.Desk.View(func(st *incident.State) { done = st.Applied(by, s.Desk.Now()) })
		if !done {
			if status, err := s.fill(r, v, sent, by); err != nil {
				return err
			} else if status != http.StatusOK {
				return s.showIncidentPage(w, r, status, sent)
			}
		}
		at := "clocks"
		if name == "assess" {
			at = sent.ID() // which says what the criteria make of it
		}
		http.Redirect(w, r, "/incidents/"+string(v.ID)+"#"+at, http.StatusSeeOther)
		return nil
	}
}

// fill does what the form asks for. A status other than OK is of one that was
// not taken, with the faults to show.
func (s *server) fill(r *http.Request, v incident.View, sent *form, by incident.Person) (status int, err error) {
	all, err := s.forms(v, person(r), nil)
	if err != nil {
		return 0, err
	}
	n := slices.IndexFunc(all, func(f *form) bool { return f.Act == sent.Act && f.For == sent.For })
	if n < 0 {
		sent.Faults[""] = "this cannot be recorded any more: look at what stands here now"
		return http.StatusConflict, nil
	}
	sent.Fields = all[n].Fields
	sent.check()
	cmd, err := acts[sent.Act].command(s, r, v, sent, by)
	if err != nil {
		return 0, err
	}
	if len(sent.Faults) > 0 {
		return http.StatusBadRequest, nil
	}
	_, err = s.command(r, cmd)
	if err == nil {
		return http.StatusOK, nil
	}
	status, sent.Faults[""] = explain(err)
	switch {
	case errors.Is(err, incident.ErrKeyReused):
		sent.Key, sent.Faults[""] = "", "this form was sent before with other answers, and those were recorded: press again to record these too"
	case status == http.StatusNotFound, status == http.StatusInternalServerError:
		return 0, err
	case status > http.StatusInternalServerError:
		s.Logger.Error("Form not taken", "path", r.URL.Path, "err", err)
	}
	return status, nil
}
