package cli

import (
	"fmt"

	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/runbook"
)

type checkConfigCmd struct {
	File string `arg:"" help:"The configuration file."`
}

// Run implements the verb.
func (c *checkConfigCmd) Run(env *Env) error {
	cfg, err := config.Load(c.File, env.Getenv)
	if err != nil {
		return err
	}
	books, err := runbook.Load(app.Runbooks(cfg)...)
	if err != nil {
		return err
	}
	if _, err := app.Drafts(cfg); err != nil {
		return err
	}
	for _, w := range append(cfg.Warnings, books.ReviewNotes(env.Now())...) {
		fmt.Fprintln(env.Stderr, "warning: "+w)
	}
	fmt.Fprintf(env.Stdout, "%s is valid\n", c.File)
	return nil
}
