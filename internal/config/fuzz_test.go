package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nis2clock/internal/regime"
)

var mistakeLine = regexp.MustCompile(`^c\.yaml:([0-9]+): [^\n]+$`)

// FuzzParse checks the laws of reading any file: there is a configuration or
// there are mistakes; each mistake is one line that points into the file; what
// is accepted can be run; and no secret comes out.
func FuzzParse(f *testing.F) {
	full, err := os.ReadFile(filepath.Join(exampleDir, "full.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	for _, seed := range []string{
		"slack: {token: '${TOKEN}', signing_secret_file: token, channel: C1}\n",
		"pagerduty:\n  routing_key: ${TOKEN}\n  url: http://x\n",
		"slack: {token_file: lines, channel: '${TOKEN}'}\n",
		"entities:\n  - name: a\n    address: |\n      b\n    holidays: [2027-01-01]\n",
		"a: &x [*x]\n? b\n: !!map {<<: {}}\n--- \n",
		"web: {listen: :1, listen: :2, tls: {cert_file: key}}",
	} {
		f.Add([]byte(seed))
	}
	dir := secretDir(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 16<<10 || secretIn(string(text)) != "" {
			t.Skip("slow, or it names a secret itself")
		}
		c, err := parse("c.yaml", dir, text, environment)
		if (c == nil) == (err == nil) {
			t.Fatalf("configuration %v and error %v", c, err)
		}
		var lines []string
		if err != nil {
			lines = strings.Split(err.Error(), "\n")
		} else {
			lines = c.Warnings
			runs(t, c)
		}
		last := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 1
		for _, line := range lines {
			m := mistakeLine.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("%q is not of the form FILE:LINE: …", line)
			}
			if n, err := strconv.Atoi(m[1]); err != nil || n < 1 || n > last {
				t.Errorf("%q points outside of the %d lines", line, last)
			}
		}
		if out := fmt.Sprintf("%v %+v %#v %v", c, c, c, lines); secretIn(out) != "" {
			t.Errorf("a secret is shown: %s", out)
		}
	})
}

// runs checks what the service takes for granted.
func runs(t *testing.T, c *Config) {
	t.Helper()
	names := map[string]bool{}
	for _, track := range c.Tracks() {
		if track.Entity == "" || names[track.Entity] || len(track.Regimes) == 0 {
			t.Errorf("track %+v", track)
		}
		names[track.Entity] = true
		for _, id := range track.Regimes {
			if _, ok := regime.Builtin().Regime(id); !ok {
				t.Errorf("there is no regime %q", id)
			}
		}
	}
	p := c.Policy()
	switch {
	case len(names) == 0:
		t.Error("no entity")
	case c.DataDir == "" || c.Web.Listen == "":
		t.Errorf("nowhere to store or to listen: %v", c)
	case c.Clocks.OverdueEvery != 0 && c.Clocks.OverdueEvery < minEvery:
		t.Errorf("reminders every %s", c.Clocks.OverdueEvery)
	case (p.Heartbeat == "") != (p.HeartbeatWithin == 0):
		t.Errorf("heartbeat %q within %s", p.Heartbeat, p.HeartbeatWithin)
	case c.Intake.MaxBody < minBody || c.Intake.MaxBody > maxBody:
		t.Errorf("bodies up to %d", c.Intake.MaxBody)
	case c.Classification.CorrelateWithin <= 0 || c.Classification.TriageWithin <= 0:
		t.Errorf("classification %+v", c.Classification)
	}
	if c.PagerDuty != nil {
		if err := c.PagerDuty.Validate(); err != nil {
			t.Errorf("pagerduty: %v", err)
		}
	}
	if c.Slack != nil {
		if err := c.Slack.Validate(); err != nil {
			t.Errorf("slack: %v", err)
		}
	}
}

// FuzzMisplacedSecret puts a secret wherever people do by mistake: what is said
// about it must not depend on it.
func FuzzMisplacedSecret(f *testing.F) {
	f.Add("xoxb1234567890abc")
	f.Add("e93facc04764012d7bfb002500d5d1a6")
	f.Add("C0ffee")
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw string) {
		secret := []byte("q7")
		for _, b := range []byte(raw[:min(len(raw), 60)]) {
			secret = append(secret, letters[int(b)%len(letters)])
		}
		for _, place := range []string{
			"slack: {token: %s, channel: C1}",
			"slack: {token: '${%s}', channel: C1}",
			"slack: {token_file: %s, channel: C1}",
			"slack: {token: '${TOKEN}', channel: %s}",
			"slack: {token: '${TOKEN}', channel: C1, signing_secret: %s}",
			"slack: {token: '${TOKEN}', channel: C1, signing_secret_file: %s}",
			"slack: {%s: 1}",
			"slack: %s",
			"slack: {token:%s}",
			"slack: {url: 'https://user:%s@slack.example/'}",
			"slack: {url: 'https://slack.example/?token=%s'}",
			"pagerduty: {routing_key: %s}",
			"pagerduty: {routing_key_file: %s}",
			"intake: {auth: {token_files: [%s]}}",
			"intake: {auth: {token_files: %s}}",
			"intake: {auth: {basic: {username: 'a:%s'}}}",
			"intake: {auth: {basic: {password_file: %s}}}",
			"web: {tls: {key_file: %s}}",
			"%s",
		} {
			said := func(secret string) string {
				c, err := parse("c.yaml", dir, fmt.Appendf(nil, place, secret), environment)
				if err == nil {
					t.Fatalf("%s accepts %q: %v", place, secret, c)
				}
				return err.Error()
			}
			if got, want := said(string(secret)), said("q7"); got != want {
				t.Errorf("%s: with %q\n%s\nwith q7\n%s", place, secret, got, want)
			}
		}
	})
}
