package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nis2clock/internal/config"
)

// A reload names what waits for the next start, and nothing that stayed as it
// is.
func TestChangedNamesWhatWaits(t *testing.T) {
	const file = "classification:\n  rules: [{name: a, match: 'lower(labels.x) matches \"y\"', reportable: true}]\n"
	load := func(text string) config.Config {
		t.Helper()
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		return *c
	}
	for text, want := range map[string][]string{
		file:                                   nil,
		file + "clocks: {overdue_every: 2h}\n": nil, // taken over at once
		strings.Replace(file, "true", "triage", 1): {"Classification"},
		"data_dir: /elsewhere\n" + file:            {"DataDir"},
	} {
		if got := changed(load(file), load(text)); !slices.Equal(got, want) {
			t.Errorf("%s: %q waits, want %q", text, got, want)
		}
	}
}
