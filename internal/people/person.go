package people

import (
	"slices"
	"time"

	"nis2clock/internal/access"
)

// Person is somebody the organisation names. Text that nobody gave is empty.
type Person struct {
	// Name is unique; the journal calls the person by it.
	Name  string
	Email string // unique, whatever its case
	Phone string // as it is dialled
	// Slack is who the person is there; zero for nobody.
	Slack SlackID
	// PagerDuty is the id of a user there, such as PXPGF42.
	PagerDuty string
	// Role is what the person may do, see [access.Role.Has].
	Role access.Role
	// DeputyFor is the name of the person whose role this one holds as well,
	// from From and before Until. Without it From and Until bound Role.
	DeputyFor string
	// From is the first instant and Until the first after it; zero for no
	// bound.
	From, Until time.Time
}

// SlackID is a user of a Slack workspace. Both ids are needed: that of the user
// is unique in the workspace only, and names may be empty (SL-7).
type SlackID struct{ Team, User string }

// within reports whether t lies in the person's interval.
func (p Person) within(t time.Time) bool {
	return !t.Before(p.From) && (p.Until.IsZero() || t.Before(p.Until))
}

// own is the role the person holds at t without standing in for anybody; empty
// for none.
func (p Person) own(t time.Time) access.Role {
	if p.DeputyFor == "" && !p.within(t) {
		return ""
	}
	return p.Role
}

// Standing is a person at an instant.
type Standing struct {
	Person
	// Roles are those the person holds then: their own and that of the person
	// they stand in for. It may be empty.
	Roles []access.Role
}

// May reports whether one of the roles holds the right.
func (s Standing) May(right access.Right) bool {
	return slices.ContainsFunc(s.Roles, func(r access.Role) bool { return r.Has(right) })
}
