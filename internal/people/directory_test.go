package people

import (
	"fmt"
	"testing"
	"time"

	"nis2clock/internal/access"

	"github.com/google/go-cmp/cmp"
)

var (
	from  = time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	until = time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC)
)

func directory(t *testing.T, all ...Person) *Directory {
	t.Helper()
	d, faults := New(all)
	for _, f := range faults {
		t.Fatal(f)
	}
	return d
}

func TestRightsAtAnInstant(t *testing.T) {
	d := directory(t,
		Person{Name: "lead", Role: access.Commander},
		Person{Name: "second", Role: access.Responder, DeputyFor: "lead", From: from, Until: until},
		Person{Name: "third", Role: access.Responder, DeputyFor: "second"},
		Person{Name: "guest", Role: access.Commander, From: from, Until: until},
		Person{Name: "auditor", Role: access.Auditor},
		Person{Name: "nobody", DeputyFor: "guest"},
	)
	for _, tt := range []struct {
		name, person string
		at           time.Time
		decide, act  bool
	}{
		{"a role without dates holds always", "lead", time.Time{}, true, true},
		{"a deputy before the first instant", "second", from.Add(-1), false, true},
		{"at the first instant", "second", from, true, true},
		{"before the last instant", "second", until.Add(-1), true, true},
		{"the end is exclusive", "second", until, false, true},
		{"a deputy's deputy does not inherit", "third", from, false, true},
		{"a role with dates, before", "guest", from.Add(-1), false, false},
		{"a role with dates, within", "guest", from, true, true},
		{"a role with dates, after", "guest", until, false, false},
		{"a role that changes nothing", "auditor", from, false, false},
		{"who stands in for a guest holds no more than the guest does", "nobody", until, false, false},
		{"without a role of their own", "nobody", from, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, ok := d.Named(tt.person)
			s := d.At(p, tt.at)
			if !ok || s.May(access.MayDecide) != tt.decide || s.May(access.MayAct) != tt.act {
				t.Errorf("%s at %s: known %v, roles %v; want decide %v, act %v", tt.person, tt.at, ok, s.Roles, tt.decide, tt.act)
			}
		})
	}
	var names []string
	for _, s := range d.Who(access.MayDecide, from) {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"lead", "second", "guest", "nobody"}, names); diff != "" {
		t.Errorf("who may decide (-want +got):\n%s", diff)
	}
	if deputies := d.Deputies("lead", until); len(deputies) != 0 {
		t.Errorf("deputies when it is over: %v", deputies)
	}
	if deputies := d.Deputies("lead", from); len(deputies) != 1 || deputies[0].Name != "second" {
		t.Errorf("deputies of lead: %v", deputies)
	}
}

func TestFinding(t *testing.T) {
	id := SlackID{"T1", "U1"}
	d := directory(t, Person{Name: "a", Slack: id, PagerDuty: "P1"}, Person{Name: "b"})
	if p, ok := d.InSlack(id); !ok || p.Name != "a" {
		t.Errorf("in Slack: %v, %v", p, ok)
	}
	if p, ok := d.InPagerDuty("P1"); !ok || p.Name != "a" {
		t.Errorf("in PagerDuty: %v, %v", p, ok)
	}
	// The same user id in another workspace is somebody else, and an empty id
	// is nobody although b has none.
	for _, id := range []SlackID{{"T2", "U1"}, {}, {"T1", ""}} {
		if p, ok := d.InSlack(id); ok {
			t.Errorf("%v is %s", id, p.Name)
		}
	}
	if p, ok := d.InPagerDuty(""); ok {
		t.Errorf("nobody in PagerDuty is %s", p.Name)
	}
	var none *Directory
	if _, ok := none.Named("a"); ok || len(none.Who(access.MayAct, from)) != 0 {
		t.Error("somebody is in no directory")
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		all  []Person
		want string
	}{
		{"no name", []Person{{}}, "people[0].name: is missing: the journal calls the person by it"},
		{"same name", []Person{{Name: "a"}, {Name: "a"}}, "people[1].name: is that of people[0] (a) too: give each person their own"},
		{"same address", []Person{{Name: "a", Email: "x@y.example"}, {Name: "b", Email: "X@y.example"}}, "people[1].email: is that of people[0] (a) too: give each person their own"},
		{"same user", []Person{{Name: "a", Slack: SlackID{"T", "U"}}, {Name: "b", Slack: SlackID{"T", "U"}}}, "people[1].slack: is that of people[0] (a) too: give each person their own"},
		{"half a user", []Person{{Name: "a", Slack: SlackID{User: "U"}}}, "people[0].slack: needs both team and user: a user id alone names nobody (SL-7)"},
		{"same pager", []Person{{Name: "a", PagerDuty: "P"}, {Name: "b", PagerDuty: "P"}}, "people[1].pagerduty: is that of people[0] (a) too: give each person their own"},
		{"an empty interval", []Person{{Name: "a", From: until, Until: until}}, "people[0].until: is not after from: the person would never hold the role"},
		{"deputy for themselves", []Person{{Name: "a", DeputyFor: "a"}}, "people[0].deputy_for: names the person themselves"},
		{"deputy for nobody", []Person{{Name: "a", DeputyFor: "b"}}, `people[0].deputy_for: nobody in people is called "b"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, faults := New(tt.all)
			if got := fmt.Sprint(faults); got != "["+tt.want+"]" {
				t.Errorf("got %s\nwant [%s]", got, tt.want)
			}
		})
	}
}
