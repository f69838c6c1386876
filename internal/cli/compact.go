package cli

import (
	"fmt"

	"nis2clock/internal/journal"
)

type compactCmd struct {
	Data string `help:"The data folder of a service that is stopped." default:"data" placeholder:"DIR"`
}

// Run implements the verb.
func (c *compactCmd) Run(env *Env) error {
	before, after, err := journal.Compact(c.Data, journal.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%s: the journal's file had %s, it has %s. Every entry and hash is as it was: check with nis2clock verify %s\n", c.Data, kibibytes(before), kibibytes(after), c.Data)
	return nil
}
