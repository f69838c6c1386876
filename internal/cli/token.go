package cli

import (
	"context"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"nis2clock/internal/access"

	"github.com/prometheus/common/model"
)

type tokenCmd struct {
	remote
	Create tokenCreateCmd `cmd:"" help:"Make a token. It is printed once; only its hash is kept."`
	List   tokenListCmd   `cmd:"" help:"List the tokens that were not revoked."`
	Revoke tokenRevokeCmd `cmd:"" help:"Revoke a token. It is out at once, and whoever signed in with it."`
}

// tokenView is a token as the service answers.
type tokenView struct {
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	CreatedAt  time.Time  `json:"created_at"`
	CreatedBy  string     `json:"created_by"`
	ExpiresAt  *time.Time `json:"expires_at"`
	Expired    bool       `json:"expired"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Token      string     `json:"token"`
}

// until says how long a token is valid.
func (v tokenView) until() string {
	switch {
	case v.ExpiresAt == nil:
		return "never"
	case v.Expired:
		return seconds(*v.ExpiresAt) + " (expired)"
	}
	return seconds(*v.ExpiresAt)
}

type tokenCreateCmd struct {
	Role    string   `required:"" placeholder:"ROLE" help:"admin, commander, responder, auditor or intake."`
	Name    string   `required:"" placeholder:"NAME" help:"Who or what uses it: the actor of everything done with it."`
	Expires lifetime `help:"How long it is valid, such as 12h or 90d; until it is revoked otherwise." placeholder:"DURATION"`
}

// lifetime is a length of time given on the command line, as Prometheus writes
// it.
type lifetime time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *lifetime) UnmarshalText(b []byte) error {
	d, err := model.ParseDuration(string(b))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a length of time such as 12h or 90d", b)
	}
	*l = lifetime(d)
	return nil
}

// Run implements the verb. Stdout holds the token alone, so that it can go
// straight into a file or a secret store.
func (c *tokenCreateCmd) Run(ctx context.Context, env *Env, up *tokenCmd) error {
	if _, err := access.ParseRole(c.Role); err != nil {
		return usage("--role: %w", err)
	}
	body := map[string]any{"name": c.Name, "role": c.Role}
	if c.Expires != 0 {
		body["expires_at"] = env.Now().Add(time.Duration(c.Expires)).UTC().Truncate(time.Second)
	}
	var v tokenView
	printed, err := up.get(ctx, env, "POST", "/api/v1/tokens", body, &v)
	if err != nil || printed {
		return err
	}
	fmt.Fprintln(env.Stdout, v.Token)
	fmt.Fprintf(env.Stderr, "Token %s, role %s, expires %s. Keep it now: it is not shown again.\n", v.Name, v.Role, v.until())
	return nil
}

type tokenListCmd struct{}

// Run implements the verb.
func (c *tokenListCmd) Run(ctx context.Context, env *Env, up *tokenCmd) error {
	var out struct {
		Tokens []tokenView `json:"tokens"`
	}
	printed, err := up.get(ctx, env, "GET", "/api/v1/tokens", nil, &out)
	if err != nil || printed {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "NAME\tROLE\tCREATED\tBY\tEXPIRES\tLAST USED SINCE THE START")
	for _, v := range out.Tokens {
		used := "–"
		if v.LastUsedAt != nil {
			used = seconds(*v.LastUsedAt)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Name, v.Role, seconds(v.CreatedAt), v.CreatedBy, v.until(), used)
	}
	return tw.Flush()
}

type tokenRevokeCmd struct {
	Name string `arg:"" help:"The token's name, as list shows it."`
}

// Run implements the verb.
func (c *tokenRevokeCmd) Run(ctx context.Context, env *Env, up *tokenCmd) error {
	var v struct {
		Name string `json:"name"`
	}
	printed, err := up.get(ctx, env, "DELETE", "/api/v1/tokens/"+url.PathEscape(c.Name), nil, &v)
	if err != nil || printed {
		return err
	}
	fmt.Fprintf(env.Stdout, "Token %s is revoked.\n", v.Name)
	return nil
}
