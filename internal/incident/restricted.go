package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Restriction is who may know of an incident. Whoever is not named learns
// neither its title nor that there is one; internal/access decides by it.
type Restriction struct {
	Names  []string // sorted; at least one
	Set    Stamp
	Reason string
}

// Has reports whether the name is one of those let in. A name is that of an
// actor: of a token, of a person of the configuration, or a chat user's id.
func (r *Restriction) Has(name string) bool { return name != "" && slices.Contains(r.Names, name) }

// maxNamed bounds who is let in, and maxActorName a name, in bytes.
const (
	maxNamed     = 200
	maxActorName = 200
)

// Restrict marks an incident as restricted to those who are named and to the
// sender, or takes the mark away. Both need a reason.
type Restrict struct {
	Person
	ID     ID
	On     bool
	Names  []string // besides the sender; they come to those named already
	Reason string
}

func (c Restrict) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, invalid("restricting an incident, and opening it again, needs a reason")
	}
	if !c.On {
		if len(c.Names) > 0 {
			return nil, invalid("an incident that is not restricted names nobody: leave the names out")
		}
		if i.Restricted != nil {
			d.emit(AccessRestricted{Meta: c.metaFor(c.ID), Reason: c.Reason})
		}
		return c.ID, nil
	}
	names := []string{c.By.Name}
	if i.Restricted != nil {
		names = slices.Clone(i.Restricted.Names) // an administrator who adds somebody need not be let in
	}
	for _, n := range c.Names {
		n, err := actorName(n)
		if err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	if i.Commander != nil { // whoever leads cannot do it blind
		names = append(names, i.Commander.By.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(names) > maxNamed:
		return nil, invalid("%d people are named: an incident is restricted to at most %d", len(names), maxNamed)
	case i.Restricted != nil && slices.Equal(names, i.Restricted.Names):
		return c.ID, nil
	}
	d.emit(AccessRestricted{Meta: c.metaFor(c.ID), On: true, Names: names, Reason: c.Reason})
	return c.ID, nil
}

func actorName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxActorName || strings.ContainsAny(s, "\n\r\t") {
		return "", invalid("%q is no name: one has up to %d bytes on one line", s, maxActorName)
	}
	return s, nil
}

// AccessRestricted says who may know of the incident from here on; with On
// false everybody who may read.
type AccessRestricted struct {
	Meta
	On     bool     `json:"on"`
	Names  []string `json:"names,omitempty"`
	Reason string   `json:"reason"`
}

func (AccessRestricted) Kind() string { return "incident.restricted/v1" }

func (e AccessRestricted) Describe() string {
	if !e.On {
		return "no longer restricted" + because(e.Reason)
	}
	return "restricted to " + strings.Join(e.Names, ", ") + because(e.Reason)
}

func (ev AccessRestricted) applyTo(_ *State, i *Incident, e Entry) {
	i.Restricted = nil
	if ev.On {
		i.Restricted = &Restriction{Names: slices.Clone(ev.Names), Set: Stamp{By: ev.By, At: e.At}, Reason: ev.Reason}
	}
}

// ChangeAccess lets somebody know of a restricted incident, or no longer.
type ChangeAccess struct {
	Person
	ID     ID
	Name   string
	Allow  bool
	Reason string
}

func (c ChangeAccess) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	name, err := actorName(c.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, invalid("say why: the reason is kept with who was let in")
	case i.Restricted == nil:
		return nil, refused("%s is not restricted: everybody who may read sees it", i.ID)
	case i.Restricted.Has(name) == c.Allow:
		return c.ID, nil
	case !c.Allow && len(i.Restricted.Names) == 1:
		return nil, refused("%s is the last one who is named: name somebody else first, or open the incident again", name)
	case !c.Allow && i.Commander != nil && i.Commander.By.Name == name:
		return nil, refused("%s has command of %s: hand it over first", name, i.ID)
	case c.Allow && len(i.Restricted.Names) == maxNamed:
		return nil, refused("%d people are named, which is the most there can be", maxNamed)
	}
	d.emit(AccessChanged{Meta: c.metaFor(c.ID), Name: name, Allow: c.Allow, Reason: c.Reason})
	return c.ID, nil
}

// AccessChanged says that somebody was let in or shut out.
type AccessChanged struct {
	Meta
	Name   string `json:"name"`
	Allow  bool   `json:"allow"`
	Reason string `json:"reason"`
}

func (AccessChanged) Kind() string { return "incident.access_changed/v1" }

func (e AccessChanged) Describe() string {
	if e.Allow {
		return "let " + e.Name + " know of it" + because(e.Reason)
	}
	return "shut " + e.Name + " out" + because(e.Reason)
}

func (ev AccessChanged) applyTo(_ *State, i *Incident, _ Entry) {
	if i.Restricted == nil { // what restricted it was erased
		return
	}
	names := slices.DeleteFunc(slices.Clone(i.Restricted.Names), func(n string) bool { return n == ev.Name })
	if ev.Allow {
		names = append(names, ev.Name)
		slices.Sort(names)
	}
	i.Restricted.Names = names
}

// RestrictionView is who may know of an incident.
type RestrictionView struct {
	Names  []string  `json:"names"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Restriction is the view as what access is decided by; nil for nil.
func (r *RestrictionView) Restriction() *Restriction {
	if r == nil {
		return nil
	}
	return &Restriction{Names: r.Names, Set: Stamp{By: Actor{Name: r.By}, At: r.At}, Reason: r.Reason}
}

func (i *Incident) restriction() *RestrictionView {
	if i.Restricted == nil {
		return nil
	}
	r := i.Restricted
	return &RestrictionView{Names: slices.Clone(r.Names), By: r.Set.By.Name, At: r.Set.At, Reason: r.Reason}
}

// Hidden are the restricted incidents that sees is false of, and the suspicious
// events that became or joined one of them: what lists leave out.
func (s *State) Hidden(sees func(*Restriction) bool) map[ID]bool {
	var out map[ID]bool
	for id, i := range s.incidents {
		if i.Restricted == nil || sees(i.Restricted) {
			continue
		}
		if out == nil {
			out = map[ID]bool{}
		}
		out[id] = true
		for _, e := range i.Events {
			out[e.Event] = true
		}
	}
	return out
}

// BesideRestricted reports whether an alert of the incident came in one webhook
// body with an alert of another that hides is true of: the body as received
// tells of that one too.
func (s *State) BesideRestricted(id ID, hides func(ID) bool) bool {
	i, ok := s.incidents[id]
	return ok && slices.ContainsFunc(i.bodies, func(b *body) bool {
		return slices.ContainsFunc(b.incidents, func(other ID) bool { return other != id && hides(other) })
	})
}

// shutOut refuses to hand an incident to somebody who may not know of it.
func (i *Incident) shutOut(name string) error {
	if i.Restricted == nil || i.Restricted.Has(name) {
		return nil
	}
	return refused("%s is restricted and %s is not among those who may know of it: let them in first", i.ID, cmp.Or(name, "nobody"))
}
