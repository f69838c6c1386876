package people

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/access"
)

// Directory is everybody who is named. It is read-only once made and safe for
// concurrent use. The zero value, and nil, hold nobody.
type Directory struct{ all []Person }

// A Fault is what is wrong with one person of a list.
type Fault struct {
	Index int    // in the list
	Key   string // of the configuration, such as deputy_for
	Err   error
}

func (f *Fault) Error() string { return fmt.Sprintf("people[%d].%s: %v", f.Index, f.Key, f.Err) }

// Unwrap gives the reason.
func (f *Fault) Unwrap() error { return f.Err }

// New makes a directory. Two people must not share a name, an e-mail address or
// an id, and a deputy stands in for somebody else who is named. The faults are
// in the order of the list.
func New(all []Person) (*Directory, []*Fault) {
	d := &Directory{all: slices.Clone(all)}
	var faults []*Fault
	add := func(n int, key, format string, args ...any) {
		faults = append(faults, &Fault{n, key, fmt.Errorf(format, args...)})
	}
	for n, p := range all {
		before := all[:n]
		same := func(key string, is bool, of func(Person) bool) {
			if i := slices.IndexFunc(before, of); is && i >= 0 {
				add(n, key, "is that of people[%d] (%s) too: give each person their own", i, before[i].Name)
			}
		}
		if p.Name == "" {
			add(n, "name", "is missing: the journal calls the person by it")
		}
		same("name", p.Name != "", func(o Person) bool { return o.Name == p.Name })
		same("email", p.Email != "", func(o Person) bool { return strings.EqualFold(o.Email, p.Email) })
		same("slack", p.Slack != SlackID{}, func(o Person) bool { return o.Slack == p.Slack })
		same("pagerduty", p.PagerDuty != "", func(o Person) bool { return o.PagerDuty == p.PagerDuty })
		if (p.Slack.Team == "") != (p.Slack.User == "") {
			add(n, "slack", "needs both team and user: a user id alone names nobody (SL-7)")
		}
		if !p.Until.IsZero() && !p.From.Before(p.Until) {
			add(n, "until", "is not after from: the person would never hold the role")
		}
		if err := d.checkDeputy(p); err != nil {
			add(n, "deputy_for", "%w", err)
		}
	}
	return d, faults
}

func (d *Directory) checkDeputy(p Person) error {
	if p.DeputyFor == "" {
		return nil
	}
	if p.DeputyFor == p.Name {
		return errors.New("names the person themselves")
	}
	if _, ok := d.Named(p.DeputyFor); !ok {
		return fmt.Errorf("nobody in people is called %q", p.DeputyFor)
	}
	return nil
}

// All is everybody, in the order of the configuration. The caller does not
// change it.
func (d *Directory) All() []Person {
	if d == nil {
		return nil
	}
	return d.all
}

func (d *Directory) find(is func(Person) bool) (Person, bool) {
	if n := slices.IndexFunc(d.All(), is); n >= 0 {
		return d.all[n], true
	}
	return Person{}, false
}

// Named finds a person by name.
func (d *Directory) Named(name string) (Person, bool) {
	return d.find(func(p Person) bool { return p.Name == name && name != "" })
}

// InSlack finds the person a Slack user is.
func (d *Directory) InSlack(id SlackID) (Person, bool) {
	return d.find(func(p Person) bool { return p.Slack == id && id != SlackID{} })
}

// InPagerDuty finds the person a PagerDuty user is.
func (d *Directory) InPagerDuty(id string) (Person, bool) {
	return d.find(func(p Person) bool { return p.PagerDuty == id && id != "" })
}

// At is the person's standing at t. Deputies are not passed on: who stands in
// for a deputy holds the deputy's own role only.
func (d *Directory) At(p Person, t time.Time) Standing {
	s := Standing{Person: p}
	add := func(r access.Role) {
		if r != "" && !slices.Contains(s.Roles, r) {
			s.Roles = append(s.Roles, r)
		}
	}
	add(p.own(t))
	if p.DeputyFor != "" && p.within(t) {
		if principal, ok := d.Named(p.DeputyFor); ok {
			add(principal.own(t))
		}
	}
	return s
}

// Who is everybody who holds the right at t, in the order of the configuration.
func (d *Directory) Who(right access.Right, t time.Time) []Standing {
	var out []Standing
	for _, p := range d.All() {
		if s := d.At(p, t); s.May(right) {
			out = append(out, s)
		}
	}
	return out
}

// Deputies are those who stand in for the person of that name at t, in the
// order of the configuration.
func (d *Directory) Deputies(name string, t time.Time) []Person {
	var out []Person
	for _, p := range d.All() {
		if p.DeputyFor == name && name != "" && p.within(t) {
			out = append(out, p)
		}
	}
	return out
}
