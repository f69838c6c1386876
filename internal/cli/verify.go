package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"nis2clock/internal/journal"
	"nis2clock/internal/offsite"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type verifyCmd struct {
	Path       string `arg:"" help:"A data folder, also one that was restored from the off-site copy; a packet; or a report PDF with its signature beside it."`
	Key        string `help:"File with the public key the journal must be signed with (journal.pub, kept elsewhere); for a PDF, the signer's certificate or its authority's." placeholder:"FILE"`
	Roots      string `help:"PEM file with the root certificates of time-stamp authorities you trust." placeholder:"FILE"`
	Checkpoint string `help:"An earlier checkpoint that you kept elsewhere (GET /checkpoint, journal.checkpoint, or journal/checkpoint of an earlier packet)." placeholder:"FILE"`
	Offsite    string `name:"offsite" help:"Configuration whose evidence.offsite names the bucket: the heads that are locked there anchor the journal. Asks the bucket, and nothing else." placeholder:"FILE"`
	Identity   string `help:"File with age identities that open encrypted artefacts." placeholder:"FILE"`
	JSON       bool   `name:"json" help:"Print the verdict as JSON."`
}

// options reads the files that are named.
func (c *verifyCmd) options() (o verify.Options, err error) {
	read := func(what, path string) []byte {
		if path == "" || err != nil {
			return nil
		}
		raw, readErr := os.ReadFile(path)
		if readErr != nil {
			err = fmt.Errorf("read the %s: %w", what, readErr)
		}
		return raw
	}
	o.Key = strings.TrimSpace(string(read("key", c.Key)))
	o.Checkpoint = read("checkpoint", c.Checkpoint)
	if err != nil {
		return o, err
	}
	if c.Roots != "" {
		var roots *x509.CertPool
		if roots, err = timestamp.Roots(c.Roots); err != nil {
			return o, err
		}
		o.Roots = roots
	}
	o.Vault, err = vault.Config{IdentityFile: c.Identity}.Options()
	return o, err
}

// Run implements the verb.
func (c *verifyCmd) Run(ctx context.Context, env *Env) error {
	switch info, err := os.Stat(c.Path); {
	case errors.Is(err, fs.ErrNotExist):
		return usage("%s does not exist: name a data folder, a packet, or a report PDF with its signature beside it", c.Path)
	case err == nil && info.Mode().IsRegular():
		return c.file(ctx, env)
	}
	o, err := c.options()
	if err != nil {
		return &exitError{2, err}
	}
	if o.Kept, err = c.offsite(ctx, env); err != nil {
		return &exitError{2, err}
	}
	v, err := verify.Folder(ctx, c.Path, o)
	if errors.Is(err, journal.ErrNone) {
		return usage("%w", err)
	}
	if err != nil {
		return &exitError{2, err}
	}
	if c.JSON {
		err = c.printJSON(env, v)
	} else {
		c.print(env, v)
	}
	switch {
	case err != nil:
		return err
	case v.State == verify.Altered, v.State == verify.Missing:
		return &exitError{code: 1}
	case v.State == verify.CannotTell:
		return &exitError{code: 2}
	}
	return nil
}

// offsite are the heads that the bucket of the off-site copy keeps locked.
func (c *verifyCmd) offsite(ctx context.Context, env *Env) ([]verify.Kept, error) {
	if c.Offsite == "" {
		return nil, nil
	}
	bucket, err := offsiteConfig(c.Offsite, env)
	if err != nil {
		return nil, err
	}
	heads, err := offsite.Heads(ctx, *bucket)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("bucket %s holds no locked head of a journal: is its prefix %q?", bucket.Bucket, bucket.Prefix)
	}
	var kept []verify.Kept
	for _, h := range heads {
		kept = append(kept, verify.Kept{Note: h.Note, By: h.String(), At: &h.PutAt})
	}
	return kept, nil
}

// verdictJSON is the verdict as programs read it.
type verdictJSON struct {
	Verdict        verify.State     `json:"verdict"`
	Path           string           `json:"path"`
	Problems       []verify.Problem `json:"problems"`
	Anchors        []verify.Anchor  `json:"anchors"`
	Notes          []string         `json:"notes"`
	Entries        uint64           `json:"entries"`
	Root           string           `json:"root"`
	Erased         uint64           `json:"erased"`
	Artefacts      artefactsJSON    `json:"artefacts"`
	TimeStamps     int              `json:"time_stamps"`
	KeyFingerprint string           `json:"key_fingerprint"`
	KeyGiven       bool             `json:"key_given"`
}

type artefactsJSON struct {
	Named   int `json:"named"`
	Present int `json:"present"`
	Sealed  int `json:"sealed"`
	Unnamed int `json:"unnamed"`
}

func (c *verifyCmd) printJSON(env *Env, v verify.Verdict) error {
	raw, err := json.Marshal(verdictJSON{
		Verdict: v.State, Path: c.Path, Problems: v.Problems, Anchors: v.Anchors, Notes: v.Notes,
		Entries: v.Journal.Size, Root: v.Journal.Root.String(), Erased: v.Journal.Erased,
		Artefacts: artefactsJSON{v.Named, v.Present, v.Sealed, v.Unnamed}, TimeStamps: v.Stamps,
		KeyFingerprint: v.Journal.KeyFingerprint, KeyGiven: v.Journal.KeyGiven,
	}, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s\n", raw)
	return err
}

func (c *verifyCmd) print(env *Env, v verify.Verdict) {
	out := env.Stdout
	fmt.Fprintf(out, "%s: %s\n", v.State, c.Path)
	for _, p := range v.Problems {
		fmt.Fprintf(out, "  %s\n", p)
	}
	for n, a := range v.Anchors {
		if n == 3 {
			fmt.Fprintf(out, "  and %d anchors of fewer entries\n", len(v.Anchors)-n)
			break
		}
		fmt.Fprintf(out, "  anchored         %s\n", a)
	}
	if v.Journal.State != journal.CannotTell {
		fmt.Fprintf(out, "  entries          %d\n", v.Journal.Size)
		if v.Journal.Erased > 0 {
			fmt.Fprintf(out, "  erased           %d, each named by a later entry\n", v.Journal.Erased)
		}
		fmt.Fprintf(out, "  artefacts        %d named by entries, %d of them there and unaltered\n", v.Named, v.Present)
		if v.Sealed > 0 {
			fmt.Fprintf(out, "  encrypted        %d of these compared as files; pass --identity to compare what is in them\n", v.Sealed)
		}
		if v.Unnamed > 0 {
			fmt.Fprintf(out, "  unnamed          %d artefacts that no entry names, as a crash leaves them\n", v.Unnamed)
		}
		fmt.Fprintf(out, "  time-stamps      %d\n", v.Stamps)
	}
	if v.Journal.State == journal.Consistent {
		fmt.Fprintf(out, "  root             %s\n", v.Journal.Root)
	}
	fmt.Fprintf(out, "  key fingerprint  %s\n", v.Journal.KeyFingerprint)
	for _, n := range v.Notes {
		fmt.Fprintf(out, "  note: %s\n", n)
	}
	if c.Key == "" && (v.State == verify.Consistent || v.State == verify.Anchored) {
		fmt.Fprintln(out, "  The key was found inside the folder: this proves consistency, not origin. Compare the fingerprint, or pass --key.")
	}
}
