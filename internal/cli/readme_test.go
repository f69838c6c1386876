package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever copies a command from the README has one that the program takes. The
// shell reads the blocks as it would at a prompt, with a stand-in for the program.
func TestCommandsOfTheREADME(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		var script strings.Builder
		for _, line := range strings.SplitAfter(block[1], "\n") {
			line = regexp.MustCompile(`^(\./|go run \./cmd/)nis2clock`).ReplaceAllString(line, "nis2clock")
			if strings.HasPrefix(line, "nis2clock ") || strings.HasPrefix(line, " ") {
				script.WriteString(line)
			}
		}
		for _, args := range shell(t, script.String()) {
			commands++
			if err := parses(args); err != nil {
				t.Errorf("nis2clock %s: %v", strings.Join(args, " "), err)
			}
		}
	}
	if commands < 60 {
		t.Errorf("only %d commands were found", commands)
	}
}

// shell is what a shell would call nis2clock with.
func shell(t *testing.T, script string) [][]string {
	t.Helper()
	said, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", `nis2clock() { printf '%s\0' "$@" >&3; printf '\n' >&3; }`+"\n"+script)
	cmd.Dir, cmd.ExtraFiles = t.TempDir(), []*os.File{to}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", script, err))
	}
	var calls [][]string
	for line := range strings.Lines(string(out)) {
		calls = append(calls, strings.Split(strings.TrimSuffix(line, "\x00\n"), "\x00"))
	}
	return calls
}
