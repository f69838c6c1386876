package incident

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLink(t *testing.T) {
	w := opened(t)
	second := w.do(Declare{Person: by("ana"), Title: "again", DetectedAt: w.now}).(ID)
	secret := w.do(Declare{Person: by("ana"), Title: "secret", DetectedAt: w.now}).(ID)
	w.do(Restrict{Person: by("ana"), ID: secret, On: true, Reason: "x"})
	clocks := w.incident(first).View(w.now).Clocks
	for _, tt := range []struct {
		name string
		cmd  Link
		want [2]string // what each of the two shows then
		err  error
	}{
		{"to nothing", Link{ID: first, Reason: "x"}, [2]string{}, ErrInvalid},
		{"to itself", Link{ID: first, Other: first, Reason: "x"}, [2]string{}, ErrInvalid},
		{"without a reason", Link{ID: first, Other: second, Reason: " "}, [2]string{}, ErrInvalid},
		{"to what there is not", Link{ID: first, Other: "INC-1999-0001", Reason: "x"}, [2]string{}, ErrInvalid},
		{"of what there is not", Link{ID: "INC-1999-0001", Other: first, Reason: "x"}, [2]string{}, ErrUnknown},
		{"to a restricted one, whose existence is not told", Link{ID: first, Other: secret, Reason: "x"}, [2]string{}, ErrInvalid},
		{"of a restricted one", Link{ID: secret, Other: first, Reason: "x"}, [2]string{}, ErrRefused},
		{"each shows the other", Link{ID: first, Other: second, Reason: "one cause"}, [2]string{string(second) + " one cause", string(first) + " one cause"}, nil},
		{"from the other side it is there", Link{ID: second, Other: first, Reason: "again"}, [2]string{string(second) + " one cause", string(first) + " one cause"}, nil},
		{"taken back from the other side", Link{ID: second, Other: first, Remove: true, Reason: "two causes"}, [2]string{}, nil},
		{"taken back twice", Link{ID: first, Other: second, Remove: true, Reason: "x"}, [2]string{}, nil},
	} {
		tt.cmd.Person = by("ana")
		if _, err := w.try(tt.cmd); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		} else if err != nil && tt.cmd.Other == secret && strings.Contains(err.Error(), "restricted") {
			t.Errorf("%s: %v", tt.name, err)
		}
		for n, id := range []ID{first, second} {
			var got []string
			for _, l := range w.incident(id).View(w.now).Linked {
				got = append(got, string(l.Incident)+" "+l.Reason)
			}
			if s := strings.Join(got, "; "); s != tt.want[n] {
				t.Errorf("%s: %s shows %q, want %q", tt.name, id, s, tt.want[n])
			}
		}
	}
	if diff := cmp.Diff(w.incident(first).View(w.now).Clocks, clocks); diff != "" {
		t.Errorf("a link moved a clock (-got +want)\n%s", diff)
	}
	kinds := 0
	for _, e := range w.entries {
		if e.Kind == "incident.linked/v1" {
			kinds++
		}
	}
	if kinds != 4 {
		t.Errorf("%d entries, want one for each of the two, linked and taken back", kinds)
	}
}
