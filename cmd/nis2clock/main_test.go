package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts a nis2clock that is this test binary, running the real main,
// in the PATH of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"nis2clock": main})
}

// tests runs all tests and removes what they share.
type tests struct{ *testing.M }

// Run implements [testscript.TestingM].
func (t tests) Run() int {
	code := t.M.Run()
	if err := built.remove(); err != nil {
		panic(err)
	}
	return code
}

// built is the program as a user has it, built at most once for all tests.
var built program

type program struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// build returns the path of the program. Under the race detector the program
// has it too: a race it finds makes it end with exit code 66.
func (p *program) build(t *testing.T) string {
	t.Helper()
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "nis2clock-built-"); p.err != nil {
			return
		}
		p.path = filepath.Join(p.dir, "nis2clock")
		args := []string{"build", "-o", p.path}
		env := append(os.Environ(), "CGO_ENABLED=0")
		if raced() {
			args, env = append(args, "-race"), os.Environ()
		}
		cmd := exec.Command("go", append(args, ".")...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = errors.Join(err, errors.New(string(out)))
		}
	})
	if p.err != nil {
		t.Fatalf("build the program: %v", p.err)
	}
	return p.path
}

func (p *program) remove() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}

// raced reports whether the tests themselves run under the race detector.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}
