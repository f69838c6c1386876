package main

import (
	"fmt"
	"io/fs"
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

// The rules that are handed out are ones that Prometheus loads, over metrics
// that the program has.
func TestRulesOfTheService(t *testing.T) {
	file := filepath.Join("..", "..", "deploy", "prometheus", "nis2clock.rules.yml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code := sourceOf(t, filepath.Join("..", "..", "internal"))
	metrics := regexp.MustCompile(`nis2clock_[a-z_]+`).FindAllString(string(raw), -1)
	for _, name := range metrics {
		if !strings.Contains(code, `"`+name+`"`) {
			t.Errorf("the program has no metric %s", name)
		}
	}
	if len(metrics) < 6 {
		t.Errorf("the rules name only %v", metrics)
	}
	if out, err := exec.CommandContext(t.Context(), component(t, "prometheus", "promtool"), "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// sourceOf is the Go source below a folder, without its tests.
func sourceOf(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		all.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
