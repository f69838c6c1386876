package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nis2clock/internal/config"
	"nis2clock/internal/offsite"
)

type restoreCmd struct {
	FromBucket bool   `help:"Rebuild the data folder from the off-site copy (evidence.offsite of the configuration)." required:""`
	Config     string `help:"Configuration file that says where the copy is." placeholder:"FILE" required:""`
	Data       string `help:"Data folder to make; it must be empty or not be there." placeholder:"DIR" required:""`
	Key        string `help:"File with the public key the journal must be signed with (journal.pub, kept elsewhere)." placeholder:"FILE"`
	SigningKey string `help:"File with the journal's signing key (journal.key, kept elsewhere), without which the journal can be read and not gone on with." placeholder:"FILE"`
}

// Run implements the verb.
func (c *restoreCmd) Run(ctx context.Context, env *Env) error {
	cfg, err := config.Load(c.Config, env.Getenv)
	if err != nil {
		return err
	}
	if cfg.Offsite == nil {
		return fmt.Errorf("%s has no evidence.offsite: name the configuration that the copy was made with", c.Config)
	}
	o := offsite.RestoreOptions{Config: *cfg.Offsite, Dir: c.Data}
	if o.Seal, err = cfg.Vault.Options(); err != nil {
		return err
	}
	for _, f := range []struct {
		path string
		into *string
	}{{c.Key, &o.Key}, {c.SigningKey, &o.SigningKey}} {
		if f.path == "" {
			continue
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("read the key: %w", err)
		}
		*f.into = strings.TrimSpace(string(text))
	}
	done, err := offsite.Restore(ctx, o)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted: nothing was installed")
	}
	if err != nil {
		return joinLines(err)
	}
	out, v := env.Stdout, done.Verdict
	fmt.Fprintf(out, "restored: %s\n", c.Data)
	fmt.Fprintf(out, "  journal          %s\n", v.State)
	fmt.Fprintf(out, "  entries          %d, the last of %s\n", v.Size, seconds(v.LastAt))
	fmt.Fprintf(out, "  root             %s\n", v.Root)
	fmt.Fprintf(out, "  artefacts        %d, each with the SHA-256 in its name\n", done.Artefacts)
	fmt.Fprintf(out, "  key fingerprint  %s\n", v.KeyFingerprint)
	if c.Key == "" {
		fmt.Fprintln(out, "  The key was found in the bucket: this proves consistency, not origin. Compare the fingerprint, or pass --key.")
	}
	if !done.SigningKey {
		fmt.Fprintf(out, "  The signing key is not in the bucket: to serve from this folder, put journal.key back as %s.\n", filepath.Join(c.Data, "journal.key"))
	}
	return nil
}
