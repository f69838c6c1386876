package incident

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestRestrict(t *testing.T) {
	w := opened(t)
	w.do(TakeCommand{Person: by("carla"), ID: first})
	for _, tt := range []struct {
		name string
		cmd  Command
		want string // who may know of it then, or everybody
		err  error
	}{
		{"without a reason", Restrict{Person: by("ana"), ID: first, On: true}, "everybody", ErrInvalid},
		{"a name that is none", Restrict{Person: by("ana"), ID: first, On: true, Names: []string{" "}, Reason: "x"}, "everybody", ErrInvalid},
		{"letting somebody into an open one", ChangeAccess{Person: by("ana"), ID: first, Name: "ben", Allow: true, Reason: "x"}, "everybody", ErrRefused},
		{"the sender and the commander are in", Restrict{Person: by("ana"), ID: first, On: true, Names: []string{" ben ", "ben"}, Reason: "x"}, "ana ben carla", nil},
		{"an administrator adds and is not let in", Restrict{Person: by("admin"), ID: first, On: true, Names: []string{"dan"}, Reason: "x"}, "ana ben carla dan", nil},
		{"an addition without a reason", ChangeAccess{Person: by("ana"), ID: first, Name: "eve", Allow: true}, "ana ben carla dan", ErrInvalid},
		{"the commander stays", ChangeAccess{Person: by("ana"), ID: first, Name: "carla", Reason: "x"}, "ana ben carla dan", ErrRefused},
		{"command goes to nobody who cannot see it", HandOver{Person: by("carla"), ID: first, To: "eve"}, "ana ben carla dan", ErrRefused},
		{"one is let in", ChangeAccess{Person: by("ana"), ID: first, Name: "eve", Allow: true, Reason: "x"}, "ana ben carla dan eve", nil},
		{"one is shut out", ChangeAccess{Person: by("ana"), ID: first, Name: "ana", Reason: "x"}, "ben carla dan eve", nil},
		{"opening it names nobody", Restrict{Person: by("ben"), ID: first, Names: []string{"x"}, Reason: "x"}, "ben carla dan eve", ErrInvalid},
		{"opening it needs a reason", Restrict{Person: by("ben"), ID: first, Reason: " "}, "ben carla dan eve", ErrInvalid},
		{"opening it", Restrict{Person: by("ben"), ID: first, Reason: "over"}, "everybody", nil},
	} {
		if _, err := w.try(tt.cmd); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
		got := "everybody"
		if r := w.incident(first).View(w.now).Restricted; r != nil {
			got = strings.Join(r.Names, " ")
		}
		if got != tt.want {
			t.Errorf("%s: %s may know of it, want %s", tt.name, got, tt.want)
		}
	}
	n := len(w.entries)
	w.do(Restrict{Person: by("ben"), ID: first, Reason: "again"})
	if len(w.entries) != n {
		t.Error("opening what is open left an entry")
	}
}

func TestTheLastNameStays(t *testing.T) {
	w := opened(t)
	w.do(Restrict{Person: by("ana"), ID: first, On: true, Reason: "x"})
	if _, err := w.try(ChangeAccess{Person: by("ana"), ID: first, Name: "ana", Reason: "x"}); !errors.Is(err, ErrRefused) {
		t.Errorf("shutting the last one out: %v", err)
	}
}

// The audit question passes over what is hidden and still fills its pages.
func TestFindPassesOverWhatIsHidden(t *testing.T) {
	w := opened(t)
	w.do(AddNote{Person: by("ana"), ID: first, Text: "x"})
	all := w.state.Find(Query{}, 100)
	hidden := map[ID]bool{first: true}
	for _, q := range []Query{{}, {Incident: first}, {Actor: "ana"}, {Kind: "incident.noted"}} {
		q.Hidden = hidden
		for _, seq := range w.state.Find(q, 100) {
			if slices.Contains(w.incident(first).Entries, seq) {
				t.Errorf("%+v finds entry %d of a hidden incident", q, seq)
			}
		}
	}
	if len(all) == 0 || len(w.state.Find(Query{Incident: first}, 100)) == 0 {
		t.Error("nothing is found either when nothing is hidden")
	}
}
