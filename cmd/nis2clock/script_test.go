package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts use the program as a person does. Besides testscript's commands:
//
//	serve [ARG…]        start "nis2clock serve" on a free port, return once it
//	                    listens and set NIS2CLOCK_SERVER, and ADDR to its host
//	                    and port; its stdout lands in serve.out and, once
//	                    stopped, its stderr in serve.err
//	halt                end it with SIGTERM; it must exit 0 (stop is
//	                    testscript's own, and ends the script)
//	exits CODE CMD ARG… run a command that must end with this exit code
//	alert DATA NAME     post a reportable alert of that name, with the intake
//	                    token of the data folder, and set ID to the incident it
//	                    opened
//	flip FILE TEXT      flip one bit of the first letter of TEXT wherever it
//	                    stands in the file
//	mode FILE OCTAL     compare a file's permission bits
//
// NOW is the time at which the script begins, WEBHOOKS the folder of recorded
// webhook bodies.
func TestScripts(t *testing.T) {
	webhooks, err := filepath.Abs(filepath.Join("..", "..", "testdata", "webhooks"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[running{}] = new(*process)
			env.Setenv("WEBHOOKS", webhooks)
			env.Setenv("NOW", time.Now().UTC().Format(time.RFC3339))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": scriptServe, "halt": scriptHalt, "exits": scriptExits,
			"alert": scriptAlert, "flip": scriptFlip, "mode": scriptMode,
		},
	})
}

// running is the key of a script's server, a pointer to a *process.
type running struct{}

func service(ts *testscript.TestScript) **process { return ts.Value(running{}).(**process) }

// want ends the script unless it has n arguments, or at least -n, and is not
// negated.
func want(ts *testscript.TestScript, neg bool, args []string, n int, usage string) {
	if neg || n >= 0 && len(args) != n || len(args) < -n {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serve [ARG…]")
	}
	if p := *service(ts); p != nil && p.running() {
		ts.Fatalf("a server is running")
	}
	path, err := exec.LookPath("nis2clock")
	ts.Check(err)
	out, err := os.Create(ts.MkAbs("serve.out"))
	ts.Check(err)
	cmd := exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir, cmd.Stdout = ts.MkAbs("."), out
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	p, err := launch(cmd)
	ts.Check(errors.Join(err, out.Close()))
	ts.Defer(func() {
		if err := p.kill(); err != nil {
			ts.Logf("kill the server: %v", err)
		}
	})
	*service(ts) = p
	ts.Setenv("NIS2CLOCK_SERVER", p.url)
	ts.Setenv("ADDR", strings.TrimPrefix(p.url, "http://"))
}

func scriptHalt(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 0, "halt")
	p := *service(ts)
	if p == nil || !p.running() {
		ts.Fatalf("no server is running")
	}
	ts.Check(p.stop())
	ts.Check(os.WriteFile(ts.MkAbs("serve.err"), []byte(p.output()), 0o600))
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, -2, "exits CODE CMD ARG…")
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != code {
		ts.Fatalf("exit code %d, want %d", got, code)
	}
}

func scriptAlert(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 2, "alert DATA NAME")
	s, err := newAlert(args[1])
	ts.Check(err)
	_, err = s.post(context.Background(), (*service(ts)).url, ts.MkAbs(args[0]))
	ts.Check(err)
	if s.id != "" {
		ts.Setenv("ID", string(s.id))
	}
}

func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 2, "flip FILE TEXT")
	path, text := ts.MkAbs(args[0]), []byte(args[1])
	raw, err := os.ReadFile(path)
	ts.Check(err)
	flipped := bytes.Clone(text)
	flipped[0] ^= 1
	if !bytes.Contains(raw, text) {
		ts.Fatalf("%s does not hold %q", args[0], text)
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(raw, text, flipped), 0o600))
}

func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 2, "mode FILE OCTAL")
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
