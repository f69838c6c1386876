package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever copies a file from the README has one that works: Prometheus' rules,
// Alertmanager's routing and settings of the service, each alone and the
// settings together.
func TestFilesOfTheREADME(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, secret := range []string{"pagerduty.key", "pagerduty.hook", "slack.token", "slack.app-token"} {
		if err := os.WriteFile(filepath.Join(dir, secret), []byte(strings.Repeat("0123456789abcdef", 2)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var settings strings.Builder
	found := map[string]int{}
	check := func(kind, content string, command ...string) {
		found[kind]++
		t.Run(fmt.Sprintf("%s %d", kind, found[kind]), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file.yaml")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			program := component(t, map[string]string{"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[command[0]], command[0])
			if out, err := exec.CommandContext(t.Context(), program, append(command[1:], file)...).CombinedOutput(); err != nil {
				t.Errorf("%v: %s\n%s", err, out, content)
			}
		})
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		switch {
		case strings.HasPrefix(block[1], "groups:"):
			check("rules", block[1], "promtool", "check", "rules")
		case strings.HasPrefix(block[1], "route:"):
			check("routing", block[1], "amtool", "check-config")
		default:
			own := strings.ReplaceAll(block[1], "/etc/nis2clock/", dir+"/")
			check("settings", own, "nis2clock", "check-config")
			settings.WriteString(own)
		}
	}
	check("all settings", settings.String(), "nis2clock", "check-config")
	if found["rules"] != 1 || found["routing"] != 1 || found["settings"] != 3 {
		t.Errorf("found %v", found)
	}
}
