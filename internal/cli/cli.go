// Package cli is the command line: one file for each verb, which parses, calls
// and maps what came of it to an exit code.
//
// Results go to stdout and talk to stderr. An error is one line that says what,
// where and how to mend it. Exit codes: 0 done; 1 the answer is no, or the
// request was refused; 2 wrong usage, or for verify: cannot tell.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Env is what a verb may touch besides its flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
}

// program is every verb. A verb is a struct with a Run method.
type program struct {
	Demo        demoCmd        `cmd:"" help:"Show an alert become an incident, on a temporary data folder, with stand-ins for PagerDuty and Slack."`
	Serve       serveCmd       `cmd:"" help:"Run the service."`
	CheckConfig checkConfigCmd `cmd:"" name:"check-config" help:"Read a configuration and name every mistake in it."`
	Classify    classifyCmd    `cmd:"" help:"Show what a webhook body would do, and which label or rule says so; changes nothing."`
	Incident    incidentCmd    `cmd:"" help:"Act on incidents through the service's API."`
	Event       eventCmd       `cmd:"" help:"Report and assess suspicious events, before they are incidents."`
	Register    registerCmd    `cmd:"" help:"Read the registers the law has an entity keep."`
	Runbook     runbookCmd     `cmd:"" help:"List, show and check runbooks; needs no server."`
	Tabletop    tabletopCmd    `cmd:"" help:"Run tabletop exercises: the real code on a folder of its own, from which nothing gets out."`
	Report      reportCmd      `cmd:"" help:"Render a report of an incident."`
	Packet      packetCmd      `cmd:"" help:"Write the packet for an authority, a customer or an auditor."`
	Template    templateCmd    `cmd:"" help:"Check and preview report templates of your own; needs no server."`
	Journal     journalCmd     `cmd:"" help:"Who did what, when."`
	Token       tokenCmd       `cmd:"" help:"Make, list and revoke API tokens."`
	Retention   retentionCmd   `cmd:"" help:"List what has been kept long enough, and erase it with --apply."`
	Erase       eraseCmd       `cmd:"" help:"Erase a closed incident, or single entries, on a lawful request."`
	Compact     compactCmd     `cmd:"" help:"Rewrite the journal of a stopped service without its free pages."`
	Verify      verifyCmd      `cmd:"" help:"Check that a data folder, a packet or a report was not altered."`
	Backup      backupCmd      `cmd:"" help:"Write the whole record into one file, while the service runs."`
	Restore     restoreCmd     `cmd:"" help:"Make a data folder of a backup, or of the off-site copy."`
	Deadlines   deadlinesCmd   `cmd:"" help:"Calculate reporting deadlines; needs no server."`
	Holidays    holidaysCmd    `cmd:"" help:"List the public holidays that roll a deadline in a Member State."`
	Version     versionCmd     `cmd:"" help:"Print versions."`
}

const about = `Starts NIS2 reporting clocks from Prometheus alerts, pages the incident commander and renders the reports the law asks for.`

// exitError carries an exit code other than 1; its text may be empty when the
// verb has already said everything.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is an error of the command line itself.
func usage(format string, args ...any) error {
	return &exitError{code: 2, err: fmt.Errorf(format, args...)}
}

// Main runs the program and returns its exit code.
func Main(ctx context.Context, args []string, env *Env) int {
	out := &results{Writer: env.Stdout}
	e := *env
	e.Stdout = out
	err := run(ctx, args, &e)
	if err == nil && out.err != nil {
		err = fmt.Errorf("write the answer: %w", out.err)
	}
	if err == nil {
		return 0
	}
	code := 1
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if text := strings.TrimSpace(err.Error()); text != "" {
		fmt.Fprintln(env.Stderr, "nis2clock: "+text)
	}
	return code
}

// results is stdout. It keeps the first error, so that a verb need not look at
// each line it prints and a full disk is still no success.
type results struct {
	io.Writer
	err error
}

// Write implements [io.Writer].
func (r *results) Write(p []byte) (int, error) {
	n, err := r.Writer.Write(p)
	if r.err == nil {
		r.err = err
	}
	return n, err
}

// newParser is the grammar of the command line.
func newParser(options ...kong.Option) (*kong.Kong, error) {
	return kong.New(new(program), append(options,
		kong.Name("nis2clock"), kong.Description(about), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))...)
}

// helped unwinds the parser after it printed help.
type helped struct{}

func run(ctx context.Context, args []string, env *Env) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(helped); !ok {
				panic(p)
			}
			err = nil
		}
	}()
	parser, err := newParser(kong.UsageOnError(),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(int) { panic(helped{}) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(env),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		return usage("%w; try --help", err)
	}
	return k.Run()
}
