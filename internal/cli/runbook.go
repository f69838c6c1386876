package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/runbook"

	"github.com/alecthomas/kong"
)

type runbookCmd struct {
	Dir   string           `help:"The folder that runbooks_dir names, besides the built-in ones." placeholder:"DIR"`
	List  listRunbooksCmd  `cmd:"" help:"List all runbooks."`
	Show  showRunbookCmd   `cmd:"" help:"Print one."`
	Check checkRunbooksCmd `cmd:"" help:"Read a folder of runbooks and name every mistake in it."`
}

// folders are the built-in runbooks and those of a folder; empty for none.
func folders(dir string) []runbook.Folder {
	return app.Runbooks(&config.Config{RunbooksDir: dir})
}

type listRunbooksCmd struct{}

// Run implements the verb.
func (c *listRunbooksCmd) Run(env *Env, up *runbookCmd) error {
	books, err := runbook.Load(folders(up.Dir)...)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "RUNBOOK\tSTEPS\tREVIEW DUE\tOWNER\tTITLE")
	for _, r := range books.All() {
		due := r.ReviewDue().Format(time.DateOnly)
		if r.Overdue(env.Now()) {
			due += ", OVERDUE"
		}
		fmt.Fprintf(tw, "%s\t%d\t%s\t%s\t%s\n", r.Name, len(r.Steps), due, r.Owner, r.Title)
	}
	return tw.Flush()
}

type showRunbookCmd struct {
	Name   string `arg:"" help:"Its name, such as ransomware."`
	Source bool   `help:"The file as it is, for a copy of your own in the folder that runbooks_dir names."`
}

// Run implements the verb.
func (c *showRunbookCmd) Run(env *Env, up *runbookCmd) error {
	books, err := runbook.Load(folders(up.Dir)...)
	if err != nil {
		return err
	}
	r, err := books.Get(c.Name)
	if err != nil {
		return err
	}
	if c.Source {
		_, err := io.WriteString(env.Stdout, r.Source)
		return err
	}
	fmt.Fprintf(env.Stdout, "# %s\n\n%s\n\n(%s; reviewed %s, again due %s; %s)\n", r.Title, r.Markdown,
		r.Owner, r.Reviewed.Format(time.DateOnly), r.ReviewDue().Format(time.DateOnly), r.File)
	return nil
}

type checkRunbooksCmd struct {
	Dir string `arg:"" help:"The folder."`
}

// Run implements the verb.
func (c *checkRunbooksCmd) Run(env *Env) error {
	if _, err := os.Stat(c.Dir); err != nil {
		return err
	}
	own, err := runbook.Load(folders(c.Dir)...)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range own.All() {
		errs = append(errs, checkCommands(r)...)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, note := range own.ReviewNotes(env.Now()) {
		fmt.Fprintln(env.Stderr, "warning: "+note)
	}
	fmt.Fprintf(env.Stdout, "%s is valid: %d runbooks with the built-in ones\n", c.Dir, len(own.All()))
	return nil
}

// standIns are words that a runbook writes where a person puts a value that
// has a form.
var standIns = map[string]string{"TIME": "2026-11-20T16:30:00+01:00"}

// checkCommands are the commands of a runbook that this program does not take,
// each as "file:line: reason". It parses them and runs none.
func checkCommands(r *runbook.Runbook) (errs []error) {
	for _, c := range r.Commands {
		args, err := words(c.Text)
		if err == nil {
			err = parses(args[1:])
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %s: %w", r.File, c.Line, c.Text, err))
		}
	}
	return errs
}

func parses(args []string) error {
	for n, a := range args {
		if value, ok := standIns[a]; ok {
			args[n] = value
		}
	}
	parser, err := newParser(kong.Writers(io.Discard, io.Discard))
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

// words splits a command as a shell does, as far as runbooks go: blanks
// separate, double quotes hold together.
func words(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range line {
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if quoted {
		return nil, errors.New("a quotation mark is not closed")
	}
	if begun {
		out = append(out, word.String())
	}
	return out, nil
}
