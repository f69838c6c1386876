package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"

	"github.com/google/go-cmp/cmp"
)

// TestSaysNothing lists what may stand in a file that changes nothing.
func TestSaysNothing(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comments": "# web:\n", "a mark": "---\n", "nothing set": "{}\n", "sections": "web: {}\nclocks: {}\nintake: {auth: {}, reconcile: {}}\n",
		"byte order mark": "\ufeffweb: {}\n", "carriage returns": "web: {}\r\nclocks: {}\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := parse("c.yaml", ".", []byte(text), environment)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Default(), c, equal); diff != "" {
				t.Errorf("differs from Default (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultRuns(t *testing.T) {
	c := Default()
	want := []incident.Track{{Entity: "default", NoWeekendRelief: true, Regimes: []regime.ID{"nis2"}}}
	if diff := cmp.Diff(want, c.Tracks(), equal); diff != "" {
		t.Errorf("tracks (-want +got):\n%s", diff)
	}
	if _, ok := regime.Builtin().Regime("nis2"); !ok {
		t.Error("the default regime is not built in")
	}
	if p := c.Policy(); len(p.Reminders) != 5 || p.OverdueEvery != incident.Span(time.Hour) || p.PageFrom.String() != "75%" || p.Heartbeat != "" || p.HeartbeatWithin != 0 {
		t.Errorf("policy %+v", p)
	}
	if c.Zone() != nil {
		t.Errorf("zone %v, want none", c.Zone())
	}
}

func TestLoadNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "c.yaml"), environment); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := Load(dir, environment); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: got %v", err)
	}
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("#\n"), maxFile/2+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(large, environment); err == nil || !strings.Contains(err.Error(), "larger than 262144 bytes") {
		t.Errorf("a large file: got %v", err)
	}
}

func TestPathsCountFromTheFile(t *testing.T) {
	dir := secretDir(t)
	file := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(file, []byte("data_dir: sub/../data\nintake: {auth: {token_files: [./token, "+filepath.Join(dir, "key")+"]}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, environment)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "data"); c.DataDir != want {
		t.Errorf("data_dir %s, want %s", c.DataDir, want)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "token"), filepath.Join(dir, "key")}, c.Intake.TokenFiles); diff != "" {
		t.Errorf("token files (-want +got):\n%s", diff)
	}
}

func TestSecretsAreRead(t *testing.T) {
	c, err := parse("c.yaml", secretDir(t), []byte("pagerduty: {routing_key: '${KEY}'}\nslack: {token: '${TOKEN}', signing_secret_file: token, channel: C1}\n"), environment)
	if err != nil {
		t.Fatal(err)
	}
	if c.PagerDuty.RoutingKey != envSecret {
		t.Errorf("routing key %q", c.PagerDuty.RoutingKey)
	}
	if c.Slack.Token != envSecret || c.Slack.SigningSecret != tokenSecret {
		t.Errorf("token %q, signing secret %q", c.Slack.Token, c.Slack.SigningSecret)
	}
}

// TestPrintsNoSecret prints a configuration in every way a log might.
func TestPrintsNoSecret(t *testing.T) {
	c, err := parse("c.yaml", secretDir(t), []byte("data_dir: /var/lib/nis2clock\npagerduty: {routing_key_file: key}\nslack: {token: '${TOKEN}', signing_secret_file: token, channel: C1}\n"), environment)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{c, *c, struct{ C *Config }{c}, []Config{*c}} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("config", "c", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "c", c)
		if got := secretIn(out.String()); got != "" {
			t.Errorf("%T shows %s:\n%s", v, got, out.String())
		}
	}
	if s := c.String(); !strings.Contains(s, "/var/lib/nis2clock") || !strings.Contains(s, "slack=true") {
		t.Errorf("String says too little: %s", s)
	}
}

// secretIn names the secret of [secretDir] or [environment] that s shows, in
// plain or in hex.
func secretIn(s string) string {
	for _, secret := range []string{keySecret, tokenSecret, envSecret} {
		if strings.Contains(s, secret) || strings.Contains(s, fmt.Sprintf("%x", secret)) {
			return secret
		}
	}
	return ""
}
