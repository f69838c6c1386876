package slack

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// The manifest people paste asks for what the code uses, and for no more.
func TestManifestIsWhatTheCodeUses(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "deploy", "slack", "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Features struct {
			AppHome struct {
				Tab bool `yaml:"home_tab_enabled"`
			} `yaml:"app_home"`
			Commands []struct {
				Command, URL string
				Hint         string `yaml:"usage_hint"`
			} `yaml:"slash_commands"`
		}
		OAuth    struct{ Scopes struct{ Bot []string } } `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				URL string   `yaml:"request_url"`
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Interactivity struct {
				On  bool   `yaml:"is_enabled"`
				URL string `yaml:"request_url"`
			}
		}
	}
	if err := yaml.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Scopes(), m.OAuth.Scopes.Bot); diff != "" {
		t.Errorf("scopes (-code +manifest):\n%s", diff)
	}
	if diff := cmp.Diff(Events(), m.Settings.Events.Bot); diff != "" {
		t.Errorf("events (-code +manifest):\n%s", diff)
	}
	if len(m.Features.Commands) != 1 || m.Features.Commands[0].Command != Command {
		t.Fatalf("commands %+v, want %s", m.Features.Commands, Command)
	}
	var uses []string
	for _, w := range words() {
		uses = append(uses, w.use)
	}
	if got, want := m.Features.Commands[0].Hint, strings.Join(uses, ", "); got != want {
		t.Errorf("usage hint %q, want %q", got, want)
	}
	paths := []string{m.Features.Commands[0].URL, m.Settings.Events.URL, m.Settings.Interactivity.URL}
	for n, door := range []string{"commands", "events", "interactions"} {
		if _, ours := bodies[door]; !ours || !strings.HasSuffix(paths[n], "/webhook/slack/"+door) {
			t.Errorf("%s are sent to %s", door, paths[n])
		}
	}
	if !m.Features.AppHome.Tab || !m.Settings.Interactivity.On {
		t.Error("the app's page or interactivity is off")
	}
	if !slices.IsSorted(Scopes()) || !slices.IsSorted(Events()) {
		t.Error("not sorted")
	}
}
