package app

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"nis2clock/internal/vault"
)

// What a crash left on the list goes at the next start, but not what an entry
// names after all.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	v, err := vault.Open(dir+"/vault", vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string) string {
		d, err := v.Create()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(d, text); err != nil {
			t.Fatal(err)
		}
		i, err := d.Commit()
		if err != nil {
			t.Fatal(err)
		}
		return i.Digest
	}
	c := newCondemned(v, dir)
	gone, named, absent, other := put("a"), put("b"), strings.Repeat("0", 64), put("c")
	for _, list := range [][]string{{gone, "torn"}, {named, absent}} {
		if err := c.Condemn(list); err != nil {
			t.Fatal(err)
		}
	}
	unread := errors.New("torn page")
	if _, err := c.settle(func([]string) ([]string, error) { return nil, unread }); !errors.Is(err, unread) {
		t.Errorf("with a journal that cannot be read: %v", err)
	}
	n, err := newCondemned(v, dir).settle(func(all []string) ([]string, error) {
		if !slices.Equal(all, []string{gone, "torn", named, absent}) {
			t.Errorf("the list is %v", all)
		}
		return []string{gone, "torn", absent}, nil
	})
	if err != nil || n != 1 {
		t.Errorf("%d files removed, %v; want 1", n, err)
	}
	for digest, want := range map[string]bool{gone: false, named: true, other: true} {
		if got, err := v.Has(digest); err != nil || got != want {
			t.Errorf("%s is here: %v, %v; want %v", digest, got, err, want)
		}
	}
	if _, err := os.Stat(c.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the list is still there: %v", err)
	}
	if n, err := c.settle(nil); err != nil || n != 0 {
		t.Errorf("without a list: %d, %v", n, err)
	}
}
