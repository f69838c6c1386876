package incident

import (
	"errors"
	"testing"
)

func TestTLP(t *testing.T) {
	w := opened(t)
	if v := w.incident(first).View(w.now); v.TLP != DefaultTLP {
		t.Errorf("at first TLP:%s", v.TLP)
	}
	for _, tt := range []struct {
		set, want string
		err       error
	}{
		{"RED", "RED", nil}, {"tlp:amber+strict", "AMBER+STRICT", nil}, {"WHITE", "AMBER+STRICT", ErrInvalid}, {"", "AMBER+STRICT", ErrInvalid}, {"Clear", "CLEAR", nil},
	} {
		if _, err := w.try(SetTLP{Person: by("ana"), ID: first, TLP: tt.set}); !errors.Is(err, tt.err) {
			t.Errorf("%q: %v, want %v", tt.set, err, tt.err)
		}
		if got := w.incident(first).View(w.now).TLP; got != tt.want {
			t.Errorf("after %q: %s, want %s", tt.set, got, tt.want)
		}
	}
	n := len(w.entries)
	w.do(SetTLP{Person: by("ana"), ID: first, TLP: "CLEAR"})
	if len(w.entries) != n {
		t.Error("setting what is set left an entry")
	}
}

func TestOutOfBand(t *testing.T) {
	w := opened(t)
	if _, err := w.try(SetOutOfBand{Person: by("ana"), ID: first, On: true}); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	w.do(SetOutOfBand{Person: by("ana"), ID: first, On: true, Reason: "the mail server is theirs"})
	if !w.incident(first).View(w.now).OutOfBand {
		t.Error("not out of band")
	}
	w.do(SetOutOfBand{Person: by("ana"), ID: first, Reason: "rebuilt"})
	if w.incident(first).View(w.now).OutOfBand {
		t.Error("still out of band")
	}
}
