package incident

import (
	"slices"
	"strings"
	"time"
)

// maxLinks bounds to how many others an incident is linked.
const maxLinks = 100

// Link says that two incidents belong together, such as those that recur with
// one root cause (Impl. Reg. (EU) 2024/2690 Art. 4), or with Remove that they do
// not. It moves no clock. Linking what is linked changes nothing.
//
// One that is restricted is answered like one that there is not: the entry on
// the other would tell of it.
type Link struct {
	Person
	ID     ID
	Other  ID
	Remove bool
	Reason string
}

func (c Link) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	other, ok := d.s.incidents[c.Other]
	linked := slices.ContainsFunc(i.Linked, func(l Linkage) bool { return l.Other == c.Other })
	switch {
	case c.Other == "":
		return nil, invalid("say with incident which one %s belongs with", i.ID)
	case c.Other == c.ID:
		return nil, invalid("%s is named twice: name another incident", i.ID)
	case strings.TrimSpace(c.Reason) == "":
		return nil, invalid("say why %s and %s belong together, or do not: the reason is kept", i.ID, c.Other)
	case linked != c.Remove:
		return c.ID, nil
	case !c.Remove && (!ok || other.Erased || other.Restricted != nil || other.Exercise != i.Exercise):
		return nil, invalid("there is no incident %s that can be linked", c.Other)
	case !c.Remove && i.Restricted != nil:
		return nil, refused("%s is restricted: a link would tell of it", i.ID)
	case !c.Remove && max(len(i.Linked), len(other.Linked)) >= maxLinks:
		return nil, refused("an incident is linked to at most %d others", maxLinks)
	}
	d.emit(Linked{Meta: c.metaFor(c.ID), Other: c.Other, Removed: c.Remove, Reason: c.Reason})
	if ok && !other.Erased {
		d.emit(Linked{Meta: Meta{ID: c.Other, By: c.By, ProposedBy: c.Proposer}, Other: c.ID, Removed: c.Remove, Reason: c.Reason})
	}
	return c.ID, nil
}

// Linked says that the incident belongs with another, or no longer. Each of the
// two has its own entry.
type Linked struct {
	Meta
	Other   ID     `json:"other"`
	Removed bool   `json:"removed,omitzero"`
	Reason  string `json:"reason"`
}

// Kind implements [Event].
func (Linked) Kind() string { return "incident.linked/v1" }

// Describe implements [Event].
func (e Linked) Describe() string {
	if e.Removed {
		return "no longer linked to " + string(e.Other) + because(e.Reason)
	}
	return "linked to " + string(e.Other) + because(e.Reason)
}

func (e Linked) applyTo(_ *State, i *Incident, at Entry) {
	i.Linked = slices.DeleteFunc(slices.Clone(i.Linked), func(l Linkage) bool { return l.Other == e.Other })
	if !e.Removed {
		i.Linked = append(i.Linked, Linkage{Stamp: Stamp{By: e.By, At: at.At}, Other: e.Other, Reason: e.Reason})
	}
}

// Linkage is another incident that belongs with this one, and who said so.
type Linkage struct {
	Stamp
	Other  ID
	Reason string
}

// LinkageView is a [Linkage] as the API shows it.
type LinkageView struct {
	Incident ID        `json:"incident"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Reason   string    `json:"reason"`
}

func (i *Incident) linkages() []LinkageView {
	out := []LinkageView{}
	for _, l := range i.Linked {
		out = append(out, LinkageView{Incident: l.Other, By: l.By.Name, At: l.At, Reason: l.Reason})
	}
	return out
}
