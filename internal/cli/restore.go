package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nis2clock/internal/backup"
	"nis2clock/internal/config"
	"nis2clock/internal/journal"
	"nis2clock/internal/offsite"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"
)

type restoreCmd struct {
	File       string `arg:"" optional:"" help:"A backup, as nis2clock backup wrote it."`
	FromBucket bool   `help:"Rebuild the data folder from the off-site copy (evidence.offsite of the configuration) instead."`
	Config     string `help:"Configuration file that says where the off-site copy is." placeholder:"FILE"`
	Data       string `help:"Data folder to make; it must be empty or not be there." placeholder:"DIR" required:""`
	Key        string `help:"File with the public key the journal must be signed with (journal.pub, kept elsewhere)." placeholder:"FILE"`
	SigningKey string `help:"File with the journal's signing key (journal.key, kept elsewhere), without which the journal can be read and not gone on with." placeholder:"FILE"`
	Incomplete bool   `help:"Install a backup of a folder that had lost artefacts already; they are named."`
	Identity   string `help:"File with age identities that open encrypted artefacts of a backup, to verify what is in them." placeholder:"FILE"`
}

// Run implements the verb.
func (c *restoreCmd) Run(ctx context.Context, env *Env) error {
	switch {
	case (c.File != "") == c.FromBucket:
		return usage("say what is to be restored: a backup FILE, or --from-bucket with --config")
	case c.FromBucket && c.Config == "":
		return usage("--from-bucket needs --config, which says where the copy is")
	case c.FromBucket && (c.Identity != "" || c.Incomplete):
		return usage("--identity and --incomplete belong to a backup; --from-bucket takes the identities that the configuration names")
	case c.File != "" && c.Config != "":
		return usage("--config belongs to --from-bucket")
	}
	key, err := readKey(c.Key)
	if err != nil {
		return err
	}
	signing, err := readKey(c.SigningKey)
	if err != nil {
		return err
	}
	if c.FromBucket {
		return c.bucket(ctx, env, key, signing)
	}
	return c.backup(ctx, env, key, signing)
}

// readKey reads a file that holds a key; empty for none.
func readKey(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// backup restores from a file.
func (c *restoreCmd) backup(ctx context.Context, env *Env, key, signing string) error {
	o := backup.Options{Dir: c.Data, Key: key, SigningKey: signing, Incomplete: c.Incomplete}
	var err error
	if o.Vault, err = (vault.Config{IdentityFile: c.Identity}).Options(); err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	v, err := backup.Restore(ctx, f, o)
	if errors.Is(err, backup.ErrRefused) && v.State == verify.Missing {
		err = fmt.Errorf("%w; with --incomplete it is installed all the same", err)
	}
	if err = errors.Join(err, f.Close()); errors.Is(err, context.Canceled) {
		return errors.New("interrupted: nothing was installed")
	}
	if err != nil {
		return joinLines(fmt.Errorf("%s: %w", c.File, err))
	}
	c.print(env, v.State.String(), v.Journal, fmt.Sprintf("%d named by entries, %d of them there and unaltered", v.Named, v.Present), signing != "")
	for _, p := range v.Problems {
		fmt.Fprintf(env.Stdout, "  %s\n", p)
	}
	return nil
}

// bucket restores from the off-site copy.
func (c *restoreCmd) bucket(ctx context.Context, env *Env, key, signing string) error {
	cfg, err := config.Load(c.Config, env.Getenv)
	if err != nil {
		return err
	}
	if cfg.Offsite == nil {
		return noOffsite(c.Config)
	}
	o := offsite.RestoreOptions{Config: *cfg.Offsite, Dir: c.Data, Key: key, SigningKey: signing}
	if o.Seal, err = cfg.Vault.Options(); err != nil {
		return err
	}
	done, err := offsite.Restore(ctx, o)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted: nothing was installed")
	}
	if err != nil {
		return joinLines(err)
	}
	c.print(env, done.Verdict.State.String(), done.Verdict, fmt.Sprintf("%d, each with the SHA-256 in its name", done.Artefacts), done.SigningKey)
	return nil
}

// offsiteConfig is where a configuration has the off-site copy.
func offsiteConfig(path string, env *Env) (*offsite.Config, error) {
	cfg, err := config.Load(path, env.Getenv)
	if err != nil {
		return nil, err
	}
	if cfg.Offsite == nil {
		return nil, noOffsite(path)
	}
	return cfg.Offsite, nil
}

func noOffsite(path string) error {
	return fmt.Errorf("%s has no evidence.offsite: name the configuration that the copy was made with", path)
}

func (c *restoreCmd) print(env *Env, state string, v journal.Verdict, artefacts string, signing bool) {
	out := env.Stdout
	fmt.Fprintf(out, "restored: %s\n", c.Data)
	fmt.Fprintf(out, "  verdict          %s\n", state)
	fmt.Fprintf(out, "  entries          %d, the last of %s\n", v.Size, seconds(v.LastAt))
	fmt.Fprintf(out, "  root             %s\n", v.Root)
	fmt.Fprintf(out, "  artefacts        %s\n", artefacts)
	fmt.Fprintf(out, "  key fingerprint  %s\n", v.KeyFingerprint)
	from := map[bool]string{true: "bucket", false: "backup"}[c.FromBucket]
	if c.Key == "" {
		fmt.Fprintf(out, "  The key was found in the %s: this proves consistency, not origin. Compare the fingerprint, or pass --key.\n", from)
	}
	if !signing {
		fmt.Fprintf(out, "  The signing key is not in the %s: to serve from this folder, put journal.key back as %s.\n", from, filepath.Join(c.Data, "journal.key"))
	}
}
