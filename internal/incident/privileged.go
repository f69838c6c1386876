package incident

import "slices"

// Privileged reports whether the entry is for those who may decide alone. A
// report or a packet leaves such an entry out; the journal keeps its place.
func (e Entry) Privileged() bool {
	p, ok := e.Event.(interface{ privileged() bool })
	return ok && p.privileged()
}

// Disclose is what the entry says to somebody who may decide: its description
// with the text that it withholds from others.
func (e Entry) Disclose() string {
	if n, ok := e.Event.(Noted); ok && n.Privileged {
		return "privileged note: " + n.Text
	}
	return e.Event.Describe()
}

// Disclose fills in the text of the incident's privileged notes, which its
// views leave out: for somebody who may decide. The view must be of the
// incident as it stands.
func (i *Incident) Disclose(v *View) {
	for n := range v.Notes {
		v.Notes[n].Text = i.Notes[n].Text
	}
}

// WithoutPrivileged is the view with every trace of privileged notes taken
// out: what a report or a packet may carry.
func (v View) WithoutPrivileged() View {
	v.Notes = slices.DeleteFunc(slices.Clone(v.Notes), func(n NoteView) bool { return n.Privileged })
	return v
}
