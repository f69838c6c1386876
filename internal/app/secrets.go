package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/mail"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/slack"
	"nis2clock/internal/webhookout"
)

// lookAtSecrets is how often the files that hold secrets are looked at.
const lookAtSecrets = 5 * time.Second

// secrets are those in use, and what keeps newer ones from it.
type secrets struct {
	using    atomic.Pointer[config.Config] // the settings of the start with the secrets of now
	renewing sync.Mutex

	mu      sync.Mutex
	trouble error // why changed files were not taken over; nil when they were
}

// watchSecrets takes over what changes in the files that hold secrets. A file
// that is gone, empty or unfit leaves the secret read before in use.
func (a *App) watchSecrets(ctx context.Context) {
	var seen []string // none yet: one may have changed since the start read it
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAtSecrets):
		}
		now := stateOf(a.secrets.using.Load().SecretFiles)
		if slices.Equal(now, seen) && a.secretTrouble() == nil {
			continue
		}
		seen = now
		next, err := a.o.Reload()
		if err == nil {
			err = a.renew(next)
		}
		a.secretsRead(err)
	}
}

// stateOf tells changed files from those that are as they were. What a link
// leads to counts, so that a mounted secret is seen to change.
func stateOf(files []string) (out []string) {
	for _, name := range files {
		state := "not there"
		if info, err := os.Stat(name); err == nil {
			state = fmt.Sprint(info.ModTime().UnixNano(), info.Size())
		}
		out = append(out, name+" "+state)
	}
	return out
}

// secretsRead keeps how reading them ended, and says it once.
func (a *App) secretsRead(err error) {
	a.secrets.mu.Lock()
	was := a.secrets.trouble
	a.secrets.trouble = err
	a.secrets.mu.Unlock()
	if err != nil && (was == nil || was.Error() != err.Error()) {
		a.o.Logger.Error("Changed secrets not taken over, those read before stay in use", "err", err)
	}
}

func (a *App) secretTrouble() error {
	a.secrets.mu.Lock()
	defer a.secrets.mu.Unlock()
	return a.secrets.trouble
}

// secretNotes say that a secret is not the one that lies in its file.
func (a *App) secretNotes() []string {
	err := a.secretTrouble()
	if err == nil {
		return nil
	}
	return []string{"changed secrets are not in use, those read before are: " + strings.ReplaceAll(err.Error(), "\n", "; ")}
}

// renew takes over the secrets of a configuration and nothing else of it. What
// else differs is named.
func (a *App) renew(next *config.Config) error {
	a.secrets.renewing.Lock()
	defer a.secrets.renewing.Unlock()
	was, cfg := a.secrets.using.Load(), withSecrets(a.cfg, next)
	renewed := !reflect.DeepEqual(waysOut(was), waysOut(cfg))
	if renewed {
		channels, err := a.makeChannels(cfg)
		if err != nil {
			return err
		}
		for n, c := range channels { // the same ones in the same order: nothing but secrets differs
			a.ways[n].set(c)
		}
	}
	a.secrets.using.Store(cfg)
	if renewed {
		a.tellSecrets(cfg)
		a.o.Logger.Info("Secrets that changed are in use now")
	}
	if waits := changed(*cfg, *next); len(waits) > 0 {
		a.o.Logger.Warn("These settings take effect at the next start", "settings", waits)
	}
	return nil
}

// tellSecrets hands new secrets to what calls vendors besides the ways out.
func (a *App) tellSecrets(cfg *config.Config) {
	if a.slackCalls != nil {
		a.slackCalls.Renew(cfg.Slack.Token)
		a.slackWell.again()
	}
	if a.socket != nil {
		a.socket.Renew(cfg.Slack.AppToken)
	}
	if a.roster != nil {
		a.roster.Renew(cfg.PagerDuty.OnCall.Token)
	}
}

// waysOut are the sections whose secrets can be exchanged.
func waysOut(c *config.Config) []any {
	return []any{c.PagerDuty, c.Slack, c.Opsgenie, c.Mail, c.Webhook}
}

// withSecrets is a configuration with those secrets of another that can be
// exchanged while the service runs. One that is in only one of the two stays as
// it is: it switches something on or off.
func withSecrets(cfg, next *config.Config) *config.Config {
	out := *cfg
	out.SecretFiles = next.SecretFiles
	if next.PagerDuty != nil {
		out.PagerDuty = with(cfg.PagerDuty, func(c *pagerduty.Config) {
			exchange(&c.RoutingKey, next.PagerDuty.RoutingKey)
			if slices.Equal(slices.Sorted(maps.Keys(c.Services)), slices.Sorted(maps.Keys(next.PagerDuty.Services))) {
				c.Services = next.PagerDuty.Services
			}
			exchange(&c.WebhookSecret, next.PagerDuty.WebhookSecret)
			if next.PagerDuty.OnCall != nil {
				c.OnCall = with(c.OnCall, func(o *pagerduty.OnCallConfig) { exchange(&o.Token, next.PagerDuty.OnCall.Token) })
			}
		})
	}
	if next.Slack != nil {
		out.Slack = with(cfg.Slack, func(c *slack.Config) {
			exchange(&c.Token, next.Slack.Token)
			exchange(&c.SigningSecret, next.Slack.SigningSecret)
			exchange(&c.AppToken, next.Slack.AppToken)
		})
	}
	if next.Opsgenie != nil {
		out.Opsgenie = with(cfg.Opsgenie, func(c *opsgenie.Config) { exchange(&c.APIKey, next.Opsgenie.APIKey) })
	}
	if next.Mail != nil {
		out.Mail = with(cfg.Mail, func(c *mail.Config) { exchange(&c.Password, next.Mail.Password) })
	}
	if next.Webhook != nil {
		out.Webhook = with(cfg.Webhook, func(c *webhookout.Config) { exchange(&c.Secret, next.Webhook.Secret) })
	}
	return &out
}

// with is a changed copy; nil of nil.
func with[T any](c *T, change func(*T)) *T {
	if c == nil {
		return nil
	}
	out := *c
	change(&out)
	return &out
}

// exchange replaces a secret by another.
func exchange(secret *string, by string) {
	if *secret != "" && by != "" {
		*secret = by
	}
}

// renewable is a way out that is exchanged for one with other secrets while it
// is in use. A call under way ends with the old one.
type renewable struct {
	now atomic.Pointer[dispatch.Channel]
}

func (r *renewable) set(c dispatch.Channel) { r.now.Store(&c) }

// Name implements [dispatch.Channel].
func (r *renewable) Name() string { return (*r.now.Load()).Name() }

// Pace implements [dispatch.Channel].
func (r *renewable) Pace() time.Duration { return (*r.now.Load()).Pace() }

// Send implements [dispatch.Channel].
func (r *renewable) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	return (*r.now.Load()).Send(ctx, n)
}

// Find implements [dispatch.Channel].
func (r *renewable) Find(ctx context.Context, n dispatch.Notice) (string, bool, error) {
	return (*r.now.Load()).Find(ctx, n)
}

// Class implements [dispatch.Classed].
func (r *renewable) Class(n dispatch.Notice) dispatch.Class {
	if c, ok := (*r.now.Load()).(dispatch.Classed); ok {
		return c.Class(n)
	}
	return dispatch.Vendor
}
