package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"nis2clock/internal/incident"
)

// evidenceCmd is what is said about one incident's evidence.
type evidenceCmd struct {
	Of struct {
		ID   string          `arg:"" help:"INC-…"`
		List evidenceListCmd `cmd:"" default:"1" help:"List what was captured or handed in, oldest first."`
		Get  evidenceGetCmd  `cmd:"" help:"Download one artefact and check its digest. That you did is recorded."`
		Add  evidenceAddCmd  `cmd:"" help:"Hand in a file."`
	} `arg:"" name:"id"`
}

// transferWithin bounds the transfer of one artefact.
const transferWithin = 30 * time.Minute

type evidenceListCmd struct{}

// Run implements the verb.
func (c *evidenceListCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	var out struct {
		Evidence []incident.EvidenceView `json:"evidence"`
	}
	printed, err := up.get(ctx, env, "GET", incidentPath(up.Evidence.Of.ID, "evidence"), nil, &out)
	if err != nil || printed {
		return err
	}
	if len(out.Evidence) == 0 {
		fmt.Fprintln(env.Stdout, "No evidence yet.")
		return nil
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "COLLECTED\tFROM\tWHAT\tBYTES\tOUTCOME\tDIGEST")
	for _, e := range out.Evidence {
		what, from, size, digest := e.Kind, e.Collector, "–", "–"
		if e.Name != nil {
			what, from = *e.Name, e.RecordedBy
		}
		if e.Digest != nil {
			size, digest = fmt.Sprint(e.Bytes), *e.Digest
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", seconds(e.CollectedAt), from, what, size, e.Outcome, digest)
	}
	return tw.Flush()
}

// evidenceSum says how much there is, and how much is not whole.
func evidenceSum(all []incident.EvidenceView) string {
	if len(all) == 0 {
		return "none yet"
	}
	complete, skipped := 0, 0
	for _, e := range all {
		switch {
		case e.Skipped:
			skipped++
		case e.Complete:
			complete++
		}
	}
	s := fmt.Sprintf("%d complete", complete)
	if n := len(all) - complete - skipped; n > 0 {
		s += fmt.Sprintf(", %d FAILED OR INCOMPLETE", n)
	}
	return s
}

type evidenceGetCmd struct {
	Digest string `arg:"" help:"sha256:…, as the list shows it."`
	Out    string `short:"o" required:"" help:"The file to write; it must not be there." placeholder:"FILE"`
}

// Run implements the verb.
func (c *evidenceGetCmd) Run(ctx context.Context, env *Env, up *incidentCmd) (err error) {
	want := strings.TrimPrefix(c.Digest, "sha256:")
	ctx, cancel := context.WithTimeout(ctx, transferWithin)
	defer cancel()
	resp, err := up.send(ctx, env, "GET", incidentPath(up.Evidence.Of.ID, "evidence/sha256:"+url.PathEscape(want)), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), resp.Body)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("the artefact did not come in whole, nothing was written: %w", err), os.Remove(c.Out))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return errors.Join(fmt.Errorf("what came in is not sha256:%s but sha256:%s: nothing was written", want, got), os.Remove(c.Out))
	}
	return up.wrote(env, written{File: c.Out, Bytes: n, Digest: "sha256:" + want}, "%s (%d bytes, sha256:%s)\n", c.Out, n, want)
}

type evidenceAddCmd struct {
	File string `arg:"" help:"The file; it is kept as it is."`
	Name string `help:"What it is called in the record (default: its own name)." placeholder:"NAME"`
	Note string `help:"Where it comes from and what it shows." placeholder:"TEXT"`
}

// Run implements the verb.
func (c *evidenceAddCmd) Run(ctx context.Context, env *Env, up *incidentCmd) (err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if c.Name == "" {
		c.Name = filepath.Base(c.File)
	}
	q := url.Values{"name": {c.Name}}
	if c.Note != "" {
		q.Set("note", c.Note)
	}
	ctx, cancel := context.WithTimeout(ctx, transferWithin)
	defer cancel()
	resp, err := up.send(ctx, env, http.MethodPost, incidentPath(up.Evidence.Of.ID, "evidence?"+q.Encode()), io.NopCloser(f))
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("read the answer of %s: %w", up.Server, err)
	}
	var v incident.View
	if printed, err := up.printed(env, raw); err != nil || printed {
		return err
	}
	if err := up.decode(raw, &v); err != nil {
		return err
	}
	for n := len(v.Evidence) - 1; n >= 0; n-- {
		if e := v.Evidence[n]; e.Name != nil && *e.Name == c.Name && e.Digest != nil {
			fmt.Fprintf(env.Stdout, "%s: kept %s, %d bytes, %s (entry %d)\n", v.ID, c.Name, e.Bytes, *e.Digest, e.Entry)
			return nil
		}
	}
	return fmt.Errorf("%s answers without the file", up.Server)
}
