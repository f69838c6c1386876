package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"nis2clock/internal/journal"
)

type verifyCmd struct {
	Path string `arg:"" help:"A data folder."`
	Key  string `help:"File with the public key the journal must be signed with (journal.pub, kept elsewhere)." placeholder:"FILE"`
}

// Run implements the verb.
func (c *verifyCmd) Run(env *Env) error {
	var o journal.VerifyOptions
	if c.Key != "" {
		raw, err := os.ReadFile(c.Key)
		if err != nil {
			return &exitError{2, fmt.Errorf("read the key: %w", err)}
		}
		o.Key = strings.TrimSpace(string(raw))
	}
	v, err := journal.Verify(c.Path, o)
	if errors.Is(err, journal.ErrNone) {
		return usage("%w", err)
	}
	if err != nil {
		return &exitError{2, err}
	}
	out := env.Stdout
	fmt.Fprintf(out, "%s: %s\n", v.State, c.Path)
	for _, p := range v.Problems {
		fmt.Fprintf(out, "  %s\n", p)
	}
	if v.State != journal.CannotTell {
		fmt.Fprintf(out, "  entries          %d\n", v.Size)
		if v.Erased > 0 {
			fmt.Fprintf(out, "  erased           %d, each named by a later entry\n", v.Erased)
		}
	}
	if v.State == journal.Consistent {
		fmt.Fprintf(out, "  root             %s\n", v.Root)
	}
	fmt.Fprintf(out, "  key fingerprint  %s\n", v.KeyFingerprint)
	switch v.State {
	case journal.Consistent:
		if c.Key == "" {
			fmt.Fprintln(out, "  The key was found inside the folder: this proves consistency, not origin. Compare the fingerprint, or pass --key.")
		}
		return nil
	case journal.Altered:
		return &exitError{code: 1}
	}
	return &exitError{code: 2}
}
