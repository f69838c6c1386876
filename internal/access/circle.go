package access

import "nis2clock/internal/incident"

// Sees reports whether somebody may know of an incident with that restriction:
// nil is none. It is the one place where that is decided; whatever shows,
// lists, sends or changes an incident for somebody asks it.
//
// Named access goes before every role but one. An auditor or a commander who is
// not named does not see it. An administrator does: they hold the data folder
// and make the tokens, and somebody must be able to let the next one in. What
// they do about it stands in the journal like anybody's.
func Sees(r *incident.Restriction, name string, may func(Right) bool) bool {
	return r == nil || r.Has(name) || may(MayAdmin)
}

// Sees reports whether the identity may know of an incident with that
// restriction; see the function [Sees].
func (id Identity) Sees(r *incident.Restriction) bool { return Sees(r, id.Name, id.Role.Has) }
