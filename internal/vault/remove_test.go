package vault

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestRemove(t *testing.T) {
	v := open(t, t.TempDir())
	gone, stays := put(t, v, "a diagnosis"), put(t, v, "other")
	if err := v.Remove(gone); err != nil {
		t.Fatal(err)
	}
	for digest, want := range map[string]bool{gone: false, stays: true, "": false} {
		if got, err := v.Has(digest); err != nil || got != want {
			t.Errorf("%q is here: %v, %v; want %v", digest, got, err, want)
		}
	}
	for _, name := range []string{gone, "", "../../x", strings.Repeat("0", 64)} {
		if err := v.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Remove(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
	if put(t, v, "a diagnosis") != gone {
		t.Error("put again it has another digest")
	}
}
