package cli

import (
	"fmt"

	"nis2clock/internal/config"
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
	for _, w := range cfg.Warnings {
		fmt.Fprintln(env.Stderr, "warning: "+w)
	}
	fmt.Fprintf(env.Stdout, "%s is valid\n", c.File)
	return nil
}
