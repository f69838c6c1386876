package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
)

type packetCmd struct {
	remote
	ID        string   `arg:"" help:"INC-…"`
	Out       string   `short:"o" required:"" help:"The file to write, FILE.zip; FILE.zip.age with a recipient." placeholder:"FILE"`
	Profile   string   `help:"Who it is for: authority, customer or auditor. What the others do not see is left out, and named." enum:"authority,customer,auditor" default:"authority"`
	Entity    string   `help:"Whose authority it is for: nothing of the incident's other entities is in it. All of them where nothing is said."`
	Lang      []string `help:"Languages of the reports in it; the service's own where none is given (reports.languages, en)."`
	Recipient []string `help:"Encrypt it to this age public key (age1…); may be repeated." placeholder:"KEY"`
}

// Run implements the verb.
func (c *packetCmd) Run(ctx context.Context, env *Env) error {
	if want := map[bool]string{false: ".zip", true: ".age"}[len(c.Recipient) > 0]; !strings.HasSuffix(strings.ToLower(c.Out), want) {
		return usage("-o %s: this packet is written as FILE%s", c.Out, map[string]string{".zip": ".zip", ".age": ".zip.age"}[want])
	}
	q := url.Values{"profile": {c.Profile}, "lang": c.Lang, "recipient": c.Recipient}
	if c.Entity != "" {
		q.Set("entity", c.Entity)
	}
	n, err := c.download(ctx, env, incidentPath(c.ID, "packet.zip?"+q.Encode()), c.Out)
	if err != nil {
		return err
	}
	return c.wrote(env, written{File: c.Out, Bytes: n}, "%s (%d bytes)\n", c.Out, n)
}

// download writes an answer of any size to a file, which is there whole or not at
// all.
func (r *remote) download(ctx context.Context, env *Env, path, out string) (n int64, err error) {
	resp, err := r.send(ctx, env, "GET", path, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	err = whole(out, func(f io.Writer) error {
		n, err = io.Copy(f, resp.Body)
		if _, here := errors.AsType[*fs.PathError](err); err != nil && !here {
			err = fmt.Errorf("%s stopped in the middle of %s: %w; its log says why", r.Server, out, err)
		}
		return err
	})
	return n, err
}
