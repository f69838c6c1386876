package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

type communicationCmd struct {
	ID       string  `arg:"" help:"INC-…"`
	Kind     string  `arg:"" help:"internal_update, recipients_notice (Art. 23(1), (2)) or authority_follow_up." enum:"internal_update,recipients_notice,authority_follow_up"`
	Lang     string  `help:"Its language, such as de." default:"en"`
	Sent     bool    `help:"Record that it was sent."`
	File     string  `help:"File with the text as it was sent, - for stdin." placeholder:"FILE"`
	SHA256   string  `name:"sha256" help:"Digest of what was sent, where the text lies elsewhere." placeholder:"HEX"`
	Audience string  `help:"Who was told." placeholder:"TEXT"`
	Channel  string  `help:"Through what: e-mail, status page, letter." placeholder:"TEXT"`
	At       instant `help:"When it was sent (RFC 3339 with offset; default now)." placeholder:"TIME"`
	Sender   string  `help:"Who sent it, if not you." placeholder:"NAME"`
}

// Help implements kong.HelpProvider.
func (c *communicationCmd) Help() string {
	return `Without --sent it prints a draft to edit: what is not known is said as unknown, and
what stands in [brackets] is for you to fill in. Nothing is sent by this program.

With --sent it records what went out:
  nis2clock incident communication INC-2026-0001 recipients_notice --sent \
      --file notice.md --audience "all customers" --channel "status page"`
}

// Run implements the verb.
func (c *communicationCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	if !c.Sent {
		if c.File+c.SHA256+c.Audience+c.Channel+c.Sender != "" || !c.At.IsZero() {
			return usage("these flags record what was sent: add --sent")
		}
		return c.draft(ctx, env, up)
	}
	if c.File == "" && c.SHA256 == "" {
		return usage("name the text as it was sent with --file, or its digest with --sha256")
	}
	text, err := c.text(env)
	if err != nil {
		return err
	}
	body := map[string]any{"kind": c.Kind, "lang": c.Lang, "audience": c.Audience, "channel": c.Channel, "sender": c.Sender, "text": text, "sha256": c.SHA256}
	if !c.At.IsZero() {
		body["sent_at"] = c.At.Time
	}
	return up.act(ctx, env, incidentPath(c.ID, "communications"), body)
}

func (c *communicationCmd) draft(ctx context.Context, env *Env, up *incidentCmd) error {
	var out struct {
		Text string `json:"text"`
	}
	path := incidentPath(c.ID, "communications/"+c.Kind) + "?" + url.Values{"lang": {c.Lang}}.Encode()
	printed, err := up.get(ctx, env, "GET", path, nil, &out)
	if err != nil || printed {
		return err
	}
	fmt.Fprintln(env.Stdout, strings.TrimSpace(out.Text))
	return nil
}

// text is what the file holds; empty where none is named.
func (c *communicationCmd) text(env *Env) (string, error) {
	switch c.File {
	case "":
		return "", nil
	case "-":
		b, err := io.ReadAll(env.Stdin)
		return string(b), err
	}
	b, err := os.ReadFile(c.File)
	return string(b), err
}
